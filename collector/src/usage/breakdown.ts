import { inSnapshot, type Client, type Pool } from '../database/pool.ts';
import { percentilesOf, readFreshness, type Freshness, type Percentiles } from './answer-parts.ts';
import { bucketNumber, pointsOf, rangeTexts } from './buckets.ts';
import { memberColumn, type Dimension, type DimensionName } from './dimensions.ts';
import {
  FIGURE_COLUMNS,
  FIGURE_SUMS_SQL,
  FIGURES_SQL,
  figuresOf,
  NO_FIGURES,
  type Figures,
} from './figures.ts';
import { filteredDimensions, type Filters } from './filters.ts';
import { hasLatencyBuckets, latencyRows } from './latency-source.ts';
import type { Period, Range } from './period.ts';
import { maxGrainMs, Parameters, rollupRows, sourceOf } from './rollup-source.ts';
import { withPlace } from './top-members.ts';

/** What members are ordered by: over `r`, one row a member. */
const ORDER_SQL = {
  total_cost_usd: 'r.total_cost_nano_usd',
  total_requests: 'r.request_count',
  successful_requests: 'r.successful_requests',
  failed_requests: 'r.failed_requests',
  cache_hits: 'r.cache_hits',
  total_tokens_requested: 'r.total_tokens_requested',
  total_tokens_used: 'r.total_tokens_used',
  input_tokens: 'r.input_tokens',
  cache_read_tokens: 'r.cache_read_tokens',
  cache_write_5m_tokens: 'r.cache_write_5m_tokens',
  cache_write_1h_tokens: 'r.cache_write_1h_tokens',
  output_tokens: 'r.output_tokens',
  reasoning_tokens: 'r.reasoning_tokens',
  unpriced_requests: 'r.unpriced_requests',
  unpriced_tokens: 'r.unpriced_tokens',
  unknown_usage_requests: 'r.unknown_usage_requests',
  reported_cost_usd: 'r.reported_cost_nano_usd',
  average_response_time_ms: 'r.latency_sum_us / nullif(r.latency_count, 0)',
  average_time_to_first_token_ms: 'r.time_to_first_token_sum_us / nullif(r.time_to_first_token_count, 0)',
  success_rate: 'r.successful_requests::numeric / nullif(r.request_count, 0)',
} as const satisfies Record<keyof Figures, string>;
export type OrderBy = keyof typeof ORDER_SQL;
export const ORDER_BY = Object.keys(ORDER_SQL) as OrderBy[];

/** Parts of the total in percent; null where the total is nothing. */
export interface Share {
  cost: number | null;
  requests: number | null;
  tokens: number | null;
}
export type Point = Figures & { timestamp: string };
export interface Part extends Figures {
  share_percent: Share;
  response_time_percentiles_ms: Percentiles | null;
  time_series?: Point[];
}
export interface Breakdown {
  period: { start: string; end: string; group_by: string | null; timezone: string };
  dimensions: DimensionName[];
  order_by: OrderBy;
  source: 'rollups' | 'events';
  requests_only_in_rollups: number | null;
  total: Part & { members: number };
  members: (Part & { member: Record<string, string | null>; label: string })[];
  other: (Part & { members: number }) | null;
  freshness: Freshness;
}

export interface BreakdownQuestion {
  tenantId: string;
  period: Period;
  filters: Filters;
  dimensions: readonly Dimension[];
  orderBy: OrderBy;
  limit: number;
  /** Whether each part comes with its time series, by period.groupBy. */
  withSeries: boolean;
}

/**
 * The members of one or two dimensions with all figures: the top by a figure, everything else together, and the total. One snapshot,
 * one reading of the rows, so that top + other = total while events keep coming.
 * @throws Problem range-too-long where a dimension needs the events over too many days
 */
export function readBreakdown(pool: Pool, question: BreakdownQuestion): Promise<Breakdown> {
  return inSnapshot(pool, async (client) => {
    const { tenantId, period, filters } = question;
    const names = question.dimensions.map(({ name }) => name);
    const needed = [...names, ...filteredDimensions(filters)];
    const { kind: source } = sourceOf(needed);
    const parts = await readParts(client, question, names);
    const { top, rest, whole } = parts;
    const percentiles = hasLatencyBuckets(needed)
      ? await readPercentiles(client, question, names, top)
      : undefined;
    const series = question.withSeries ? await readSeries(client, question, names, top) : undefined;
    const partOf = (row: PartRow, rank: number | null | 'total'): Part => ({
      ...row.figures,
      share_percent: row.share,
      response_time_percentiles_ms: percentiles?.(rank) ?? null,
      ...(series && { time_series: series(rank) }),
    });
    return {
      period: { ...rangeTexts(period), group_by: question.withSeries ? period.groupBy : null },
      dimensions: names,
      order_by: question.orderBy,
      source,
      requests_only_in_rollups:
        source === 'rollups'
          ? 0
          : await readMissing(client, tenantId, period, filters, whole.figures.total_requests),
      total: { members: top.length + (rest?.memberCount ?? 0), ...partOf(whole, 'total') },
      members: top.map((row, index) => ({
        ...memberOf(question.dimensions, row.members),
        ...partOf(row, index),
      })),
      other: rest && { members: rest.memberCount, ...partOf(rest, null) },
      freshness: await readFreshness(client, source),
    };
  });
}

