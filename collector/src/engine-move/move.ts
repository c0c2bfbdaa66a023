import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { detectEngine } from '../database/engine.ts';
import { inTransaction, type Client, type Pool } from '../database/pool.ts';
import { CollectorError } from '../http/errors.ts';
import { USAGE_COLUMNS } from '../ingest/usage-row.ts';
import { setUpSchema } from '../tenants/setup.ts';
import { UsageRefresher } from '../usage/refresher.ts';

export interface MoveProgress {
  /** The UTC day that was moved last. */
  day: string;
  rowsMoved: number;
  rowsTotal: number;
}

export interface MoveOptions {
  source: Pool;
  target: Pool;
  /** Go on although the source has rollups of days whose raw rows are gone: those days stay behind. */
  withoutOldRollups?: boolean;
  onProgress?: (progress: MoveProgress) => void;
}

export interface MoveResult {
  rows: number;
  /** Days that an earlier, broken-off run had moved already. */
  daysSkipped: number;
  /** Tenant-days whose requests, tokens and cost were compared and are the same. */
  tenantDaysCompared: number;
}

const COLUMNS = [...USAGE_COLUMNS.map(({ name }) => name), 'received_at'].join(', ');

/** Tables that are taken over as they are, parents first; `conflict` says what becomes of rows that the target made by itself. */
const SMALL_TABLES = [
  { table: 'tenants', columns: 'tenant_id, name, is_operator, time_zone, created_at', conflict: '(tenant_id) DO UPDATE SET name = excluded.name, is_operator = excluded.is_operator, time_zone = excluded.time_zone' },
  { table: 'api_keys', columns: 'key_id, tenant_id, name, scopes, key_sha256, created_at, expires_at, revoked_at, last_used_at', conflict: '(key_id) DO UPDATE SET revoked_at = excluded.revoked_at, expires_at = excluded.expires_at' },
  { table: 'data_retention_policies', columns: 'table_name, tenant_id, retention_period_days, archive_before_delete, is_active', conflict: '(table_name, tenant_id) DO UPDATE SET retention_period_days = excluded.retention_period_days, archive_before_delete = excluded.archive_before_delete, is_active = excluded.is_active' },
  { table: 'alert_rules', columns: 'tenant_id, name, description, alert_type, severity, metric, operator, threshold, window_duration, baseline, filters, is_enabled, group_by, time_zone, for_minutes, resolve_threshold, keep_firing_minutes, renotify_minutes, min_requests, no_data, mute_windows, created_by, updated_by', conflict: '(tenant_id, name) DO UPDATE SET description = excluded.description, alert_type = excluded.alert_type, severity = excluded.severity, metric = excluded.metric, operator = excluded.operator, threshold = excluded.threshold, window_duration = excluded.window_duration, baseline = excluded.baseline, filters = excluded.filters, is_enabled = excluded.is_enabled, group_by = excluded.group_by, time_zone = excluded.time_zone, for_minutes = excluded.for_minutes, resolve_threshold = excluded.resolve_threshold, keep_firing_minutes = excluded.keep_firing_minutes, renotify_minutes = excluded.renotify_minutes, min_requests = excluded.min_requests, no_data = excluded.no_data, mute_windows = excluded.mute_windows, created_by = excluded.created_by, updated_by = excluded.updated_by' },
  // With their ids, to which the events refer.
  { table: 'model_prices', columns: 'price_id, kind, tenant_id, provider_id, model_pattern, model_match, list_model_id, list_position, service_tier, effective_from, effective_to, currency, input_per_mtok, cache_read_per_mtok, cache_write_5m_per_mtok, cache_write_1h_per_mtok, output_per_mtok, reasoning_per_mtok, per_request, input_audio_per_mtok, output_audio_per_mtok, input_image_per_mtok, output_image_per_mtok, context_tiers, daily_windows, price_basis, unpriced_reason, discount_percent, source, version, created_at, created_by, ended_at, ended_by, note', conflict: '(price_id) DO NOTHING' },
  { table: 'price_list_providers', columns: 'provider_id, fallback_provider_ids', conflict: '(provider_id) DO NOTHING' },
  { table: 'price_list_imports', columns: 'source, version, content_sha256, imported_at, imported_by, rows_added, rows_ended', conflict: 'DO NOTHING' },
  { table: 'idempotency_keys', columns: 'tenant_id, idempotency_key, body_sha256, created_at', conflict: 'DO NOTHING' },
  { table: 'ingest_ledger', columns: 'tenant_id, hour_start, writer, accepted, duplicate, rejected, throttled', conflict: 'DO NOTHING' },
] as const; // prettier-ignore

