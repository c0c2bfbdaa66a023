import type { DayHistory } from '../budgets/day-history.ts';
import { readStatuses, type BudgetStatus } from '../budgets/status.ts';
import { listBudgets } from '../budgets/store.ts';
import type { Pool } from '../database/pool.ts';
import { readPeriodForecast, type TextEstimate } from '../forecast/period-forecast.ts';
import type { Freshness } from '../usage/answer-parts.ts';
import { readBreakdown } from '../usage/breakdown.ts';
import { readComparison, type Comparison } from '../usage/compare.ts';
import { percent } from '../usage/change.ts';
import type { ComparedRanges } from '../usage/compare-ranges.ts';
import { dimensionOf, type DimensionName } from '../usage/dimensions.ts';
import { readErrors } from '../usage/errors.ts';
import { MAX_EVENT_DAYS } from '../usage/event-source.ts';
import { filteredDimensions, type Filters } from '../usage/filters.ts';
import { readLatency, type LatencyAnswer } from '../usage/latency.ts';
import { hasLatencyBuckets } from '../usage/latency-source.ts';
import type { Range } from '../usage/period.ts';
import { sourceOf } from '../usage/rollup-source.ts';
import { localDateOf, startOfLocalDate } from '../usage/time-zone.ts';
import { linkTo, rangeQuery } from './link.ts';
import {
  costChange,
  errorRateOf,
  notable,
  unpricedShareOf,
  type ComparedMember,
  type Facts,
  type Sentence,
} from './notable.ts';
import { count, dollars, percentText } from './wording.ts';

const DAY_MS = 86_400_000;
const SPENDER_DIMENSIONS = ['project_id', 'prompt_id', 'model_name', 'user_id'] as const;
const TOP_SPENDERS = 5;
const COMPARED_MEMBERS = 10;
const FORECAST_LEVEL = 0.8;
/** Users are only in the events: with more calls than this in both periods they are left out. It takes 2 to 3 µs a call: 14 s for five million. */
export const MAX_EVENTS = 500_000;

export interface KeyFigure {
  name: string;
  unit: 'usd' | 'count' | 'percent' | 'ms';
  current: string | number | null;
  previous: string | number | null;
  change_percent: number | null;
}
export interface Spender {
  member: string | null;
  label: string;
  total_cost_usd: string | null;
  total_requests: number;
  cost_share_percent: number | null;
}
export interface Summary {
  period: Comparison['period'];
  compared_to: Comparison['compared_to'];
  headline: string;
  key_figures: KeyFigure[];
  nothing_notable: boolean;
  notable: Sentence[];
  top_spenders: Record<(typeof SPENDER_DIMENSIONS)[number], { members: Spender[]; link: string } | null>;
  budgets: BudgetStatus[];
  forecast:
    | (TextEstimate & { measure: string; so_far: string; level: number; start: string; end: string; method: string; link: string })
    | null;
  freshness: Freshness;
} // prettier-ignore

export interface SummaryQuestion {
  tenantId: string;
  ranges: ComparedRanges;
  filters: Filters;
  nowMs: number;
}

/**
 * What an owner wants to know of a period in a minute. Every number is that of the endpoint that its link names; the sentences are made of
 * them by fixed rules (notable.ts).
 * @throws Problem range-too-long where a filter needs the events over too many days
 */
