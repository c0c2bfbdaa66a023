import type { Queryable } from '../database/pool.ts';
import { ALERT_COLUMNS, type AlertRow } from './alert.ts';
import type { Rule } from './rule.ts';
import { writeNotices } from './write-alerts.ts';

const END = `
  UPDATE alerts SET status = 'resolved', resolved_at = greatest($2::timestamptz, started_at), resolved_by = $3, resolve_reason = $4,
    is_held_down = false, owed = NULL`;

/** Ends what is open of a rule that judges nothing, or something else, from now on. Who has heard of it hears that it is over. */
export async function endAlertsOfRule(
  client: Queryable,
  { ruleId }: Pick<Rule, 'ruleId'>,
  reason: string,
  by: string,
  nowMs: number,
): Promise<void> {
  await client.query(`DELETE FROM alerts WHERE alert_rule_id = $1 AND status = 'pending'`, [ruleId]);
  await client.query(`UPDATE alerts SET is_held_down = false WHERE alert_rule_id = $1 AND is_held_down`, [
    ruleId,
  ]);
  const { rows } = await client.query<AlertRow>(
    `${END} WHERE alert_rule_id = $1 AND status = 'firing' RETURNING ${ALERT_COLUMNS}`,
    [ruleId, new Date(nowMs), by, reason],
  );
  await tell(client, rows, nowMs, by, reason);
  const { rows: owed } = await client.query<AlertRow>(
    `UPDATE alerts SET owed = NULL, notification_count = notification_count + 1, notified_at = $2
     WHERE alert_rule_id = $1 AND owed = 'resolved' RETURNING ${ALERT_COLUMNS}`,
    [ruleId, new Date(nowMs)],
  );
  const late = owed.map((row) => ({ row, entries: ['notified'] as const, notice: 'resolved' as const }));
  await writeNotices(client, late, nowMs);
}

/** Ends what is open of rules that are gone without a word, with their budget. */
export async function endOrphans(client: Queryable, nowMs: number): Promise<void> {
  await client.query(
    `DELETE FROM alerts WHERE alert_rule_id IS NULL AND source = 'rule' AND status = 'pending'`,
  );
  const { rows } = await client.query<AlertRow>(
    `${END} WHERE alert_rule_id IS NULL AND source = $1 AND status = 'firing' RETURNING ${ALERT_COLUMNS}`,
    ['rule', new Date(nowMs), null, 'the rule was deleted'],
  );
  await tell(client, rows, nowMs, null, 'the rule was deleted');
}

async function tell(
  client: Queryable,
  rows: readonly AlertRow[],
  nowMs: number,
  by: string | null,
  reason: string,
): Promise<void> {
  const told = rows.map((row) => ({
    row,
    entries: ['resolved'] as const,
    notice: row.notification_count > 0 ? ('resolved' as const) : undefined,
  }));
  await writeNotices(client, told, nowMs, by, reason);
}
