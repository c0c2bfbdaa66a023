import type { Queryable } from '../database/pool.ts';
import { formatInZone } from '../usage/buckets.ts';
import { hasReached, percentOf, sayAmount } from './amount.ts';
import type { Budget, Threshold } from './budget.ts';
import type { Evaluation } from './evaluation.ts';
import type { Window } from './period.ts';
import { isLowerBound } from './spent.ts';

/** A threshold that was crossed: once in a calendar period, and once until a rolling window is below it again. */
export interface Crossing {
  crossing_id: number;
  budget_id: number;
  version: number;
  kind: Threshold['kind'];
  threshold_percent: number;
  period_start: Date;
  period_end: Date;
  limit_amount: number | string;
  spent: number | string;
  message: string;
  as_of: Date;
  crossed_at: Date;
  resolved_at: Date | null;
}

const COLUMNS = `crossing_id, budget_id, version, kind, threshold_percent::float8 AS threshold_percent, period_start, period_end, limit_amount,
  spent, message, as_of, crossed_at, resolved_at`;

/** Whether an evaluation is at or past a threshold now. */
export function isCrossed({ budget, spent, projection }: Evaluation, { percent, kind }: Threshold): boolean {
  if (kind === 'actual') return hasReached(spent, budget.amount, percent);
  return projection !== undefined && hasReached(projection.atEnd, budget.amount, percent);
}

/**
 * Settles what is over and stores what is newly crossed, each crossing once however many evaluators there are. What was evaluated of a
 * budget that has been changed, switched off or deleted since is not stored.
 * @returns the new crossings
 */
export async function recordCrossings(
  client: Queryable,
  tenantId: string,
  evaluations: readonly Evaluation[],
  nowMs: number,
): Promise<Crossing[]> {
  const { rows: open } = await client.query<Crossing>(
    `SELECT ${COLUMNS} FROM budget_threshold_crossings WHERE tenant_id = $1 AND resolved_at IS NULL`,
    [tenantId],
  );
  const byBudget = new Map(evaluations.map((evaluation) => [evaluation.budget.budgetId, evaluation]));
  const settled = open.filter((crossing) => {
    const evaluation = byBudget.get(crossing.budget_id);
    if (!evaluation) return false;
    if (evaluation.budget.period.type !== 'rolling') return crossing.period_end.getTime() <= nowMs;
    return !isCrossed(evaluation, { percent: crossing.threshold_percent, kind: crossing.kind });
  });
  if (settled.length > 0) {
    await client.query(
      'UPDATE budget_threshold_crossings SET resolved_at = $2 WHERE crossing_id = ANY($1) AND resolved_at IS NULL',
      [settled.map(({ crossing_id }) => crossing_id), new Date(nowMs)],
    );
  }
  const crossed = evaluations.flatMap((evaluation) =>
    evaluation.budget.thresholds
      .filter((threshold) => isCrossed(evaluation, threshold))
      // Once it is spent, there is nothing left to foresee.
      .filter(
        ({ kind, percent }) =>
          kind === 'actual' || !hasReached(evaluation.spent, evaluation.budget.amount, percent),
      )
      .map((threshold) => crossingRow(evaluation, threshold, nowMs)),
  );
  if (crossed.length === 0) return [];
  const { rows } = await client.query<Crossing>(
    `INSERT INTO budget_threshold_crossings
       (budget_id, tenant_id, version, kind, threshold_percent, period_start, period_end, limit_amount, spent, forecast, unpriced_requests,
        message, as_of, crossed_at)
     SELECT b.budget_id, b.tenant_id, c.version, c.kind, c.threshold_percent, c.period_start, c.period_end, c.limit_amount, c.spent, c.forecast,
            c.unpriced_requests, c.message, c.as_of, c.crossed_at
     FROM jsonb_to_recordset($1::jsonb) AS c (budget_id bigint, version integer, kind text, threshold_percent numeric, period_start timestamptz,
            period_end timestamptz, limit_amount bigint, spent bigint, forecast bigint, unpriced_requests bigint, message text,
            as_of timestamptz, crossed_at timestamptz)
     JOIN budgets b ON b.budget_id = c.budget_id AND b.version = c.version AND b.enabled AND b.tenant_id = $2
     ON CONFLICT DO NOTHING
     RETURNING ${COLUMNS}`,
    [JSON.stringify(crossed), tenantId],
  );
  return rows;
}

