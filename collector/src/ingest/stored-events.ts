import { copyLines } from '../database/copy.ts';
import type { Engine } from '../database/engine.ts';
import type { Client } from '../database/pool.ts';
import { LATE_AFTER } from '../usage/refresher.ts';
import { applyToRollups, REMOVE_EMPTY_ROLLUP_ROWS } from '../usage/rollup-tables.ts';
import { rowFromDatabase } from './stored-row.ts';
import { copyField, formatTimestamp, USAGE_COLUMNS, type UsageRow } from './usage-row.ts';

/*
 * The statements that change client_usage_logs, each together with what follows from it for identities and rollups. All of them run inside
 * the caller's transaction, over rows that were copied to a staging table of the session.
 */

const COLUMN_NAMES = USAGE_COLUMNS.map(({ name }) => name).join(', ');

const CREATE_STAGING = `CREATE TEMP TABLE IF NOT EXISTS ingest_staging (
  ordinal integer NOT NULL, identity uuid, stored_timestamp timestamptz,
  ${USAGE_COLUMNS.map(({ name, type }) => `${name} ${type}`).join(', ')}
) ON COMMIT DELETE ROWS`;

const COPY_STAGING = `COPY ingest_staging (ordinal, identity, stored_timestamp, ${COLUMN_NAMES}) FROM STDIN`;

/**
 * Events that change what was the past already: answers about it are kept (answer-cache), and must not be found again. Newer ones are left out, as
 * answers of their time are kept for seconds. A common table expression over `changed`.
 */
const LATE_ANSWERS = `answers AS (
    INSERT INTO answer_versions AS v (tenant_id, writer, version)
    SELECT tenant_id, pg_backend_pid(), 1 FROM changed WHERE "timestamp" < now() - interval '10 minutes' GROUP BY 1 ORDER BY 1
    ON CONFLICT (tenant_id, writer) DO UPDATE SET version = v.version + 1
  )`;

/**
 * What follows from `changed` events for the rollups. PostgreSQL: they are added to the rollup tables. TimescaleDB: its aggregates
 * follow by themselves from the open quarter of an hour on; a range before that is queued for the refresher.
 */