/** How a member is shown: what has none is named, so that it can be seen and acted upon. */
export function labelOf(dimension: Dimension, member: string | null): string {
  return member ?? (dimension.tagKey === undefined ? '(none)' : '(untagged)');
}

/** How a member of one or two dimensions stands in an answer. */
export function memberOf(
  dimensions: readonly Dimension[],
  values: readonly (string | null)[],
): { member: Record<string, string | null>; label: string } {
  const of = dimensions.map((dimension, index) => ({ dimension, value: values[index] ?? null }));
  return {
    member: Object.fromEntries(of.map(({ dimension, value }) => [dimension.name, value])),
    label: of.map(({ dimension, value }) => labelOf(dimension, value)).join(' · '),
  };
}

interface PartRow {
  members: (string | null)[];
  memberCount: number;
  figures: Figures;
  share: Share;
}

type Row = Figures & {
  part: 'member' | 'other' | 'total';
  member_count: number;
  cost_share: number | null;
  request_share: number | null;
  token_share: number | null;
} & Record<string, unknown>;

const SHARES_SQL = `
  round(sum(r.total_cost_nano_usd) * 100 / nullif((SELECT sum(total_cost_nano_usd) FROM ranked), 0), 4)::float8 AS cost_share,
  round(sum(r.request_count) * 100 / nullif((SELECT sum(request_count) FROM ranked), 0), 4)::float8 AS request_share,
  round(sum(r.total_tokens_used) * 100 / nullif((SELECT sum(total_tokens_used) FROM ranked), 0), 4)::float8 AS token_share`;

async function readParts(
  client: Client,
  question: BreakdownQuestion,
  names: DimensionName[],
): Promise<{ top: PartRow[]; rest: PartRow | null; whole: PartRow }> {
  const { tenantId, period, filters, limit } = question;
  const parameters = new Parameters();
  const columns = names.map(memberColumn);
  const rows = rollupRows(
    { tenantId, startMs: period.startMs, endMs: period.endMs, filters, groupBy: names, maxGrainMs: Infinity },
    parameters,
  );
  const top = parameters.add(limit);
  const members = columns.map((column, index) => `r.${column} AS member_${index + 1}`).join(', ');
  const noMembers = columns.map((_, index) => `NULL::text AS member_${index + 1}`).join(', ');
  const { rows: answer } = await client.query<Row>(
    `WITH ranked AS MATERIALIZED (
       SELECT r.*, row_number() OVER (
         ORDER BY ${ORDER_SQL[question.orderBy]} DESC NULLS LAST, r.request_count DESC, ${columns.map((column) => `r.${column}`).join(', ')}
       ) AS place
       FROM (SELECT ${columns.join(', ')}, ${FIGURE_SUMS_SQL} FROM (${rows}) rows GROUP BY ${columns.join(', ')}) r
     )
     SELECT 'member' AS part, r.place, ${members}, 1 AS member_count, ${FIGURES_SQL}, ${SHARES_SQL}
     FROM ranked r WHERE r.place <= ${top} GROUP BY r.place, ${columns.map((column) => `r.${column}`).join(', ')}
     UNION ALL
     SELECT 'other', NULL, ${noMembers}, count(*), ${FIGURES_SQL}, ${SHARES_SQL} FROM ranked r WHERE r.place > ${top}
     UNION ALL
     SELECT 'total', NULL, ${noMembers}, count(*), ${FIGURES_SQL}, ${SHARES_SQL} FROM ranked r
     ORDER BY place NULLS LAST`,
    parameters.values,
  );
  const partsOf = (part: Row['part']): PartRow[] =>
    answer
      .filter((row) => row.part === part)
      .map((row) => ({
        members: columns.map((_, index) => row[`member_${index + 1}`] as string | null),
        memberCount: row.member_count,
        figures: figuresOf(row),
        share: { cost: row.cost_share, requests: row.request_share, tokens: row.token_share },
      }));
  const [whole] = partsOf('total');
  const [rest] = partsOf('other');
  if (!whole) throw new Error('A total is always answered.');
  return { top: partsOf('member'), rest: rest && rest.memberCount > 0 ? rest : null, whole };
}

const membersOf = (top: readonly PartRow[]): (string | null)[][] => top.map(({ members }) => members);

