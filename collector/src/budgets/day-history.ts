import { LRUCache } from 'lru-cache';
import type { Queryable } from '../database/pool.ts';
import type { Filters } from '../usage/filters.ts';
import { readSpendSeries, type SpendPoint } from '../usage/spend.ts';
import { localDateOf, startOfLocalDay } from '../usage/time-zone.ts';
import type { Budget } from './budget.ts';
import type { DayFigures } from './projection.ts';
import { spentOf } from './spent.ts';

/** Twelve weeks: what a weekly rhythm is read from, and within the range that the log of events may be asked for. */
const HISTORY_DAYS = 84;
/** Whole days change only by late events and repricing. */
const KEEP_MS = 10 * 60_000;

/**
 * Daily figures up to yesterday, which forecasts are made from. Kept for some minutes: they change little, and budgets of one filter (a day's,
 * a month's) share them.
 */
export class DayHistory {
  readonly #cache = new LRUCache<string, SpendPoint[]>({ max: 500, ttl: KEEP_MS });

  async read(client: Queryable, budget: Budget, nowMs: number): Promise<DayFigures> {
    const { tenantId, filters, period } = budget;
    const endMs = startOfLocalDay(period.timeZone, nowMs);
    const startMs = startOfLocalDay(period.timeZone, nowMs, -HISTORY_DAYS);
    const key = [tenantId, period.timeZone, startMs, filterKey(filters)].join('\n');
    let points = this.#cache.get(key);
    if (!points) {
      points = await readSpendSeries(client, {
        tenantId,
        filters,
        startMs,
        endMs,
        timeZone: period.timeZone,
        groupBy: 'day',
      });
      this.#cache.set(key, points);
    }
    return {
      values: points.map((point) => Number(spentOf(point, budget.measure))),
      firstWeekday: localDateOf(period.timeZone, startMs).weekday,
    };
  }
}

function filterKey(filters: Filters): string {
  return JSON.stringify(Object.entries(filters).sort(([a], [b]) => (a < b ? -1 : 1)));
}
