import { percentilesOf, type Percentiles } from './answer-parts.ts';
import { boundaryMs } from './latency-buckets.ts';

export interface HistogramBar {
  /** Milliseconds, not included; 0 in the lowest bar. */
  above_ms: number;
  /** Milliseconds, included. */
  up_to_ms: number;
  requests: number;
}

/** Neighbouring bars: each is `width` buckets, the lowest begins at bucket `first` x `width`. */
export interface HistogramScale {
  width: number;
  first: number;
  howMany: number;
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
    const { width, first, howMany } = this.scale(most);
    const requests = this.counts({ width, first, howMany });
    return requests.map((count, index) => ({
      above_ms: boundaryMs((first + index) * width),
      up_to_ms: boundaryMs((first + index + 1) * width),
      requests: count,
    }));
  }

  /** The bars that `bars` makes, without what is in them. */
  scale(most: number): HistogramScale {
    const buckets = [...this.#counts].filter(([, count]) => count > 0).map(([bucket]) => bucket);
    if (buckets.length === 0) return { width: 1, first: 0, howMany: 0 };
    const [low, high] = [Math.min(...buckets), Math.max(...buckets)];
    let width = 1;
    while (Math.floor(high / width) - Math.floor(low / width) + 1 > most) width *= 2;
    const first = Math.floor(low / width);
    return { width, first, howMany: Math.floor(high / width) - first + 1 };
  }

  /** How many are in each bar of a scale, be it the scale of another histogram that has these calls too. */
  counts({ width, first, howMany }: HistogramScale): number[] {
    const counts = Array.from({ length: howMany }, () => 0);
    for (const [bucket, count] of this.#counts) {
      const index = Math.floor(bucket / width) - first;
      if (index >= 0 && index < howMany) counts[index] = (counts[index] ?? 0) + count;
    }
    return counts;
  }
}
