import { GRAIN_MS } from '../usage/period.ts';
import { offsetMs } from '../usage/time-zone.ts';
import { metricOf } from './alert-metrics.ts';
import { timeZoneOf, type Rule } from './rule.ts';

/*
 * A rule is looked at through windows of time. Usage is kept by quarters of an hour, so a window is exact where it ends at one: a closed look. Between
 * two of those an open look goes up to now, and leans to the side on which it cannot raise a false alarm: of a sum that must not be too large it has
 * no more than the window's length, of everything else no less. Only closed looks end an alert.
 */

/** How long after its end a window is taken for whole: events take a moment from the call to the commit. */
export const SETTLE_MS = 30_000;
const MINUTE_MS = 60_000;
const WEEK_MS = 7 * 24 * 60 * MINUTE_MS;
export const BASELINE_WEEKS = 4;

export interface Look {
  isClosed: boolean;
  startMs: number;
  /** Not included. */
  endMs: number;
}

type Windowed = Pick<
  Rule,
  'metric' | 'operator' | 'windowMinutes' | 'baseline' | 'ownTimeZone' | 'tenantTimeZone'
>;

/** The end of the newest window that is whole when everything is known until `untilMs`. */
export function closedEnd(untilMs: number): number {
  return Math.floor((untilMs - SETTLE_MS) / GRAIN_MS) * GRAIN_MS;
}

export function closedLook(rule: Pick<Rule, 'windowMinutes'>, endMs: number): Look {
  return { isClosed: true, startMs: endMs - rule.windowMinutes * MINUTE_MS, endMs };
}

/** The looks at a rule when everything is known until `untilMs`: the closed one first. */
export function looksAt(rule: Windowed, untilMs: number): [Look] | [Look, Look] {
  const closed = closedLook(rule, closedEnd(untilMs));
  const fromMs = untilMs - rule.windowMinutes * MINUTE_MS;
  const isShort = metricOf(rule.metric).isSum && rule.operator.startsWith('>');
  const startMs = (isShort ? Math.ceil(fromMs / GRAIN_MS) : Math.floor(fromMs / GRAIN_MS)) * GRAIN_MS;
  if (untilMs <= closed.endMs || startMs >= untilMs) return [closed];
  return [closed, { isClosed: false, startMs, endMs: untilMs }];
}

/** The windows that a look is compared with; each has the full length of the rule's window. */
export function baselineWindows(rule: Windowed, look: Look): { startMs: number; endMs: number }[] {
  const length = rule.windowMinutes * MINUTE_MS;
  if (rule.baseline === 'previous_window') return [{ startMs: look.startMs - length, endMs: look.startMs }];
  if (rule.baseline === null) return [];
  const zone = timeZoneOf(rule);
  return Array.from({ length: BASELINE_WEEKS }, (_, week) => {
    const startMs = weeksBefore(zone, look.startMs, week + 1);
    return { startMs, endMs: startMs + length };
  });
}

/** The same time of the week by the zone's wall clock, on a quarter of an hour. */
function weeksBefore(zone: string, atMs: number, weeks: number): number {
  const plain = atMs - weeks * WEEK_MS;
  const moved = plain + offsetMs(zone, atMs) - offsetMs(zone, plain);
  return Math.floor(moved / GRAIN_MS) * GRAIN_MS;
}
