import { count, toNumber, usd } from '../../figures/format.ts';

/** A difference in US dollars with its sign: `+$1.62`, `−$3.09`. */
export function signedUsd(value: string | number | null | undefined): string {
  return signed(toNumber(value), usd);
}

export function signedCount(value: string | number | null | undefined): string {
  return signed(toNumber(value), count);
}

function signed(value: number | null, format: (size: number | null) => string): string {
  if (value === null) return format(null);
  return `${value > 0 ? '+' : value < 0 ? '−' : '±'}${format(Math.abs(value))}`;
}

/** The change in percent of what was before; null from nothing. */
export function percentChange(before: number | null, now: number | null): number | null {
  return before === null || now === null || before === 0 ? null : (100 * (now - before)) / before;
}
