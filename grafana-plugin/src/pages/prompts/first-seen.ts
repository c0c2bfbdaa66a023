interface Point {
  timestamp: string;
  total_requests: number;
}

/** When a version was first and last called within the period: the points of its series. */
export interface Seen {
  first: string;
  last: string;
  /** False where it was called in the first point already: it may be older than the period. */
  beganInPeriod: boolean;
}

/** @returns null for a series without a call */
export function seen(series: Point[]): Seen | null {
  const called = series.filter(({ total_requests }) => total_requests > 0);
  const [first, last] = [called[0], called.at(-1)];
  if (!first || !last) return null;
  return { first: first.timestamp, last: last.timestamp, beganInPeriod: first !== series[0] };
}
