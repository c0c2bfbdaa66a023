import { inTransaction, type Pool, type Queryable } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { requireRoom, uniquelyNamed } from '../tenants/named-list.ts';
import { endAlertsOfRule } from './end-alerts.ts';
import {
  DRAFT_COLUMNS,
  draftValues,
  isSameCondition,
  ruleFromRow,
  type Rule,
  type RuleDraft,
  type RuleRow,
} from './rule.ts';

/** A bound for what a round of the evaluator reads. */
export const MAX_RULES = 1_000;

const COLUMNS = `r.alert_rule_id, r.tenant_id, t.time_zone AS tenant_time_zone, ${DRAFT_COLUMNS.map((column) => `r.${column}`).join(', ')}, r.version,
  r.created_at, r.created_by, r.updated_at, r.updated_by`;
const FROM = 'alert_rules r JOIN tenants t USING (tenant_id)';

/** A tenant's rules by name. */
export async function listRules(client: Queryable, tenantId: string): Promise<Rule[]> {
  const { rows } = await client.query<RuleRow>(
    `SELECT ${COLUMNS} FROM ${FROM} WHERE r.tenant_id = $1 ORDER BY r.name, r.alert_rule_id`,
    [tenantId],
  );
  return rows.map(ruleFromRow);
}

/** The enabled rules of all tenants; a row that cannot be read is given to `onBroken` instead. */
export async function listEnabledRules(
  client: Queryable,
  onBroken: (row: RuleRow, error: unknown) => void,
): Promise<Rule[]> {
  const { rows } = await client.query<RuleRow>(
    `SELECT ${COLUMNS} FROM ${FROM} WHERE r.is_enabled ORDER BY r.tenant_id, r.alert_rule_id`,
  );
  return rows.flatMap((row) => {
    try {
      return [ruleFromRow(row)];
    } catch (error) {
      onBroken(row, error);
      return [];
    }
  });
}

/** @throws Problem not-found when the tenant has no such rule */
export async function findRule(client: Queryable, tenantId: string, ruleId: number): Promise<Rule> {
  const { rows } = await client.query<RuleRow>(
    `SELECT ${COLUMNS} FROM ${FROM} WHERE r.tenant_id = $1 AND r.alert_rule_id = $2`,
    [tenantId, ruleId],
  );
  if (!rows[0]) throw unknownRule(ruleId);
  return ruleFromRow(rows[0]);
}

/** @throws Problem conflict when the name is taken or there are MAX_RULES; invalid-request for a budget of nobody here */
export async function createRule(pool: Pool, tenantId: string, draft: RuleDraft, by: string): Promise<Rule> {
  return inTransaction(pool, async (client) => {
    await requireRoom(client, tenantId, { table: 'alert_rules', things: 'alert rules', most: MAX_RULES });
    await checkBudget(client, tenantId, draft);
    const { rows } = await uniquelyNamed('an alert rule', draft.name, () =>
      client.query<{ alert_rule_id: number }>(
        `INSERT INTO alert_rules (tenant_id, ${DRAFT_COLUMNS.join(', ')}, created_by, updated_by)
         VALUES ($22, ${DRAFT_COLUMNS.map((_, index) => `$${index + 1}`).join(', ')}, $23, $23) RETURNING alert_rule_id`,
        [...draftValues(draft), tenantId, by],
      ),
    );
    return findRule(client, tenantId, rows[0]?.alert_rule_id ?? 0);
  });
}

/**
 * Replaces what a draft decides. What is open ends when the rule judges something else from now on, or nothing.
 * @throws Problem not-found, conflict when the name is taken or somebody else changed the rule since it was read
 */
export async function updateRule(
  pool: Pool,
  rule: Rule,
  draft: RuleDraft,
  by: string,
  nowMs: number,
): Promise<Rule> {
  return inTransaction(pool, async (client) => {
    await checkBudget(client, rule.tenantId, draft);
    const isRedefined = !isSameCondition(rule, draft);
    const { rowCount } = await uniquelyNamed('an alert rule', draft.name, () =>
      client.query(
        `UPDATE alert_rules SET ${DRAFT_COLUMNS.map((column, index) => `${column} = $${index + 1}`).join(', ')},
                updated_at = now(), updated_by = $22, version = version + $23::int
         WHERE tenant_id = $24 AND alert_rule_id = $25 AND date_trunc('milliseconds', updated_at) = $26`,
        [...draftValues(draft), by, isRedefined ? 1 : 0, rule.tenantId, rule.ruleId, rule.updatedAt],
      ),
    );
    if (rowCount !== 1) {
      await findRule(client, rule.tenantId, rule.ruleId);
      throw new Problem(
        'conflict',
        'Somebody else changed the rule at the same moment; read it and try again.',
      );
    }
    if (isRedefined) await endAlertsOfRule(client, rule, 'the rule was changed', by, nowMs);
    else if (!draft.enabled) await endAlertsOfRule(client, rule, 'the rule was switched off', by, nowMs);
    return findRule(client, rule.tenantId, rule.ruleId);
  });
}

/**
 * Deletes a rule; its alerts end, and stay in the history.
 * @throws Problem not-found
 */
export async function deleteRule(
  pool: Pool,
  tenantId: string,
  ruleId: number,
  by: string,
  nowMs: number,
): Promise<void> {
  await inTransaction(pool, async (client) => {
    const rule = await findRule(client, tenantId, ruleId);
    await client.query('SELECT FROM alert_rules WHERE alert_rule_id = $1 FOR UPDATE', [ruleId]);
    await endAlertsOfRule(client, rule, 'the rule was deleted', by, nowMs);
    const { rowCount } = await client.query(
      'DELETE FROM alert_rules WHERE tenant_id = $1 AND alert_rule_id = $2',
      [tenantId, ruleId],
    );
    if (rowCount !== 1) throw unknownRule(ruleId);
  });
}

async function checkBudget(client: Queryable, tenantId: string, { budgetId }: RuleDraft): Promise<void> {
  if (budgetId === null) return;
  const { rowCount } = await client.query('SELECT FROM budgets WHERE tenant_id = $1 AND budget_id = $2', [
    tenantId,
    budgetId,
  ]);
  if (rowCount !== 1)
    throw new Problem('invalid-request', `budget_id: there is no budget ${budgetId} in this tenant.`);
}

function unknownRule(ruleId: number): Problem {
  return new Problem('not-found', `There is no alert rule ${ruleId} in this tenant.`);
}
