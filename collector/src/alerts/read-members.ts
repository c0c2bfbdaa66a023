import type { Queryable } from '../database/pool.ts';
import { memberColumn, type DimensionName } from '../usage/dimensions.ts';
import { FIGURE_SUMS_SQL, FIGURES_SQL, NO_FIGURES, type Figures } from '../usage/figures.ts';
import { filterConditions, filteredDimensions, type Filters } from '../usage/filters.ts';
import { percentilesMs } from '../usage/latency-buckets.ts';
import { latencyBucketRows } from '../usage/latency-rows.ts';
import { GRAIN_MS } from '../usage/period.ts';
import { Parameters, rollupRows } from '../usage/rollup-source.ts';
import type { FigureMetric, PercentileMetric } from './alert-metrics.ts';
import type { Measured } from './judge.ts';

const HOUR_MS = 3_600_000;
/** Members of a group that a rule looks at: those with the most usage. The others are counted. */
export const MAX_MEMBERS = 100;
/** Questions of one statement: each row of a group is asked by its tenant's questions alone, found by a search through these. */
const FILTERED_A_STATEMENT = 100;
const PLAIN_A_STATEMENT = 1_000;

/** What a metric is in a window, of one tenant: in whole, or by the members of a dimension. */
export interface MemberQuestion {
  tenantId: string;
  filters: Filters;
  groupBy: DimensionName | null;
  metric: FigureMetric | PercentileMetric;
  /** On a quarter of an hour. */
  startMs: number;
  /** Not included; one that is on no quarter of an hour is now, after which there is nothing. */
  endMs: number;
  /** Members that are answered however little they have. */
  named: readonly (string | null)[];
}

export interface MemberAnswer {
  /** By member; without a group the only one is null. */
  members: Map<string | null, Measured>;
  leftOut: number;
}

const NOTHING: Measured = { value: null, requests: 0 };

/** The measure of a member that has no usage in a window. */
export function measureOfNothing(metric: FigureMetric | PercentileMetric): Measured {
  return metric.from === 'figures' ? { value: metric.value(NO_FIGURES), requests: 0 } : NOTHING;
}

/**
 * Answers questions of any tenants, in their order. Those about the same window and the same dimensions share a statement, which reads the rollups
 * once for all of their tenants; each question sees the rows of its tenant alone.
 */
export async function readMembers(
  client: Queryable,
  questions: readonly MemberQuestion[],
): Promise<MemberAnswer[]> {
  const answers = questions.map(({ groupBy, metric }): MemberAnswer => ({
    members: new Map(groupBy === null ? [[null, measureOfNothing(metric)]] : []),
    leftOut: 0,
  }));
  const asked = questions.map((question, index) => ({ ...question, index }));
  for (const batch of Map.groupBy(asked, shapeOf).values()) {
    const size = dimensionsOf(batch[0]).length === 0 ? PLAIN_A_STATEMENT : FILTERED_A_STATEMENT;
    for (let from = 0; from < batch.length; from += size) {
      const together = batch.slice(from, from + size);
      const rows =
        together[0]?.metric.from === 'latency'
          ? await readBuckets(client, together)
          : await readFigures(client, together);
      for (const { question, member, members, measure } of rows) {
        const { index, metric, groupBy } = together[question] ?? {};
        const answer = index === undefined ? undefined : answers[index];
        if (!answer || !metric) continue;
        answer.members.set(member, measure(metric));
        answer.leftOut = groupBy === null ? 0 : members;
      }
    }
  }
  for (const answer of answers) answer.leftOut = Math.max(0, answer.leftOut - answer.members.size);
  return answers;
}

interface Answered {
  question: number;
  member: string | null;
  /** How many there are in all. */
  members: number;
  measure: (metric: FigureMetric | PercentileMetric) => Measured;
}

function dimensionsOf(question: MemberQuestion | undefined): DimensionName[] {
  if (!question) return [];
  const { filters, groupBy } = question;
  return [...new Set([...(groupBy === null ? [] : [groupBy]), ...filteredDimensions(filters).sort()])];
}

/** Questions of one shape share a statement. */
function shapeOf(question: MemberQuestion): string {
  const { metric, groupBy, startMs, endMs } = question;
  const weight = groupBy !== null && metric.from === 'figures' ? metric.weight : '';
  return JSON.stringify([metric.from, startMs, endMs, groupBy, weight, dimensionsOf(question)]);
}

async function readFigures(client: Queryable, questions: readonly MemberQuestion[]): Promise<Answered[]> {
  const [first] = questions;
  if (!first) return [];
  const parameters = new Parameters();
  const dimensions = dimensionsOf(first);
  const keys = dimensions.map(memberColumn);
  const rows = rollupRows(
    {
      tenantId: tenantsOf(questions),
      startMs: first.startMs,
      endMs: Math.ceil(first.endMs / GRAIN_MS) * GRAIN_MS,
      filters: questions.length === 1 ? first.filters : {},
      groupBy: dimensions,
      maxGrainMs: Infinity,
    },
    parameters,
  );
  const weight = first.metric.from === 'figures' ? first.metric.weight : 'request_count';
  const text = `
    WITH g AS MATERIALIZED (
      SELECT ${['tenant_id', ...keys, FIGURE_SUMS_SQL].join(', ')} FROM (${rows}) rows GROUP BY ${['tenant_id', ...keys].join(', ')}
    ), answered AS (
      SELECT r.question, r.member, count(*) OVER (PARTITION BY r.question) AS members,
             row_number() OVER (PARTITION BY r.question ORDER BY coalesce(sum(r.${weight}), 0) DESC, r.member) AS place, ${FIGURES_SQL}
      FROM (${questionRows(questions, dimensions, parameters)}) r GROUP BY r.question, r.member
    )
    SELECT * FROM answered WHERE ${isWanted(questions, parameters)}`;
  const answer = await client.query<Figures & Omit<Answered, 'measure'>>(text, parameters.values);
  return answer.rows.map(({ question, member, members, ...figures }) => ({
    question,
    member,
    members,
    measure: (metric) => ({
      value: metric.from === 'figures' ? metric.value(figures) : null,
      requests: figures.total_requests,
    }),
  }));
}

