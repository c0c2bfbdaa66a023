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

/** How fresh the answers of a snapshot are: everything committed until `completeUntil` is in them. */
export async function readFreshness(client: Queryable): Promise<{ asOf: Date; completeUntil: Date }> {
  const { rows } = await client.query<{ as_of: Date; complete_until: Date | null }>(
    'SELECT now() AS as_of, (SELECT min(queued_at) FROM usage_refresh_queue) AS complete_until',
  );
  const asOf = rows[0]?.as_of ?? new Date(0);
  return { asOf, completeUntil: rows[0]?.complete_until ?? asOf };
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
