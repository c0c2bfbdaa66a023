import { inSnapshot, type Client, type Pool } from '../database/pool.ts';
import type { Pricer, UnpricedReason } from '../pricing/price.ts';
import { readFreshness, type Freshness } from './answer-parts.ts';
import { bucketNumber, pointsOf, rangeTexts } from './buckets.ts';
import { sharePercent } from './change.ts';
import { filterConditions, filteredDimensions, type Filters } from './filters.ts';
import type { Measure } from './measures.ts';
import type { Period } from './period.ts';
import { maxGrainMs, Parameters, rollupRows, sourceOf } from './rollup-source.ts';
import { withPlace } from './top-members.ts';

const HOUR_MS = 3_600_000;

/** Why calls have no cost, and what makes them have one. */
export const WHAT_TO_DO = {
  unknown_provider_or_model:
    'The price list does not know this model at this provider. Check the spelling; else add a price for it and reprice.',
  self_hosted:
    'What a self-hosted model costs is in no list. Add a price for it (0 if it shall be free) and reprice.',
  no_price:
    'The list knows this model but no price for what was used (a free tier, or priced by the page or minute). Add a price and reprice.',
  modality_unknown:
    'Audio, image or video tokens are priced apart and the counts do not tell them from text. Send them apart, or add a price and reprice.',
  unknown_service_tier:
    'This service tier has no published price. Check service_tier; else add a price for the tier and reprice.',
  invalid_request: 'The token counts of these calls cannot be. Look at the sender.',
  cost_out_of_range: 'One call would cost more than nine million dollars. Look at the sender.',
  no_token_counts:
    'The sender told no token counts, so that nothing can be priced. Send usage (for streams, ask the provider to include it).',
  has_price_now: 'A price for these calls came after them. Reprice the period.',
  events_deleted: 'The events are deleted already, so that the reason cannot be told any more.',
} as const satisfies Record<UnpricedReason, string> & Record<string, string>;
export type Reason = keyof typeof WHAT_TO_DO;
export const REASONS = Object.keys(WHAT_TO_DO) as Reason[];

export interface UnpricedPoint {
  timestamp: string;
  unpriced_requests: number;
  unpriced_tokens: number;
}
export interface UnpricedSums {
  unpriced_requests: number;
  unpriced_tokens: number;
  /** A part of unpriced_requests. */
  unknown_usage_requests: number;
  total_requests: number;
  time_series?: UnpricedPoint[];
}
export interface UnpricedModel extends UnpricedSums {
  model_provider: string;
  model_name: string;
  first_seen: string;
  last_seen: string;
  reason: Reason;
  what_to_do: string;
}
export interface UnpricedAnswer {
  period: { start: string; end: string; group_by: string | null; timezone: string };
  total: UnpricedSums & { models: number; request_share_percent: number | null };
  models: UnpricedModel[];
  other: (UnpricedSums & { models: number }) | null;
  freshness: Freshness;
}

export interface UnpricedQuestion {
  tenantId: string;
  period: Period;
  filters: Filters;
  limit: number;
  withSeries: boolean;
}

const DIMENSIONS = ['model_provider', 'model_name'] as const;
const MEASURES = [
  'request_count',
  'unpriced_requests',
  'unpriced_tokens',
  'unknown_usage_requests',
] as const satisfies Measure[];

interface ModelRow {
  model_provider: string;
  model_name: string;
  unpriced_requests: number;
  unpriced_tokens: number;
  unknown_usage_requests: number;
  total_requests: number;
  first_hour: Date;
  last_hour: Date;
}

/**
 * Calls that have no cost, by provider and model: how many, since when, why, and what to do about it. The models with the most such calls
 * first; all others are one, so that models + other = total, which is what the overview says.
 * @throws Problem range-too-long where a filter needs the events over too many days
 */
