import type { Queryable } from '../database/pool.ts';
import { spendByBudgetFilters, type Spend } from '../usage/spend.ts';
import type { BudgetMeasure } from './amount.ts';
import type { Budget } from './budget.ts';
import type { Window } from './period.ts';

/** What a budget counts, in its unit. */
export function spentOf(spend: Spend, measure: BudgetMeasure): bigint {
  if (measure === 'cost') return spend.costNanoUsd;
  return BigInt(measure === 'requests' ? spend.requests : spend.tokens);
}

/** Unpriced requests make a cost budget's figure a lower bound; a count misses nothing. */
export function isLowerBound(spend: Pick<Spend, 'unpricedRequests'>, measure: BudgetMeasure): boolean {
  return measure === 'cost' && spend.unpricedRequests > 0;
}

/** The spend of windows of one tenant's budgets, in order; from the same rollups as the reports. */
export function readWindows(
  client: Queryable,
  tenantId: string,
  asked: readonly { budget: Pick<Budget, 'filters'>; window: Window }[],
): Promise<Spend[]> {
  return spendByBudgetFilters(
    client,
    tenantId,
    asked.map(({ budget, window }) => ({ filters: budget.filters, ...window })),
  );
}
