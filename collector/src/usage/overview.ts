import { inSharedSnapshot, type Client, type Pool } from '../database/pool.ts';
import { percentilesOf, readFreshness, type Freshness, type Percentiles } from './answer-parts.ts';
import { bucketNumber, pointsOf, rangeTexts } from './buckets.ts';
import { FIGURES_SQL, NO_FIGURES, type Figures } from './figures.ts';
import { filteredDimensions, type Filters } from './filters.ts';
import { hasLatencyBuckets, latencyRows } from './latency-source.ts';
import type { Period } from './period.ts';
import { maxGrainMs, Parameters, rollupRows, sourceOf } from './rollup-source.ts';

export const TOP_PROMPTS = 10;

export interface Overview {
  summary: Figures & {
    period: { start: string; end: string; group_by: string; timezone: string };
    response_time_percentiles_ms: Percentiles | null;
  };
  time_series: (Figures & { timestamp: string })[];
  top_prompts: PromptFigures[];
  freshness: Freshness;
}

type PromptFigures = Figures & { prompt_id: string | null };

interface Question {
  tenantId: string;
  period: Period;
  filters: Filters;
}

/**
 * Totals, time series and dearest prompts of a period. All of it is of one snapshot, so that the parts add up to the totals while
 * events keep coming.
 */
export async function readOverview(
  pool: Pool,
  tenantId: string,
  period: Period,
  filters: Filters,
): Promise<Overview> {
  const question = { tenantId, period, filters };
  const [[prompts, freshness], [{ total, series }, percentiles]] = await inSharedSnapshot<
    [[PromptFigures[], Freshness], [Series, Percentiles | null]]
  >(pool, [
    async (client) => [
      await readTopPrompts(client, question),
      await readFreshness(client, sourceOf(filteredDimensions(filters)).kind),
    ],
    async (client) => [await readSeries(client, question), await readPercentiles(client, question)],
  ]);
  return {
    summary: {
      ...total,
      period: { ...rangeTexts(period), group_by: period.groupBy },
      response_time_percentiles_ms: percentiles,
    },
    time_series: pointsOf(period, series, NO_FIGURES),
    top_prompts: prompts,
    freshness,
  };
}

async function readTopPrompts(
  client: Client,
  { tenantId, period: { startMs, endMs }, filters }: Question,
): Promise<PromptFigures[]> {
  return rowsOf<PromptFigures>(client, (parameters) => {
    const rows = rollupRows(
      { tenantId, startMs, endMs, filters, groupBy: ['prompt_id'], maxGrainMs: Infinity },
      parameters,
    );
    return `SELECT prompt_id, ${FIGURES_SQL} FROM (${rows}) r GROUP BY prompt_id
            ORDER BY sum(r.total_cost_nano_usd) DESC NULLS LAST, sum(r.request_count) DESC, prompt_id LIMIT ${TOP_PROMPTS}`;
  });
}

interface Series {
  total: Figures;
  /** By the number of the bucket, from 1; empty ones are left out. */
  series: Map<number, Figures>;
}

async function readSeries(client: Client, { tenantId, period, filters }: Question): Promise<Series> {
  const rows = await rowsOf<Figures & { bucket: number | null }>(client, (parameters) => {
    const bucket = bucketNumber(period, parameters);
    const { startMs, endMs } = period;
    const source = rollupRows(
      { tenantId, startMs, endMs, filters, maxGrainMs: maxGrainMs(period) },
      parameters,
    );
    return `SELECT bucket, ${FIGURES_SQL} FROM (SELECT ${bucket} AS bucket, * FROM (${source}) rows) r
            GROUP BY GROUPING SETS ((bucket), ())`;
  });
  let total = NO_FIGURES;
  const series = new Map<number, Figures>();
  for (const { bucket, ...figures } of rows) {
    if (bucket === null) total = figures;
    else series.set(bucket, figures);
  }
  return { total, series };
}

/** null where the latency buckets do not have what is filtered by. */
async function readPercentiles(
  client: Client,
  { tenantId, period: { startMs, endMs }, filters }: Question,
): Promise<Percentiles | null> {
  if (!hasLatencyBuckets(filteredDimensions(filters))) return null;
  return percentilesOf(
    await rowsOf<{ bucket: number; count: number }>(client, (parameters) => {
      const rows = latencyRows({ tenantId, startMs, endMs, filters, groupBy: [] }, parameters);
      return `SELECT latency_bucket AS bucket, sum(request_count)::bigint AS count FROM (${rows}) r GROUP BY 1`;
    }),
  );
}

async function rowsOf<Row>(client: Client, build: (parameters: Parameters) => string): Promise<Row[]> {
  const parameters = new Parameters();
  const text = build(parameters);
  return (await client.query(text, parameters.values)).rows as Row[];
}
