import type { Queryable } from '../database/pool.ts';
import { bucketNumber, bucketStarts } from './buckets.ts';
import { memberColumn, type DimensionName } from './dimensions.ts';
import { filterConditions, filteredDimensions, type Filters } from './filters.ts';
import type { Measure } from './measures.ts';
import { GRAIN_MS, type GroupBy, type Period } from './period.ts';
import { maxGrainMs, Parameters, rollupRows, sourceOf } from './rollup-source.ts';

/** What was spent: the same sums as the overview's total_cost_usd, total_requests, unpriced_requests and total_tokens_used. */
export interface Spend {
  /** Of the priced requests. */
  costNanoUsd: bigint;
  requests: number;
  /** Requests without a known cost: they are not in costNanoUsd. */
  unpricedRequests: number;
  tokens: number;
}

/** Half-open; taken outwards to quarters of an hour (start down, end up), the grain of the rollups. */
export interface SpendQuestion {
  tenantId: string;
  startMs: number;
  endMs: number;
  filters: Filters;
}

export type SpendPoint = Spend & {
  /** When the bucket begins: for the first one maybe before the period, of which it has only what lies in it. */
  startMs: number;
};

const SPEND_MEASURES = [
  'total_cost_nano_usd',
  'request_count',
  'unpriced_requests',
  'total_tokens_used',
] as const satisfies Measure[];
const SPEND_SQL = `
  coalesce(sum(r.total_cost_nano_usd), 0)::text AS cost_nano_usd,
  coalesce(sum(r.request_count), 0)::bigint AS requests,
  coalesce(sum(r.unpriced_requests), 0)::bigint AS unpriced_requests,
  coalesce(sum(r.total_tokens_used), 0)::bigint AS tokens`;
const SUMS = SPEND_MEASURES.map((measure) => `sum(${measure}) AS ${measure}`).join(', ');

interface SpendRow {
  cost_nano_usd: string;
  requests: number;
  unpriced_requests: number;
  tokens: number;
}

const NOTHING: Spend = { costNanoUsd: 0n, requests: 0, unpricedRequests: 0, tokens: 0 };

function spendOf(row: SpendRow | undefined): Spend {
  if (row === undefined) return { ...NOTHING };
  return {
    costNanoUsd: BigInt(row.cost_nano_usd),
    requests: row.requests,
    unpricedRequests: row.unpriced_requests,
    tokens: row.tokens,
  };
}

function outwards({ startMs, endMs }: { startMs: number; endMs: number }): {
  startMs: number;
  endMs: number;
} {
  return {
    startMs: Math.floor(startMs / GRAIN_MS) * GRAIN_MS,
    endMs: Math.ceil(endMs / GRAIN_MS) * GRAIN_MS,
  };
}

/**
 * The spend of a period, from rollups where they have the filters' dimensions, else from the events.
 * @throws Problem range-too-long when filters need the events over too many days
 */
export async function readSpend(client: Queryable, question: SpendQuestion): Promise<Spend> {
  const parameters = new Parameters();
  const rows = rollupRows(
    { ...question, ...outwards(question), measures: SPEND_MEASURES, maxGrainMs: Infinity },
    parameters,
  );
  const answer = await client.query<SpendRow>(`SELECT ${SPEND_SQL} FROM (${rows}) r`, parameters.values);
  return spendOf(answer.rows[0]);
}

/**
 * The spend of a period by hours, days, weeks or months of a time zone, one point a bucket, empty ones too: the days on which clocks
 * change have 23 or 25 hours. The points add up to `readSpend` of the same question.
 * @throws Problem range-too-long
 */
