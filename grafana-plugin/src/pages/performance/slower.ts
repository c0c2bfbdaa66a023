/** As much of a part of a latency answer as a comparison needs. */
interface Timed {
  timed_requests: number;
  percentiles_ms: { p95: number | null; relative_error: number };
}

export type Verdict = 'slower' | 'faster' | 'same' | 'unknown';

/** Fewer say nothing about the slowest twentieth. */
const LEAST_CALLS = 100;

/** Whether the 95th percentile moved by more than both readings may be off together. */
export function verdict(now: Timed, before: Timed | undefined): Verdict {
  if (!before || now.timed_requests < LEAST_CALLS || before.timed_requests < LEAST_CALLS) return 'unknown';
  const [after, earlier] = [now.percentiles_ms.p95, before.percentiles_ms.p95];
  if (after === null || earlier === null) return 'unknown';
  const error = now.percentiles_ms.relative_error;
  if (after * (1 - error) > earlier * (1 + error)) return 'slower';
  return after * (1 + error) < earlier * (1 - error) ? 'faster' : 'same';
}