/**
 * Moves everything from a plain PostgreSQL (the embedded one too) to an empty or half-moved TimescaleDB. The log goes day by day,
 * each in one transaction with its entry in `engine_move_days`, so that a broken-off run goes on where it was. Nothing is changed
 * or deleted in the source. At the end the rollups are refreshed and the totals of every tenant and day compared.
 * @throws CollectorError when an end is of the wrong kind, the source still takes events, or the totals differ
 */
export async function moveToTimescale({
  source,
  target,
  withoutOldRollups = false,
  onProgress,
}: MoveOptions): Promise<MoveResult> {
  if ((await detectEngine(source)).kind !== 'postgresql')
    throw new CollectorError('The source is on TimescaleDB already.');
  await setUpSchema(source);
  const { engine } = await setUpSchema(target);
  if (engine.kind !== 'timescaledb') {
    throw new CollectorError(
      `The target is no TimescaleDB Community: ${engine.description}. Run CREATE EXTENSION timescaledb in an empty database.`,
    );
  }
  if (!withoutOldRollups) await refuseOldRollups(source);
  await target.query(
    'CREATE TABLE IF NOT EXISTS engine_move_days (day date PRIMARY KEY, rows bigint NOT NULL, moved_at timestamptz NOT NULL DEFAULT now())',
  );
  await copySmallTables(source, target);

  const { rows: days } = await source.query<{ day: string; rows: number }>(
    `SELECT to_char(("timestamp" AT TIME ZONE 'UTC')::date, 'YYYY-MM-DD') AS day, count(*) AS rows FROM client_usage_logs GROUP BY 1 ORDER BY 1`,
  );
  const { rows: done } = await target.query<{ day: string }>(
    `SELECT to_char(day, 'YYYY-MM-DD') AS day FROM engine_move_days`,
  );
  const isDone = new Set(done.map(({ day }) => day));
  const rowsTotal = days.reduce((sum, { rows }) => sum + rows, 0);
  let rowsMoved = 0;
  for (const { day, rows } of days) {
    if (!isDone.has(day)) await moveDay(source, target, day);
    rowsMoved += rows;
    onProgress?.({ day, rowsMoved, rowsTotal });
  }
  const refresher = new UsageRefresher(target, { warn: () => undefined });
  while (!(await refresher.refresh(true))) await new Promise((wait) => setTimeout(wait, 200));
  const tenantDaysCompared = await compareTotals(
    source,
    target,
    days.map(({ day }) => day),
  );
  await target.query('DROP TABLE engine_move_days');
  return {
    rows: rowsTotal,
    daysSkipped: days.filter(({ day }) => isDone.has(day)).length,
    tenantDaysCompared,
  };
}

/** Aggregates of TimescaleDB are computed from the log: rollup rows without raw rows have no way in. */
async function refuseOldRollups(source: Pool): Promise<void> {
  const { rows } = await source.query<{ days: number; last: string | null }>(
    `SELECT count(DISTINCT date)::int AS days, max(date)::text AS last FROM usage_analytics_daily d
     WHERE "timestamp" < (SELECT date_trunc('day', min("timestamp"), 'UTC') FROM client_usage_logs)`,
  );
  const { days = 0, last = null } = rows[0] ?? {};
  if (days > 0) {
    throw new CollectorError(
      `The source has rollups of ${days} days up to ${last ?? ''} whose raw rows are gone; they cannot be moved. Export them first, then run again with --without-old-rollups.`,
    );
  }
}

