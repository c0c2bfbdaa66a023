import { createHmac, timingSafeEqual } from 'node:crypto';
import { inTransaction, type Pool, type Queryable } from '../database/pool.ts';
import { generateToken } from '../sessions/token.ts';
import { ALERT_COLUMNS, ALERT_COLUMNS_OF_A, type AlertRow } from './alert.ts';
import type { GrafanaAlert } from './grafana-alert.ts';
import { writeNotices } from './write-alerts.ts';

export interface Stored {
  created: number;
  updated: number;
  resolved: number;
}

/**
 * Takes alerts of Grafana into the list. One is known by fingerprint and start: told again it is the same one; what is over stays over. Nothing is sent
 * about them: Grafana has done so.
 */
export async function storeGrafanaAlerts(
  pool: Pool,
  tenantId: string,
  alerts: readonly GrafanaAlert[],
  nowMs: number,
): Promise<Stored> {
  const stored: Stored = { created: 0, updated: 0, resolved: 0 };
  // In one order, so that two webhooks cannot wait for each other.
  const sorted = alerts.toSorted((a, b) =>
    a.fingerprint === b.fingerprint
      ? a.startedAt.getTime() - b.startedAt.getTime()
      : a.fingerprint < b.fingerprint
        ? -1
        : 1,
  );
  await inTransaction(pool, async (client) => {
    for (const alert of sorted) {
      const made = await insert(client, tenantId, alert);
      if (made) {
        stored.created += 1;
        if (made.status === 'resolved') stored.resolved += 1;
        const entries =
          made.status === 'resolved' ? (['firing', 'resolved'] as const) : (['firing'] as const);
        await writeNotices(client, [{ row: made, entries, notice: undefined }], nowMs, 'Grafana');
        continue;
      }
      const { rows } = await client.query<AlertRow & { was_open: boolean }>(
        `UPDATE alerts a SET rule_name = $4, description = $5, severity = $6, alert_type = $7, value = coalesce($8, a.value), labels = $9, links = $10,
                status = CASE WHEN $11::timestamptz IS NULL THEN a.status ELSE 'resolved' END, resolved_at = coalesce(a.resolved_at, $11)
         FROM (SELECT alert_id AS id, status <> 'resolved' AS was_open FROM alerts
               WHERE tenant_id = $1 AND source = 'grafana' AND fingerprint = $2 AND started_at = $3 FOR UPDATE) old
         WHERE a.alert_id = old.id
         RETURNING old.was_open, ${ALERT_COLUMNS_OF_A}`,
        [
          tenantId,
          alert.fingerprint,
          alert.startedAt,
          alert.name,
          alert.description,
          alert.severity,
          alert.alertType,
          alert.value,
          JSON.stringify(alert.labels),
          JSON.stringify(alert.links),
          alert.resolvedAt ?? null,
        ],
      );
      const [row] = rows;
      if (!row) continue;
      stored.updated += 1;
      if (row.was_open && row.status === 'resolved') {
        stored.resolved += 1;
        await writeNotices(client, [{ row, entries: ['resolved'], notice: undefined }], nowMs, 'Grafana');
      }
    }
  });
  return stored;
}

async function insert(
  client: Queryable,
  tenantId: string,
  alert: GrafanaAlert,
): Promise<AlertRow | undefined> {
  const { rows } = await client.query<AlertRow>(
    `INSERT INTO alerts (tenant_id, source, rule_name, description, alert_type, severity, metric, status, value, first_value, pending_since, started_at,
                         resolved_at, fingerprint, labels, links)
     VALUES ($1, 'grafana', $2, $3, $4, $5, 'grafana', $6, $7, $7, $8, $8, $9, $10, $11, $12)
     ON CONFLICT (tenant_id, fingerprint, started_at) WHERE source = 'grafana' DO NOTHING
     RETURNING ${ALERT_COLUMNS}`,
    [
      tenantId,
      alert.name,
      alert.description,
      alert.alertType,
      alert.severity,
      alert.resolvedAt === undefined ? 'firing' : 'resolved',
      alert.value,
      alert.startedAt,
      alert.resolvedAt ?? null,
      alert.fingerprint,
      JSON.stringify(alert.labels),
      JSON.stringify(alert.links),
    ],
  );
  return rows[0];
}

/** A new secret of a tenant's webhook in place of the one before. */
export async function rotateSecret(client: Queryable, tenantId: string, by: string): Promise<string> {
  const secret = `po_grafana_${generateToken()}`;
  await client.query(
    `INSERT INTO grafana_alert_secrets (tenant_id, secret, updated_by) VALUES ($1, $2, $3)
     ON CONFLICT (tenant_id) DO UPDATE SET secret = excluded.secret, updated_at = now(), updated_by = excluded.updated_by`,
    [tenantId, secret, by],
  );
  return secret;
}

export async function readSecret(
  client: Queryable,
  tenantId: string,
): Promise<{ secret: string; updated_at: Date; updated_by: string } | undefined> {
  const { rows } = await client.query<{ secret: string; updated_at: Date; updated_by: string }>(
    'SELECT secret, updated_at, updated_by FROM grafana_alert_secrets WHERE tenant_id = $1',
    [tenantId],
  );
  return rows[0];
}

/** How far the clock of Grafana may be off. */
const MAX_SKEW_MS = 5 * 60_000;

/**
 * Whether a body was signed with a secret: hex HMAC-SHA256 of it or, with a time, of `<time>:<body>`; a time that is too old was said by somebody who
 * listened.
 */
export function isSigned(
  secret: string,
  body: Buffer,
  signature: string,
  timestamp: string | undefined,
  nowMs: number,
): boolean {
  const hmac = createHmac('sha256', secret);
  if (timestamp !== undefined) {
    const saidMs = Number(timestamp) * 1000;
    if (!(Math.abs(nowMs - saidMs) <= MAX_SKEW_MS)) return false;
    hmac.update(`${timestamp}:`);
  }
  const expected = hmac.update(body).digest();
  const given = Buffer.from(/^[0-9a-f]{64}$/i.test(signature) ? signature : '', 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
