import { toNumber, usd } from './format.ts';

/** An amount with its sign, as changes are written: `+$1.62`, `−$3.09`. */
export function signed(text: (value: number | null) => string, value: number | null): string {
  if (value === null) return text(null);
  return `${value > 0 ? '+' : value < 0 ? '−' : '±'}${text(Math.abs(value))}`;
}

/** A difference in US dollars with its sign. */
export function signedUsd(value: string | number | null | undefined): string {
  return signed(usd, toNumber(value));
}
