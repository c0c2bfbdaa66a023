import { inSharedSnapshot, type Client, type Pool } from '../database/pool.ts';
import { bucketName, bucketsOf, formatInZone } from './buckets.ts';
import { FIGURE_COLUMNS, FIGURES_SQL, NO_FIGURES, type Figures } from './figures.ts';
import { LATENCY_RELATIVE_ERROR, percentilesMs } from './latency-buckets.ts';
import { LATENCY_DIMENSIONS, type RollupDimension } from './measures.ts';
import type { Period } from './period.ts';
import { filterConditions, maxGrainMs, Parameters, rollupRows, type Filters } from './rollup-source.ts';

export const TOP_PROMPTS = 10;

export interface Percentiles {
  p50: number | null;
  p90: number | null;
  p95: number | null;
  p99: number | null;
  relative_error: number;
}

export interface Overview {
  summary: Figures & {
    period: { start: string; end: string; group_by: string; timezone: string };
    response_time_percentiles_ms: Percentiles | null;
  };
  time_series: (Figures & { timestamp: string })[];
  top_prompts: (Figures & { prompt_id: string | null })[];
  freshness: { as_of: string; complete_until: string; cache_age_seconds: number };
}

const SUMS = FIGURE_COLUMNS.map((column) => `sum(${column}) AS ${column}`).join(', ');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Totals, time series and dearest prompts of a period. All of it is read from rollups, in one snapshot, so that the parts add up
 * to the totals while events keep coming.
 */
export async function readOverview(
  pool: Pool,
  tenantId: string,
  period: Period,
  filters: Filters,
): Promise<Overview> {
  const { startMs, endMs } = period;
  const whole = { tenantId, startMs, endMs, filters, maxGrainMs: Infinity };
  const [rows, [series, percentiles]] = await inSharedSnapshot<
    [TotalRow[], [SeriesRow[], Percentiles | null]]
  >(pool, [
    // The rollup rows are read once, by prompt; the totals are the sum over that.
    (client) =>
      rowsOf<TotalRow>(
        client,
        (parameters) => `
        WITH r AS MATERIALIZED (
          SELECT prompt_id, ${SUMS}
          FROM (${rollupRows({ ...whole, groupBy: ['prompt_id'] }, parameters)}) rows GROUP BY prompt_id
        )
        SELECT true AS is_total, NULL AS prompt_id, now() AS as_of, (SELECT min(queued_at) FROM usage_refresh_queue) AS complete_until, ${FIGURES_SQL}
        FROM r
        UNION ALL (
          SELECT false, prompt_id, NULL, NULL, ${FIGURES_SQL}
          FROM r GROUP BY prompt_id
          ORDER BY sum(r.total_cost_nano_usd) DESC NULLS LAST, sum(r.request_count) DESC, prompt_id LIMIT ${TOP_PROMPTS}
        )`,
      ),
    async (client) => [
      await rowsOf<SeriesRow>(client, (parameters) => {
        const zone = `${parameters.add(period.timeZone)}::text`;
        // By instant first: naming a bucket costs more than adding a row, and there are many rows an instant.
        return `SELECT ${bucketName(period.groupBy, zone)} AS bucket, ${FIGURES_SQL}
              FROM (SELECT "timestamp", ${SUMS} FROM (${rollupRows({ ...whole, maxGrainMs: maxGrainMs(period) }, parameters)}) rows GROUP BY 1) r
              GROUP BY 1`;
      }),
      canFilterLatency(filters) ? await readPercentiles(client, tenantId, period, filters) : null,
    ],
  ]);
  const total = rows.find(({ is_total }) => is_total);
  const prompts = rows
    .filter(({ is_total }) => !is_total)
    .map(({ is_total: _total, as_of: _asOf, complete_until: _until, ...prompt }) => prompt);
  const {
    is_total: _total,
    prompt_id: _prompt,
    as_of,
    complete_until,
    ...figures
  } = total ?? { ...NO_FIGURES, is_total: true, prompt_id: null, as_of: new Date(), complete_until: null };
  const bySeries = new Map(series.map(({ bucket, ...rest }) => [bucket, rest]));
  const zone = period.timeZone;
  return {
    summary: {
      ...figures,
      period: {
        start: formatInZone(zone, period.startMs),
        end: formatInZone(zone, period.endMs),
        group_by: period.groupBy,
        timezone: zone,
      },
      response_time_percentiles_ms: percentiles,
    },
    time_series: bucketsOf(period).map(({ name, startMs: bucketMs }) => ({
      timestamp: formatInZone(zone, bucketMs),
      ...(bySeries.get(name) ?? NO_FIGURES),
    })),
    top_prompts: prompts,
    // On PostgreSQL the rollups are never behind; on TimescaleDB only late data waits for its refresh.
    freshness: {
      as_of: as_of.toISOString(),
      complete_until: (complete_until ?? as_of).toISOString(),
      cache_age_seconds: 0,
    },
  };
}

type TotalRow = Figures & {
  prompt_id: string | null;
  is_total: boolean;
  as_of: Date;
  complete_until: Date | null;
};
type SeriesRow = Figures & { bucket: string };

async function rowsOf<Row>(client: Client, build: (parameters: Parameters) => string): Promise<Row[]> {
  const parameters = new Parameters();
  const text = build(parameters);
  return (await client.query(text, parameters.values)).rows as Row[];
}

/** The latency buckets are kept without prompts. */
function canFilterLatency(filters: Filters): boolean {
  return (Object.keys(filters) as RollupDimension[]).every((dimension) =>
    (LATENCY_DIMENSIONS as readonly string[]).includes(dimension),
  );
}

/** Percentiles over the whole hours that the period touches. */
async function readPercentiles(
  client: Client,
  tenantId: string,
  period: Period,
  filters: Filters,
): Promise<Percentiles> {
  const firstHour = Math.floor(period.startMs / HOUR_MS) * HOUR_MS;
  const lastHour = Math.ceil(period.endMs / HOUR_MS) * HOUR_MS;
  const firstDay = Math.min(Math.ceil(firstHour / DAY_MS) * DAY_MS, lastHour);
  const lastDay = Math.max(Math.floor(lastHour / DAY_MS) * DAY_MS, firstDay);
  const hasFilters = Object.keys(filters).length > 0;
  const rows = await rowsOf<{ bucket: number; count: number }>(client, (parameters) => {
    const tenant = parameters.add(tenantId);
    const conditions = filterConditions(filters, parameters);
    const part = (view: string, startMs: number, endMs: number): string[] =>
      startMs >= endMs
        ? []
        : [
            `SELECT latency_bucket, request_count FROM ${view}
             WHERE tenant_id = ${tenant} AND "timestamp" >= ${parameters.add(new Date(startMs))} AND "timestamp" < ${parameters.add(new Date(endMs))}${conditions}`,
          ];
    const parts = [
      ...part('usage_latency_hourly', firstHour, firstDay),
      ...part(hasFilters ? 'usage_latency_daily' : 'usage_latency_total_daily', firstDay, lastDay),
      ...part('usage_latency_hourly', lastDay, lastHour),
    ];
    return `SELECT latency_bucket AS bucket, sum(request_count)::bigint AS count FROM (${parts.join(' UNION ALL ')}) r GROUP BY 1`;
  });
  const [p50 = null, p90 = null, p95 = null, p99 = null] = percentilesMs(rows, [0.5, 0.9, 0.95, 0.99]);
  return { p50, p90, p95, p99, relative_error: Math.round(LATENCY_RELATIVE_ERROR * 1e4) / 1e4 };
}
