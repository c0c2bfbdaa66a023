import { setTimeout } from 'node:timers/promises';
import { copyLines } from '../database/copy.ts';
import type { Engine } from '../database/engine.ts';
import { isDatabaseAway, isMissingPartition, isUnknownTransaction } from '../database/errors.ts';
import type { Client, Pool } from '../database/pool.ts';
import { CollectorError } from '../http/errors.ts';
import { applyToRollups, REMOVE_EMPTY_ROLLUP_ROWS } from '../usage/rollup-tables.ts';
import { LATE_AFTER } from '../usage/refresher.ts';
import { complete } from './merge.ts';
import { rowFromDatabase } from './stored-row.ts';
import { copyField, formatTimestamp, USAGE_COLUMNS, type UsageRow } from './usage-row.ts';

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

const COLUMN_NAMES = USAGE_COLUMNS.map(({ name }) => name).join(', ');

const CREATE_STAGING = `CREATE TEMP TABLE IF NOT EXISTS ingest_staging (
  ordinal integer NOT NULL, identity uuid, stored_timestamp timestamptz,
  ${USAGE_COLUMNS.map(({ name, type }) => `${name} ${type}`).join(', ')}
) ON COMMIT DELETE ROWS`;

const COPY_STAGING = `COPY ingest_staging (ordinal, identity, stored_timestamp, ${COLUMN_NAMES}) FROM STDIN`;

/**
 * What follows from `changed` events for the rollups. PostgreSQL: they are added to the rollup tables. TimescaleDB: its aggregates
 * follow by themselves from the open quarter of an hour on; a range before that is queued for the refresher.
 */
const ROLLUPS: Record<Engine['kind'], string> = {
  postgresql: applyToRollups(),
  timescaledb: `late AS (
    INSERT INTO usage_refresh_queue (range_start, range_end)
    SELECT date_bin('15 minutes', min("timestamp"), '2000-01-01Z'), date_bin('15 minutes', max("timestamp"), '2000-01-01Z') + interval '15 minutes'
    FROM changed WHERE "timestamp" < date_bin('15 minutes', now() - interval '${LATE_AFTER}', '2000-01-01Z')
    HAVING count(*) > 0
  )`,
};

/**
 * Stores what is staged: claims the identities, appends the events whose identity was free, and sees to the rollups.
 * Answers the ordinals of the events that were known already.
 */
const store = (engine: Engine['kind']): string => `
WITH claimed AS (
  INSERT INTO event_identities (tenant_id, identity, event_timestamp, event_uuid)
  SELECT tenant_id, identity, "timestamp", nullif(event_uuid, identity) FROM ingest_staging WHERE identity IS NOT NULL
  ORDER BY tenant_id, identity -- one lock order for all writers
  ON CONFLICT (tenant_id, identity) DO NOTHING
  RETURNING tenant_id, identity
),
changed AS (
  INSERT INTO client_usage_logs (${COLUMN_NAMES})
  SELECT ${USAGE_COLUMNS.map(({ name }) => `s.${name}`).join(', ')}
  FROM ingest_staging s LEFT JOIN claimed c ON c.tenant_id = s.tenant_id AND c.identity = s.identity
  WHERE s.identity IS NULL OR c.identity IS NOT NULL
  RETURNING ${engine === 'postgresql' ? '*, 1 AS sign' : '"timestamp"'}
),
${ROLLUPS[engine]}
SELECT pg_current_xact_id()::text AS transaction_id,
       -- The join costs a third of the statement, and a re-send is rare.
       CASE WHEN (SELECT count(*) FROM claimed) = (SELECT count(identity) FROM ingest_staging) THEN '{}'
       ELSE (SELECT array_agg(s.ordinal)
             FROM ingest_staging s LEFT JOIN claimed c ON c.tenant_id = s.tenant_id AND c.identity = s.identity
             WHERE s.identity IS NOT NULL AND c.identity IS NULL) END AS known`;

