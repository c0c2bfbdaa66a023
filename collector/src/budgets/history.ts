import { Type, type Static } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { formatInZone } from '../usage/buckets.ts';
import { BUDGET_MEASURES, formatAmount, hasReached, percentOf } from './amount.ts';
import { THRESHOLD_KINDS, type Budget, type BudgetDraft } from './budget.ts';
import { windowAt, windowBefore, type Window } from './period.ts';
import { closePeriods, mendPeriods, readDraftWindows, readPastPeriods } from './past-periods.ts';
import { isLowerBound, spentOf } from './spent.ts';

const past = {
  start: Type.String(),
  end: Type.String(),
  limit: Type.String({ description: 'US dollars as a decimal string, or a count' }),
  spent: Type.String(),
  percent: Type.Number(),
  requests: Type.Integer(),
  unpriced_requests: Type.Integer(),
  is_lower_bound: Type.Boolean(),
};

export const HistorySchema = Type.Object({
  periods: Type.Array(
    Type.Object({
      ...past,
      limit: Type.String({ description: 'As it was when the period ended' }),
      measure: Type.Enum(BUDGET_MEASURES),
      spent: Type.String({ description: 'As the rollups have it now' }),
      spent_at_close: Type.String({ description: 'As it was known when the period ended' }),
      closed_at: Type.String({ format: 'date-time' }),
      mended_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
        description: 'When late events or a repricing last changed spent',
      }),
      crossings: Type.Array(
        Type.Object({
          percent: Type.Number(),
          kind: Type.Enum(THRESHOLD_KINDS),
          crossed_at: Type.String({ format: 'date-time' }),
          message: Type.String(),
        }),
      ),
    }),
  ),
});

/** Past periods of a budget, newest first, mended from the rollups. */
export async function readHistory(
  pool: Pool,
  readPool: Pool,
  budget: Budget,
  nowMs: number,
  limit: number,
): Promise<Static<typeof HistorySchema>> {
  const { tenantId, budgetId, period } = budget;
  // A period that ended since the last round is told all the same.
  if (budget.enabled) await closePeriods(pool, readPool, tenantId, [budget], nowMs);
  const periods = await mendPeriods(
    pool,
    readPool,
    tenantId,
    await readPastPeriods(pool, tenantId, budgetId, limit),
    nowMs,
  );
  const { rows: crossings } = await pool.query<{
    kind: 'actual' | 'forecast';
    percent: number;
    period_start: Date;
    crossed_at: Date;
    message: string;
  }>(
    `SELECT kind, threshold_percent::float8 AS percent, period_start, crossed_at, message FROM budget_threshold_crossings
     WHERE tenant_id = $1 AND budget_id = $2 AND crossed_at >= $3 ORDER BY crossed_at, threshold_percent`,
    [tenantId, budgetId, periods.at(-1)?.period_start ?? new Date(nowMs)],
  );
  const zone = period.timeZone;
  return {
    periods: periods.map((one) => {
      const [limitAmount, spent] = [BigInt(one.limit_amount), BigInt(one.spent)];
      return {
        start: formatInZone(zone, one.period_start.getTime()),
        end: formatInZone(zone, one.period_end.getTime()),
        measure: one.measure,
        limit: formatAmount(limitAmount, one.measure),
        spent: formatAmount(spent, one.measure),
        spent_at_close: formatAmount(BigInt(one.spent_at_close), one.measure),
        percent: percentOf(spent, limitAmount),
        requests: one.requests,
        unpriced_requests: one.unpriced_requests,
        is_lower_bound: isLowerBound({ unpricedRequests: one.unpriced_requests }, one.measure),
        closed_at: one.closed_at.toISOString(),
        mended_at: one.mended_at?.toISOString() ?? null,
        crossings: crossings
          // A rolling window crosses in windows of its own, between those that its past is told in.
          .filter(({ period_start, crossed_at }) =>
            period.type === 'rolling'
              ? crossed_at >= one.period_start && crossed_at < one.period_end
              : period_start.getTime() === one.period_start.getTime(),
          )
          .map(({ kind, percent, crossed_at, message }) => ({
            kind,
            percent,
            crossed_at: crossed_at.toISOString(),
            message,
          })),
      };
    }),
  };
}

export const PreviewSchema = Type.Object({
  measure: Type.Enum(BUDGET_MEASURES),
  periods: Type.Array(
    Type.Object({
      ...past,
      is_over: Type.Boolean({ description: 'false: the period is under way' }),
      thresholds_reached: Type.Array(Type.Number(), { description: 'Percents of kind actual' }),
    }),
    { description: 'Newest first, the one under way before them' },
  ),
});

/** What a draft holds in the period under way and would have held in those before it. */
export async function readPreview(
  readPool: Pool,
  tenantId: string,
  draft: BudgetDraft,
  nowMs: number,
  periods: number,
): Promise<Static<typeof PreviewSchema>> {
  let window = windowAt(draft.period, nowMs);
  const windows: Window[] = [window];
  while (windows.length <= periods) windows.push((window = windowBefore(draft.period, window)));
  const spends = await readDraftWindows(readPool, tenantId, draft, windows);
  const { measure, amount, period, thresholds } = draft;
  return {
    measure,
    periods: windows.map(({ startMs, endMs }, index) => {
      const spend = spends[index] ?? { costNanoUsd: 0n, requests: 0, unpricedRequests: 0, tokens: 0 };
      const spent = spentOf(spend, measure);
      return {
        start: formatInZone(period.timeZone, startMs),
        end: formatInZone(period.timeZone, endMs),
        limit: formatAmount(amount, measure),
        spent: formatAmount(spent, measure),
        percent: percentOf(spent, amount),
        requests: spend.requests,
        unpriced_requests: spend.unpricedRequests,
        is_lower_bound: isLowerBound(spend, measure),
        is_over: endMs <= nowMs,
        thresholds_reached: thresholds
          .filter(({ kind, percent }) => kind === 'actual' && hasReached(spent, amount, percent))
          .map(({ percent }) => percent),
      };
    }),
  };
}
