import { inSnapshot, type Pool, type Queryable } from '../database/pool.ts';
import { dimensionOf } from '../usage/dimensions.ts';
import { filteredDimensions, parseFilters, type Filters } from '../usage/filters.ts';
import { spendByBudgetFilters, type Spend } from '../usage/spend.ts';
import type { BudgetMeasure } from './amount.ts';
import type { Budget } from './budget.ts';
import { closedWindows, windowAt, type Window } from './period.ts';
import { readWindows, spentOf } from './spent.ts';

/** A period that is over. Amounts are in the unit of `measure`; int8 that is too large for a number comes as text. */
export interface PastPeriod {
  budget_id: number;
  period_start: Date;
  period_end: Date;
  version: number;
  measure: BudgetMeasure;
  filters: unknown;
  limit_amount: number | string;
  spent: number | string;
  spent_at_close: number | string;
  requests: number;
  unpriced_requests: number;
  closed_at: Date;
  mended_at: Date | null;
}

const COLUMNS = `budget_id, period_start, period_end, version, measure, filters, limit_amount, spent, spent_at_close, requests, unpriced_requests,
  closed_at, mended_at`;
/** After a long stop there may be many; the next round goes on. */
const MAX_CLOSED_A_ROUND = 400;
const DAY_MS = 86_400_000;

/**
 * Writes the periods of one tenant's budgets that are over and not written yet: since the definition began, or since the last one. Writing
 * one twice changes nothing.
 */
export async function closePeriods(
  pool: Pool,
  readPool: Pool,
  tenantId: string,
  budgets: readonly Budget[],
  nowMs: number,
): Promise<void> {
  if (budgets.length === 0) return;
  const { rows: last } = await pool.query<{ budget_id: number; closed_until: Date }>(
    'SELECT budget_id, max(period_end) AS closed_until FROM budget_periods WHERE tenant_id = $1 AND budget_id = ANY($2) GROUP BY 1',
    [tenantId, budgets.map(({ budgetId }) => budgetId)],
  );
  const closedUntil = new Map(last.map((row) => [row.budget_id, row.closed_until.getTime()]));
  const due = budgets.flatMap((budget) => {
    const since =
      budget.period.type === 'rolling'
        ? budget.definedAt.getTime()
        : windowAt(budget.period, budget.definedAt.getTime()).startMs;
    const fromMs = Math.max(since, closedUntil.get(budget.budgetId) ?? -Infinity);
    return closedWindows(budget.period, fromMs, nowMs, MAX_CLOSED_A_ROUND).map((window) => ({
      budget,
      window,
    }));
  });
  if (due.length === 0) return;
  const spends = await inSnapshot(readPool, (client) => readWindows(client, tenantId, due));
  const rows = due.map(({ budget, window }, index) => ({
    budget_id: budget.budgetId,
    version: budget.version,
    period_start: new Date(window.startMs),
    period_end: new Date(window.endMs),
    measure: budget.measure,
    filters: budget.filters,
    limit_amount: budget.amount.toString(),
    ...figures(spends[index], budget.measure),
  }));
  await pool.query(
    `INSERT INTO budget_periods (budget_id, tenant_id, period_start, period_end, version, measure, filters, limit_amount, spent,
       spent_at_close, requests, unpriced_requests)
     SELECT b.budget_id, b.tenant_id, p.period_start, p.period_end, p.version, p.measure, p.filters, p.limit_amount, p.spent, p.spent,
            p.requests, p.unpriced_requests
     FROM jsonb_to_recordset($1::jsonb) AS p (budget_id bigint, version integer, period_start timestamptz, period_end timestamptz, measure text,
            filters jsonb, limit_amount bigint, spent bigint, requests bigint, unpriced_requests bigint)
     JOIN budgets b ON b.budget_id = p.budget_id AND b.version = p.version AND b.tenant_id = $2
     ON CONFLICT (budget_id, period_start, period_end) DO NOTHING`,
    [JSON.stringify(rows), tenantId],
  );
}

/** The newest past periods of a budget, newest first. */
export async function readPastPeriods(
  client: Queryable,
  tenantId: string,
  budgetId: number,
  limit: number,
): Promise<PastPeriod[]> {
  const { rows } = await client.query<PastPeriod>(
    `SELECT ${COLUMNS} FROM budget_periods WHERE tenant_id = $1 AND budget_id = $2 ORDER BY period_end DESC, period_start DESC LIMIT $3`,
    [tenantId, budgetId, limit],
  );
  return rows;
}

