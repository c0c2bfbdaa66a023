import type { Queryable } from '../database/pool.ts';
import { ALERT_COLUMNS, ALERT_COLUMNS_OF_A, tellAlert, type AlertRow } from './alert.ts';
import type { AlertState } from './advance.ts';
import type { Handling, NoticeKind, TimelineKind } from './notices.ts';
import type { Rule } from './rule.ts';

/** An alert as a round of the evaluator leaves it. */
export interface AlertChange {
  /** undefined: it is new. */
  alertId: number | undefined;
  rule: Rule;
  dimension: string | null;
  member: string | null;
  memberKey: string;
  budgetId: number | null;
  state: AlertState;
  handling: Handling;
  entries: readonly TimelineKind[];
  notice: NoticeKind | undefined;
}

// Columns that a round changes, with their types in JSON.
const MOVED = {
  status: 'text',
  is_held_down: 'boolean',
  is_no_data: 'boolean',
  value: 'float8',
  baseline_value: 'float8',
  first_value: 'float8',
  peak_value: 'float8',
  window_start: 'timestamptz',
  window_end: 'timestamptz',
  pending_since: 'timestamptz',
  breached_until: 'timestamptz',
  started_at: 'timestamptz',
  resolved_at: 'timestamptz',
  acknowledged_at: 'timestamptz',
  acknowledged_by: 'text',
  acknowledged_note: 'text',
  acknowledged_until: 'timestamptz',
  notified_at: 'timestamptz',
  notification_count: 'int',
  owed: 'text',
} as const;
const FIXED = {
  tenant_id: 'text',
  alert_rule_id: 'bigint',
  rule_version: 'int',
  rule_name: 'text',
  description: 'text',
  alert_type: 'text',
  severity: 'text',
  metric: 'text',
  operator: 'text',
  threshold: 'float8',
  window_duration: 'int',
  baseline: 'text',
  filters: 'jsonb',
  dimension: 'text',
  member: 'text',
  member_key: 'text',
  budget_id: 'bigint',
} as const;
const typed = (columns: Record<string, string>): string =>
  Object.entries(columns).map(([name, type]) => `${name} ${type}`).join(', '); // prettier-ignore
const MOVED_NAMES = Object.keys(MOVED);
const ALL_NAMES = [...Object.keys(FIXED), ...MOVED_NAMES];

const INSERT = `
  INSERT INTO alerts (${ALL_NAMES.join(', ')})
  SELECT ${ALL_NAMES.map((name) => `c.${name}`).join(', ')} FROM jsonb_to_recordset($1::jsonb) AS c (${typed({ ...FIXED, ...MOVED })})
  ON CONFLICT (alert_rule_id, member_key) WHERE status <> 'resolved' AND source = 'rule' DO NOTHING
  RETURNING ${ALERT_COLUMNS}`;
const UPDATE = `
  UPDATE alerts a SET ${MOVED_NAMES.map((name) => `${name} = c.${name}`).join(', ')}
  FROM jsonb_to_recordset($1::jsonb) AS c (alert_id bigint, ${typed(MOVED)})
  WHERE a.alert_id = c.alert_id
  RETURNING ${ALERT_COLUMNS_OF_A}`;

/** Writes what a round moved, with the timeline and, for what somebody should hear, the outbox: all or nothing, in the caller's transaction. */
export async function writeChanges(
  client: Queryable,
  changes: readonly AlertChange[],
  nowMs: number,
): Promise<AlertRow[]> {
  const made = changes.filter(({ alertId }) => alertId === undefined);
  const moved = changes.filter(({ alertId }) => alertId !== undefined);
  const rows: AlertRow[] = [];
  if (made.length > 0) {
    const values = made.map((change) => ({ ...fixedOf(change), ...movedOf(change) }));
    rows.push(...(await client.query<AlertRow>(INSERT, [JSON.stringify(values)])).rows);
  }
  if (moved.length > 0) {
    const values = moved.map((change) => ({ alert_id: change.alertId, ...movedOf(change) }));
    rows.push(...(await client.query<AlertRow>(UPDATE, [JSON.stringify(values)])).rows);
  }
  // A member may have one that is over and still to be told beside the one that is current.
  const byId = new Map(moved.map((change) => [change.alertId, change]));
  const byMember = new Map(made.map((change) => [keyOf(change.rule.ruleId, change.memberKey), change]));
  await writeNotices(
    client,
    rows.flatMap((row) => {
      const change = byId.get(row.alert_id) ?? byMember.get(keyOf(row.alert_rule_id, row.member_key));
      return change ? [{ row, entries: change.entries, notice: change.notice }] : [];
    }),
    nowMs,
  );
  return rows;
}