export async function readSummary(
  { pool, readPool, history }: { pool: Pool; readPool: Pool; history: DayHistory },
  question: SummaryQuestion,
): Promise<Summary> {
  const { tenantId, ranges, filters, nowMs } = question;
  const { current, previous } = ranges;
  const compare = (dimensions: readonly DimensionName[]): Promise<Comparison> =>
    readComparison(readPool, {
      tenantId,
      ranges,
      filters,
      dimensions: dimensions.map((name) => dimensionOf(name)),
      measure: 'total_cost_usd',
      limit: COMPARED_MEMBERS,
    });
  const whole = await compare([]);
  const compareLink = (more: Record<string, string> = {}): string => {
    const before = rangeQuery(previous);
    return linkTo('/v1/analytics/usage/compare', current, filters, {
      compare_start: before.start_date,
      compare_end: before.end_date,
      ...more,
    });
  };

  const members: ComparedMember[] = [];
  const spenders: Summary['top_spenders'] = {
    project_id: null,
    prompt_id: null,
    model_name: null,
    user_id: null,
  };
  for (const dimension of SPENDER_DIMENSIONS) {
    const names = [dimension, ...filteredDimensions(filters)];
    if (sourceOf(names).kind === 'events' && !areEventsFew(whole, current, previous)) continue;
    const compared = await compare([dimension]);
    members.push(
      ...compared.members.map((part) => ({
        dimension,
        member: part.member[dimension] ?? null,
        status: part.status,
        current: part.current,
        previous: part.previous,
        contribution: {
          absolute: String(part.contribution.absolute),
          share_percent: part.contribution.share_percent,
        },
        link: compareLink({ dimension }),
      })),
    );
    spenders[dimension] = {
      members: await readSpenders(readPool, question, dimension),
      link: linkTo('/v1/analytics/usage/breakdown', current, filters, {
        dimension,
        limit: String(TOP_SPENDERS),
      }),
    };
  }

  const latency = await readBothLatencies(readPool, question);
  const errors = await readErrors(readPool, { tenantId, period: { ...current, groupBy: 'day' }, filters });
  const budgets = await readStatuses(
    readPool,
    pool,
    tenantId,
    (await listBudgets(pool, tenantId)).filter(({ enabled }) => enabled),
    nowMs,
    history,
  );
  const facts: Facts = {
    current: whole.total.current,
    previous: whole.total.previous,
    latency: latency && {
      current: latency.current.total.percentiles_ms,
      previous: latency.previous.total.percentiles_ms,
      timed: {
        current: latency.current.total.timed_requests,
        previous: latency.previous.total.timed_requests,
      },
    },
    members,
    incidents: errors.incidents,
    budgets,
    links: {
      compare: compareLink(),
      latency: linkTo('/v1/analytics/usage/latency', current, filters),
      unpriced: linkTo('/v1/analytics/usage/unpriced', current, filters),
      errors: linkTo('/v1/analytics/usage/errors', current, filters, { group_by: 'day' }),
      budgets: '/v1/analytics/budgets/status',
    },
  };
  const sentences = notable(facts);
  return {
    period: whole.period,
    compared_to: whole.compared_to,
    headline: headlineOf(facts),
    key_figures: keyFigures(whole, facts),
    nothing_notable: sentences.length === 0,
    notable: sentences,
    top_spenders: spenders,
    budgets,
    forecast: await readMonthForecast(readPool, question),
    freshness: whole.freshness,
  };
}

/** Whether the events of both ranges can be read in a moment. */
function areEventsFew({ total }: Comparison, ...ranges: Range[]): boolean {
  return (
    total.current.total_requests + total.previous.total_requests <= MAX_EVENTS &&
    ranges.every(({ startMs, endMs }) => endMs - startMs <= MAX_EVENT_DAYS * DAY_MS)
  );
}

async function readSpenders(
  readPool: Pool,
  { tenantId, ranges, filters }: SummaryQuestion,
  dimension: DimensionName,
): Promise<Spender[]> {
  const answer = await readBreakdown(readPool, {
    tenantId,
    period: { ...ranges.current, groupBy: 'day' },
    filters,
    dimensions: [dimensionOf(dimension)],
    orderBy: 'total_cost_usd',
    limit: TOP_SPENDERS,
    withSeries: false,
  });
  return answer.members.map(({ member, label, total_cost_usd, total_requests, share_percent }) => ({
    member: member[dimension] ?? null,
    label,
    total_cost_usd,
    total_requests,
    cost_share_percent: share_percent.cost,
  }));
}