/** The latest periods of each budget that ended within `withinDays`: what late events most often touch. */
export async function readLatestPeriods(
  client: Queryable,
  tenantId: string,
  nowMs: number,
  { periods, withinDays }: { periods: number; withinDays: number },
): Promise<PastPeriod[]> {
  const { rows } = await client.query<PastPeriod>(
    `SELECT ${COLUMNS} FROM (
       SELECT *, row_number() OVER (PARTITION BY budget_id ORDER BY period_end DESC, period_start DESC) AS place
       FROM budget_periods WHERE tenant_id = $1 AND period_end > $2
     ) p WHERE place <= $3`,
    [tenantId, new Date(nowMs - withinDays * DAY_MS), periods],
  );
  return rows;
}

/**
 * Reads past periods anew from the rollups and mends those that late events or a repricing changed; `spent_at_close` stays. Periods that
 * retention may have cut are left as they are: what is deleted was spent all the same.
 * @returns the periods as they are now, in order
 */
export async function mendPeriods(
  pool: Pool,
  readPool: Pool,
  tenantId: string,
  periods: readonly PastPeriod[],
  nowMs: number,
): Promise<PastPeriod[]> {
  if (periods.length === 0) return [];
  const keptSince = await readKeptSince(pool, tenantId, nowMs);
  const questions = periods.map((period, index) => ({
    index,
    filters: parseFilters(period.filters),
    startMs: period.period_start.getTime(),
    endMs: period.period_end.getTime(),
  }));
  const whole = questions.filter(({ filters, startMs }) => startMs >= keptSince(filters));
  const spends = await inSnapshot(readPool, (client) => spendByBudgetFilters(client, tenantId, whole));
  const mended = [...periods];
  const changed: Record<string, unknown>[] = [];
  for (const [position, { index }] of whole.entries()) {
    const period = periods[index];
    if (!period) continue;
    const now = figures(spends[position], period.measure);
    if (
      now.spent === String(period.spent) &&
      now.requests === period.requests &&
      now.unpriced_requests === period.unpriced_requests
    )
      continue;
    const { budget_id, period_start, period_end } = period;
    changed.push({ budget_id, period_start, period_end, ...now });
    mended[index] = { ...period, ...now, mended_at: new Date(nowMs) };
  }
  if (changed.length > 0) {
    await pool.query(
      `UPDATE budget_periods p SET spent = c.spent, requests = c.requests, unpriced_requests = c.unpriced_requests, mended_at = $3
       FROM jsonb_to_recordset($1::jsonb) AS c (budget_id bigint, period_start timestamptz, period_end timestamptz, spent bigint,
              requests bigint, unpriced_requests bigint)
       WHERE p.tenant_id = $2 AND p.budget_id = c.budget_id AND p.period_start = c.period_start AND p.period_end = c.period_end`,
      [JSON.stringify(changed), tenantId, new Date(nowMs)],
    );
  }
  return mended;
}

/** What windows of a draft would have held, oldest first. */
export async function readDraftWindows(
  readPool: Pool,
  tenantId: string,
  draft: Pick<Budget, 'filters'>,
  windows: readonly Window[],
): Promise<Spend[]> {
  return inSnapshot(readPool, (client) =>
    readWindows(
      client,
      tenantId,
      windows.map((window) => ({ budget: draft, window })),
    ),
  );
}

function figures(spend: Spend | undefined, measure: BudgetMeasure) {
  return {
    spent: spend === undefined ? '0' : spentOf(spend, measure).toString(),
    requests: spend?.requests ?? 0,
    unpriced_requests: spend?.unpricedRequests ?? 0,
  };
}

/** Since when everything that filters are read from is still there, by the retention policies of the tenant; epoch milliseconds. */
async function readKeptSince(
  client: Queryable,
  tenantId: string,
  nowMs: number,
): Promise<(filters: Filters) => number> {
  const { rows } = await client.query<{ table_name: string; days: number }>(
    `SELECT DISTINCT ON (table_name) table_name, retention_period_days AS days FROM data_retention_policies
     WHERE is_active AND (tenant_id = $1 OR tenant_id IS NULL) ORDER BY table_name, tenant_id NULLS LAST`,
    [tenantId],
  );
  const since = (tables: string[]): number =>
    Math.max(
      0,
      ...rows.filter((row) => tables.includes(row.table_name)).map(({ days }) => nowMs - days * DAY_MS),
    );
  const rollups = since(['usage_analytics_hourly', 'usage_analytics_daily']);
  const events = since(['client_usage_logs']);
  return (filters) =>
    filteredDimensions(filters).every((name) => dimensionOf(name).inRollups) ? rollups : events;
}
