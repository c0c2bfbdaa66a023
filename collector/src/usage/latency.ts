import { inSnapshot, type Client, type Pool } from '../database/pool.ts';
import { readFreshness, type Freshness, type Percentiles } from './answer-parts.ts';
import { readMissing, labelOf } from './breakdown.ts';
import { bucketNumber, pointsOf, rangeTexts } from './buckets.ts';
import { memberColumn, type Dimension, type DimensionName } from './dimensions.ts';
import { filteredDimensions, type Filters } from './filters.ts';
import { LatencyHistogram, type HistogramBar } from './latency-histogram.ts';
import { latencyBucketRows, type Timing } from './latency-rows.ts';
import type { Measure } from './measures.ts';
import type { Period } from './period.ts';
import { maxGrainMs, Parameters, rollupRows, sourceOf } from './rollup-source.ts';
import { withPlace } from './top-members.ts';

export interface LatencyFigures {
  total_requests: number;
  /** Requests whose time is known. */
  timed_requests: number;
  average_ms: number | null;
  percentiles_ms: Percentiles;
  output_tokens_per_second: number | null;
}
export interface LatencyPart extends LatencyFigures {
  histogram: HistogramBar[];
  time_series?: (LatencyFigures & { timestamp: string })[];
}
/** How the histogram of the whole goes over time. */
export interface LatencyHeatmap {
  bars: Omit<HistogramBar, 'requests'>[];
  /** Calls in each of the bars, for each point of the series. */
  points: { timestamp: string; requests: number[] }[];
}
export interface LatencyAnswer {
  period: { start: string; end: string; group_by: string | null; timezone: string };
  measure: Timing;
  dimension: DimensionName | null;
  source: 'rollups' | 'events';
  requests_only_in_rollups: number | null;
  total: LatencyPart & { members: number | null; heatmap?: LatencyHeatmap };
  members: (LatencyPart & { member: string | null; label: string })[];
  other: (LatencyPart & { members: number }) | null;
  freshness: Freshness;
}

export interface LatencyQuestion {
  tenantId: string;
  period: Period;
  filters: Filters;
  timing: Timing;
  dimension: Dimension | undefined;
  limit: number;
  withSeries: boolean;
  /** Bars of a histogram, at the most. */
  bars: number;
  /** Whether the histogram of the whole is wanted of each point too; only with a series. */
  withHeatmap?: boolean;
}

/**
 * How long calls took: of the whole, of the members of a dimension with the most calls and of everything else, in one snapshot. Percentiles and histograms
 * are sums of log-scale buckets, so that of any part they are as exact as of the whole.
 * @throws Problem range-too-long where the events would have to be read over too many days
 */
export function readLatency(pool: Pool, question: LatencyQuestion): Promise<LatencyAnswer> {
  return inSnapshot(pool, async (client) => {
    const { tenantId, period, filters, dimension, limit, withSeries } = question;
    const names = dimension ? [dimension.name] : [];
    const { top, members } = dimension ? await readTop(client, question, names) : { top: [], members: null };
    const buckets = await readBuckets(client, question, names, top);
    const sums = await readSums(client, question, names, top);
    const partOf = (isInside: (place: number | null) => boolean): LatencyPart => {
      const point = (
        bucket: number | undefined,
      ): { figures: LatencyFigures; histogram: LatencyHistogram } => {
        const isWanted = (row: Placed): boolean =>
          isInside(row.place) && (bucket === undefined || row.bucket === bucket);
        const histogram = new LatencyHistogram();
        for (const row of buckets.byPoint.get(bucket) ?? buckets.rows)
          if (isWanted(row)) histogram.add(row.latency_bucket, row.requests);
        const own = (sums.byPoint.get(bucket) ?? sums.rows).filter(isWanted);
        return { figures: figuresOf(own, histogram, question.timing), histogram };
      };
      const { figures, histogram } = point(undefined);
      const series = new Map(
        [...sums.byPoint.keys()].flatMap((bucket) => {
          if (bucket === undefined) return [];
          const { figures } = point(bucket);
          return figures.total_requests > 0 || figures.timed_requests > 0 ? [[bucket, figures] as const] : [];
        }),
      );
      const nothing = figuresOf([], new LatencyHistogram(), question.timing);
      return {
        ...figures,
        histogram: histogram.bars(question.bars),
        ...(withSeries && { time_series: pointsOf(period, series, nothing) }),
      };
    };
    const whole = partOf(() => true);
    return {
      period: { ...rangeTexts(period), group_by: withSeries ? period.groupBy : null },
      measure: question.timing,
      dimension: dimension?.name ?? null,
      source: buckets.source,
      requests_only_in_rollups:
        sourceOf([...names, ...filteredDimensions(filters)]).kind === 'rollups'
          ? 0
          : await readMissing(client, tenantId, period, filters, whole.total_requests),
      total: {
        members,
        ...whole,
        ...(question.withHeatmap === true && { heatmap: heatmapOf(question, buckets) }),
      },
      members: dimension
        ? top.map(([member = null], index) => ({
            member,
            label: labelOf(dimension, member),
            ...partOf((place) => place === index),
          }))
        : [],
      other:
        members !== null && members > limit
          ? { members: members - limit, ...partOf((place) => place === null) }
          : null,
      freshness: await readFreshness(client, buckets.source),
    };
  });
}