async function readPercentiles(
  client: Client,
  { tenantId, period, filters }: BreakdownQuestion,
  names: DimensionName[],
  top: PartRow[],
): Promise<(rank: number | null | 'total') => Percentiles> {
  const parameters = new Parameters();
  const columns = names.map(memberColumn);
  const latency = latencyRows(
    { tenantId, startMs: period.startMs, endMs: period.endMs, filters, groupBy: names },
    parameters,
  );
  // Summed by member first: far fewer rows to look a place up for.
  const summed = `SELECT ${columns.join(', ')}, latency_bucket, sum(request_count) AS request_count
                  FROM (${latency}) l GROUP BY ${columns.join(', ')}, latency_bucket`;
  const { rows } = await client.query<{ place: number | null; bucket: number; count: number }>(
    `SELECT place, latency_bucket AS bucket, sum(request_count)::bigint AS count
     FROM (${withPlace(summed, columns, membersOf(top), parameters)}) r GROUP BY 1, 2`,
    parameters.values,
  );
  return (rank) => percentilesOf(rows.filter(({ place }) => rank === 'total' || place === rank));
}

/**
 * The points of the top, of everything else and of the whole. From rollups only the rows of the top are read in their breadth: the whole
 * comes from the narrowest rollup that has the filters, and everything else is the difference.
 */
async function readSeries(
  client: Client,
  { tenantId, period, filters }: BreakdownQuestion,
  names: DimensionName[],
  top: PartRow[],
): Promise<(rank: number | null | 'total') => Point[]> {
  const parameters = new Parameters();
  const columns = names.map(memberColumn);
  const request = {
    tenantId,
    startMs: period.startMs,
    endMs: period.endMs,
    filters,
    maxGrainMs: maxGrainMs(period),
  };
  const isRollup = sourceOf([...names, ...filteredDimensions(filters)]).kind === 'rollups';
  const members = membersOf(top);
  const rows = rollupRows({ ...request, groupBy: names, ...(isRollup && { members }) }, parameters);
  const points = `SELECT place, ${bucketNumber(period, parameters)} AS bucket, ${FIGURE_SUMS_SQL}
       FROM (${withPlace(rows, columns, members, parameters)}) p`;
  const source = isRollup
    ? `member_points AS MATERIALIZED (${points} WHERE place IS NOT NULL GROUP BY 1, 2),
       total_points AS MATERIALIZED (
         SELECT ${bucketNumber(period, parameters)} AS bucket, ${FIGURE_SUMS_SQL} FROM (${rollupRows(request, parameters)}) p GROUP BY 1
       ),
       points AS (
         SELECT * FROM member_points
         UNION ALL
         SELECT NULL, t.bucket, ${FIGURE_COLUMNS.map((column) => `t.${column} - coalesce(m.${column}, 0)`).join(', ')}
         FROM total_points t LEFT JOIN (SELECT bucket, ${FIGURE_SUMS_SQL} FROM member_points GROUP BY 1) m USING (bucket)
         WHERE t.request_count > coalesce(m.request_count, 0)
       )`
    : `points AS MATERIALIZED (${points} GROUP BY 1, 2), total_points AS (TABLE points)`;
  const answer = await client.query<Figures & { place: number | null; is_total: boolean; bucket: number }>(
    `WITH ${source}
     SELECT false AS is_total, place, bucket, ${FIGURES_SQL} FROM points r GROUP BY 2, 3
     UNION ALL
     SELECT true, NULL, bucket, ${FIGURES_SQL} FROM total_points r GROUP BY 3`,
    parameters.values,
  );
  const byPart = Map.groupBy(answer.rows, ({ is_total, place }) => (is_total ? 'total' : place));
  return (rank) => {
    const byNumber = new Map((byPart.get(rank) ?? []).map((row) => [row.bucket, figuresOf(row)]));
    return pointsOf(period, byNumber, NO_FIGURES);
  };
}

/**
 * Requests that the rollups know but the log has no more (retention removes events before rollups): an answer from events lacks them.
 * null where filters are not in the rollups, so that they cannot say.
 */
export async function readMissing(
  client: Client,
  tenantId: string,
  { startMs, endMs }: Range,
  filters: Filters,
  requests: number,
): Promise<number | null> {
  if (sourceOf(filteredDimensions(filters)).kind === 'events') return null;
  const parameters = new Parameters();
  const rows = rollupRows(
    { tenantId, startMs, endMs, filters, measures: ['request_count'], maxGrainMs: Infinity },
    parameters,
  );
  const answer = await client.query<{ requests: number }>(
    `SELECT coalesce(sum(request_count), 0)::bigint AS requests FROM (${rows}) r`,
    parameters.values,
  );
  return Math.max(0, (answer.rows[0]?.requests ?? 0) - requests);
}
