import type { Queryable } from '../database/pool.ts';
import type { Evaluation } from './evaluation.ts';

/** Keeps the last evaluation of each budget, and since when nothing is left. Of budgets that changed or went since, nothing is kept. */
export async function writeStatuses(client: Queryable, evaluations: readonly Evaluation[]): Promise<void> {
  const rows = evaluations.map(
    ({ budget, window, spend, spent, projection, isExhausted, asOf, completeUntil }) => ({
      budget_id: budget.budgetId,
      version: budget.version,
      period_start: new Date(window.startMs),
      period_end: new Date(window.endMs),
      limit_amount: budget.amount.toString(),
      spent: spent.toString(),
      requests: spend.requests,
      unpriced_requests: spend.unpricedRequests,
      forecast: projection?.atEnd.toString() ?? null,
      forecast_lower: projection?.lower.toString() ?? null,
      forecast_upper: projection?.upper.toString() ?? null,
      exhausted_at: isExhausted ? asOf : null,
      is_rolling: budget.period.type === 'rolling',
      as_of: asOf,
      complete_until: completeUntil,
    }),
  );
  await client.query(
    `INSERT INTO budget_statuses AS s (budget_id, tenant_id, version, period_start, period_end, limit_amount, spent, requests, unpriced_requests,
       forecast, forecast_lower, forecast_upper, exhausted_at, as_of, complete_until)
     SELECT b.budget_id, b.tenant_id, e.version, e.period_start, e.period_end, e.limit_amount, e.spent, e.requests, e.unpriced_requests,
            e.forecast, e.forecast_lower, e.forecast_upper,
            -- Where it was exhausted before in the same window, since then.
            CASE WHEN e.exhausted_at IS NOT NULL AND o.version = e.version AND (e.is_rolling OR o.period_start = e.period_start)
                 THEN coalesce(o.exhausted_at, e.exhausted_at) ELSE e.exhausted_at END,
            e.as_of, e.complete_until
     FROM jsonb_to_recordset($1::jsonb) AS e (budget_id bigint, version integer, period_start timestamptz, period_end timestamptz,
            limit_amount bigint, spent bigint, requests bigint, unpriced_requests bigint, forecast bigint, forecast_lower bigint,
            forecast_upper bigint, exhausted_at timestamptz, is_rolling boolean, as_of timestamptz, complete_until timestamptz)
     JOIN budgets b ON b.budget_id = e.budget_id AND b.version = e.version AND b.enabled
     LEFT JOIN budget_statuses o ON o.budget_id = e.budget_id
     ORDER BY b.budget_id
     ON CONFLICT (budget_id) DO UPDATE SET
       version = excluded.version, period_start = excluded.period_start, period_end = excluded.period_end,
       limit_amount = excluded.limit_amount, spent = excluded.spent, requests = excluded.requests,
       unpriced_requests = excluded.unpriced_requests, forecast = excluded.forecast, forecast_lower = excluded.forecast_lower,
       forecast_upper = excluded.forecast_upper, exhausted_at = excluded.exhausted_at, as_of = excluded.as_of,
       complete_until = excluded.complete_until
     WHERE excluded.as_of >= s.as_of -- a slow round does not undo a later one`,
    [JSON.stringify(rows)],
  );
}

/** When evaluations first saw nothing left, by budget; in the current version and window only. */
export async function readExhaustedAt(
  client: Queryable,
  evaluations: readonly Evaluation[],
): Promise<Map<number, Date>> {
  const { rows } = await client.query<{ budget_id: number; exhausted_at: Date }>(
    `SELECT s.budget_id, s.exhausted_at FROM budget_statuses s
     JOIN unnest($1::bigint[], $2::integer[], $3::timestamptz[]) AS e (of_budget, of_version, of_start)
       ON s.budget_id = e.of_budget AND s.version = e.of_version AND (e.of_start IS NULL OR s.period_start = e.of_start)
     WHERE s.exhausted_at IS NOT NULL`,
    [
      evaluations.map(({ budget }) => budget.budgetId),
      evaluations.map(({ budget }) => budget.version),
      evaluations.map(({ budget, window }) =>
        budget.period.type === 'rolling' ? null : new Date(window.startMs),
      ),
    ],
  );
  return new Map(rows.map(({ budget_id, exhausted_at }) => [budget_id, exhausted_at]));
}