const ROLLUPS: Record<Engine['kind'], string> = {
  postgresql: `${applyToRollups()},
  ${LATE_ANSWERS}`,
  timescaledb: `${LATE_ANSWERS},
  late AS (
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
  RETURNING ${engine === 'postgresql' ? '*, 1 AS sign' : 'tenant_id, "timestamp"'}
),
${ROLLUPS[engine]}
SELECT pg_current_xact_id()::text AS transaction_id,
       -- The join costs a third of the statement, and a re-send is rare.
       CASE WHEN (SELECT count(*) FROM claimed) = (SELECT count(identity) FROM ingest_staging) THEN '{}'
       ELSE (SELECT array_agg(s.ordinal)
             FROM ingest_staging s LEFT JOIN claimed c ON c.tenant_id = s.tenant_id AND c.identity = s.identity
             WHERE s.identity IS NOT NULL AND c.identity IS NULL) END AS known`;

/** Where the events behind identities are stored; locked in one order against another writer that completes them too. */
const LOCK_IDENTITIES = `
  SELECT i.tenant_id, i.identity, coalesce(i.event_uuid, i.identity) AS event_uuid, (extract(epoch FROM i.event_timestamp) * 1000000)::bigint AS timestamp_us
  FROM event_identities i JOIN unnest($1::text[], $2::uuid[]) AS asked (tenant_id, identity) USING (tenant_id, identity)
  WHERE i.event_timestamp > '-infinity'
  ORDER BY i.tenant_id, i.identity FOR UPDATE OF i`;
const READ_STORED = `
  SELECT (extract(epoch FROM l."timestamp") * 1000000)::bigint AS timestamp_us, l.*
  FROM client_usage_logs l
  WHERE l.tenant_id = $1 AND l."timestamp" BETWEEN $2::timestamptz AND $3::timestamptz
    AND l."timestamp" = ANY($4::timestamptz[]) AND l.event_uuid = ANY($5::uuid[])`;

/** Events of one tenant that lie close together in time. */
interface Stretch<Item> {
  tenantId: string;
  items: Item[];
  startUs: number;
  endUs: number;
}
const STRETCH_GAP_US = 15 * 60_000_000;

/**
 * Cuts events into stretches. A statement names the tenant and the ends of its stretch as constants: TimescaleDB's columnstore finds the batches to
 * read or to unpack by those alone, and would unpack all there are for times that come from a join.
 */
function stretchesOf<Item>(
  items: readonly Item[],
  placeOf: (item: Item) => { tenantId: string; timestampUs: number },
): Stretch<Item>[] {
  const placed = items
    .map((item) => ({ item, ...placeOf(item) }))
    .sort((a, b) =>
      a.tenantId === b.tenantId ? a.timestampUs - b.timestampUs : a.tenantId < b.tenantId ? -1 : 1,
    );
  const stretches: Stretch<Item>[] = [];
  for (const { item, tenantId, timestampUs } of placed) {
    const last = stretches.at(-1);
    if (last?.tenantId === tenantId && timestampUs - last.endUs <= STRETCH_GAP_US) {
      last.items.push(item);
      last.endUs = timestampUs;
    } else stretches.push({ tenantId, items: [item], startUs: timestampUs, endUs: timestampUs });
  }
  return stretches;
}

/** Of one stretch: replaces stored events by their completed form, moves them in time where an earlier start was told, and mends the rollups. */
const replace = (engine: Engine['kind']): string => `
WITH gone AS (
  DELETE FROM client_usage_logs l USING ingest_staging s
  WHERE l.tenant_id = $1 AND l."timestamp" BETWEEN $2::timestamptz AND $3::timestamptz
    AND l.tenant_id = s.tenant_id AND l.event_uuid = s.event_uuid AND l."timestamp" = s.stored_timestamp
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
  WHERE s.tenant_id = $1 AND s.stored_timestamp BETWEEN $2::timestamptz AND $3::timestamptz AND i.tenant_id = s.tenant_id AND i.identity IN (s.identity, s.event_uuid) AND s."timestamp" <> s.stored_timestamp
),
changed AS (SELECT *, -1 AS sign FROM gone UNION ALL SELECT *, 1 FROM came),
${ROLLUPS[engine]}
SELECT count(*)::int AS replaced FROM came`;

/** Of one stretch: takes events away, and leaves their identities behind, at no time: a re-send of one is known and changes nothing. */
const withdraw = (engine: Engine['kind']): string => `
WITH closed AS (
  UPDATE event_identities i SET event_timestamp = '-infinity' WHERE i.tenant_id = $1 AND i.identity = ANY($4::uuid[])
),
gone AS (
  DELETE FROM client_usage_logs l
  WHERE l.tenant_id = $1 AND l."timestamp" BETWEEN $2::timestamptz AND $3::timestamptz AND l.event_uuid = ANY($4::uuid[])
  RETURNING l.*
),
changed AS (SELECT *, -1 AS sign FROM gone),
${ROLLUPS[engine]}
SELECT count(*)::int AS withdrawn FROM gone`;

/** Gives identities free again that withdrawn events have left behind, or that lead to another event. */
const REOPEN = `
  DELETE FROM event_identities i USING unnest($1::text[], $2::uuid[]) AS r (tenant_id, identity)
  WHERE i.tenant_id = r.tenant_id AND i.identity = r.identity
    AND (i.event_timestamp = '-infinity' OR i.event_uuid IS NOT NULL)`;

/** Makes further identities lead to events that are stored under their own. */
const ALIAS = `
  INSERT INTO event_identities (tenant_id, identity, event_timestamp, event_uuid)
  SELECT DISTINCT ON (a.tenant_id, a.identity) a.tenant_id, a.identity, i.event_timestamp, a.event_uuid
  FROM unnest($1::text[], $2::uuid[], $3::uuid[]) AS a (tenant_id, identity, event_uuid)
  JOIN event_identities i ON i.tenant_id = a.tenant_id AND i.identity = a.event_uuid
  ORDER BY a.tenant_id, a.identity
  ON CONFLICT (tenant_id, identity) DO UPDATE SET event_timestamp = excluded.event_timestamp, event_uuid = excluded.event_uuid`;

export interface Stored {
  row: UsageRow;
  /** Where the event is in client_usage_logs now. */
  storedTimestampUs: number;
}

/** Changes of the log on one engine. */
export class StoredEvents {
  readonly #engine: Engine['kind'];
  readonly #store: string;
  readonly #replace: string;
  readonly #withdraw: string;
  readonly #prepared = new WeakSet<Client>();

  constructor(engine: Engine['kind']) {
    this.#engine = engine;
    this.#store = store(engine);
    this.#replace = replace(engine);
    this.#withdraw = withdraw(engine);
  }

  /** What a session needs, once; outside of a transaction. */
  async prepare(client: Client): Promise<void> {
    if (this.#prepared.has(client)) return;
    await client.query(CREATE_STAGING);
    this.#prepared.add(client);
  }

  /**
   * Appends rows, each with another identity. At most once a transaction, as its first change.
   * @returns the transaction's id, and the ordinals of the rows whose identity was known already: they are not stored
   */
  async append(
    client: Client,
    rows: readonly UsageRow[],
  ): Promise<{ transactionId: string | undefined; known: Set<number> }> {
    if (rows.length === 0) return { transactionId: undefined, known: new Set() };
    await copyLines(client, COPY_STAGING, stagingLines(rows));
    const { rows: answers } = await client.query<{ transaction_id: string; known: number[] }>({
      name: 'store',
      text: this.#store,
    });
    return { transactionId: answers[0]?.transaction_id, known: new Set(answers[0]?.known ?? []) };
  }

  /** The stored events behind identities, by `identityKey`; locked until the end of the transaction. */
  async read(
    client: Client,
    identities: readonly { tenantId: string; identity: string | null }[],
  ): Promise<Map<string, UsageRow>> {
    if (identities.length === 0) return new Map();
    const { rows: places } = await client.query<{
      tenant_id: string;
      identity: string;
      event_uuid: string;
      timestamp_us: number;
    }>(LOCK_IDENTITIES, [
      identities.map(({ tenantId }) => tenantId),
      identities.map(({ identity }) => identity),
    ]);
    const events = new Map<string, UsageRow>();
    for (const { tenantId, items, startUs, endUs } of stretchesOf(places, (place) => ({
      tenantId: place.tenant_id,
      timestampUs: place.timestamp_us,
    }))) {
      // Unnamed: planned for these very values.
      const { rows } = await client.query<Record<string, unknown>>(READ_STORED, [
        tenantId,
        formatTimestamp(startUs),
        formatTimestamp(endUs),
        items.map(({ timestamp_us }) => formatTimestamp(timestamp_us)),
        items.map(({ event_uuid }) => event_uuid),
      ]);
      const byUuid = new Map(rows.map((row) => [row['event_uuid'], row]));
      for (const { identity, event_uuid } of items) {
        const row = byUuid.get(event_uuid);
        if (row) events.set(identityKey({ tenantId, identity }), rowFromDatabase({ ...row, identity }));
      }
    }
    return events;
  }

  /** Puts rows in the place of stored ones of the same event. */
  async replace(client: Client, replacements: readonly Stored[]): Promise<void> {
    if (replacements.length === 0) return;
    await client.query('DELETE FROM ingest_staging');
    await copyLines(
      client,
      COPY_STAGING,
      replacements.map(({ row, storedTimestampUs }, ordinal) => stagingLine(row, ordinal, storedTimestampUs)),
    );
    for (const { tenantId, startUs, endUs } of stretchesOf(replacements, ({ row, storedTimestampUs }) => ({
      tenantId: row.tenantId,
      timestampUs: storedTimestampUs,
    })))
      await client.query(this.#replace, [tenantId, formatTimestamp(startUs), formatTimestamp(endUs)]);
    await this.#removeEmptyRollupRows(
      client,
      replacements.map(({ row }) => row.tenantId),
      replacements.map(({ storedTimestampUs }) => formatTimestamp(storedTimestampUs)),
    );
  }

  /** Takes events out of the log and the rollups. */
  async withdraw(
    client: Client,
    events: readonly { tenantId: string; eventUuid: string; storedTimestampUs: number }[],
  ): Promise<void> {
    if (events.length === 0) return;
    for (const { tenantId, items, startUs, endUs } of stretchesOf(
      events,
      ({ tenantId: of, storedTimestampUs }) => ({ tenantId: of, timestampUs: storedTimestampUs }),
    )) {
      await client.query(this.#withdraw, [
        tenantId,
        formatTimestamp(startUs),
        formatTimestamp(endUs),
        items.map(({ eventUuid }) => eventUuid),
      ]);
    }
    await this.#removeEmptyRollupRows(
      client,
      events.map(({ tenantId }) => tenantId),
      events.map(({ storedTimestampUs }) => formatTimestamp(storedTimestampUs)),
    );
  }

  /** Lets events that were withdrawn be appended again. */
  async reopen(client: Client, events: readonly { tenantId: string; eventUuid: string }[]): Promise<void> {
    if (events.length === 0) return;
    await client.query({ name: 'reopen', text: REOPEN }, [
      events.map(({ tenantId }) => tenantId),
      events.map(({ eventUuid }) => eventUuid),
    ]);
  }

  /** Makes a re-send under another identity known as a stored event. */
  async alias(
    client: Client,
    aliases: readonly { tenantId: string; identity: string; eventUuid: string }[],
  ): Promise<void> {
    if (aliases.length === 0) return;
    await client.query({ name: 'alias', text: ALIAS }, [
      aliases.map(({ tenantId }) => tenantId),
      aliases.map(({ identity }) => identity),
      aliases.map(({ eventUuid }) => eventUuid),
    ]);
  }

  /** An event that went, or moved to another time or group, may have left a row behind that nothing is in. */
  async #removeEmptyRollupRows(client: Client, tenantIds: string[], timestamps: string[]): Promise<void> {
    for (const statement of this.#engine === 'postgresql' ? REMOVE_EMPTY_ROLLUP_ROWS : [])
      await client.query(statement, [tenantIds, timestamps]);
  }
}

export function identityKey({ tenantId, identity }: { tenantId: string; identity: string | null }): string {
  return `${tenantId}\0${identity ?? ''}`;
}

function* stagingLines(rows: readonly UsageRow[]): Generator<string> {
  for (const [ordinal, row] of rows.entries()) yield stagingLine(row, ordinal, null);
}

function stagingLine(row: UsageRow, ordinal: number, storedTimestampUs: number | null): string {
  let line = `${ordinal}\t${copyField(row.identity)}\t${storedTimestampUs === null ? '\\N' : formatTimestamp(storedTimestampUs)}`;
  for (const { value } of USAGE_COLUMNS) line += `\t${copyField(value(row))}`;
  return `${line}\n`;
}