const keyOf = (ruleId: number | null, memberKey: string): string => `${ruleId} ${memberKey}`;

/**
 * Adds entries to timelines, and rows to the outbox, each of which exists once however often it is tried.
 * @param by who did it; null: the evaluator
 */
export async function writeNotices(
  client: Queryable,
  told: readonly { row: AlertRow; entries: readonly TimelineKind[]; notice: NoticeKind | undefined }[],
  nowMs: number,
  by: string | null = null,
  note: string | null = null,
): Promise<void> {
  const at = new Date(nowMs);
  const entries = told.flatMap(({ row, entries: kinds }) =>
    kinds.map((kind) => ({ alert_id: row.alert_id, tenant_id: row.tenant_id, kind, value: row.value })),
  );
  if (entries.length > 0) {
    await client.query(
      `INSERT INTO alert_timeline (alert_id, tenant_id, at, kind, by, note, value)
       SELECT e.alert_id, e.tenant_id, $2, e.kind, $3, $4, e.value
       FROM jsonb_to_recordset($1::jsonb) AS e (alert_id bigint, tenant_id text, kind text, value float8)`,
      [JSON.stringify(entries), at, by, note],
    );
  }
  const notices = told.flatMap(({ row, notice }) =>
    notice === undefined
      ? []
      : [
          {
            tenant_id: row.tenant_id,
            alert_id: row.alert_id,
            kind: notice,
            dedupe_key: `alert:${row.alert_id}:${notice}${notice === 'renotify' ? `:${row.notification_count}` : ''}`,
            payload: tellAlert(row),
          },
        ],
  );
  if (notices.length > 0) {
    await client.query(
      `INSERT INTO alert_outbox (tenant_id, alert_id, kind, dedupe_key, payload)
       SELECT n.tenant_id, n.alert_id, n.kind, n.dedupe_key, n.payload
       FROM jsonb_to_recordset($1::jsonb) AS n (tenant_id text, alert_id bigint, kind text, dedupe_key text, payload jsonb)
       ON CONFLICT (dedupe_key) DO NOTHING`,
      [JSON.stringify(notices)],
    );
  }
}

function fixedOf({ rule, dimension, member, memberKey, budgetId }: AlertChange): Record<string, unknown> {
  return {
    tenant_id: rule.tenantId,
    alert_rule_id: rule.ruleId,
    rule_version: rule.version,
    rule_name: rule.name,
    description: rule.description,
    alert_type: rule.alertType,
    severity: rule.severity,
    metric: rule.metric,
    operator: rule.operator,
    threshold: rule.threshold,
    window_duration: rule.windowMinutes,
    baseline: rule.baseline,
    filters: rule.filters,
    dimension,
    member,
    member_key: memberKey,
    budget_id: budgetId,
  };
}

function movedOf({ state, handling }: AlertChange): Record<keyof typeof MOVED, unknown> {
  const time = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  const { acknowledged } = handling;
  return {
    status: state.status,
    is_held_down: state.isHeldDown,
    is_no_data: state.isNoData,
    value: state.value,
    baseline_value: state.baseline,
    first_value: state.firstValue,
    peak_value: state.peakValue,
    window_start: time(state.windowStartMs),
    window_end: time(state.windowEndMs),
    pending_since: time(state.pendingSinceMs),
    breached_until: time(state.breachedUntilMs),
    started_at: time(state.startedAtMs),
    resolved_at: time(state.resolvedAtMs),
    acknowledged_at: time(acknowledged?.atMs ?? null),
    acknowledged_by: acknowledged?.by ?? null,
    acknowledged_note: acknowledged?.note ?? null,
    acknowledged_until: time(acknowledged?.untilMs ?? null),
    notified_at: time(handling.notifiedAtMs),
    notification_count: handling.notificationCount,
    owed: handling.owed,
  };
}
