/** Median of numbers; NaN of none. The argument is not changed. */
export function median(values: readonly number[] | Float64Array): number {
  return quantile(values, 0.5);
}

/** Quantile with linear interpolation between the neighbours (type 7 of Hyndman and Fan); NaN of none. */
export function quantile(values: readonly number[] | Float64Array, q: number): number {
  return quantileOfSorted(new Float64Array(values).sort(), q);
}

export function quantileOfSorted(sorted: Float64Array, q: number): number {
  if (sorted.length === 0) return NaN;
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] ?? NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? NaN;
  return low + (high - low) * (position - below);
}

/** What makes the median absolute deviation an estimate of a normal distribution's standard deviation. */
const NORMAL_CONSISTENCY = 1.4826;

/**
 * A standard deviation that up to half of the values may not spoil: the scaled median absolute deviation. Where more than half of
 * the values are equal it would be 0, so there it is the scaled mean absolute deviation.
 */
export function robustDeviation(values: readonly number[] | Float64Array, centre = median(values)): number {
  if (values.length === 0) return 0;
  const distances = new Float64Array(values);
  for (let index = 0; index < distances.length; index++) {
    distances[index] = Math.abs((distances[index] ?? 0) - centre);
  }
  const scaled = NORMAL_CONSISTENCY * median(distances);
  if (scaled > 0) return scaled;
  return 1.2533 * mean(distances);
}

export function mean(values: readonly number[] | Float64Array): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] ?? 0;
  return values.length === 0 ? 0 : sum / values.length;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** Numbers in [0, 1) that are the same for the same seed on every machine: a counter through a 32-bit mixing function. */
export function seededRandom(seed: number): () => number {
  let counter = seed | 0;
  return () => {
    counter = (counter + 0x9e3779b9) | 0;
    let mixed = counter ^ (counter >>> 16);
    mixed = Math.imul(mixed, 0x85ebca6b);
    mixed ^= mixed >>> 13;
    mixed = Math.imul(mixed, 0xc2b2ae35);
    mixed ^= mixed >>> 16;
    return (mixed >>> 0) / 4_294_967_296;
  };
}

/** A draw from the standard normal distribution (Box and Muller). */
export function standardNormal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
