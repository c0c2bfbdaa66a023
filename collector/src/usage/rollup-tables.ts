import {
  LATENCY_DIMENSIONS,
  MEASURES,
  MEASURE_NAMES,
  MODEL_DIMENSIONS,
  ROLLUP_DIMENSIONS,
} from './measures.ts';

/**
 * The statements that keep the rollup tables of PostgreSQL exact. Each is a common table expression over `changed`, rows of
 * client_usage_logs with a column `sign`: 1 for a row that came, -1 for one that went. They run in the transaction that changes
 * the log, so no reader sees one without the other.
 */

interface RollupTable {
  table: string;
  /** Columns of the unique key after tenant_id, and their expression over an event `e`. */
  key: readonly { column: string; event: string }[];
  measures: readonly { column: string; event: string }[];
  where?: string;
}

const same = (column: string) => ({ column, event: `e.${column}` });
const allMeasures = MEASURE_NAMES.map((column) => ({ column, event: MEASURES[column].event }));

const QUARTER_HOUR = `date_bin('15 minutes', e."timestamp", '2000-01-01Z')`;
const HOUR = `date_trunc('hour', e."timestamp", 'UTC')`;
const DAY = `date_trunc('day', e."timestamp", 'UTC')`;

const ROLLUP_TABLES: readonly RollupTable[] = [
  {
    table: 'usage_rollup_quarter_hour',
    key: [{ column: 'bucket_start', event: QUARTER_HOUR }, ...ROLLUP_DIMENSIONS.map(same)],
    measures: allMeasures,
  },
  {
    table: 'usage_rollup_day',
    key: [{ column: 'bucket_start', event: DAY }, ...ROLLUP_DIMENSIONS.map(same)],
    measures: allMeasures,
  },
  {
    table: 'usage_rollup_hour_by_model',
    key: [{ column: 'bucket_start', event: HOUR }, ...MODEL_DIMENSIONS.map(same)],
    measures: allMeasures,
  },
  {
    table: 'usage_rollup_total',
    key: [{ column: 'bucket_start', event: QUARTER_HOUR }],
    measures: allMeasures,
  },
  {
    table: 'usage_rollup_latency',
    key: [
      { column: 'hour_start', event: HOUR },
      ...LATENCY_DIMENSIONS.map(same),
      { column: 'latency_bucket', event: 'e.latency_bucket' },
    ],
    measures: [{ column: 'request_count', event: '1' }],
    where: 'e.latency_bucket IS NOT NULL',
  },
  {
    table: 'usage_rollup_latency_total',
    key: [
      { column: 'bucket_start', event: DAY },
      { column: 'latency_bucket', event: 'e.latency_bucket' },
    ],
    measures: [{ column: 'request_count', event: '1' }],
    where: 'e.latency_bucket IS NOT NULL',
  },
];

/** `rollup_0 AS (…), rollup_1 AS (…), …`: adds what `changed` says to every rollup table. */
export function applyToRollups(): string {
  return ROLLUP_TABLES.map((rollup, index) => `rollup_${index} AS (${upsert(rollup)})`).join(',\n');
}

function upsert({ table, key, measures, where }: RollupTable): string {
  const keyColumns = ['tenant_id', ...key.map(({ column }) => column)];
  // Sorted by the key, so that two transactions lock common rows in one order and cannot deadlock.
  return `
    INSERT INTO ${table} (${[...keyColumns, ...measures.map(({ column }) => column)].join(', ')})
    SELECT e.tenant_id, ${key.map(({ event }) => event).join(', ')},
           ${measures.map(({ event }) => `sum(e.sign * (${event}))::bigint`).join(', ')}
    FROM changed e ${where === undefined ? '' : `WHERE ${where}`}
    GROUP BY ${keyColumns.map((_, index) => index + 1).join(', ')}
    ORDER BY ${keyColumns.map((_, index) => index + 1).join(', ')}
    ON CONFLICT (${keyColumns.join(', ')}) DO UPDATE SET
      ${measures.map(({ column }) => `${column} = ${table}.${column} + excluded.${column}`).join(', ')}`;
}

/**
 * Statements that remove rows which no event is left in, after events moved to another bucket.
 * Parameters: tenant ids and the times that the events had (text[], timestamptz[]).
 */
export const REMOVE_EMPTY_ROLLUP_ROWS: readonly string[] = ROLLUP_TABLES.map(
  ({ table, key }) =>
    `DELETE FROM ${table} r USING unnest($1::text[], $2::timestamptz[]) AS e (tenant_id, "timestamp")
     WHERE r.tenant_id = e.tenant_id AND r.${key[0]?.column ?? ''} = ${key[0]?.event ?? ''} AND r.request_count = 0`,
);

/** The rollups as they should be, computed from the log: what tests compare the tables with. */
export function rollupFromEvents(table: string): string {
  const rollup = ROLLUP_TABLES.find((candidate) => candidate.table === table);
  if (!rollup) throw new Error(`There is no rollup table ${table}.`);
  const { key, measures, where } = rollup;
  const keyColumns = ['tenant_id', ...key.map(({ column }) => column)];
  return `SELECT e.tenant_id, ${key.map(({ column, event }) => `${event} AS ${column}`).join(', ')},
                 ${measures.map(({ column, event }) => `sum(${event})::bigint AS ${column}`).join(', ')}
          FROM client_usage_logs e ${where === undefined ? '' : `WHERE ${where}`}
          GROUP BY ${keyColumns.map((_, index) => index + 1).join(', ')}`;
}
export const ROLLUP_TABLE_NAMES: readonly string[] = ROLLUP_TABLES.map(({ table }) => table);