/** The bars of the whole, and what of them is of each point: rows that are in memory already. */
function heatmapOf({ period, bars: most }: LatencyQuestion, buckets: Points<BucketRow>): LatencyHeatmap {
  const histogramOf = (rows: BucketRow[]): LatencyHistogram => {
    const histogram = new LatencyHistogram();
    for (const { latency_bucket, requests } of rows) histogram.add(latency_bucket, requests);
    return histogram;
  };
  const whole = histogramOf(buckets.rows);
  const scale = whole.scale(most);
  const counts = new Map(
    [...buckets.byPoint].flatMap(([bucket, rows]) =>
      bucket === undefined ? [] : [[bucket, { requests: histogramOf(rows).counts(scale) }] as const],
    ),
  );
  return {
    bars: whole.bars(most).map(({ above_ms, up_to_ms }) => ({ above_ms, up_to_ms })),
    points: pointsOf(period, counts, { requests: new LatencyHistogram().counts(scale) }),
  };
}

interface Placed {
  place: number | null;
  bucket: number | null;
}
type BucketRow = Placed & { latency_bucket: number; requests: number };

const MEASURES = [
  'request_count',
  'output_tokens',
  'latency_sum_us',
  'latency_count',
  'time_to_first_token_sum_us',
  'time_to_first_token_count',
] as const satisfies Measure[];
type SumRow = Placed & Record<(typeof MEASURES)[number], number>;

function figuresOf(rows: SumRow[], histogram: LatencyHistogram, timing: Timing): LatencyFigures {
  const sum = (name: (typeof MEASURES)[number]): number => rows.reduce((total, row) => total + row[name], 0);
  const [requests, timed] = [sum('request_count'), sum('latency_count')];
  const isResponse = timing === 'response_time';
  const timeUs = sum(isResponse ? 'latency_sum_us' : 'time_to_first_token_sum_us');
  const count = isResponse ? timed : sum('time_to_first_token_count');
  const seconds = sum('latency_sum_us') / 1e6;
  return {
    total_requests: requests,
    timed_requests: histogram.total,
    average_ms: count === 0 ? null : round(timeUs / count / 1000),
    percentiles_ms: histogram.percentiles(),
    output_tokens_per_second:
      seconds > 0 ? round(((sum('output_tokens') / seconds) * timed) / requests) : null,
  };
}

const round = (value: number): number => Math.round(value * 1000) / 1000;