async function readBothLatencies(
  readPool: Pool,
  { tenantId, ranges, filters }: SummaryQuestion,
): Promise<{ current: LatencyAnswer; previous: LatencyAnswer } | null> {
  const { current, previous } = ranges;
  const names = filteredDimensions(filters);
  const isShort = [current, previous].every(
    ({ startMs, endMs }) => endMs - startMs <= MAX_EVENT_DAYS * DAY_MS,
  );
  if (!hasLatencyBuckets(names) && !isShort) return null;
  const read = (range: Range): Promise<LatencyAnswer> =>
    readLatency(readPool, {
      tenantId,
      period: { ...range, groupBy: 'day' },
      filters,
      timing: 'response_time',
      dimension: undefined,
      limit: 1,
      withSeries: false,
      bars: 1,
    });
  return { current: await read(current), previous: await read(previous) };
}

/** Where this month will end; null where there is no usage to go by. */
async function readMonthForecast(
  readPool: Pool,
  { tenantId, ranges, filters, nowMs }: SummaryQuestion,
): Promise<Summary['forecast']> {
  const { timeZone } = ranges.current;
  const { year, month } = localDateOf(timeZone, nowMs);
  const answer = await readPeriodForecast(readPool, {
    tenantId,
    filters,
    measure: 'cost',
    timeZone,
    startMs: startOfLocalDate(timeZone, year, month, 1),
    endMs: startOfLocalDate(timeZone, year, month + 1, 1),
    nowMs,
    level: FORECAST_LEVEL,
  });
  if (answer.method === 'no-history' || answer.method === 'no-usage') return null;
  const link = new URL(linkTo('/v1/analytics/usage/forecast', ranges.current, filters), 'http://localhost');
  for (const name of ['start_date', 'end_date']) link.searchParams.delete(name);
  return {
    measure: 'total_cost_usd',
    so_far: answer.period_so_far,
    ...answer.period_total,
    level: answer.level,
    start: answer.period.start,
    end: answer.period.end,
    method: answer.method,
    link: link.pathname + link.search,
  };
}

function headlineOf(facts: Facts): string {
  const { current, previous } = facts;
  const cost = current.total_cost_usd;
  const requests = `${count(current.total_requests)} ${current.total_requests === 1 ? 'request' : 'requests'}`;
  if (current.total_requests === 0) return 'There were no requests.';
  const spent = cost === null ? `${requests} without any known cost` : `${requests} cost ${dollars(cost)}`;
  if (previous.total_requests === 0) return `${spent}; there was nothing in the period before.`;
  const before = previous.total_cost_usd;
  if (cost === null || before === null) return `${spent}.`;
  const change = costChange(facts);
  const than =
    change === null
      ? `before, ${dollars(before)}`
      : Math.abs(change) < 0.005
        ? `as much as in the period before (${dollars(before)})`
        : `${percentText(change)} ${change > 0 ? 'more' : 'less'} than in the period before (${dollars(before)})`;
  return `${spent}, ${than}.`;
}

function keyFigures({ total }: Comparison, { current, previous, latency }: Facts): KeyFigure[] {
  const derived = (name: string, unit: KeyFigure['unit'], now: number | null, before: number | null): KeyFigure => ({
    name, unit, current: now, previous: before, change_percent: percent(now, before),
  }); // prettier-ignore
  const figure = (
    name: 'total_cost_usd' | 'total_requests' | 'total_tokens_used' | 'average_response_time_ms',
    unit: KeyFigure['unit'],
  ): KeyFigure => ({
    name,
    unit,
    current: current[name],
    previous: previous[name],
    change_percent: total.change[name].percent,
  });
  return [
    figure('total_cost_usd', 'usd'),
    figure('total_requests', 'count'),
    figure('total_tokens_used', 'count'),
    derived('error_rate_percent', 'percent', errorRateOf(current), errorRateOf(previous)),
    figure('average_response_time_ms', 'ms'),
    derived('response_time_p95_ms', 'ms', latency?.current.p95 ?? null, latency?.previous.p95 ?? null),
    derived('unpriced_share_percent', 'percent', unpricedShareOf(current), unpricedShareOf(previous)),
  ];
}
