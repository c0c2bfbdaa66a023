import { inTransaction, type Pool, type Queryable } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { requireRoom, uniquelyNamed } from '../tenants/named-list.ts';
import {
  budgetFromRow,
  DRAFT_COLUMNS,
  draftValues,
  type Budget,
  type BudgetDraft,
  type BudgetRow,
} from './budget.ts';

/** More budgets than people keep in view, and a bound for what one evaluation reads. */
export const MAX_BUDGETS = 500;

const COLUMNS = `b.budget_id, b.tenant_id, b.name, b.description, b.measure, b.amount, b.filters, b.period_type, b.week_start, b.rolling_hours,
  b.time_zone, t.time_zone AS tenant_time_zone, b.thresholds, b.enforcement, b.enabled, b.version, b.defined_at, b.created_at, b.created_by,
  b.updated_at, b.updated_by`;
const FROM = 'budgets b JOIN tenants t USING (tenant_id)';

/** A tenant's budgets by name. */
export async function listBudgets(client: Queryable, tenantId: string): Promise<Budget[]> {
  const { rows } = await client.query<BudgetRow>(
    `SELECT ${COLUMNS} FROM ${FROM} WHERE b.tenant_id = $1 ORDER BY b.name, b.budget_id`,
    [tenantId],
  );
  return rows.map(budgetFromRow);
}

/** The enabled budgets of all tenants, or of some, for the evaluator and the check. */
export async function listEnabledBudgets(
  client: Queryable,
  tenantIds?: readonly string[],
): Promise<Budget[]> {
  const { rows } = await client.query<BudgetRow>(
    `SELECT ${COLUMNS} FROM ${FROM} WHERE b.enabled AND ($1::text[] IS NULL OR b.tenant_id = ANY($1)) ORDER BY b.tenant_id, b.budget_id`,
    [tenantIds ?? null],
  );
  return rows.map(budgetFromRow);
}

/** @throws Problem not-found when the tenant has no such budget */
export async function findBudget(client: Queryable, tenantId: string, budgetId: number): Promise<Budget> {
  const { rows } = await client.query<BudgetRow>(
    `SELECT ${COLUMNS} FROM ${FROM} WHERE b.tenant_id = $1 AND b.budget_id = $2`,
    [tenantId, budgetId],
  );
  if (!rows[0]) throw unknownBudget(budgetId);
  return budgetFromRow(rows[0]);
}

export async function readTenantTimeZone(client: Queryable, tenantId: string): Promise<string> {
  const { rows } = await client.query<{ time_zone: string }>(
    'SELECT time_zone FROM tenants WHERE tenant_id = $1',
    [tenantId],
  );
  if (!rows[0]) throw new Problem('not-found', `There is no tenant "${tenantId}".`);
  return rows[0].time_zone;
}

/** @throws Problem conflict when the name is taken or there are MAX_BUDGETS */
export async function createBudget(
  pool: Pool,
  tenantId: string,
  draft: BudgetDraft,
  by: string,
): Promise<Budget> {
  return inTransaction(pool, async (client) => {
    await requireRoom(client, tenantId, { table: 'budgets', things: 'budgets', most: MAX_BUDGETS });
    const { rows } = await uniquelyNamed('a budget', draft.name, () =>
      client.query<{ budget_id: number }>(
        `INSERT INTO budgets (tenant_id, ${DRAFT_COLUMNS.join(', ')}, created_by, updated_by)
         VALUES ($13, ${DRAFT_COLUMNS.map((_, index) => `$${index + 1}`).join(', ')}, $14, $14) RETURNING budget_id`,
        [...draftValues(draft), tenantId, by],
      ),
    );
    return findBudget(client, tenantId, rows[0]?.budget_id ?? 0);
  });
}

/**
 * Replaces what a draft decides. With `isRedefined` the version counts up, and what was crossed is settled.
 * @throws Problem not-found, conflict when the name is taken or somebody else changed the budget since it was read
 */
export async function updateBudget(
  pool: Pool,
  budget: Budget,
  draft: BudgetDraft,
  by: string,
  isRedefined: boolean,
): Promise<Budget> {
  return inTransaction(pool, async (client) => {
    const { rowCount } = await uniquelyNamed('a budget', draft.name, () =>
      client.query(
        `UPDATE budgets SET ${DRAFT_COLUMNS.map((column, index) => `${column} = $${index + 1}`).join(', ')},
                updated_at = now(), updated_by = $13,
                version = version + $14::int, defined_at = CASE WHEN $14::int = 1 THEN now() ELSE defined_at END
         WHERE tenant_id = $15 AND budget_id = $16 AND date_trunc('milliseconds', updated_at) = $17`,
        [...draftValues(draft), by, isRedefined ? 1 : 0, budget.tenantId, budget.budgetId, budget.updatedAt],
      ),
    );
    if (rowCount !== 1) {
      await findBudget(client, budget.tenantId, budget.budgetId);
      throw new Problem(
        'conflict',
        'Somebody else changed the budget at the same moment; read it and try again.',
      );
    }
    if (isRedefined || !draft.enabled) {
      await client.query(
        'UPDATE budget_threshold_crossings SET resolved_at = now() WHERE budget_id = $1 AND resolved_at IS NULL',
        [budget.budgetId],
      );
    }
    return findBudget(client, budget.tenantId, budget.budgetId);
  });
}

/** @throws Problem not-found */
export async function deleteBudget(client: Queryable, tenantId: string, budgetId: number): Promise<void> {
  const { rowCount } = await client.query('DELETE FROM budgets WHERE tenant_id = $1 AND budget_id = $2', [
    tenantId,
    budgetId,
  ]);
  if (rowCount !== 1) throw unknownBudget(budgetId);
}

function unknownBudget(budgetId: number): Problem {
  return new Problem('not-found', `There is no budget ${budgetId} in this tenant.`);
}