export function readUnpriced(
  pool: Pool,
  pricer: Pick<Pricer, 'price'>,
  question: UnpricedQuestion,
): Promise<UnpricedAnswer> {
  return inSnapshot(pool, async (client) => {
    const { period, limit } = question;
    const { models, totalRequests } = await readModels(client, question);
    const top = models.slice(0, limit);
    const rest = models.slice(limit);
    const details = await readDetails(client, question, top);
    const series = question.withSeries ? await readSeries(client, question, top) : undefined;
    const sumsOf = (rows: ModelRow[], place: number | null | 'total'): UnpricedSums => ({
      unpriced_requests: add(rows, 'unpriced_requests'),
      unpriced_tokens: add(rows, 'unpriced_tokens'),
      unknown_usage_requests: add(rows, 'unknown_usage_requests'),
      total_requests: add(rows, 'total_requests'),
      ...(series && { time_series: series(place) }),
    });
    const total = sumsOf(models, 'total');
    return {
      period: { ...rangeTexts(period), group_by: question.withSeries ? period.groupBy : null },
      total: {
        ...total,
        total_requests: totalRequests,
        models: models.length,
        request_share_percent: sharePercent(total.unpriced_requests, totalRequests),
      },
      models: top.map((row, place) => {
        const detail = details.get(place);
        const reason = reasonOf(question.tenantId, row, detail, pricer);
        return {
          model_provider: row.model_provider,
          model_name: row.model_name,
          ...sumsOf([row], place),
          first_seen: (detail?.first_seen ?? row.first_hour).toISOString(),
          last_seen: (detail?.timestamp ?? row.last_hour).toISOString(),
          reason,
          what_to_do: WHAT_TO_DO[reason],
        };
      }),
      other: rest.length === 0 ? null : { models: rest.length, ...sumsOf(rest, null) },
      freshness: await readFreshness(client, sourceOf(filteredDimensions(question.filters)).kind),
    };
  });
}

function add(
  rows: ModelRow[],
  name: 'unpriced_requests' | 'unpriced_tokens' | 'unknown_usage_requests' | 'total_requests',
): number {
  return rows.reduce((sum, row) => sum + row[name], 0);
}

async function readModels(
  client: Client,
  { tenantId, period, filters }: UnpricedQuestion,
): Promise<{ models: ModelRow[]; totalRequests: number }> {
  const parameters = new Parameters();
  const rows = rollupRows(
    {
      tenantId,
      startMs: period.startMs,
      endMs: period.endMs,
      filters,
      groupBy: DIMENSIONS,
      measures: MEASURES,
      // Not whole days: since when is told to the hour even where the events are deleted.
      maxGrainMs: HOUR_MS,
    },
    parameters,
  );
  const answer = await client.query<ModelRow & { is_total: boolean }>(
    `SELECT grouping(model_provider) = 1 AS is_total, model_provider, model_name,
       coalesce(sum(unpriced_requests), 0)::bigint AS unpriced_requests,
       coalesce(sum(unpriced_tokens), 0)::bigint AS unpriced_tokens,
       coalesce(sum(unknown_usage_requests), 0)::bigint AS unknown_usage_requests,
       coalesce(sum(request_count), 0)::bigint AS total_requests,
       min("timestamp") FILTER (WHERE unpriced_requests > 0) AS first_hour,
       max("timestamp") FILTER (WHERE unpriced_requests > 0) AS last_hour
     FROM (${rows}) r
     GROUP BY GROUPING SETS ((model_provider, model_name), ())
     HAVING grouping(model_provider) = 1 OR sum(unpriced_requests) > 0
     ORDER BY 4 DESC, 5 DESC, 2, 3`,
    parameters.values,
  );
  return {
    models: answer.rows.filter(({ is_total }) => !is_total).map(({ is_total: _total, ...row }) => row),
    totalRequests: answer.rows.find(({ is_total }) => is_total)?.total_requests ?? 0,
  };
}

/** The first unpriced call of a model, and the newest one in full. */
interface Detail {
  first_seen: Date;
  timestamp: Date;
  service_tier: string | null;
  input_tokens: number | null;
  cache_read_tokens: number | null;
  cache_write_5m_tokens: number | null;
  cache_write_1h_tokens: number | null;
  output_tokens: number | null;
  reasoning_tokens: number | null;
  tokens_used: number | null;
}

