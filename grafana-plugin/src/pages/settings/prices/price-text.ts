import type { Answer } from '../../../api/use-api.ts';

export type Price = Answer<'/v1/prices'>['prices'][number];

const PARTS = [
  ['input_per_mtok', 'input'],
  ['cache_read_per_mtok', 'cache read'],
  ['cache_write_5m_per_mtok', 'cache write'],
  ['output_per_mtok', 'output'],
  ['reasoning_per_mtok', 'reasoning'],
] as const satisfies [keyof Price, string][];

export const KIND_WORDS: Record<Price['kind'], string> = {
  list: 'public list',
  rule: 'built-in rule',
  override: 'own price',
  discount: 'discount',
};

/** What a price charges, in words: texts as the book has them, so that no digit is lost. */
export function chargesOf(price: Price): string {
  if (price.unpriced_reason !== null)
    return 'not priced: it sells mostly what no event tells (audio, images)';
  if (price.discount_percent !== null) return `${price.discount_percent} % off the list price`;
  const parts = PARTS.flatMap(([field, label]) => {
    const value = price[field];
    return value === null ? [] : [`${label} $${value}`];
  });
  const tokens = parts.length === 0 ? '' : `${parts.join(', ')} a million tokens`;
  const call = price.per_request === null ? '' : `$${price.per_request} a call`;
  const more = [
    ...(price.context_tiers.length > 0 ? ['dearer or cheaper for long inputs'] : []),
    ...(price.daily_windows.length > 0 ? ['other prices at some hours'] : []),
  ];
  return [tokens, call, ...more].filter((text) => text !== '').join('; ') || 'nothing: free of charge';
}

/** From when to when it is in force. */
export function timeOf({ effective_from: from, effective_to: to }: Price): string {
  const day = (text: string): string => text.replace(/T00:00:00(?:\.0+)?Z$/, '');
  return `${from === null ? 'since ever' : `from ${day(from)}`}${to === null ? '' : ` to ${day(to)}`}`;
}

export function isInForce({ effective_from: from, effective_to: to }: Price, nowMs: number): boolean {
  return (from === null || Date.parse(from) <= nowMs) && (to === null || Date.parse(to) > nowMs);
}
