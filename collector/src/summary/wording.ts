import { nanoUsdOf } from '../usage/figure-kinds.ts';

/*
 * How numbers stand in sentences. The evidence beside a sentence has them in full; these are rounded, and the same on every machine.
 */

const grouped = (text: string): string => text.replace(/\B(?=(\d{3})+(?!\d))/g, ',');

/** '$1,234.50'; below a dollar to four digits that say something: '$0.0123'. */
export function dollars(usd: string): string {
  const nano = nanoUsdOf(usd);
  const absolute = nano < 0n ? -nano : nano;
  const sign = nano < 0n ? '-' : '';
  if (absolute >= 1_000_000_000n || absolute === 0n) {
    const cents = (absolute + 5_000_000n) / 10_000_000n;
    return `${sign}$${grouped((cents / 100n).toString())}.${(cents % 100n).toString().padStart(2, '0')}`;
  }
  return `${sign}$${trimmed(Number(absolute) / 1e9)}`;
}

function trimmed(value: number): string {
  const decimals = Math.min(9, Math.max(2, 3 - Math.floor(Math.log10(value))));
  const [whole = '0', fraction = ''] = value.toFixed(decimals).split('.');
  return `${whole}.${fraction.replace(/0+$/, '').padEnd(2, '0')}`;
}

export function count(value: number): string {
  return grouped(String(value));
}

/** '12 %', '1.2 %', '0.03 %': without a sign. */
export function percentText(value: number): string {
  const absolute = Math.abs(value);
  const digits = absolute >= 10 ? 0 : absolute >= 1 ? 1 : 2;
  return `${grouped(absolute.toFixed(digits).replace(/\.0+$/, ''))} %`;
}

export function milliseconds(value: number): string {
  return value >= 1000 ? `${(value / 1000).toFixed(value >= 10_000 ? 1 : 2)} s` : `${Math.round(value)} ms`;
}

export const DIMENSION_WORDS: Record<string, string> = {
  project_id: 'project',
  prompt_id: 'prompt',
  model_name: 'model',
  user_id: 'user',
};

/** A member in a sentence: 'model "gpt-4o"', 'calls without a prompt'. */
export function memberText(dimension: string, member: string | null): string {
  const word = DIMENSION_WORDS[dimension] ?? dimension;
  return member === null ? `calls without a ${word}` : `${word} ${JSON.stringify(member)}`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
