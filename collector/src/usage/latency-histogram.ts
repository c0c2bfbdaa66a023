import { percentilesOf, type Percentiles } from './answer-parts.ts';
import { boundaryMs } from './latency-buckets.ts';

export interface HistogramBar {
  /** Milliseconds, not included; 0 in the lowest bar. */
  above_ms: number;
  /** Milliseconds, included. */
  up_to_ms: number;
  requests: number;
}

/** Counts by log-scale bucket, which add up over any rows. */
export class LatencyHistogram {
  readonly #counts = new Map<number, number>();

  add(bucket: number, count: number): void {
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
  }

  get total(): number {
    let total = 0;
    for (const count of this.#counts.values()) total += count;
    return total;
  }

  percentiles(): Percentiles {
    return percentilesOf([...this.#counts].map(([bucket, count]) => ({ bucket, count })));
  }

  /**
   * The buckets from the lowest to the highest, empty ones too, each of as many merged as it takes to have no more than asked: twice as wide each
   * time, so that bars of two histograms have common boundaries.
   */
  bars(most: number): HistogramBar[] {
    const buckets = [...this.#counts].filter(([, count]) => count > 0).map(([bucket]) => bucket);
    if (buckets.length === 0) return [];
    const [low, high] = [Math.min(...buckets), Math.max(...buckets)];
    let width = 1;
    while (Math.floor(high / width) - Math.floor(low / width) + 1 > most) width *= 2;
    const [first, last] = [Math.floor(low / width), Math.floor(high / width)];
    const bars = Array.from({ length: last - first + 1 }, (_, index) => ({
      above_ms: boundaryMs((first + index) * width),
      up_to_ms: boundaryMs((first + index + 1) * width),
      requests: 0,
    }));
    for (const [bucket, count] of this.#counts) {
      const bar = bars[Math.floor(bucket / width) - first];
      if (bar) bar.requests += count;
    }
    return bars;
  }
}
