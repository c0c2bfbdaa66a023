import type { Client } from '../database/pool.ts';
import { bucketNumber, bucketStarts, formatInZone } from '../usage/buckets.ts';
import { filterConditions, type Filters } from '../usage/filters.ts';
import type { Period } from '../usage/period.ts';
import { maxGrainMs, Parameters, rollupRows } from '../usage/rollup-source.ts';
import {
  FULL_COLUMNS,
  FULL_SELECTED,
  SUMMARY_COLUMNS,
  SUMMARY_DIMENSIONS,
  SUMMARY_SUMS,
  type ExportColumn,
} from './export-columns.ts';

/** A value of an export, as PostgreSQL writes it in text. */
export type Cell = string | null;
export type Row = Cell[];

/** What an export is of. */
export interface ExportQuestion {
  tenantId: string;
  format: 'full' | 'summary';
  /** groupBy is of a summary: hour or day. */
  period: Period;
  filters: Filters;
}

/** What `COPY … TO STDOUT` is given, and how its rows become those of the export. */
export interface ExportQuery {
  columns: readonly ExportColumn[];
  select: string;
  finish: (row: Row) => Row;
}

/**
 * COPY takes no parameters. The values are given to the session by `set_config`, as bound parameters, and the statement reads them from there; so
 * no text of a caller ever enters a statement.
 */
class SessionParameters extends Parameters {
  override add(value: unknown): string {
    super.add(value);
    const read = `current_setting('promptops.export_${this.values.length}')`;
    if (Array.isArray(value)) return `(${read}::text[])`;
    if (value instanceof Date) return `(${read}::timestamptz)`;
    if (typeof value === 'string') return read;
    throw new Error(`An export has no parameters of the type ${typeof value}.`);
  }

  async give(client: Client): Promise<void> {
    for (const [index, value] of this.values.entries()) {
      await client.query(
        `SELECT set_config($1, ${Array.isArray(value) ? '$2::text[]::text' : '$2::text'}, true)`,
        [`promptops.export_${index + 1}`, value instanceof Date ? value.toISOString() : value],
      );
    }
  }
}

/**
 * Makes the statement of an export and gives its values to the transaction of `client`.
 * @throws Problem range-too-long where a summary would have to read too many days of events
 */
export async function prepareExport(client: Client, question: ExportQuestion): Promise<ExportQuery> {
  const parameters = new SessionParameters();
  const query =
    question.format === 'full'
      ? await fullQuery(client, question, parameters)
      : summaryQuery(question, parameters);
  await parameters.give(client);
  return query;
}

/** @throws Problem range-too-long, as prepareExport would */
export function checkExport(question: ExportQuestion): void {
  if (question.format === 'summary') summaryQuery(question, new SessionParameters());
}

async function fullQuery(
  client: Client,
  { tenantId, period, filters }: ExportQuestion,
  parameters: Parameters,
): Promise<ExportQuery> {
  const prices = await readPrices(client, tenantId);
  const tenant = parameters.add(tenantId);
  const [start, end] = [parameters.add(new Date(period.startMs)), parameters.add(new Date(period.endMs))];
  const nothing: readonly Cell[] = [null, null];
  const priceAt = FULL_SELECTED.length - 2;
  return {
    columns: FULL_COLUMNS,
    // By time and, for one order in every attempt, by the id.
    select: `SELECT ${FULL_SELECTED.map(({ sql }) => sql).join(', ')} FROM client_usage_logs e
      WHERE e.tenant_id = ${tenant} AND e."timestamp" >= ${start} AND e."timestamp" < ${end}${filterConditions(filters, parameters, 'events')}
      ORDER BY e."timestamp", e.event_uuid`,
    finish: (row) => {
      const [price, discount] = [row[priceAt] ?? null, row[priceAt + 1] ?? null];
      const ofPrice = (price === null ? undefined : prices.get(price)) ?? nothing;
      const ofDiscount = (discount === null ? undefined : prices.get(discount)) ?? nothing;
      row.push(ofPrice[0] ?? null, ofPrice[1] ?? null, ofDiscount[0] ?? null, ofDiscount[1] ?? null);
      return row;
    },
  };
}

/** Source and version of the prices that a tenant's calls can have. Looked up here, since a join would have the database sort all calls anew. */
async function readPrices(client: Client, tenantId: string): Promise<Map<string, readonly [string, string]>> {
  const { rows } = await client.query<{ price_id: number; source: string; version: string }>(
    'SELECT price_id, source, version FROM model_prices WHERE tenant_id IS NULL OR tenant_id = $1',
    [tenantId],
  );
  return new Map(rows.map(({ price_id, source, version }) => [String(price_id), [source, version]]));
}

function summaryQuery({ tenantId, period, filters }: ExportQuestion, parameters: Parameters): ExportQuery {
  const starts = bucketStarts(period).map((startMs): [string, string] => [
    new Date(startMs).toISOString().replace('T', ' ').replace('Z', '+00'),
    formatInZone(period.timeZone, startMs),
  ]);
  const bucket = bucketNumber(period, parameters);
  const { startMs, endMs } = period;
  const source = rollupRows(
    { tenantId, startMs, endMs, filters, groupBy: SUMMARY_DIMENSIONS, maxGrainMs: maxGrainMs(period) },
    parameters,
  );
  const dimensions = SUMMARY_DIMENSIONS.join(', ');
  return {
    columns: SUMMARY_COLUMNS,
    select: `SELECT bucket, ${dimensions}, ${SUMMARY_SUMS.map(({ sql }) => sql).join(', ')}
      FROM (SELECT ${bucket} AS bucket, * FROM (${source}) rows) r
      GROUP BY bucket, ${dimensions} ORDER BY bucket, ${dimensions}`,
    finish: ([number, ...rest]) => [...(starts[Number(number) - 1] ?? [null, null]), ...rest],
  };
}
