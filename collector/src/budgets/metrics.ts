import { Gauge, Registry } from 'prom-client';
import type { Pool } from '../database/pool.ts';
import type { Principal } from '../tenants/authenticator.ts';

/** Series of one scrape; the budgets past it are one series `other`. */
export const MAX_BUDGET_SERIES = 200;

interface Row {
  tenant_id: string;
  name: string;
  ratio: number;
  age_seconds: number;
}

/**
 * `promptops_budget_used_ratio` and the age of the evaluation behind it, as every replica would tell them. The operator's key sees all
 * tenants, another key its own tenant: names of budgets are nobody else's business.
 */
export function budgetMetrics(pool: Pool): (principal: Principal) => Promise<string> {
  return async ({ tenantId, isOperator }) => {
    const { rows } = await pool.query<Row>(
      `SELECT s.tenant_id, b.name, s.spent::float8 / s.limit_amount AS ratio,
              extract(epoch FROM now() - s.as_of)::float8 AS age_seconds
       FROM budget_statuses s JOIN budgets b USING (budget_id)
       WHERE b.enabled AND ($1::text IS NULL OR s.tenant_id = $1)
       ORDER BY ratio DESC, s.tenant_id, b.budget_id`,
      [isOperator ? null : tenantId],
    );
    if (rows.length === 0) return '';
    const registry = new Registry();
    const ratio = new Gauge({
      name: 'promptops_budget_used_ratio',
      help: `Spent part of a budget's amount in its current period; past ${MAX_BUDGET_SERIES} budgets the fullest of the others is one series`,
      labelNames: ['tenant', 'budget'],
      registers: [registry],
    });
    const age = new Gauge({
      name: 'promptops_budget_evaluation_age_seconds',
      help: 'Seconds since the budget that was evaluated longest ago was evaluated',
      registers: [registry],
    });
    for (const row of rows.slice(0, MAX_BUDGET_SERIES))
      ratio.set({ tenant: row.tenant_id, budget: row.name }, row.ratio);
    const rest = rows[MAX_BUDGET_SERIES];
    if (rest) ratio.set({ tenant: 'other', budget: 'other' }, rest.ratio);
    age.set(Math.max(...rows.map(({ age_seconds }) => age_seconds)));
    return registry.metrics();
  };
}
