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
