/**
 * How figures are written. Money comes from the API as decimal strings and stays exact until it is rounded for the eye here; null means that it
 * is not known, which is never written as 0.
 */

const UNKNOWN = '–';
const locale = 'en-US';

/** The number of a figure of an answer: decimal strings and numbers; null where it is not known. */
export function toNumber(value: string | number | null | undefined): number | null {
  if (value === null || value === undefined) return null;
  const number = typeof value === 'number' ? value : Number(value);
  return Number.isNaN(number) ? null : number;
}

/** US dollars: `$1,234.56`, `$0.0042`; above 100,000 without cents, in short `$1.2M`. */
export function usd(value: string | number | null | undefined, { short = false } = {}): string {
  const amount = toNumber(value);
  if (amount === null) return UNKNOWN;
  const size = Math.abs(amount);
  if (short && size >= 10_000)
    return new Intl.NumberFormat(locale, {
      style: 'currency',
      currency: 'USD',
      notation: 'compact',
      maximumFractionDigits: 1,
    }).format(amount);
  // Below a cent two significant digits are what tells models apart.
  const digits =
    size === 0
      ? 2
      : size < 0.01
        ? Math.min(9, 1 - Math.floor(Math.log10(size)))
        : size < 1
          ? 4
          : size < 100_000
            ? 2
            : 0;
  return new Intl.NumberFormat(locale, {
    style: 'currency',
    currency: 'USD',
    minimumFractionDigits: Math.min(digits, 2),
    maximumFractionDigits: digits,
  }).format(amount);
}

/** Counts: `12,345`, in short `1.2M`. */
export function count(value: number | string | null | undefined, { short = false } = {}): string {
  const amount = toNumber(value);
  if (amount === null) return UNKNOWN;
  return new Intl.NumberFormat(
    locale,
    short && Math.abs(amount) >= 10_000
      ? { notation: 'compact', maximumFractionDigits: 1 }
      : { maximumFractionDigits: 1 },
  ).format(amount);
}

/** `98.4 %`; of a value that is a percentage already. */
export function percent(value: number | null | undefined, digits?: number): string {
  if (value === null || value === undefined) return UNKNOWN;
  const size = Math.abs(value);
  const decimals = digits ?? (size !== 0 && size < 1 ? 2 : size < 100 && !Number.isInteger(value) ? 1 : 0);
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: decimals }).format(value)} %`;
}

/** Milliseconds: `412 ms`, `1.84 s`, `2 min 5 s`. */
export function duration(milliseconds: number | null | undefined): string {
  if (milliseconds === null || milliseconds === undefined) return UNKNOWN;
  if (milliseconds < 1000)
    return `${milliseconds < 10 ? Math.round(milliseconds * 10) / 10 : Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000)
    return `${new Intl.NumberFormat(locale, { maximumFractionDigits: milliseconds < 10_000 ? 2 : 1 }).format(milliseconds / 1000)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 3600
    ? `${Math.floor(seconds / 60)} min ${seconds % 60} s`
    : `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** A change in percent with its sign: `+12 %`, `−3.1 %`; `new` from nothing. */
export function changePercent(value: number | null | undefined): string {
  if (value === null || value === undefined) return UNKNOWN;
  const sign = value > 0 ? '+' : value < 0 ? '−' : '±';
  return `${sign}${percent(Math.abs(value))}`;
}

export type Unit = 'usd' | 'count' | 'percent' | 'ms';

/** A formatter for axes, tooltips and tables. */
export function formatter(
  unit: Unit,
  { short = false } = {},
): (value: number | string | null | undefined) => string {
  switch (unit) {
    case 'usd':
      return (value) => usd(value, { short });
    case 'count':
      return (value) => count(value, { short });
    case 'percent':
      return (value) => percent(toNumber(value));
    case 'ms':
      return (value) => duration(toNumber(value));
  }
}
