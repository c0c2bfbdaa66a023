/**
 * Log-scale latency buckets: OpenTelemetry's exponential histogram mapping at scale 3, over milliseconds. Bucket i holds
 * (2^(i/8), 2^((i+1)/8)]. Buckets of any rows add up, so percentiles can be read over any period and filter.
 * https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 */
const BUCKETS_PER_DOUBLING = 8;
/** Everything up to a microsecond. */
const LOWEST_BUCKET = -80;

/** Half the width of a bucket, relative to the value that is answered for it. */
export const LATENCY_RELATIVE_ERROR =
  (2 ** (1 / BUCKETS_PER_DOUBLING) - 1) / (2 ** (1 / BUCKETS_PER_DOUBLING) + 1);

const BOUNDARY = Array.from(
  { length: BUCKETS_PER_DOUBLING },
  (_, index) => 2 ** (index / BUCKETS_PER_DOUBLING),
);

/** Bucket of a latency in milliseconds. Exact at powers of two, where a logarithm may fall to the wrong side. */
export function latencyBucket(latencyMs: number): number {
  if (latencyMs <= 0.001) return LOWEST_BUCKET;
  let exponent = Math.floor(Math.log2(latencyMs));
  let fraction = latencyMs / 2 ** exponent;
  if (fraction < 1) {
    exponent -= 1;
    fraction *= 2;
  } else if (fraction >= 2) {
    exponent += 1;
    fraction /= 2;
  }
  let step = BUCKETS_PER_DOUBLING - 1;
  while (step >= 0 && fraction <= (BOUNDARY[step] ?? 1)) step -= 1;
  return Math.max(LOWEST_BUCKET, exponent * BUCKETS_PER_DOUBLING + step);
}

/** The lower boundary of a bucket (the upper one of the bucket before it), in milliseconds; of the lowest bucket 0, as it holds everything below. */
export function boundaryMs(bucket: number): number {
  return bucket <= LOWEST_BUCKET ? 0 : Number((2 ** (bucket / BUCKETS_PER_DOUBLING)).toPrecision(6));
}

/** The value that is answered for a bucket, in milliseconds: within LATENCY_RELATIVE_ERROR of everything in it. */
export function latencyOfBucket(bucket: number): number {
  const lower = 2 ** (bucket / BUCKETS_PER_DOUBLING);
  const upper = 2 ** ((bucket + 1) / BUCKETS_PER_DOUBLING);
  return (2 * lower * upper) / (lower + upper);
}

/**
 * Percentiles from bucket counts (any order), in milliseconds with three significant digits' worth of meaning.
 * @param quantiles between 0 and 1
 * @returns one value a quantile; null for all without any count
 */
export function percentilesMs(
  buckets: { bucket: number; count: number }[],
  quantiles: number[],
): (number | null)[] {
  const sorted = buckets.filter(({ count }) => count > 0).sort((a, b) => a.bucket - b.bucket);
  const total = sorted.reduce((sum, { count }) => sum + count, 0);
  return quantiles.map((quantile) => {
    if (total === 0) return null;
    const rank = Math.max(1, Math.ceil(quantile * total));
    let seen = 0;
    for (const { bucket, count } of sorted) {
      seen += count;
      if (seen >= rank) return Math.round(latencyOfBucket(bucket) * 1000) / 1000;
    }
    return null;
  });
}
