import { Problem } from '../http/errors.ts';
import { usd } from '../usage/usd.ts';

/** What a budget limits: cost in nano-USD, or a count of requests or tokens. */
export const BUDGET_MEASURES = ['cost', 'requests', 'tokens'] as const;
export type BudgetMeasure = (typeof BUDGET_MEASURES)[number];

const NANO_DIGITS = 9;
const NANO = 10n ** BigInt(NANO_DIGITS);
const LARGEST_USD = 1_000_000_000n;
const LARGEST_COUNT = 1_000_000_000_000_000n;

/**
 * A limit as posted, `"250"` or `"0.000000001"` in USD, or a whole number of requests or tokens, as an integer (nano-USD or count).
 * @throws Problem invalid-request that names `amount`
 */
export function parseAmount(text: string, measure: BudgetMeasure): bigint {
  const refuse = (reason: string) => new Problem('invalid-request', `amount: ${reason}`);
  const shown = JSON.stringify(text);
  if (measure === 'cost') {
    const parts = /^(-?)(\d{1,13})(?:\.(\d+))?$/.exec(text);
    if (!parts) throw refuse(`${shown} is not a decimal number of US dollars such as "250" or "12.50".`);
    const [, sign = '', whole = '', fraction = ''] = parts;
    if (fraction.length > NANO_DIGITS)
      throw refuse(`${shown} is finer than a nano-dollar (nine digits after the point).`);
    const nanoUsd = BigInt(whole) * NANO + BigInt(fraction.padEnd(NANO_DIGITS, '0'));
    if (sign === '-' || nanoUsd === 0n) throw refuse(`${shown} is not above 0; a budget allows something.`);
    if (nanoUsd > LARGEST_USD * NANO) throw refuse(`${shown} is more than ${LARGEST_USD} US dollars.`);
    return nanoUsd;
  }
  if (!/^-?\d{1,20}$/.test(text)) throw refuse(`${shown} is not a whole number of ${measure}.`);
  const count = BigInt(text);
  if (count <= 0n) throw refuse(`${shown} is not above 0; a budget allows something.`);
  if (count > LARGEST_COUNT) throw refuse(`${shown} is more than ${LARGEST_COUNT} ${measure}.`);
  return count;
}

/** The decimal string of the API: US dollars to the nano-dollar without trailing zeros, or a whole number. */
export function formatAmount(amount: bigint, measure: BudgetMeasure): string {
  return measure === 'cost' ? usd(amount) : amount.toString();
}

/** The same with its unit, for people. */
export function sayAmount(amount: bigint, measure: BudgetMeasure): string {
  const text = formatAmount(amount, measure);
  return measure === 'cost' ? `$${text}` : `${text} ${measure}`;
}

/** part / whole in percent, cut off (never rounded up to a threshold) after four digits. */
export function percentOf(part: bigint, whole: bigint): number {
  return Number((part * 1_000_000n) / whole) / 10_000;
}

/** Whether `part` has reached `percent` (three digits at the most) of `whole`; exact, whatever the sizes. */
export function hasReached(part: bigint, whole: bigint, percent: number): boolean {
  return part * 100_000n >= whole * BigInt(Math.round(percent * 1000));
}