/** Looks into the hours that the rollups name: one row each, so the search ends at the first that fits. */
async function readDetails(
  client: Client,
  { tenantId, period, filters }: UnpricedQuestion,
  models: readonly ModelRow[],
): Promise<Map<number, Detail>> {
  if (models.length === 0) return new Map();
  const parameters = new Parameters();
  const list = `unnest(${parameters.add(models.map((row) => row.model_provider))}::text[], ${parameters.add(models.map((row) => row.model_name))}::text[],
    ${parameters.add(models.map((row) => row.first_hour))}::timestamptz[], ${parameters.add(models.map((row) => row.last_hour))}::timestamptz[])`;
  const inPeriod = `e.tenant_id = ${parameters.add(tenantId)} AND e."timestamp" >= ${parameters.add(new Date(period.startMs))} AND e."timestamp" < ${parameters.add(new Date(period.endMs))}
      AND e.model_provider = m.model_provider AND e.model_name = m.model_name AND e.cost_nano_usd IS NULL${filterConditions(filters, parameters, 'events')}`;
  const { rows } = await client.query<Detail & { place: number }>(
    `SELECT m.place, f."timestamp" AS first_seen, l.*
     FROM ${list} WITH ORDINALITY AS m (model_provider, model_name, first_hour, last_hour, place)
     CROSS JOIN LATERAL (
       SELECT e."timestamp" FROM client_usage_logs e
       WHERE ${inPeriod} AND e."timestamp" >= m.first_hour AND e."timestamp" < m.first_hour + interval '1 hour'
       ORDER BY e."timestamp" LIMIT 1
     ) f
     CROSS JOIN LATERAL (
       SELECT e."timestamp", e.service_tier, e.input_tokens, e.cache_read_tokens, e.cache_write_5m_tokens, e.cache_write_1h_tokens,
              e.output_tokens, e.reasoning_tokens, e.tokens_used
       FROM client_usage_logs e
       WHERE ${inPeriod} AND e."timestamp" >= m.last_hour AND e."timestamp" < m.last_hour + interval '1 hour'
       ORDER BY e."timestamp" DESC LIMIT 1
     ) l`,
    parameters.values,
  );
  return new Map(rows.map(({ place, ...detail }) => [place - 1, detail]));
}

/** Why the newest of a model's unpriced calls has no cost, by asking for its price again. */
function reasonOf(
  tenantId: string,
  { model_provider, model_name }: ModelRow,
  detail: Detail | undefined,
  pricer: Pick<Pricer, 'price'>,
): Reason {
  if (detail === undefined) return 'events_deleted';
  if (detail.tokens_used === null) return 'no_token_counts';
  const price = pricer.price({
    tenantId,
    modelProvider: model_provider,
    modelName: model_name,
    serviceTier: detail.service_tier,
    timestampMs: detail.timestamp.getTime(),
    tokens: {
      input: detail.input_tokens ?? 0,
      cacheRead: detail.cache_read_tokens ?? 0,
      cacheWrite5m: detail.cache_write_5m_tokens ?? 0,
      cacheWrite1h: detail.cache_write_1h_tokens ?? 0,
      output: detail.output_tokens ?? 0,
      reasoning: detail.reasoning_tokens ?? 0,
    },
  });
  return price.costNanoUsd === null ? price.reason : 'has_price_now';
}

async function readSeries(
  client: Client,
  { tenantId, period, filters }: UnpricedQuestion,
  top: readonly ModelRow[],
): Promise<(place: number | null | 'total') => UnpricedPoint[]> {
  const parameters = new Parameters();
  const rows = rollupRows(
    {
      tenantId,
      startMs: period.startMs,
      endMs: period.endMs,
      filters,
      groupBy: DIMENSIONS,
      measures: ['unpriced_requests', 'unpriced_tokens'],
      maxGrainMs: maxGrainMs(period),
    },
    parameters,
  );
  const sums =
    'sum(unpriced_requests)::bigint AS unpriced_requests, sum(unpriced_tokens)::bigint AS unpriced_tokens';
  const unpriced = `SELECT "timestamp", model_provider, model_name, ${sums} FROM (${rows}) u
                    WHERE unpriced_requests > 0 GROUP BY 1, 2, 3`;
  const members = top.map((row) => [row.model_provider, row.model_name]);
  const answer = await client.query<{
    place: number | null;
    bucket: number;
    unpriced_requests: number;
    unpriced_tokens: number;
  }>(
    `SELECT place, ${bucketNumber(period, parameters)} AS bucket, ${sums}
     FROM (${withPlace(unpriced, DIMENSIONS, members, parameters)}) r GROUP BY 1, 2`,
    parameters.values,
  );
  return (place) => {
    const byNumber = new Map<number, { unpriced_requests: number; unpriced_tokens: number }>();
    for (const row of answer.rows) {
      if (place !== 'total' && row.place !== place) continue;
      const sum = byNumber.get(row.bucket) ?? { unpriced_requests: 0, unpriced_tokens: 0 };
      sum.unpriced_requests += row.unpriced_requests;
      sum.unpriced_tokens += row.unpriced_tokens;
      byNumber.set(row.bucket, sum);
    }
    return pointsOf(period, byNumber, { unpriced_requests: 0, unpriced_tokens: 0 });
  };
}
