/** When a message that could not be sent is tried again, and when a receiver is left alone. */

const FIRST_DELAY_MS = 5_000;
const LONGEST_DELAY_MS = 60 * 60_000;
/** Part of a delay that chance adds or takes, so that what failed together does not come back together. */
const JITTER = 0.25;

/** Failures in a row after which a receiver is left alone. */
const FAILURES_UNTIL_PAUSE = 3;
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 15 * 60_000;
/** A receiver may ask for less than this; more is cut to it. */
const LONGEST_ASKED_PAUSE_MS = LONGEST_DELAY_MS;

/**
 * Milliseconds from a failed try to the next one: 5 s, doubled each time up to an hour, about 30 tries in a day.
 * @param attempts tries so far, 1 or more
 * @param retryAfterMs what the receiver asked for
 * @param random in [0, 1)
 */
export function retryDelayMs(
  attempts: number,
  retryAfterMs: number | undefined,
  random = Math.random(),
): number {
  return Math.max(spread(doubled(FIRST_DELAY_MS, attempts - 1, LONGEST_DELAY_MS), random), retryAfterMs ?? 0);
}

/**
 * Milliseconds for which nothing is sent to a receiver after a failure, so that a dead one takes no turns from others: none before
 * the third failure in a row, then 30 s, doubled each time up to 15 minutes; or as long as it asked for.
 * @param failures in a row, with this one
 */
export function pauseMs(failures: number, retryAfterMs: number | undefined, random = Math.random()): number {
  const asked = Math.min(retryAfterMs ?? 0, LONGEST_ASKED_PAUSE_MS);
  if (failures < FAILURES_UNTIL_PAUSE) return asked;
  return Math.max(
    asked,
    spread(doubled(FIRST_PAUSE_MS, failures - FAILURES_UNTIL_PAUSE, LONGEST_PAUSE_MS), random),
  );
}

function doubled(firstMs: number, times: number, longestMs: number): number {
  // Beyond 2^30 nothing is shorter than the longest anyway.
  return Math.min(longestMs, firstMs * 2 ** Math.min(times, 30));
}

function spread(ms: number, random: number): number {
  return Math.round(ms * (1 - JITTER + 2 * JITTER * random));
}
