import { inTransaction, type Pool, type Queryable } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { ALERT_COLUMNS, type AlertRow } from './alert.ts';
import type { TimelineKind } from './notices.ts';
import { writeNotices } from './write-alerts.ts';

/*
 * What people do to an alert. Each is one transaction that locks the alert's row, as the evaluator does, and leaves an entry in its timeline.
 */

const DAY_MS = 86_400_000;
/** After that an acknowledgement is a rule that should be changed. */
const LONGEST_ACKNOWLEDGEMENT_DAYS = 90;

export interface Done {
  tenantId: string;
  alertId: number;
  by: string;
  nowMs: number;
}

/** @throws Problem not-found when the tenant has no such alert */
export async function findAlert(
  client: Queryable,
  tenantId: string,
  alertId: number,
  lock = '',
): Promise<AlertRow> {
  const { rows } = await client.query<AlertRow>(
    `SELECT ${ALERT_COLUMNS} FROM alerts WHERE tenant_id = $1 AND alert_id = $2 ${lock}`,
    [tenantId, alertId],
  );
  if (!rows[0]) throw new Problem('not-found', `There is no alert ${alertId} in this tenant.`);
  return rows[0];
}

/**
 * Somebody takes care of it: nothing more is sent until the acknowledgement expires.
 * @param until undefined: until the alert is over
 * @throws Problem not-found; conflict when it is not firing; invalid-request for a time that is past or too far off
 */
export function acknowledge(
  pool: Pool,
  done: Done,
  { note, until }: { note: string | null; until: Date | null },
): Promise<AlertRow> {
  if (until !== null && until.getTime() <= done.nowMs)
    throw new Problem(
      'invalid-request',
      'until: lies in the past; leave it out to acknowledge until the alert is over.',
    );
  if (until !== null && until.getTime() > done.nowMs + LONGEST_ACKNOWLEDGEMENT_DAYS * DAY_MS) {
    throw new Problem(
      'invalid-request',
      `until: lies more than ${LONGEST_ACKNOWLEDGEMENT_DAYS} days off; change or switch off the rule instead.`,
    );
  }
  return change(pool, done, 'acknowledged', note, async (client, row) => {
    if (row.status !== 'firing')
      throw new Problem(
        'conflict',
        `The alert is ${row.status}; only one that is firing can be acknowledged.`,
      );
    return client.query<AlertRow>(
      `UPDATE alerts SET acknowledged_at = $2, acknowledged_by = $3, acknowledged_note = $4, acknowledged_until = $5,
              first_acknowledged_at = coalesce(first_acknowledged_at, $2)
       WHERE alert_id = $1 RETURNING ${ALERT_COLUMNS}`,
      [row.alert_id, new Date(done.nowMs), done.by, note, until],
    );
  });
}

/** @throws Problem not-found; conflict when nobody has acknowledged it, or it is over */
export function unacknowledge(pool: Pool, done: Done): Promise<AlertRow> {
  return change(pool, done, 'unacknowledged', null, async (client, row) => {
    if (row.acknowledged_at === null || row.status !== 'firing')
      throw new Problem('conflict', 'The alert is not acknowledged.');
    return client.query<AlertRow>(
      `UPDATE alerts SET acknowledged_at = NULL, acknowledged_by = NULL, acknowledged_note = NULL, acknowledged_until = NULL
       WHERE alert_id = $1 RETURNING ${ALERT_COLUMNS}`,
      [row.alert_id],
    );
  });
}

/**
 * Ends an alert by hand. Nothing new fires of the same rule and member until the condition has been over once.
 * @throws Problem not-found; conflict when it is not firing
 */
export function resolve(pool: Pool, done: Done, note: string | null): Promise<AlertRow> {
  return change(
    pool,
    done,
    'resolved',
    note,
    async (client, row) => {
      if (row.status !== 'firing')
        throw new Problem('conflict', `The alert is ${row.status}; only one that is firing can be resolved.`);
      return client.query<AlertRow>(
        `UPDATE alerts SET status = 'resolved', resolved_at = greatest($2::timestamptz, started_at), resolved_by = $3, resolve_reason = coalesce($4, 'by hand'),
                is_held_down = (source = 'rule' AND alert_rule_id IS NOT NULL), owed = NULL
         WHERE alert_id = $1 RETURNING ${ALERT_COLUMNS}`,
        [row.alert_id, new Date(done.nowMs), done.by, note],
      );
    },
    true,
  );
}

/** @throws Problem not-found */
export function comment(pool: Pool, done: Done, text: string): Promise<AlertRow> {
  return change(pool, done, 'comment', text, (client, row) =>
    // Raises the row's change_id, so that whoever follows the stream hears of it.
    client.query<AlertRow>(
      `UPDATE alerts SET labels = labels WHERE alert_id = $1 RETURNING ${ALERT_COLUMNS}`,
      [row.alert_id],
    ),
  );
}

function change(
  pool: Pool,
  { tenantId, alertId, by, nowMs }: Done,
  kind: TimelineKind,
  note: string | null,
  work: (client: Queryable, row: AlertRow) => Promise<{ rows: AlertRow[] }>,
  isEnd = false,
): Promise<AlertRow> {
  return inTransaction(pool, async (client) => {
    const before = await findAlert(client, tenantId, alertId, 'FOR UPDATE');
    const [row = before] = (await work(client, before)).rows;
    // Alerts of Grafana are told by Grafana; here they are handled only.
    const notice = isEnd && row.source === 'rule' && row.notification_count > 0 ? 'resolved' : undefined;
    await writeNotices(client, [{ row, entries: [kind], notice }], nowMs, by, note);
    return row;
  });
}

export interface TimelineEntry {
  at: Date;
  kind: TimelineKind;
  by: string | null;
  note: string | null;
  value: number | null;
}

/** Entries of one answer: an alert that is told again every five minutes has 288 a day. The latest are kept in sight. */
const MAX_ENTRIES = 500;

export async function readTimeline(client: Queryable, alertId: number): Promise<TimelineEntry[]> {
  const { rows } = await client.query<TimelineEntry>(
    `SELECT at, kind, by, note, value FROM (
       SELECT * FROM alert_timeline WHERE alert_id = $1 ORDER BY entry_id DESC LIMIT ${MAX_ENTRIES}
     ) latest ORDER BY entry_id`,
    [alertId],
  );
  return rows;
}
