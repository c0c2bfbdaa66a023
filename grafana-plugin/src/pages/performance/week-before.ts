import { dateTime, dateTimeForTimeZone, rangeUtil, type DateTime } from '@grafana/data';
import type { PeriodQuery } from '../../period/use-period.ts';

const STEP_MS = 300_000;
const WEEK_DAYS = 7;

export interface TwoWeeks {
  current: PeriodQuery;
  earlier: PeriodQuery;
  /** Whether the page's period is longer than a week, so that its last seven days are compared. */
  isLastWeekOnly: boolean;
}

/**
 * The page's period (of a longer one its last seven days), and the same weekdays and hours a week before, by the calendar of the zone. What
 * is still to come is left out of both. Ends are full five minutes, so that a page that is drawn again asks the same.
 */
export function weekBefore(raw: { from: string; to: string }, timeZone: string, nowMs: number): TwoWeeks {
  const range = rangeUtil.convertRawToRange(
    { from: momentOf(raw.from, timeZone, 'start'), to: momentOf(raw.to, timeZone, 'end') },
    timeZone,
  );
  const isOpen = range.to.valueOf() > nowMs - STEP_MS;
  const endMs = isOpen ? Math.floor(nowMs / STEP_MS) * STEP_MS : range.to.valueOf();
  const daysBefore = (ms: number, days: number): number =>
    dateTimeForTimeZone(timeZone, ms).subtract(days, 'days').valueOf();
  const weekStartMs = daysBefore(endMs, WEEK_DAYS);
  const isLastWeekOnly = range.from.valueOf() < weekStartMs;
  const startMs = isLastWeekOnly ? weekStartMs : range.from.valueOf();
  const query = (fromMs: number, toMs: number): PeriodQuery => ({
    start_date: new Date(fromMs).toISOString(),
    end_date: new Date(toMs).toISOString(),
    timezone: timeZone,
  });
  return {
    current: query(startMs, endMs),
    earlier: query(daysBefore(startMs, WEEK_DAYS), daysBefore(endMs, WEEK_DAYS)),
    isLastWeekOnly,
  };
}

/** A relative text as it is, an instant, or the begin or end of a bare date's day in the zone. */
function momentOf(text: string, timeZone: string, edge: 'start' | 'end'): string | DateTime {
  if (text.startsWith('now')) return text;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return dateTime(text);
  const day = dateTimeForTimeZone(timeZone, text);
  return edge === 'start' ? day : day.add(1, 'days');
}
