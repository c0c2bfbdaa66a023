import type { Queryable } from '../database/pool.ts';
import type { RuleSeen } from './observe.ts';

/** Keeps when each rule was looked at last and what was seen, or why it could not be. */
export async function writeLooks(
  client: Queryable,
  seen: readonly RuleSeen[],
  broken: ReadonlyMap<number, string>,
  nowMs: number,
): Promise<void> {
  const looks = seen.map(({ rule, members, leftOut }) => {
    const [first] = members;
    const shown = first?.open ?? first?.closed;
    return {
      rule_id: rule.ruleId,
      window_start: shown ? new Date(shown.look.startMs) : null,
      window_end: shown ? new Date(shown.look.endMs) : null,
      value: first?.dimension == null ? (shown?.value ?? null) : null,
      members: members.length,
      members_left_out: leftOut,
      error: broken.get(rule.ruleId) ?? null,
    };
  });
  const known = new Set(seen.map(({ rule }) => rule.ruleId));
  const failed = [...broken]
    .filter(([ruleId]) => !known.has(ruleId))
    .map(([ruleId, error]) => ({ rule_id: ruleId, members: 0, members_left_out: 0, error }));
  if (looks.length + failed.length === 0) return;
  await client.query(
    `INSERT INTO alert_rule_looks AS l (alert_rule_id, tenant_id, looked_at, window_start, window_end, value, members, members_left_out, error)
     SELECT r.alert_rule_id, r.tenant_id, $2, s.window_start, s.window_end, s.value, s.members, s.members_left_out, s.error
     FROM jsonb_to_recordset($1::jsonb) AS s (rule_id bigint, window_start timestamptz, window_end timestamptz, value float8, members int,
            members_left_out int, error text)
     JOIN alert_rules r ON r.alert_rule_id = s.rule_id
     ORDER BY r.alert_rule_id
     ON CONFLICT (alert_rule_id) DO UPDATE SET
       looked_at = excluded.looked_at, members = excluded.members, members_left_out = excluded.members_left_out, error = excluded.error,
       window_start = coalesce(excluded.window_start, l.window_start), window_end = coalesce(excluded.window_end, l.window_end),
       value = CASE WHEN excluded.window_end IS NULL THEN l.value ELSE excluded.value END
     WHERE excluded.looked_at >= l.looked_at -- a slow round does not undo a later one`,
    [JSON.stringify([...looks, ...failed]), new Date(nowMs)],
  );
}

export interface LookRow {
  alert_rule_id: number;
  looked_at: Date;
  window_start: Date | null;
  window_end: Date | null;
  value: number | null;
  members: number;
  members_left_out: number;
  error: string | null;
}

/** The last look at each of a tenant's rules, or at one of them. */
export async function readLooks(
  client: Queryable,
  tenantId: string,
  ruleId?: number,
): Promise<Map<number, LookRow>> {
  const { rows } = await client.query<LookRow>(
    `SELECT alert_rule_id, looked_at, window_start, window_end, value, members, members_left_out, error
     FROM alert_rule_looks WHERE tenant_id = $1 AND ($2::bigint IS NULL OR alert_rule_id = $2)`,
    [tenantId, ruleId ?? null],
  );
  return new Map(rows.map((row) => [row.alert_rule_id, row]));
}
