import { createHash } from 'node:crypto';

/** The next number of a stream, uniform in [0, 1). */
export type Random = () => number;

/** A log-normal distribution by its median and the standard deviation of the logarithm (0 makes it constant). */
export interface LogNormal {
  median: number;
  sigma: number;
}

/** Two 32-bit words that stand for a text; the same text gives the same words on every machine. */
export function seedWords(text: string): readonly [number, number] {
  const digest = createHash('sha256').update(text).digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
}

/**
 * An independent stream for a place `(seed, major, minor)`: sfc32 (PractRand's small fast counter), whose 128-bit state takes
 * the four words as they are, so that two places never share a stream. The 15 rounds that its author prescribes mix them.
 */
export function randomAt(seed: readonly [number, number], major: number, minor: number): Random {
  let a = seed[0] | 0;
  let b = seed[1] | 0;
  let c = major | 0;
  let counter = minor | 0;
  const next = (): number => {
    const mixed = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + mixed;
    return (mixed >>> 0) / 4_294_967_296;
  };
  for (let round = 0; round < 15; round++) next();
  return next;
}

/** A draw from the standard normal distribution (Box and Muller). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A draw from a log-normal distribution. */
export function logNormal(random: Random, { median, sigma }: LogNormal): number {
  return median * Math.exp(sigma * normal(random));
}

/** A log-normal factor whose mean is 1, for noise that must not move the average. */
export function noise(random: Random, sigma: number): number {
  return Math.exp(sigma * normal(random) - (sigma * sigma) / 2);
}

/**
 * A Poisson count with this mean, from one stream. Below 40 by inversion, so that a mean that grows a little keeps the count
 * or adds to it and never reshuffles it; above that by the normal approximation.
 */
export function poisson(random: Random, mean: number): number {
  if (mean >= 40) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const target = random();
  let probability = Math.exp(-mean);
  let cumulative = probability;
  let count = 0;
  while (target >= cumulative && count < 1_000) {
    count++;
    probability *= mean / count;
    cumulative += probability;
  }
  return count;
}

/** Running sums of weights, for `pick`. */
export function cumulative(weights: readonly number[]): Float64Array {
  const sums = new Float64Array(weights.length);
  let sum = 0;
  weights.forEach((weight, index) => {
    sum += weight;
    sums[index] = sum;
  });
  return sums;
}

/** The index that a weighted draw hits; `sums` from `cumulative`, with at least one weight above 0. */
export function pick(random: Random, sums: Float64Array): number {
  const target = random() * (sums[sums.length - 1] ?? 0);
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sums[middle] ?? 0) > target) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Weights of Zipf's law for ranks 1 to `count`: the n-th is n to the power of minus `exponent`. */
export function zipfWeights(count: number, exponent: number): number[] {
  return Array.from({ length: count }, (_, rank) => (rank + 1) ** -exponent);
}