/** The stored events behind identities, locked in one order against another writer that completes them too. */
const LOCK_IDENTITIES = `
  SELECT FROM event_identities i JOIN unnest($1::text[], $2::uuid[]) AS asked (tenant_id, identity) USING (tenant_id, identity)
  ORDER BY i.tenant_id, i.identity FOR UPDATE OF i`;
const READ_STORED = `
  SELECT i.identity, (extract(epoch FROM l."timestamp") * 1000000)::bigint AS timestamp_us, l.*
  FROM unnest($1::text[], $2::uuid[]) AS asked (tenant_id, identity)
  JOIN event_identities i USING (tenant_id, identity)
  JOIN client_usage_logs l ON l.tenant_id = i.tenant_id AND l."timestamp" = i.event_timestamp AND l.event_uuid = coalesce(i.event_uuid, i.identity)`;

/** Replaces stored events by their completed form, moves them in time where an earlier start was told, and mends the rollups. */
const replace = (engine: Engine['kind']): string => `
WITH gone AS (
  DELETE FROM client_usage_logs l USING ingest_staging s
  WHERE l.tenant_id = s.tenant_id AND l.event_uuid = s.event_uuid AND l."timestamp" = s.stored_timestamp
  RETURNING l.*
),
came AS (
  INSERT INTO client_usage_logs (${COLUMN_NAMES}, received_at)
  SELECT ${USAGE_COLUMNS.map(({ name }) => `s.${name}`).join(', ')}, gone.received_at
  FROM ingest_staging s
  JOIN gone ON gone.tenant_id = s.tenant_id AND gone.event_uuid = s.event_uuid AND gone."timestamp" = s.stored_timestamp
  RETURNING *
),
moved AS (
  UPDATE event_identities i SET event_timestamp = s."timestamp" FROM ingest_staging s
  WHERE i.tenant_id = s.tenant_id AND i.identity = s.identity AND s."timestamp" <> s.stored_timestamp
),
changed AS (SELECT *, -1 AS sign FROM gone UNION ALL SELECT *, 1 FROM came),
${ROLLUPS[engine]}
SELECT count(*)::int AS replaced FROM came`;

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

const WEEK_US = 7 * 24 * 3600 * 1_000_000;
/** 1970-01-05 was a Monday. */
const FIRST_MONDAY_US = 4 * 24 * 3600 * 1_000_000;
const RECENT_WEEKS = 4_096;

/** Writes events: one transaction a call, on a pool of its own. */
export class UsageWriter {
  readonly #pool: Pool;
  readonly #engine: Engine['kind'];
  readonly #store: string;
  readonly #replace: string;
  readonly #price: (row: UsageRow) => void;
  readonly #resolveCommitMs: number;
  readonly #prepared = new WeakSet<Client>();
  readonly #knownWeeks = new Set<number>();

  /**
   * @param pool must have two connections a concurrent `write`: one may be needed to ask what became of the other's commit
   * @param resolveCommitMs how long that may take
   */
  constructor(pool: Pool, engine: Engine['kind'], price: (row: UsageRow) => void, resolveCommitMs: number) {
    this.#pool = pool;
    this.#engine = engine;
    this.#store = store(engine);
    this.#replace = replace(engine);
    this.#price = price;
    this.#resolveCommitMs = resolveCommitMs;
  }

