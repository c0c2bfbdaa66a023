import { count, usd } from '../figures/format.ts';

export type Measure = 'cost' | 'requests' | 'tokens';

/** An amount of a budget, or what is used of it, with its unit. */
export function amountText(value: string | number | null | undefined, measure: Measure): string {
  return measure === 'cost' ? usd(value) : `${count(value)} ${measure}`;
}

/** What is wrong with an amount as typed, or null. The collector checks it again. */
export function amountProblem(text: string, measure: Measure): string | null {
  if (text.trim() === '') return 'An amount is needed.';
  if (measure === 'cost')
    return /^\d+(?:\.\d{1,9})?$/.test(text) && Number(text) > 0
      ? null
      : 'US dollars above 0, such as 250 or 12.50.';
  return /^\d+$/.test(text) && Number(text) > 0 ? null : `A whole number of ${measure} above 0.`;
}