async function readBuckets(client: Queryable, questions: readonly MemberQuestion[]): Promise<Answered[]> {
  const [first] = questions;
  if (!first) return [];
  const parameters = new Parameters();
  const dimensions = dimensionsOf(first);
  const keys = dimensions.map(memberColumn);
  // What goes up to now has nothing after it: the whole hour is read from the rollups.
  const endMs = first.endMs % GRAIN_MS === 0 ? first.endMs : Math.ceil(first.endMs / HOUR_MS) * HOUR_MS;
  const { sql: rows } = latencyBucketRows(
    {
      tenantId: tenantsOf(questions),
      period: { startMs: first.startMs, endMs, timeZone: 'UTC', groupBy: 'hour' },
      filters: questions.length === 1 ? first.filters : {},
      groupBy: dimensions,
      timing: 'response_time',
      isSeries: false,
    },
    parameters,
  );
  const text = `
    WITH g AS MATERIALIZED (
      SELECT ${['tenant_id', ...keys, 'latency_bucket'].join(', ')}, sum(request_count)::bigint AS request_count
      FROM (${rows}) rows GROUP BY ${['tenant_id', ...keys, 'latency_bucket'].join(', ')}
    ), r AS (
      SELECT question, member, latency_bucket, sum(request_count)::bigint AS calls
      FROM (${questionRows(questions, dimensions, parameters)}) rows GROUP BY 1, 2, 3
    ), answered AS (
      SELECT question, member, count(*) OVER (PARTITION BY question) AS members,
             row_number() OVER (PARTITION BY question ORDER BY sum(calls) DESC, member) AS place,
             array_agg(latency_bucket::int) AS buckets, array_agg(calls::float8) AS calls
      FROM r GROUP BY question, member
    )
    SELECT question, member, members, buckets, calls FROM answered WHERE ${isWanted(questions, parameters)}`;
  const answer = await client.query<Omit<Answered, 'measure'> & { buckets: number[]; calls: number[] }>(
    text,
    parameters.values,
  );
  return answer.rows.map(({ question, member, members, buckets, calls }) => ({
    question,
    member,
    members,
    measure: (metric) => {
      const counts = buckets.map((bucket, index) => ({ bucket, count: calls[index] ?? 0 }));
      const [value = null] = metric.from === 'latency' ? percentilesMs(counts, [metric.quantile]) : [];
      return { value, requests: calls.reduce((total, count) => total + count, 0) };
    },
  }));
}

function tenantsOf(questions: readonly MemberQuestion[]): string[] {
  return [...new Set(questions.map(({ tenantId }) => tenantId))];
}

/** The groups `g` by question: of its tenant, and inside its filters. */
function questionRows(
  questions: readonly MemberQuestion[],
  dimensions: readonly DimensionName[],
  parameters: Parameters,
): string {
  const [first] = questions;
  const columns = new Map(dimensions.map((name, index) => [name, memberColumn(name, index)]));
  const columnOf = (name: DimensionName): string => `g.${columns.get(name) ?? ''}`;
  const conditions = questions.map(({ filters }, index) => {
    const inside = filterConditions(filters, parameters, columnOf);
    return inside === '' ? '' : `WHEN ${index} THEN true${inside}`;
  });
  const filtered = conditions.filter((condition) => condition !== '');
  const where = filtered.length === 0 ? '' : `WHERE CASE q.question ${filtered.join(' ')} ELSE true END`;
  const member = first?.groupBy == null ? 'NULL::text' : columnOf(first.groupBy);
  return `SELECT q.question, ${member} AS member, g.*
    FROM unnest(${parameters.add(questions.map((_, index) => index))}::int[], ${parameters.add(questions.map(({ tenantId }) => tenantId))}::text[])
      AS q (question, of_tenant)
    JOIN g ON g.tenant_id = q.of_tenant ${where}`;
}

function isWanted(questions: readonly MemberQuestion[], parameters: Parameters): string {
  const named = questions.flatMap(({ named: members }, index) =>
    members.map((member) => ({ index, member })),
  );
  if (named.length === 0) return `place <= ${MAX_MEMBERS}`;
  return `(place <= ${MAX_MEMBERS} OR EXISTS (
      SELECT FROM unnest(${parameters.add(named.map(({ index }) => index))}::int[], ${parameters.add(named.map(({ member }) => member))}::text[])
        AS n (of_question, of_member)
      WHERE n.of_question = question AND n.of_member IS NOT DISTINCT FROM member))`;
}