export async function readSpendSeries(
  client: Queryable,
  question: SpendQuestion & { timeZone: string; groupBy: GroupBy },
): Promise<SpendPoint[]> {
  const period: Period = { ...outwards(question), timeZone: question.timeZone, groupBy: question.groupBy };
  const parameters = new Parameters();
  const rows = rollupRows(
    {
      tenantId: question.tenantId,
      filters: question.filters,
      startMs: period.startMs,
      endMs: period.endMs,
      measures: SPEND_MEASURES,
      maxGrainMs: maxGrainMs(period),
    },
    parameters,
  );
  const answer = await client.query<SpendRow & { bucket: number }>(
    `SELECT ${bucketNumber(period, parameters)} AS bucket, ${SPEND_SQL} FROM (${rows}) r GROUP BY 1`,
    parameters.values,
  );
  const byNumber = new Map(answer.rows.map((row) => [row.bucket, row]));
  return bucketStarts(period).map((startMs, index) => ({ startMs, ...spendOf(byNumber.get(index + 1)) }));
}

/** Questions a statement: far below what one statement can hold, and few enough that one row is not asked too much. */
const QUESTIONS_A_STATEMENT = 200;

/**
 * The spend of many questions of one tenant, in their order. Questions about the same period that the same rollup answers share one
 * statement, which reads the rollup once.
 * @throws Problem range-too-long as readSpend does
 */
export async function spendByBudgetFilters(
  client: Queryable,
  tenantId: string,
  questions: readonly { filters: Filters; startMs: number; endMs: number }[],
): Promise<Spend[]> {
  const answers: Spend[] = questions.map(() => ({ ...NOTHING }));
  const asked = questions.map((question, index) => ({ ...question, ...outwards(question), index }));
  const groups = Map.groupBy(asked, ({ startMs, endMs, filters }) =>
    [startMs, endMs, sourceOf(filteredDimensions(filters)).key].join(' '),
  );
  for (const group of groups.values()) {
    for (let from = 0; from < group.length; from += QUESTIONS_A_STATEMENT) {
      const together = group.slice(from, from + QUESTIONS_A_STATEMENT);
      const parameters = new Parameters();
      const text = manyInOne(tenantId, together, parameters);
      const { rows } = await client.query<SpendRow & { question: number }>(text, parameters.values);
      for (const row of rows) {
        const index = together[row.question]?.index;
        if (index !== undefined) answers[index] = spendOf(row);
      }
    }
  }
  return answers;
}

/** The rows of all questions once, by the dimensions that they ask about, and each question's conditions on those few rows. */
function manyInOne(
  tenantId: string,
  questions: readonly { filters: Filters; startMs: number; endMs: number }[],
  parameters: Parameters,
): string {
  const { startMs = 0, endMs = 0 } = questions[0] ?? {};
  const groupBy: DimensionName[] = [
    ...new Set(questions.flatMap(({ filters }) => filteredDimensions(filters))),
  ];
  const columns = new Map(groupBy.map((name, index) => [name, memberColumn(name, index)]));
  // A single question is asked of the table; several of the groups, as an index serves only the first.
  const [only] = questions.length === 1 ? questions : [];
  const rows = rollupRows(
    {
      tenantId,
      startMs,
      endMs,
      filters: only?.filters ?? {},
      groupBy,
      measures: SPEND_MEASURES,
      maxGrainMs: Infinity,
    },
    parameters,
  );
  const keys = [...columns.values()];
  const conditions = questions.map(
    ({ filters }, index) =>
      `(${index}, ${filterConditions(filters, parameters, (name) => `g.${columns.get(name) ?? ''}`).replace(/^ AND /, '') || 'true'})`,
  );
  return `WITH g AS MATERIALIZED (
      SELECT ${[...keys, SUMS].join(', ')} FROM (${rows}) rows ${keys.length === 0 ? '' : `GROUP BY ${keys.join(', ')}`}
    )
    SELECT r.question, ${SPEND_SQL}
    FROM (
      SELECT q.question, g.* FROM g CROSS JOIN LATERAL (VALUES ${conditions.join(', ')}) q (question, is_inside) WHERE q.is_inside
    ) r
    GROUP BY r.question`;
}