function crossingRow(evaluation: Evaluation, threshold: Threshold, nowMs: number): Record<string, unknown> {
  const { budget, window, spent, spend, projection, asOf } = evaluation;
  return {
    budget_id: budget.budgetId,
    version: budget.version,
    kind: threshold.kind,
    threshold_percent: threshold.percent,
    period_start: new Date(window.startMs),
    period_end: new Date(window.endMs),
    limit_amount: budget.amount.toString(),
    spent: spent.toString(),
    forecast: projection?.atEnd.toString() ?? null,
    unpriced_requests: spend.unpricedRequests,
    message: crossingMessage(evaluation, threshold),
    as_of: asOf,
    crossed_at: new Date(nowMs),
  };
}

/** Names budget, window, spend, limit and as_of, so that nobody has to ask which budget and which days. */
export function crossingMessage(evaluation: Evaluation, { percent, kind }: Threshold): string {
  const { budget, window, spend, spent, projection, asOf } = evaluation;
  const { measure, amount } = budget;
  const limit = sayAmount(amount, measure);
  const bound = isLowerBound(spend, measure) ? 'at least ' : '';
  const head =
    kind === 'actual'
      ? `has reached ${percent} % of ${limit}`
      : `is expected to reach ${percent} % of ${limit} (${sayAmount(projection?.atEnd ?? spent, measure)} by the end)`;
  const unpriced =
    bound === '' ? '' : ` ${spend.unpricedRequests} requests of the period have no price and are not in it.`;
  return (
    `Budget ${JSON.stringify(budget.name)} ${head}: ${bound}${sayAmount(spent, measure)} (${percentOf(spent, amount).toFixed(1)} %) spent ` +
    `in ${describeWindow(budget, window)}, as of ${asOf.toISOString()}.${unpriced}`
  );
}

/** A window in words, e.g. "the month from 2026-11-01T00:00:00+01:00 to 2026-12-01T00:00:00+01:00 (Europe/Berlin)". */
export function describeWindow({ period }: Pick<Budget, 'period'>, window: Window): string {
  const name = period.type === 'rolling' ? `the last ${period.hours} hours` : `the ${period.type}`;
  const zone = period.timeZone;
  return `${name} from ${formatInZone(zone, window.startMs)} to ${formatInZone(zone, window.endMs)} (${zone})`;
}

/** The crossings of budgets' current definitions and windows; of a rolling window those that it has not fallen below since. */
export async function readCurrentCrossings(
  client: Queryable,
  evaluations: readonly Evaluation[],
): Promise<Map<number, Crossing[]>> {
  const { rows } = await client.query<Crossing>(
    `SELECT ${COLUMNS} FROM budget_threshold_crossings c
     JOIN unnest($1::bigint[], $2::integer[], $3::timestamptz[]) AS e (of_budget, of_version, of_start)
       ON c.budget_id = e.of_budget AND c.version = e.of_version AND (c.period_start = e.of_start OR (e.of_start IS NULL AND c.resolved_at IS NULL))`,
    [
      evaluations.map(({ budget }) => budget.budgetId),
      evaluations.map(({ budget }) => budget.version),
      evaluations.map(({ budget, window }) =>
        budget.period.type === 'rolling' ? null : new Date(window.startMs),
      ),
    ],
  );
  return Map.groupBy(rows, ({ budget_id }) => budget_id);
}
