import type { Queryable } from '../database/pool.ts';
import { metricOf } from './alert-metrics.ts';
import { judge } from './judge.ts';
import type { MemberSeen, RuleSeen } from './observe.ts';
import type { Rule } from './rule.ts';

interface StatusRow {
  budget_id: number;
  tenant_id: string;
  name: string;
  used: number;
  forecast: number | null;
  requests: number;
  period_start: Date;
  as_of: Date;
}

/**
 * Looks at rules about budgets by what the budgets' own evaluation found last: one alert a budget. A budget that is gone or switched off is not past
 * anything.
 */
export async function observeBudgets(
  client: Queryable,
  rules: readonly Rule[],
  untilMs: number,
): Promise<RuleSeen[]> {
  if (rules.length === 0) return [];
  const { rows } = await client.query<StatusRow>(
    `SELECT s.budget_id, s.tenant_id, b.name, s.spent::float8 * 100 / s.limit_amount AS used, s.forecast::float8 * 100 / s.limit_amount AS forecast,
            s.requests, s.period_start, s.as_of
     FROM budget_statuses s JOIN budgets b USING (budget_id)
     WHERE b.enabled AND s.version = b.version AND s.tenant_id = ANY($1) ORDER BY s.budget_id`,
    [[...new Set(rules.map(({ tenantId }) => tenantId))]],
  );
  const byTenant = Map.groupBy(rows, ({ tenant_id }) => tenant_id);
  return rules.map((rule): RuleSeen => {
    const metric = metricOf(rule.metric);
    const statuses = (byTenant.get(rule.tenantId) ?? []).filter(
      ({ budget_id }) => rule.budgetId === null || budget_id === rule.budgetId,
    );
    return {
      rule,
      leftOut: 0,
      members: statuses.map((status): MemberSeen => {
        // A forecast is none where there is no usage to go by.
        const value = metric.from === 'budgets' && metric.of === 'forecast' ? status.forecast : status.used;
        const look = {
          isClosed: true,
          startMs: status.period_start.getTime(),
          endMs: Math.min(status.as_of.getTime(), untilMs),
        };
        return {
          dimension: 'budget',
          member: status.name,
          memberKey: budgetKey(status.budget_id),
          budgetId: status.budget_id,
          closed: judge(rule, look, { value, requests: status.requests }, []),
          open: undefined,
        };
      }),
    };
  });
}

function budgetKey(budgetId: number): string {
  return `budget:${budgetId}`;
}
