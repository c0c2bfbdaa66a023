/** Whether the same request may succeed later: the collector, or something before it, is busy or away. */
export function isRetriedStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || (status >= 500 && status <= 599);
}

/**
 * Milliseconds to wait after the given number of failures (1 for the first): random between 0 and an exponentially growing
 * bound, so that many clients that failed together do not return together
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export function fullJitter(failures: number, initialDelayMs: number, maxDelayMs: number): number {
  return Math.random() * Math.min(maxDelayMs, initialDelayMs * 2 ** Math.min(failures, 30));
}

/**
 * `Retry-After` (RFC 9110, 10.2.3: seconds or an HTTP date) as milliseconds from now, never negative; undefined when absent or
 * unreadable. A date is compared with the answer's own `Date`, so that a clock that differs from the server's does no harm.
 */
export function retryAfterMs(
  retryAfter: string | null,
  date: string | null,
  nowMs: number,
): number | undefined {
  const value = retryAfter?.trim();
  if (!value) return undefined;
  if (/^\d+$/.test(value)) return Number(value.slice(0, 9)) * 1000;
  // Only what looks like an HTTP date: Date.parse also reads '-5' or '1.5'.
  const until = /^[A-Za-z]{3,9}, /.test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(until)) return undefined;
  const serverNow = date === null ? NaN : Date.parse(date);
  return Math.max(0, until - (Number.isNaN(serverNow) ? nowMs : serverNow));
}
