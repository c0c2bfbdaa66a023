import { LRUCache } from 'lru-cache';
import type { Queryable } from '../database/pool.ts';
import { COURSE_DAYS, dayCourse, type HourAmount } from '../forecast/day-course.ts';
import { dailyDistribution, MAX_HISTORY_DAYS, type Estimate } from '../forecast/forecast.ts';
import { projectToday, type PartialDay } from '../forecast/today.ts';
import { MAX_EVENT_DAYS } from '../usage/event-source.ts';
import { filteredDimensions, type Filters } from '../usage/filters.ts';
import { sourceOf } from '../usage/rollup-source.ts';
import { readSpendSeries } from '../usage/spend.ts';
import { localDateOf, startOfLocalDay } from '../usage/time-zone.ts';
import type { Budget } from './budget.ts';
import { spentOf } from './spent.ts';

/** Probability that the interval of a forecast holds what comes. */
export const FORECAST_LEVEL = 0.8;

/** Days that are over change only by late events and repricing, and today's part in the days to come is small. */
const KEEP_MS = 10 * 60_000;
const MAX_KEPT = 500;

/** What the history lets one expect, in the budget's unit. */
export interface Outlook {
  /** How the expectation was made; no-history and no-usage: there is nothing to go by. */
  method: string;
  /** All of today, forecast without what has come of it. */
  today: Estimate;
  /** The days before today, each until the time of day that it is now. */
  course: readonly PartialDay[];
  /** Each day after today up to the end of the period. */
  laterMeans: readonly number[];
  /** These days together. */
  later: Estimate;
}

interface Kept {
  values: readonly number[];
  firstWeekday: number;
  /** Begins of hours and what came in them, side by side: 500 histories of objects would take 100 MB. */
  hourStartsMs: Float64Array;
  hourAmounts: Float64Array;
  /** By the number of days from today to the end of the period. */
  outlooks: Map<number, Omit<Outlook, 'course'>>;
}

/**
 * What budgets' usage was up to yesterday, and what that lets one expect: by the same history and the same method as
 * `GET /v1/analytics/usage/forecast`. Kept for some minutes, so that the many evaluations in between cost no forecast.
 */
export class DayHistory {
  readonly #cache = new LRUCache<string, Kept>({ max: MAX_KEPT, ttl: KEEP_MS });

  /**
   * @param days how many local days there are from today to the end of the period, today included
   * @param soFar today's usage until now
   */
  async read(
    client: Queryable,
    budget: Budget,
    nowMs: number,
    days: number,
    soFar: number,
  ): Promise<Outlook> {
    const { tenantId, filters, measure } = budget;
    const { timeZone } = budget.period;
    const todayMs = startOfLocalDay(timeZone, nowMs);
    const key = [tenantId, timeZone, todayMs, measure, filterKey(filters)].join('\n');
    let kept = this.#cache.get(key);
    if (!kept) {
      kept = await readHistory(client, budget, todayMs);
      this.#cache.set(key, kept);
    }
    const course = dayCourse(hoursOf(kept), timeZone, todayMs, nowMs);
    let outlook = kept.outlooks.get(days);
    if (!outlook) {
      outlook = outlookOf(kept, course, days, soFar);
      kept.outlooks.set(days, outlook);
    }
    return { ...outlook, course };
  }
}

async function readHistory(client: Queryable, budget: Budget, todayMs: number): Promise<Kept> {
  const { tenantId, filters, measure } = budget;
  const { timeZone } = budget.period;
  const isOfEvents = sourceOf(filteredDimensions(filters)).kind === 'events';
  const historyDays = isOfEvents ? MAX_EVENT_DAYS - 2 : MAX_HISTORY_DAYS;
  const read = async (groupBy: 'day' | 'hour', daysBack: number): Promise<HourAmount[]> => {
    const points = await readSpendSeries(client, {
      tenantId,
      filters,
      startMs: startOfLocalDay(timeZone, todayMs, -daysBack),
      endMs: todayMs,
      timeZone,
      groupBy,
    });
    return points.map((point) => ({ startMs: point.startMs, amount: Number(spentOf(point, measure)) }));
  };
  const hours = await read('hour', isOfEvents ? historyDays : COURSE_DAYS);
  // The log of events is read once: the days are the hours' sums.
  const days = isOfEvents ? byDay(hours, timeZone) : await read('day', historyDays);
  const courseMs = startOfLocalDay(timeZone, todayMs, -COURSE_DAYS);
  const ofCourse = hours.filter(({ startMs }) => startMs >= courseMs);
  return {
    values: days.map(({ amount }) => amount),
    firstWeekday: localDateOf(timeZone, days[0]?.startMs ?? todayMs).weekday,
    hourStartsMs: Float64Array.from(ofCourse, ({ startMs }) => startMs),
    hourAmounts: Float64Array.from(ofCourse, ({ amount }) => amount),
    outlooks: new Map(),
  };
}

function byDay(hours: readonly HourAmount[], timeZone: string): HourAmount[] {
  const days: HourAmount[] = [];
  let last = '';
  for (const { startMs, amount } of hours) {
    const { year, month, day } = localDateOf(timeZone, startMs);
    const date = `${year}-${month}-${day}`;
    if (date !== last) days.push({ startMs, amount: 0 });
    last = date;
    const current = days.at(-1);
    if (current) current.amount += amount;
  }
  return days;
}

function* hoursOf({ hourStartsMs, hourAmounts }: Kept): Generator<HourAmount, void, undefined> {
  for (const [index, startMs] of hourStartsMs.entries()) yield { startMs, amount: hourAmounts[index] ?? 0 };
}

/**
 * What complete days, oldest first, let one expect of today and the days after it.
 * @param history the last day is yesterday; `firstWeekday` of the first, 0 is Sunday
 * @param days from today to the end of the period, today included
 */
export function outlookOf(
  { values, firstWeekday }: Pick<Kept, 'values' | 'firstWeekday'>,
  course: readonly PartialDay[],
  days: number,
  soFar: number,
): Omit<Outlook, 'course'> {
  const whole = dailyDistribution(values, days, firstWeekday);
  const today = whole.day(0, FORECAST_LEVEL);
  // The days after today are forecast knowing what today is going to be.
  const expectedToday = projectToday(soFar, course, today, FORECAST_LEVEL).mean;
  const later = dailyDistribution([...values, expectedToday], days - 1, firstWeekday);
  return {
    method: whole.method,
    today,
    laterMeans: [...later.mean],
    later: later.sum(days - 1, FORECAST_LEVEL),
  };
}

function filterKey(filters: Filters): string {
  return JSON.stringify(Object.entries(filters).sort(([a], [b]) => (a < b ? -1 : 1)));
}