async function copySmallTables(source: Pool, target: Pool): Promise<void> {
  await inTransaction(target, async (client) => {
    // The source's first tenant is the operator, whatever the target's set-up made.
    await client.query('UPDATE tenants SET is_operator = false');
    // A price list that the target's own set-up took in has other ids than the events to come refer to.
    await client.query('TRUNCATE model_prices, price_list_providers, price_list_imports');
    for (const { table, columns, conflict } of SMALL_TABLES) {
      await client.query(
        `CREATE TEMP TABLE moving ON COMMIT DROP AS SELECT ${columns} FROM ${table} WITH NO DATA`,
      );
      await pipeCopy(
        source,
        client,
        `COPY (SELECT ${columns} FROM ${table}) TO STDOUT`,
        `COPY moving (${columns}) FROM STDIN`,
      );
      await client.query(
        `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM moving ON CONFLICT ${conflict}`,
      );
      await client.query('DROP TABLE moving');
    }
    await client.query(
      `SELECT setval(pg_get_serial_sequence('model_prices', 'price_id'), (SELECT greatest(max(price_id), 100) FROM model_prices))`,
    );
  });
}

async function moveDay(source: Pool, target: Pool, day: string): Promise<void> {
  const inDay = (column: string): string =>
    `${column} >= '${day}'::timestamptz AND ${column} < '${day}'::timestamptz + interval '1 day'`;
  const identities = 'tenant_id, identity, event_timestamp, event_uuid';
  await inTransaction(target, async (client) => {
    const { rowCount } = await client.query(
      'INSERT INTO engine_move_days (day, rows) VALUES ($1, 0) ON CONFLICT DO NOTHING',
      [day],
    );
    if (rowCount === 0) return; // another run moved it meanwhile
    await pipeCopy(
      source,
      client,
      `COPY (SELECT ${COLUMNS} FROM client_usage_logs WHERE ${inDay('"timestamp"')}) TO STDOUT`,
      `COPY client_usage_logs (${COLUMNS}) FROM STDIN`,
    );
    await client.query(
      `CREATE TEMP TABLE moving ON COMMIT DROP AS SELECT ${identities} FROM event_identities WITH NO DATA`,
    );
    await pipeCopy(
      source,
      client,
      `COPY (SELECT ${identities} FROM event_identities WHERE ${inDay('event_timestamp')}) TO STDOUT`,
      `COPY moving (${identities}) FROM STDIN`,
    );
    await client.query(
      `INSERT INTO event_identities (${identities}) SELECT ${identities} FROM moving ORDER BY tenant_id, identity ON CONFLICT DO NOTHING`,
    );
    await client.query(
      `INSERT INTO usage_refresh_queue (range_start, range_end) VALUES ($1::timestamptz, $1::timestamptz + interval '1 day')`,
      [day],
    );
  });
}

/** COPY out of one server into another, without holding more than a few buffers. */
async function pipeCopy(source: Pool, target: Client, out: string, into: string): Promise<void> {
  const reader = await source.connect();
  try {
    await pipeline(reader.query(copyTo(out)), target.query(copyFrom(into)));
  } finally {
    reader.release();
  }
}

async function compareTotals(source: Pool, target: Pool, days: string[]): Promise<number> {
  const totals = async (pool: Pool): Promise<Map<string, string>> => {
    const { rows } = await pool.query<{ key: string; totals: string }>(
      `SELECT tenant_id || ' ' || date AS key,
              concat_ws('/', sum(request_count), sum(total_tokens_used), sum(total_cost_nano_usd), sum(unpriced_requests), sum(latency_sum_ms)) AS totals
       FROM usage_analytics_daily WHERE date = ANY($1::date[]) GROUP BY tenant_id, date`,
      [days],
    );
    return new Map(rows.map(({ key, totals: text }) => [key, text]));
  };
  const [before, after] = await Promise.all([totals(source), totals(target)]);
  const different = [...new Set([...before.keys(), ...after.keys()])].filter(
    (key) => before.get(key) !== after.get(key),
  );
  if (different.length > 0) {
    throw new CollectorError(
      `The totals of ${different.length} tenant-days differ after the move, first ${different[0] ?? ''}: did a collector still write to one of the ends? Stop it and run the command again.`,
    );
  }
  return before.size;
}