  /**
   * Stores rows and what belongs to them in one transaction. When it returns, they are committed; when it throws, nothing is.
   * A connection that breaks during COMMIT is resolved by asking the server what became of the transaction.
   * @returns what became of each row, in order
   */
  async write(rows: UsageRow[], extras: WriteExtras): Promise<RowOutcome[]> {
    const { distinct, firstOf } = this.#mergeWithin(rows);
    if (this.#engine === 'postgresql') await this.#ensurePartitions(distinct);
    const client = await this.#pool.connect();
    let broken: Error | undefined;
    try {
      const outcomes = await this.#transaction(client, rows, distinct, firstOf, extras);
      return outcomes;
    } catch (error) {
      if (isMissingPartition(error)) this.#knownWeeks.clear();
      if (isDatabaseAway(error)) broken = error as Error;
      else
        await client.query('ROLLBACK').catch((rollbackError: unknown) => (broken = rollbackError as Error));
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async #transaction(
    client: Client,
    rows: UsageRow[],
    distinct: UsageRow[],
    firstOf: number[],
    extras: WriteExtras,
  ): Promise<RowOutcome[]> {
    if (!this.#prepared.has(client)) {
      await client.query(CREATE_STAGING);
      this.#prepared.add(client);
    }
    await client.query('BEGIN');
    let transactionId: string | undefined;
    const known = new Set<number>();
    if (distinct.length > 0) {
      await copyLines(client, COPY_STAGING, stagingLines(distinct));
      const { rows: answers } = await client.query<{ transaction_id: string; known: number[] }>({
        name: 'store',
        text: this.#store,
      });
      transactionId = answers[0]?.transaction_id;
      for (const ordinal of answers[0]?.known ?? []) known.add(ordinal);
      if (known.size > 0)
        await this.#completeStored(
          client,
          distinct.filter((_, ordinal) => known.has(ordinal)),
        );
    }
    const outcomes = rows.map((_, index): RowOutcome => {
      const first = firstOf[index] ?? 0;
      return first < 0 || known.has(first) ? 'duplicate' : 'accepted';
    });
    await writeExtras(client, rows, outcomes, extras);
    try {
      await client.query('COMMIT');
    } catch (error) {
      if (
        !isDatabaseAway(error) ||
        transactionId === undefined ||
        !(await this.#wasCommitted(transactionId, error))
      )
        throw error;
    }
    return outcomes;
  }

  /** Makes several reports of one event in one batch a single row. `firstOf` has the ordinal of each row, or -1 for a repeat. */
  #mergeWithin(rows: UsageRow[]): { distinct: UsageRow[]; firstOf: number[] } {
    const distinct: UsageRow[] = [];
    const ordinals = new Map<string, number>();
    const firstOf = rows.map((row) => {
      if (row.identity === null) return distinct.push(row) - 1;
      const key = `${row.tenantId}\0${row.identity}`;
      const ordinal = ordinals.get(key);
      if (ordinal === undefined) {
        ordinals.set(key, distinct.push(row) - 1);
        return distinct.length - 1;
      }
      const stored = distinct[ordinal];
      const completed = stored && complete(stored, row);
      if (completed) {
        this.#price(completed);
        distinct[ordinal] = completed;
      }
      return -1;
    });
    return { distinct, firstOf };
  }

  /** Completes stored events with what the new reports of them know more. Usually nothing: a re-send tells the same. */
  async #completeStored(client: Client, told: UsageRow[]): Promise<void> {
    const parameters = [told.map((row) => row.tenantId), told.map((row) => row.identity)];
    await client.query(LOCK_IDENTITIES, parameters);
    const { rows } = await client.query<Record<string, unknown>>(READ_STORED, parameters);
    const storedBy = new Map(
      rows.map((row) => [`${String(row['tenant_id'])}\0${String(row['identity'])}`, rowFromDatabase(row)]),
    );
    const replacements: { row: UsageRow; storedTimestampUs: number }[] = [];
    for (const row of told) {
      const stored = storedBy.get(`${row.tenantId}\0${row.identity ?? ''}`);
      const completed = stored && complete(stored, row);
      if (!completed) continue;
      this.#price(completed);
      replacements.push({ row: completed, storedTimestampUs: stored.timestampUs });
    }
    if (replacements.length === 0) return;
    await client.query('DELETE FROM ingest_staging');
    await copyLines(
      client,
      COPY_STAGING,
      replacements.map(({ row, storedTimestampUs }, ordinal) => stagingLine(row, ordinal, storedTimestampUs)),
    );
    await client.query({ name: 'replace', text: this.#replace });
    // An event that moved to another time or group may have left a row behind that nothing is in.
    const places = [
      replacements.map(({ row }) => row.tenantId),
      replacements.map(({ storedTimestampUs }) => formatTimestamp(storedTimestampUs)),
    ];
    for (const statement of this.#engine === 'postgresql' ? REMOVE_EMPTY_ROLLUP_ROWS : [])
      await client.query(statement, places);
  }

  async #ensurePartitions(rows: UsageRow[]): Promise<void> {
    const missing = new Set<number>();
    for (const { timestampUs } of rows) {
      const week = Math.floor((timestampUs - FIRST_MONDAY_US) / WEEK_US);
      if (!this.#knownWeeks.has(week)) missing.add(week);
    }
    if (missing.size === 0) return;
    const starts = [...missing].map((week) => formatTimestamp(week * WEEK_US + FIRST_MONDAY_US));
    await this.#pool.query('SELECT ensure_usage_partitions($1::timestamptz[])', [starts]);
    if (this.#knownWeeks.size > RECENT_WEEKS) this.#knownWeeks.clear();
    for (const week of missing) this.#knownWeeks.add(week);
  }

  /**
   * What became of a transaction whose COMMIT got no answer: asks until the server tells.
   * @throws AmbiguousCommit when it does not in time; the batch must not be tried again then
   */
  async #wasCommitted(transactionId: string, cause: unknown): Promise<boolean> {
    const deadline = performance.now() + this.#resolveCommitMs;
    while (performance.now() < deadline) {
      try {
        const { rows } = await this.#pool.query<{ status: string | null }>(
          'SELECT pg_xact_status($1::xid8) AS status',
          [transactionId],
        );
        const status = rows[0]?.status ?? null;
        if (status === 'committed') return true;
        if (status === 'aborted') return false;
      } catch (error) {
        if (isUnknownTransaction(error)) return false; // a server that never saw it, after a failover
        if (!isDatabaseAway(error)) throw error;
      }
      await setTimeout(100);
    }
    throw new AmbiguousCommit('The database did not tell in time whether the events were committed.', {
      cause,
    });
  }
}

/** COMMIT was sent, the connection broke, and the server could not be asked in time. */
export class AmbiguousCommit extends CollectorError {
  override name = 'AmbiguousCommit';
}

function* stagingLines(rows: UsageRow[]): Generator<string> {
  for (const [ordinal, row] of rows.entries()) yield stagingLine(row, ordinal, null);
}

function stagingLine(row: UsageRow, ordinal: number, storedTimestampUs: number | null): string {
  let line = `${ordinal}\t${copyField(row.identity)}\t${storedTimestampUs === null ? '\\N' : formatTimestamp(storedTimestampUs)}`;
  for (const { value } of USAGE_COLUMNS) line += `\t${copyField(value(row))}`;
  return `${line}\n`;
}

async function writeExtras(
  client: Client,
  rows: UsageRow[],
  outcomes: RowOutcome[],
  extras: WriteExtras,
): Promise<void> {
  const { rejected, idempotencyKeys, throttled } = extras;
  if (rejected.length > 0) {
    const items = rejected.map((item) => ({
      tenant_id: item.tenantId,
      item_index: item.itemIndex,
      field: item.field,
      reason: item.reason,
      payload: item.payload,
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
  for (const [index, row] of rows.entries()) of(row.tenantId)[outcomes[index] ?? 'accepted'] += 1;
  for (const item of rejected) of(item.tenantId).rejected += 1;
  for (const [tenantId, count] of throttled) of(tenantId).throttled += count;
  if (counts.size > 0)
    await client.query({ name: 'ledger', text: WRITE_LEDGER }, [JSON.stringify([...counts.values()])]);
}
