import { inSnapshot, type Client, type Pool } from '../database/pool.ts';
import { readFreshness, type Freshness } from './answer-parts.ts';
import { bucketNumber, formatInZone, pointsOf, rangeTexts } from './buckets.ts';
import { sharePercent } from './change.ts';
import { memberColumn, type DimensionName } from './dimensions.ts';
import { MAX_EVENT_DAYS } from './event-source.ts';
import { readFailedEvents, type FailedModel } from './failed-events.ts';
import { filteredDimensions, type Filters } from './filters.ts';
import { readIncidents, type Incident } from './error-incidents.ts';
import type { Measure } from './measures.ts';
import type { Period } from './period.ts';
import { maxGrainMs, Parameters, rollupRows, sourceOf } from './rollup-source.ts';

const DAY_MS = 86_400_000;
export const MAX_TYPES = 50;
export const MAX_MODELS = 50;
/** Kinds of errors are only in the events: of a period with more calls than this the newest ones are read. */
export const MAX_EVENTS_FOR_TYPES = 10_000_000;

export interface ErrorCounts {
  total_requests: number;
  failed_requests: number;
  /** null without requests. */
  error_rate_percent: number | null;
}
export interface ErrorType {
  error_type: string | null;
  failed_requests: number;
  share_percent: number;
  status_codes: number[];
  first_seen: string;
  last_seen: string;
}
type Seen = { first_seen: string | null; last_seen: string | null };
export interface ErrorsAnswer {
  period: { start: string; end: string; group_by: string; timezone: string };
  source: 'rollups' | 'events';
  total: ErrorCounts & Seen;
  time_series: (ErrorCounts & { timestamp: string })[];
  types: {
    /** The part of the period whose events were read: all of it, unless it has too many. */
    start: string;
    end: string;
    failed_requests: number;
    members: ErrorType[];
    other: { members: number; failed_requests: number } | null;
  };
  providers: (ErrorCounts & Seen & { model_provider: string })[];
  models: (ErrorCounts & Seen & { model_provider: string; model_name: string })[];
  other_models: (ErrorCounts & { members: number }) | null;
  incidents: Incident[];
  freshness: Freshness;
}

export interface ErrorsQuestion {
  tenantId: string;
  period: Period;
  filters: Filters;
}

const COUNTS = ['request_count', 'failed_requests'] as const satisfies Measure[];

/**
 * Failed calls of a period: how many over time, of which kind, at which providers and models, and when there were more than chance explains.
 * @throws Problem range-too-long where a filter needs the events over too many days
 */
export function readErrors(pool: Pool, question: ErrorsQuestion): Promise<ErrorsAnswer> {
  return inSnapshot(pool, async (client) => {
    const { tenantId, period, filters } = question;
    const { kind: source } = sourceOf(filteredDimensions(filters));
    const { total, series } = await readSeries(client, question);
    const models = await readModels(client, question);
    const typesStartMs = await eventsFrom(client, question, source, total.total_requests);
    const kinds = await readFailedEvents(client, {
      tenantId,
      startMs: typesStartMs,
      endMs: period.endMs,
      filters,
      model: null,
    });
    const zone = period.timeZone;
    const seen = (found: FailedModel | undefined): Seen => ({
      first_seen: found?.first_seen.toISOString() ?? null,
      last_seen: found?.last_seen.toISOString() ?? null,
    });
    const placeOf = (provider: string, model: string): string => JSON.stringify([provider, model]);
    const byModel = new Map(kinds.models.map((row) => [placeOf(row.model_provider, row.model_name), row]));
    const providers = [...Map.groupBy(models, (row) => row.model_provider)].map(([model_provider, rows]) => ({
      model_provider,
      ...countsOf(sum(rows, 'requests'), sum(rows, 'failed')),
      ...seen(spanOf(kinds.models.filter((row) => row.model_provider === model_provider))),
    }));
    const rest = models.slice(MAX_MODELS);
    const typesTotal = kinds.types.reduce((all, { failed }) => all + failed, 0);
    const restTypes = kinds.types.slice(MAX_TYPES);
    return {
      period: { ...rangeTexts(period), group_by: period.groupBy },
      source,
      total: { ...total, ...seen(spanOf(kinds.models)) },
      time_series: pointsOf(period, series, countsOf(0, 0)),
      types: {
        start: formatInZone(zone, typesStartMs),
        end: formatInZone(zone, period.endMs),
        failed_requests: typesTotal,
        members: kinds.types.slice(0, MAX_TYPES).map((row) => ({
          error_type: row.error_type,
          failed_requests: row.failed,
          share_percent: sharePercent(row.failed, typesTotal) ?? 0,
          status_codes: row.status_codes,
          first_seen: row.first_seen.toISOString(),
          last_seen: row.last_seen.toISOString(),
        })),
        other:
          restTypes.length === 0
            ? null
            : { members: restTypes.length, failed_requests: sum(restTypes, 'failed') },
      },
      providers: providers.toSorted((a, b) => b.failed_requests - a.failed_requests),
      models: models.slice(0, MAX_MODELS).map(({ model_provider, model_name, requests, failed }) => ({
        model_provider,
        model_name,
        ...countsOf(requests, failed),
        ...seen(byModel.get(placeOf(model_provider, model_name))),
      })),
      other_models:
        rest.length === 0
          ? null
          : { members: rest.length, ...countsOf(sum(rest, 'requests'), sum(rest, 'failed')) },
      incidents: await readIncidents(client, question),
      freshness: await readFreshness(client, source),
    };
  });
}

