import { changeOf } from '../../panels/usage-rates.ts';

/** Response times of some calls, as the latency route has them. */
export interface Timed {
  timed_requests: number;
  percentiles_ms: { p50: number | null; p95: number | null };
}

export interface Verdict {
  kind: 'slower' | 'faster' | 'usual' | 'too-few';
  /** Change of the median in percent; null where there are too few calls. */
  p50Percent: number | null;
  p95Percent: number | null;
}

/** Below this many calls a median says little: of 30 calls, its 95 % interval already spans about a third of the order statistics. */
export const MIN_CALLS = 30;
/** Percentiles are within 4.4 % of the true ones, on both sides of the comparison; less than this is no difference. */
export const NOTABLE_PERCENT = 15;

/**
 * Whether calls are slower than usual: by the median, and by the 95th percentile where there are enough calls for one.
 * Slower where either is notably more and none is notably less; the same the other way round.
 */
export function verdictOn(now: Timed, usual: Timed): Verdict {
  if (now.timed_requests < MIN_CALLS || usual.timed_requests < MIN_CALLS)
    return { kind: 'too-few', p50Percent: null, p95Percent: null };
  const p50Percent = changeOf(usual.percentiles_ms.p50, now.percentiles_ms.p50);
  // Of fewer calls the 95th percentile is one of the last five: chance.
  const isTailKnown = now.timed_requests >= 100 && usual.timed_requests >= 100;
  const p95Percent = isTailKnown ? changeOf(usual.percentiles_ms.p95, now.percentiles_ms.p95) : null;
  const changes = [p50Percent, p95Percent].filter((one) => one !== null);
  const more = changes.some((one) => one >= NOTABLE_PERCENT);
  const less = changes.some((one) => one <= -NOTABLE_PERCENT);
  return { kind: more === less ? 'usual' : more ? 'slower' : 'faster', p50Percent, p95Percent };
}
