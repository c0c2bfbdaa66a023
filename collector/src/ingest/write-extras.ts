import type { Client } from '../database/pool.ts';

/** An item that was refused, for `rejected_events`. */
export interface RejectedItem {
  tenantId: string;
  itemIndex: number;
  field: string | null;
  reason: string;
  payload: string;
}

/** What one transaction stores beside the events. */
export interface WriteExtras {
  rejected: RejectedItem[];
  idempotencyKeys: { tenantId: string; key: string; bodySha256: Buffer }[];
  /** Items refused for lack of room since the last commit, by tenant. */
  throttled: Map<string, number>;
}

export type RowOutcome = 'accepted' | 'duplicate';

export interface Counted {
  tenantId: string;
  outcome: RowOutcome;
  times?: number;
}

const WRITE_REJECTED = `
  INSERT INTO rejected_events (tenant_id, item_index, field, reason, payload)
  SELECT tenant_id, item_index, field, reason, payload
  FROM jsonb_to_recordset($1::jsonb) AS r (tenant_id text, item_index integer, field text, reason text, payload text)`;

const WRITE_IDEMPOTENCY_KEYS = `
  INSERT INTO idempotency_keys (tenant_id, idempotency_key, body_sha256)
  SELECT tenant_id, idempotency_key, body_sha256 FROM unnest($1::text[], $2::text[], $3::bytea[]) AS k (tenant_id, idempotency_key, body_sha256)
  ORDER BY 1, 2
  ON CONFLICT (tenant_id, idempotency_key) DO NOTHING`;

const WRITE_LEDGER = `
  INSERT INTO ingest_ledger (tenant_id, hour_start, writer, accepted, duplicate, rejected, throttled)
  SELECT tenant_id, date_trunc('hour', now(), 'UTC'), pg_backend_pid(), accepted, duplicate, rejected, throttled
  FROM jsonb_to_recordset($1::jsonb) AS c (tenant_id text, accepted bigint, duplicate bigint, rejected bigint, throttled bigint)
  ORDER BY tenant_id
  ON CONFLICT (tenant_id, hour_start, writer) DO UPDATE SET
    accepted = ingest_ledger.accepted + excluded.accepted, duplicate = ingest_ledger.duplicate + excluded.duplicate,
    rejected = ingest_ledger.rejected + excluded.rejected, throttled = ingest_ledger.throttled + excluded.throttled`;

/**
 * Stores what belongs to a transaction beside its events: refused items, idempotency keys and the ledger.
 * @param counted the tenant of each item that was taken, and what became of it; `times` -1 takes an earlier count back
 */
export async function writeExtras(
  client: Client,
  counted: Iterable<Counted>,
  extras: WriteExtras,
): Promise<void> {
  const { rejected, idempotencyKeys, throttled } = extras;
  if (rejected.length > 0) {
    const items = rejected.map((item) => ({
      tenant_id: item.tenantId,
      item_index: item.itemIndex,
      // A text that was cut may end in half a character, which PostgreSQL's JSON refuses: with it the whole transaction.
      field: item.field?.toWellFormed() ?? null,
      reason: item.reason.toWellFormed(),
      payload: item.payload.toWellFormed(),
    }));
    await client.query(WRITE_REJECTED, [JSON.stringify(items).replaceAll('\\u0000', '\\ufffd')]);
  }
  if (idempotencyKeys.length > 0) {
    await client.query(WRITE_IDEMPOTENCY_KEYS, [
      idempotencyKeys.map(({ tenantId }) => tenantId),
      idempotencyKeys.map(({ key }) => key),
      idempotencyKeys.map(({ bodySha256 }) => bodySha256),
    ]);
  }
  const counts = new Map<
    string,
    { tenant_id: string; accepted: number; duplicate: number; rejected: number; throttled: number }
  >();
  const of = (tenantId: string) => {
    let count = counts.get(tenantId);
    if (!count)
      counts.set(
        tenantId,
        (count = { tenant_id: tenantId, accepted: 0, duplicate: 0, rejected: 0, throttled: 0 }),
      );
    return count;
  };
  for (const { tenantId, outcome, times = 1 } of counted) of(tenantId)[outcome] += times;
  for (const item of rejected) of(item.tenantId).rejected += 1;
  for (const [tenantId, count] of throttled) of(tenantId).throttled += count;
  if (counts.size > 0)
    await client.query({ name: 'ledger', text: WRITE_LEDGER }, [JSON.stringify([...counts.values()])]);
}