function countsOf(requests: number, failed: number): ErrorCounts {
  return {
    total_requests: requests,
    failed_requests: failed,
    error_rate_percent: sharePercent(failed, requests),
  };
}

function sum<Name extends string>(rows: readonly Record<Name, number>[], name: Name): number {
  return rows.reduce((total, row) => total + row[name], 0);
}

const SUMS =
  'coalesce(sum(request_count), 0)::bigint AS requests, coalesce(sum(failed_requests), 0)::bigint AS failed';

async function readSeries(
  client: Client,
  { tenantId, period, filters }: ErrorsQuestion,
): Promise<{ total: ErrorCounts; series: Map<number, ErrorCounts> }> {
  const parameters = new Parameters();
  const { startMs, endMs } = period;
  const bucket = bucketNumber(period, parameters);
  const rows = rollupRows(
    { tenantId, startMs, endMs, filters, measures: COUNTS, maxGrainMs: maxGrainMs(period) },
    parameters,
  );
  const answer = await client.query<{ bucket: number | null; requests: number; failed: number }>(
    `SELECT bucket, ${SUMS} FROM (SELECT ${bucket} AS bucket, * FROM (${rows}) rows) r GROUP BY GROUPING SETS ((bucket), ())`,
    parameters.values,
  );
  let total = countsOf(0, 0);
  const series = new Map<number, ErrorCounts>();
  for (const { bucket: number, requests, failed } of answer.rows) {
    if (number === null) total = countsOf(requests, failed);
    else series.set(number, countsOf(requests, failed));
  }
  return { total, series };
}

async function readModels(
  client: Client,
  { tenantId, period: { startMs, endMs }, filters }: ErrorsQuestion,
): Promise<{ model_provider: string; model_name: string; requests: number; failed: number }[]> {
  const parameters = new Parameters();
  const groupBy: DimensionName[] = ['model_provider', 'model_name'];
  const rows = rollupRows(
    { tenantId, startMs, endMs, filters, groupBy, measures: COUNTS, maxGrainMs: Infinity },
    parameters,
  );
  const columns = groupBy.map(memberColumn).join(', ');
  const answer = await client.query<{
    model_provider: string;
    model_name: string;
    requests: number;
    failed: number;
  }>(
    `SELECT ${columns}, ${SUMS} FROM (${rows}) r GROUP BY ${columns} ORDER BY failed DESC, requests DESC, ${columns}`,
    parameters.values,
  );
  return answer.rows;
}

/** Since when the events are read for the kinds of errors: the newest whole UTC days with no more calls together than may be looked at. */
async function eventsFrom(
  client: Client,
  { tenantId, period: { startMs, endMs }, filters }: ErrorsQuestion,
  source: 'rollups' | 'events',
  requests: number,
): Promise<number> {
  const earliest = Math.max(startMs, endMs - MAX_EVENT_DAYS * DAY_MS);
  if (source === 'events' || requests <= MAX_EVENTS_FOR_TYPES) return earliest;
  const parameters = new Parameters();
  const rows = rollupRows(
    { tenantId, startMs: earliest, endMs, filters, measures: ['request_count'], maxGrainMs: DAY_MS },
    parameters,
  );
  const { rows: days } = await client.query<{ day: Date; requests: number }>(
    `SELECT date_bin('1 day', "timestamp", '2000-01-01Z') AS day, sum(request_count)::bigint AS requests FROM (${rows}) r GROUP BY 1 ORDER BY 1 DESC`,
    parameters.values,
  );
  let [together, from] = [0, endMs];
  for (const day of days) {
    together += day.requests;
    if (together > MAX_EVENTS_FOR_TYPES && from < endMs) break;
    from = Math.max(earliest, day.day.getTime());
  }
  return from;
}

function spanOf(rows: readonly FailedModel[]): FailedModel | undefined {
  return rows.reduce<FailedModel | undefined>(
    (span, row) =>
      span === undefined
        ? row
        : {
            ...span,
            first_seen: row.first_seen < span.first_seen ? row.first_seen : span.first_seen,
            last_seen: row.last_seen > span.last_seen ? row.last_seen : span.last_seen,
          },
    undefined,
  );
}
