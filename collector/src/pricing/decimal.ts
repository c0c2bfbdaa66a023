/**
 * Exact money from the JavaScript numbers that price lists carry.
 *
 * A price such as 0.1 has no exact binary form, so arithmetic on it drifts. Its shortest decimal text ('0.1', what
 * JavaScript prints) is what the publisher wrote; that text is read here digit by digit into an integer.
 */

/** atto-USD (1e-18 USD) in one nano-USD (1e-9 USD), the unit of storage. */
export const ATTO_PER_NANO = 1_000_000_000n;

/** 10^12 = atto-USD a token for a price of 1 USD a million tokens. */
const ATTO_DIGITS_PER_MTOK = 12;
/** 10^15 = atto-USD a unit for a price of 1 USD a thousand units. */
const ATTO_DIGITS_PER_KCOUNT = 15;

/**
 * value x 10^digits as an integer, from the shortest decimal text of `value`. Digits beyond are rounded half up: that
 * touches only float residue in the data (0.08333333333333334), as real prices have at most six decimals.
 * @throws RangeError when `value` is negative or not finite
 */
export function scaledInteger(value: number, digits: number): bigint {
  if (!Number.isFinite(value) || value < 0) throw new RangeError(`not a price: ${value}`);
  const [mantissa = '0', exponent = '0'] = String(value).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const integer = BigInt(whole + fraction);
  const shift = digits + Number(exponent) - fraction.length;
  return shift >= 0 ? integer * 10n ** BigInt(shift) : divideHalfUp(integer, 10n ** BigInt(-shift));
}

/** atto-USD a token of a price in USD a million tokens. */
export function attoUsdPerToken(usdPerMtok: number): bigint {
  return scaledInteger(usdPerMtok, ATTO_DIGITS_PER_MTOK);
}

/** atto-USD a request of a price in USD a thousand requests. */
export function attoUsdPerRequest(usdPerKcount: number): bigint {
  return scaledInteger(usdPerKcount, ATTO_DIGITS_PER_KCOUNT);
}

/**
 * dividend / divisor for non-negative integers, halves rounded up. PostgreSQL's `round(numeric)` does the same for
 * such values, so that a repricing in SQL comes to the same nano-dollar.
 */
export function divideHalfUp(dividend: bigint, divisor: bigint): bigint {
  return (2n * dividend + divisor) / (2n * divisor);
}

/**
 * A decimal text as an integer, x 10^digits: ('2.5', 12) → 2500000000000n.
 * @throws RangeError when it is no plain non-negative decimal, or has more decimals than `digits` can hold
 */
export function parseDecimal(text: string, digits: number): bigint {
  const match = /^(\d{1,20})(?:\.(\d{1,40}))?$/.exec(text.trim());
  if (match === null) throw new RangeError(`"${text}" is not a decimal number such as 2.5`);
  const [, whole = '0', fraction = ''] = match;
  const significant = fraction.replace(/0+$/, '');
  if (significant.length > digits) throw new RangeError(`"${text}" has more than ${digits} decimals`);
  return BigInt(whole + significant) * 10n ** BigInt(digits - significant.length);
}

/** The reverse: (2500000000000n, 12) → '2.5'; exact, without trailing zeros. */
export function formatDecimal(value: bigint, digits: number): string {
  const text = (value < 0n ? -value : value).toString().padStart(digits + 1, '0');
  const fraction = text.slice(text.length - digits).replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${text.slice(0, text.length - digits)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Decimals of a price in USD a million tokens that are a whole number of atto-USD a token. */
export const MTOK_DECIMALS = 12;
/** Decimals of a fee in USD that are a whole number of atto-USD. */
export const USD_DECIMALS = 18;