async function readTop(
  client: Client,
  { tenantId, period: { startMs, endMs }, filters, limit }: LatencyQuestion,
  names: DimensionName[],
): Promise<{ top: (string | null)[][]; members: number }> {
  const parameters = new Parameters();
  const rows = rollupRows(
    { tenantId, startMs, endMs, filters, groupBy: names, measures: ['request_count'], maxGrainMs: Infinity },
    parameters,
  );
  const [column = ''] = names.map(memberColumn);
  const answer = await client.query<{ member: string | null; members: number }>(
    `SELECT ${column} AS member, count(*) OVER () AS members FROM (${rows}) r
     GROUP BY 1 ORDER BY sum(request_count) DESC, 1 LIMIT ${parameters.add(limit)}`,
    parameters.values,
  );
  return { top: answer.rows.map(({ member }) => [member]), members: answer.rows[0]?.members ?? 0 };
}

/** Rows with the place of their member, and all of one bucket of the period together. */
interface Points<Row extends Placed> {
  rows: Row[];
  byPoint: Map<number | undefined, Row[]>;
}

async function readPoints<Row extends Placed>(
  client: Client,
  { period, withSeries }: LatencyQuestion,
  columns: string[],
  top: (string | null)[][],
  sums: { keys: string[]; sums: Record<string, string> },
  source: (parameters: Parameters) => string,
): Promise<Points<Row>> {
  const parameters = new Parameters();
  const rows = source(parameters);
  const keys = [...columns, ...sums.keys];
  const bucket = withSeries ? bucketNumber(period, parameters) : 'NULL::int';
  // Summed by member first: far fewer rows to look a place up for.
  const summed = `SELECT ${[...keys, `${bucket} AS bucket`, ...Object.entries(sums.sums).map(([name, sql]) => `${sql} AS ${name}`)].join(', ')}
    FROM (${rows}) s GROUP BY ${[...keys, 'bucket'].join(', ')}`;
  const placed =
    columns.length === 0
      ? `SELECT NULL::int AS place, rows.* FROM (${summed}) rows`
      : withPlace(summed, columns, top, parameters);
  const names = Object.keys(sums.sums);
  const answer = await client.query<Row>(
    `SELECT ${['place', 'bucket', ...sums.keys, ...names.map((name) => `sum(${name})::float8 AS ${name}`)].join(', ')}
     FROM (${placed}) r GROUP BY ${['place', 'bucket', ...sums.keys].join(', ')}`,
    parameters.values,
  );
  const byPoint = new Map<number | undefined, Row[]>();
  if (withSeries)
    for (const [bucket, of] of Map.groupBy(answer.rows, (row) => row.bucket ?? 0)) byPoint.set(bucket, of);
  return { rows: answer.rows, byPoint };
}

async function readBuckets(
  client: Client,
  question: LatencyQuestion,
  names: DimensionName[],
  top: (string | null)[][],
): Promise<Points<BucketRow> & { source: 'rollups' | 'events' }> {
  const { tenantId, period, filters, timing, withSeries } = question;
  let from: 'rollups' | 'events' = 'rollups';
  const points = await readPoints<BucketRow>(
    client,
    question,
    names.map(memberColumn),
    top,
    { keys: ['latency_bucket'], sums: { requests: 'sum(request_count)' } },
    (parameters) => {
      const { sql, source } = latencyBucketRows(
        { tenantId, period, filters, groupBy: names, timing, isSeries: withSeries },
        parameters,
      );
      from = source;
      return sql;
    },
  );
  return { ...points, source: from };
}

function readSums(
  client: Client,
  question: LatencyQuestion,
  names: DimensionName[],
  top: (string | null)[][],
): Promise<Points<SumRow>> {
  const { tenantId, period, filters, withSeries } = question;
  return readPoints<SumRow>(
    client,
    question,
    names.map(memberColumn),
    top,
    { keys: [], sums: Object.fromEntries(MEASURES.map((name) => [name, `sum(${name})`])) },
    (parameters) =>
      rollupRows(
        {
          tenantId,
          startMs: period.startMs,
          endMs: period.endMs,
          filters,
          groupBy: names,
          measures: MEASURES,
          maxGrainMs: withSeries ? maxGrainMs(period) : Infinity,
        },
        parameters,
      ),
  );
}
