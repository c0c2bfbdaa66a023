import type { Client } from '../database/pool.ts';
import { formatInZone } from './buckets.ts';
import type { DimensionName } from './dimensions.ts';
import { MAX_EVENT_DAYS } from './event-source.ts';
import { readFailedEvents, type ModelName } from './failed-events.ts';
import { filteredDimensions, type Filters } from './filters.ts';
import { BASELINE_MS, findIncidents, type ErrorBucket, type FoundIncident } from './incidents.ts';
import { GRAIN_MS, type Period } from './period.ts';
import { Parameters, rollupRows, sourceOf } from './rollup-source.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
export const MAX_INCIDENTS = 20;
/** Models with the most errors, each looked at by itself: an outage of a small one is lost in the whole. */
const MAX_MODELS = 20;

export interface Incident {
  /** null: of all calls under the filters together. */
  model: ModelName | null;
  start: string;
  end: string;
  /** Goes on at the end of what was looked at. */
  is_open: boolean;
  requests: number;
  errors: number;
  error_rate_percent: number;
  peak_error_rate_percent: number;
  baseline_error_rate_percent: number;
  baseline_requests: number;
  grain: 'quarter_hour' | 'hour';
  top_error_type: { error_type: string | null; errors: number } | null;
  models: { model_provider: string; model_name: string; errors: number }[];
}

interface Question {
  tenantId: string;
  period: Period;
  filters: Filters;
}
type Found = FoundIncident & { model: Incident['model']; grainMs: number };

/** The incidents that touch a period, the latest first: of all calls, and of single models where all calls show none. */
export async function readIncidents(client: Client, question: Question): Promise<Incident[]> {
  const { period, filters } = question;
  const { startMs, endMs, timeZone } = period;
  const isFromEvents = sourceOf(filteredDimensions(filters)).kind === 'events';
  const isShort = endMs - startMs <= 2 * DAY_MS;
  // Rollups of quarters of an hour are many rows, but for the whole tenant's.
  const wholeGrainMs = isShort || isFromEvents || Object.keys(filters).length === 0 ? GRAIN_MS : HOUR_MS;
  const modelGrainMs = isShort || isFromEvents ? GRAIN_MS : HOUR_MS;
  const beforeMs = isFromEvents
    ? Math.max(0, Math.min(BASELINE_MS, MAX_EVENT_DAYS * DAY_MS - (endMs - startMs)))
    : BASELINE_MS;
  const fromMs = Math.floor((startMs - beforeMs) / HOUR_MS) * HOUR_MS;
  const read = { ...question, fromMs: isFromEvents ? startMs - beforeMs : fromMs };
  const whole = await readWhole(client, read, wholeGrainMs);
  const touches = (incident: FoundIncident): boolean => incident.startMs < endMs && incident.endMs > startMs;
  const found: Found[] = findIncidents(whole, wholeGrainMs)
    .filter(touches)
    .map((incident) => ({ ...incident, model: null, grainMs: wholeGrainMs }));
  const overall = [...found];
  for (const { model, buckets } of await readByModel(client, read, modelGrainMs)) {
    for (const incident of findIncidents(buckets, modelGrainMs)) {
      const isKnown = overall.some(
        (known) => known.startMs < incident.endMs && known.endMs > incident.startMs,
      );
      if (touches(incident) && !isKnown) found.push({ ...incident, model, grainMs: modelGrainMs });
    }
  }
  found.sort((a, b) => b.startMs - a.startMs || b.errors - a.errors);
  const incidents: Incident[] = [];
  for (const incident of found.slice(0, MAX_INCIDENTS)) {
    const details = await readDetails(client, question, incident);
    incidents.push({
      model: incident.model,
      start: formatInZone(timeZone, incident.startMs),
      end: formatInZone(timeZone, incident.endMs),
      is_open: incident.endMs >= Math.min(endMs, Date.now()),
      requests: incident.requests,
      errors: incident.errors,
      error_rate_percent: percent(incident.errors / incident.requests),
      peak_error_rate_percent: percent(incident.peakRate),
      baseline_error_rate_percent: percent(incident.baselineRate),
      baseline_requests: incident.baselineRequests,
      grain: incident.grainMs === HOUR_MS ? 'hour' : 'quarter_hour',
      ...details,
    });
  }
  return incidents;
}

const percent = (rate: number): number => Math.round(rate * 1e6) / 1e4;

interface BucketRow {
  start_ms: number;
  requests: number;
  errors: number;
}

type CountQuestion = Question & { fromMs: number };

function countRows(
  { tenantId, period, filters, fromMs }: CountQuestion,
  grainMs: number,
  groupBy: readonly DimensionName[],
  parameters: Parameters,
): string {
  return rollupRows(
    {
      tenantId,
      startMs: fromMs,
      endMs: period.endMs,
      filters,
      groupBy,
      measures: ['request_count', 'failed_requests'],
      maxGrainMs: grainMs,
    },
    parameters,
  );
}

function seriesSql(rows: string, grainMs: number, keys: string): string {
  return `SELECT (extract(epoch FROM date_bin('${grainMs / 60_000} minutes', "timestamp", '2000-01-01Z')) * 1000)::bigint AS start_ms${keys},
      sum(request_count)::bigint AS requests, sum(failed_requests)::bigint AS errors
    FROM (${rows}) r GROUP BY 1${keys} ORDER BY 1`;
}

async function readWhole(client: Client, question: CountQuestion, grainMs: number): Promise<ErrorBucket[]> {
  const parameters = new Parameters();
  const rows = countRows(question, grainMs, [], parameters);
  const answer = await client.query<BucketRow>(seriesSql(rows, grainMs, ''), parameters.values);
  return answer.rows.map(bucketOf);
}

async function readByModel(
  client: Client,
  question: CountQuestion,
  grainMs: number,
): Promise<{ model: ModelName; buckets: ErrorBucket[] }[]> {
  const parameters = new Parameters();
  const rows = countRows(question, grainMs, ['model_provider', 'model_name'], parameters);
  const keys = ', model_provider, model_name';
  const answer = await client.query<BucketRow & ModelName>(
    `WITH series AS MATERIALIZED (${seriesSql(rows, grainMs, keys)}),
     worst AS (SELECT model_provider, model_name FROM series GROUP BY 1, 2 HAVING sum(errors) > 0 ORDER BY sum(errors) DESC, 1, 2 LIMIT ${MAX_MODELS})
     SELECT s.* FROM series s JOIN worst USING (model_provider, model_name) ORDER BY start_ms`,
    parameters.values,
  );
  return [
    ...Map.groupBy(answer.rows, (row) => JSON.stringify([row.model_provider, row.model_name])).values(),
  ].flatMap((buckets) => {
    const [first] = buckets;
    if (first === undefined) return [];
    const { model_provider, model_name } = first;
    return [{ model: { model_provider, model_name }, buckets: buckets.map(bucketOf) }];
  });
}

function bucketOf({ start_ms: startMs, requests, errors }: BucketRow): ErrorBucket {
  return { startMs, requests, errors };
}

/** What failed; nothing where the events are deleted already. */
async function readDetails(
  client: Client,
  { tenantId, filters }: Question,
  { startMs, endMs, model }: Found,
): Promise<Pick<Incident, 'top_error_type' | 'models'>> {
  const { types, models } = await readFailedEvents(client, { tenantId, startMs, endMs, filters, model });
  const [top] = types;
  return {
    top_error_type: top === undefined ? null : { error_type: top.error_type, errors: top.failed },
    models: models
      .slice(0, 5)
      .map(({ model_provider, model_name, failed }) => ({ model_provider, model_name, errors: failed })),
  };
}
