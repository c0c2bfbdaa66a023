import { Type, type Static } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { formatInZone } from '../usage/buckets.ts';
import { BUDGET_MEASURES, formatAmount, percentOf } from './amount.ts';
import { ENFORCEMENTS, THRESHOLD_KINDS, type Budget } from './budget.ts';
import { isCrossed, readCurrentCrossings, type Crossing } from './crossings.ts';
import { FORECAST_LEVEL, type DayHistory } from './day-history.ts';
import { evaluate, type Evaluation } from './evaluation.ts';
import { PERIOD_TYPES } from './period.ts';
import { isLowerBound } from './spent.ts';
import { readExhaustedAt } from './status-store.ts';

const amount = (description: string) => Type.String({ description });
const Timestamp = (description: string) => Type.String({ format: 'date-time', description });
const NullableTimestamp = (description: string) =>
  Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description });

export const WindowSchema = Type.Object({
  type: Type.Enum(PERIOD_TYPES),
  start: Type.String(),
  end: Type.String({
    description: 'Not included; of a rolling window the end of the current quarter of an hour',
  }),
  time_zone: Type.String(),
});

export const StatusSchema = Type.Object({
  budget_id: Type.Integer(),
  name: Type.String(),
  measure: Type.Enum(BUDGET_MEASURES),
  enforcement: Type.Enum(ENFORCEMENTS),
  enabled: Type.Boolean(),
  period: WindowSchema,
  limit: amount('The budget: US dollars as a decimal string, or a count'),
  spent: amount('In the period until as_of, in the same unit'),
  remaining: amount('limit - spent; negative when overspent'),
  percent: Type.Number({ description: 'spent in percent of limit, cut off after four digits' }),
  is_exhausted: Type.Boolean(),
  exhausted_at: NullableTimestamp(
    'When it was seen exhausted, or when it is expected to be within the period; else null',
  ),
  burn_rate: Type.Object({
    now_per_day: amount('By the last 24 hours (the last hour where the period is no longer than a day)'),
    average_per_day: amount('By the period so far'),
  }),
  forecast: Type.Union(
    [
      Type.Object({
        at_end: amount('Expected at the end of the period'),
        lower: Type.String(),
        upper: Type.String(),
        level: Type.Number({ description: 'Probability that the end lies between lower and upper' }),
        percent: Type.Number({ description: 'at_end in percent of limit' }),
        method: Type.String(),
      }),
      Type.Null(),
    ],
    { description: 'null for rolling windows, which have no end, and without any usage to go by' },
  ),
  thresholds: Type.Array(
    Type.Object({
      percent: Type.Number(),
      kind: Type.Enum(THRESHOLD_KINDS),
      is_crossed: Type.Boolean({ description: 'At as_of' }),
      crossed_at: NullableTimestamp('When an evaluation of this period first saw it crossed'),
    }),
  ),
  requests: Type.Integer({ description: 'Requests in the period that the budget is about' }),
  unpriced_requests: Type.Integer({ description: 'Those among them without a price' }),
  is_lower_bound: Type.Boolean({
    description: 'true when a cost budget has unpriced requests: what they cost comes on top of spent',
  }),
  as_of: Timestamp('When the figures were read'),
  complete_until: Timestamp('Everything committed until then is in them'),
});
export type BudgetStatus = Static<typeof StatusSchema>;

/** The status of budgets of one tenant, in their order. */
export async function readStatuses(
  readPool: Pool,
  pool: Pool,
  tenantId: string,
  budgets: readonly Budget[],
  nowMs: number,
  history: DayHistory,
): Promise<BudgetStatus[]> {
  const evaluations = await evaluate(readPool, tenantId, budgets, nowMs, history);
  if (evaluations.length === 0) return [];
  const crossings = await readCurrentCrossings(pool, evaluations);
  const exhaustedAt = await readExhaustedAt(pool, evaluations);
  return evaluations.map((evaluation) => {
    const { budgetId } = evaluation.budget;
    return describeStatus(evaluation, crossings.get(budgetId) ?? [], exhaustedAt.get(budgetId));
  });
}

function describeStatus(
  evaluation: Evaluation,
  crossings: readonly Crossing[],
  seenExhaustedAt: Date | undefined,
): BudgetStatus {
  const { budget, window, spend, spent, projection, isExhausted, asOf, completeUntil } = evaluation;
  const { measure, period } = budget;
  const format = (value: bigint): string => formatAmount(value, measure);
  const projectedMs = projection?.exhaustedAtMs ?? null;
  const exhaustedAt = isExhausted
    ? (seenExhaustedAt ?? asOf)
    : projectedMs === null
      ? null
      : new Date(projectedMs);
  return {
    budget_id: budget.budgetId,
    name: budget.name,
    measure,
    enforcement: budget.enforcement,
    enabled: budget.enabled,
    period: {
      type: period.type,
      start: formatInZone(period.timeZone, window.startMs),
      end: formatInZone(period.timeZone, window.endMs),
      time_zone: period.timeZone,
    },
    limit: format(budget.amount),
    spent: format(spent),
    remaining: format(budget.amount - spent),
    percent: percentOf(spent, budget.amount),
    is_exhausted: isExhausted,
    exhausted_at: exhaustedAt?.toISOString() ?? null,
    burn_rate: {
      now_per_day: format(evaluation.burnPerDayNow),
      average_per_day: format(evaluation.burnPerDayAverage),
    },
    forecast: projection
      ? {
          at_end: format(projection.atEnd),
          lower: format(projection.lower),
          upper: format(projection.upper),
          level: FORECAST_LEVEL,
          percent: percentOf(projection.atEnd, budget.amount),
          method: projection.method,
        }
      : null,
    thresholds: budget.thresholds.map((threshold) => ({
      ...threshold,
      is_crossed: isCrossed(evaluation, threshold),
      crossed_at:
        crossings
          .find(
            ({ kind, threshold_percent }) =>
              kind === threshold.kind && threshold_percent === threshold.percent,
          )
          ?.crossed_at.toISOString() ?? null,
    })),
    requests: spend.requests,
    unpriced_requests: spend.unpricedRequests,
    is_lower_bound: isLowerBound(spend, measure),
    as_of: asOf.toISOString(),
    complete_until: completeUntil.toISOString(),
  };
}
