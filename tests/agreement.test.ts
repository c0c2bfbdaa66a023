import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { InjectOptions } from 'fastify';
import type { Allocation } from '../collector/src/allocation/allocation.ts';
import type { BudgetStatus } from '../collector/src/budgets/status.ts';
import type { PeriodForecast } from '../collector/src/forecast/period-forecast.ts';
import type { Summary } from '../collector/src/summary/summary.ts';
import { postRandomCalls, RANDOM_CALLS_PERIOD } from '../collector/src/testing/random-calls.ts';
import { routesOf } from '../collector/src/testing/routes-of.ts';
import {
  FIRST_TENANT,
  startTestCollector,
  testEvent,
  type TestCollector,
} from '../collector/src/testing/test-collector.ts';
import type { Breakdown } from '../collector/src/usage/breakdown.ts';
import type { Comparison } from '../collector/src/usage/compare.ts';
import { DIMENSION_NAMES, DIMENSIONS } from '../collector/src/usage/dimensions.ts';
import type { ErrorCounts, ErrorsAnswer } from '../collector/src/usage/errors.ts';
import type { EventPage } from '../collector/src/usage/events.ts';
import { nanoUsdOf, SUM_FIGURES, wholeOf } from '../collector/src/usage/figure-kinds.ts';
import type { Figures } from '../collector/src/usage/figures.ts';
import { readFilters } from '../collector/src/usage/filters.ts';
import type { LatencyAnswer, LatencyFigures } from '../collector/src/usage/latency.ts';
import type { Overview } from '../collector/src/usage/overview.ts';
import type { CacheAnswer, CacheFigures } from '../collector/src/usage/prompt-cache.ts';
import type { StoredEvent } from '../collector/src/usage/stored-event.ts';
import type { Trends } from '../collector/src/usage/trends.ts';
import type { UnpricedAnswer } from '../collector/src/usage/unpriced.ts';

/*
 * One definition per measure: whatever screen a total is read from, it is the same, to the nano-dollar and by kind of token. Each answer is held against
 * plain SQL over the rows of the log, in its own period and under the same filters, on both engines. The list of routes is the collector's own: a new
 * one that answers with totals has to be listed here.
 */

const ENGINES = (['postgresql', 'timescaledb'] as const).filter(
  (engine) => engine === 'postgresql' || process.env['TIMESCALE_DATABASE_URL'] !== undefined,
);

type Query = Record<string, string | string[]>;
/** Sums in whole numbers: nano-USD and counts. */
type Totals = Record<string, bigint>;
interface Told {
  what: string;
  totals: Totals;
  /** Of which time, where it is not the period that was asked for: instants, half-open. */
  range?: { start: string; end: string };
}

interface Case {
  timezone: string;
  /** Local days, both of them inside. */
  days: [string, string];
  query: Query;
  where: string;
}

const AUTUMN: [string, string] = ['2026-09-15', '2026-11-10'];
const CASES: Case[] = [
  { timezone: 'Asia/Kathmandu', days: AUTUMN, query: {}, where: 'true' },
  {
    timezone: 'Pacific/Chatham',
    days: [RANDOM_CALLS_PERIOD.start_date, RANDOM_CALLS_PERIOD.end_date],
    query: { model_name: ['gpt-4o', 'own-model'], 'not.environment': 'test' },
    where: `model_name IN ('gpt-4o', 'own-model') AND environment IS DISTINCT FROM 'test'`,
  },
  // A day of 25 hours, and one of 23.
  { timezone: 'Europe/Berlin', days: ['2026-10-25', '2026-10-25'], query: {}, where: 'true' },
  {
    timezone: 'America/New_York',
    days: ['2026-03-08', '2026-03-08'],
    query: { 'prefix.model_name': ['gpt-', 'own'] },
    where: `(model_name LIKE 'gpt-%' OR model_name LIKE 'own%')`,
  },
  {
    timezone: 'Australia/Lord_Howe',
    days: AUTUMN,
    query: { 'not.user_id': ['user-1', '__none__'], prompt_id: ['prompt-1', 'prompt-2', '__none__'] },
    where: `user_id <> 'user-1' AND (prompt_id IN ('prompt-1', 'prompt-2') OR prompt_id IS NULL)`,
  },
  {
    timezone: 'America/New_York',
    days: AUTUMN,
    query: { 'metadata.team': ['search', 'ads', '__none__'], status: 'error' },
    where: `coalesce(metadata ->> 'team', '') IN ('search', 'ads', '') AND status = 'error'`,
  },
  {
    timezone: 'Europe/Berlin',
    days: AUTUMN,
    query: { 'prefix.status_code': '2', cache_hit: 'false', 'not.metadata.team': 'search' },
    where: `status_code BETWEEN 200 AND 299 AND NOT cache_hit AND metadata ->> 'team' IS DISTINCT FROM 'search'`,
  },
];

const TAGS = ['metadata.team', 'metadata.cost.centre'];
const ALL_DIMENSIONS: string[] = [...DIMENSION_NAMES, ...TAGS];
const isRolledUp = (name: string): boolean =>
  Object.hasOwn(DIMENSIONS, name) && DIMENSIONS[name as keyof typeof DIMENSIONS].inRollups;
/** The events may be asked for so long; what needs them is left out of longer periods. */
const MAX_EVENT_DAYS = 93;
const DAY_MS = 86_400_000;
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const daysOf = ([first, last]: readonly [string, string]): number =>
  (Date.parse(last) - Date.parse(first)) / DAY_MS + 1;
const needsEvents = (query: Query): boolean =>
  Object.keys(query).some((name) => !isRolledUp(name.replace(/^(?:not|prefix)\./, '')));
const dimensionsOf = ({ days }: Case): string[] =>
  daysOf(days) > MAX_EVENT_DAYS ? ALL_DIMENSIONS.filter(isRolledUp) : ALL_DIMENSIONS;
/** Each dimension with the one after it. */
const pairsOf = (of: Case): [string, string][] =>
  dimensionsOf(of).map((name, index, all) => [name, all[(index + 1) % all.length] ?? '']);

const add = <Row>(rows: readonly Row[], value: (row: Row) => number | bigint | null | undefined): bigint =>
  rows.reduce((sum, row) => sum + BigInt(value(row) ?? 0), 0n);
const nano = (usd: string | null | undefined): bigint => (usd == null ? 0n : nanoUsdOf(usd));

/** All sums of rows that have all figures. */
const figures = (what: string, rows: readonly (Figures | undefined)[]): Told => ({
  what,
  totals: Object.fromEntries(
    SUM_FIGURES.map((name) => [name, add(rows, (row) => row && wholeOf(name, row[name]))]),
  ),
});
/** Sums of the named ones alone. */
const counts = <Name extends string>(
  what: string,
  rows: readonly Readonly<Record<Name, number>>[],
  ...names: Name[]
): Told => ({
  what,
  totals: Object.fromEntries(names.map((name) => [name, add(rows, (row) => row[name])])),
});
const withOther = <Part>({ members, other }: { members: readonly Part[]; other: unknown }): Part[] => [
  ...members,
  ...(other === null ? [] : [other as Part]),
];

/** A collector with its events, and who asks it. */
class Screens {
  readonly collector: TestCollector;
  budgets: { measure: string; filters: object; budget_id: number }[] = [];

  private made = 0;

  constructor(collector: TestCollector) {
    this.collector = collector;
  }

  /** Names of budgets are unique. */
  budgetNumber(): number {
    return (this.made += 1);
  }

  async ask<Answer>(request: InjectOptions, status = 200): Promise<Answer> {
    const answer = await this.collector.call(request);
    if (answer.statusCode !== status)
      throw new Error(`${JSON.stringify([request.url, request.query])}: ${answer.body}`);
    return String(answer.headers['content-type']).startsWith('application/json')
      ? answer.json<Answer>()
      : (answer.body as Answer);
  }

  get<Answer>(path: string, { timezone, days, query }: Case, more: Query = {}): Promise<Answer> {
    const period = { start_date: days[0], end_date: days[1], timezone };
    return this.ask({ method: 'GET', url: `/v1/analytics/${path}`, query: { ...period, ...query, ...more } });
  }

  /** What plain SQL makes of the rows of the log. */
  async truth(of: Case, range: Told['range']): Promise<Totals> {
    const time =
      range === undefined
        ? `("timestamp" AT TIME ZONE $2)::date BETWEEN $3::date AND $4::date`
        : `$2::text IS NOT NULL AND "timestamp" >= $3::timestamptz AND "timestamp" < $4::timestamptz`;
    const { rows } = await this.collector.pool.query<Record<string, string>>(
      `SELECT count(*) AS total_requests, count(*) FILTER (WHERE status = 'success') AS successful_requests,
         count(*) FILTER (WHERE status = 'error') AS failed_requests, count(*) FILTER (WHERE cache_hit) AS cache_hits,
         coalesce(sum(tokens_requested), 0) AS total_tokens_requested, coalesce(sum(tokens_used), 0) AS total_tokens_used,
         coalesce(sum(input_tokens), 0) AS input_tokens, coalesce(sum(cache_read_tokens), 0) AS cache_read_tokens,
         coalesce(sum(cache_write_5m_tokens), 0) AS cache_write_5m_tokens, coalesce(sum(cache_write_1h_tokens), 0) AS cache_write_1h_tokens,
         coalesce(sum(output_tokens), 0) AS output_tokens, coalesce(sum(reasoning_tokens), 0) AS reasoning_tokens,
         coalesce(sum(cost_nano_usd), 0) AS total_cost_usd, count(*) FILTER (WHERE cost_nano_usd IS NULL) AS unpriced_requests,
         coalesce(sum(tokens_used) FILTER (WHERE cost_nano_usd IS NULL), 0) AS unpriced_tokens,
         count(*) FILTER (WHERE tokens_used IS NULL AND status = 'success' AND NOT cache_hit) AS unknown_usage_requests,
         coalesce(sum(reported_cost_nano_usd), 0) AS reported_cost_usd, count(response_time_us) AS timed_requests,
         coalesce(sum(coalesce(input_tokens, 0) + coalesce(cache_read_tokens, 0) + coalesce(cache_write_5m_tokens, 0) + coalesce(cache_write_1h_tokens, 0)), 0) AS all_input_tokens,
         coalesce(sum(coalesce(cache_write_5m_tokens, 0) + coalesce(cache_write_1h_tokens, 0)), 0) AS cache_write_tokens
       FROM client_usage_logs WHERE tenant_id = $1 AND ${time} AND ${of.where}`,
      [FIRST_TENANT, of.timezone, range?.start ?? of.days[0], range?.end ?? of.days[1]],
    );
    return Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, value]) => [name, BigInt(value)]));
  }

  /** The budgets of a case: one a measure, over a rolling window that holds all that its filters may be asked of. */
  async budgetsOf(of: Case): Promise<number[]> {
    const filters = readFilters(of.query);
    const wanted = JSON.stringify(filters);
    const known = this.budgets.filter((budget) => JSON.stringify(budget.filters) === wanted);
    if (known.length > 0) return known.map(({ budget_id }) => budget_id);
    for (const measure of ['cost', 'requests', 'tokens']) {
      const budget = await this.ask<{ budget_id: number }>(
        {
          method: 'POST',
          url: '/v1/analytics/budgets',
          payload: {
            name: `${measure} by window ${this.budgetNumber()}`,
            measure,
            amount: '1000000000',
            filters,
            period: { type: 'rolling', days: needsEvents(of.query) ? 90 : 360, time_zone: of.timezone },
          },
        },
        201,
      );
      this.budgets.push({ measure, filters, budget_id: budget.budget_id });
    }
    return this.budgetsOf(of);
  }
}

/** A figure of a budget or forecast in whole numbers, under the name that it has elsewhere. */
function amount(measure: string, text: string): Totals {
  if (measure === 'cost') return { total_cost_usd: nano(text) };
  return { [measure === 'requests' ? 'total_requests' : 'total_tokens_used']: BigInt(text) };
}

interface Spent {
  measure: string;
  spent: string;
  requests: number;
  unpriced_requests: number;
}
const spentOf = ({ measure, spent, requests, unpriced_requests }: Spent): Totals => ({
  ...amount(measure, spent),
  total_requests: BigInt(requests),
  unpriced_requests: BigInt(unpriced_requests),
});

const eventTotals = (events: readonly StoredEvent[]): Totals => {
  const isUnpriced = (event: StoredEvent): boolean => event.cost_usd === null;
  return {
    total_requests: BigInt(events.length),
    successful_requests: add(events, ({ status }) => Number(status === 'success')),
    failed_requests: add(events, ({ status }) => Number(status === 'error')),
    cache_hits: add(events, ({ cache_hit }) => Number(cache_hit)),
    total_tokens_requested: add(events, (event) => event.total_tokens_requested),
    total_tokens_used: add(events, (event) => event.total_tokens_used),
    input_tokens: add(events, (event) => event.input_tokens),
    cache_read_tokens: add(events, (event) => event.cache_read_tokens),
    cache_write_5m_tokens: add(events, (event) => event.cache_write_5m_tokens),
    cache_write_1h_tokens: add(events, (event) => event.cache_write_1h_tokens),
    output_tokens: add(events, (event) => event.output_tokens),
    reasoning_tokens: add(events, (event) => event.reasoning_tokens),
    total_cost_usd: add(events, (event) => nano(event.cost_usd)),
    reported_cost_usd: add(events, (event) => nano(event.reported_cost_usd)),
    unpriced_requests: add(events, (event) => Number(isUnpriced(event))),
    unpriced_tokens: add(events, (event) => (isUnpriced(event) ? event.total_tokens_used : 0)),
    unknown_usage_requests: add(events, ({ total_tokens_used, status, cache_hit }) =>
      Number(total_tokens_used === null && status === 'success' && !cache_hit),
    ),
  };
};

/** Header and fields of a CSV without line breaks in its fields. */
function readCsv(text: string): Record<string, string>[] {
  const [header = [], ...lines] = text
    .trim()
    .split(/\r?\n/)
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? '',
      ),
    );
  return lines.map((line) => Object.fromEntries(header.map((name, index) => [name, line[index] ?? ''])));
}

type Screen = (screens: Screens, of: Case) => Promise<Told[]>;

async function breakdownScreen(screens: Screens, of: Case): Promise<Told[]> {
  const told: Told[] = [];
  for (const dimension of [...dimensionsOf(of).map((name) => [name]), ...pairsOf(of)]) {
    const answer = await screens.get<Breakdown>('usage/breakdown', of, {
      dimension,
      limit: '2',
      group_by: 'day',
    });
    const parts = withOther(answer);
    told.push(
      figures(`total by ${dimension.join()}`, [answer.total]),
      figures(`top and other by ${dimension.join()}`, parts),
      figures(`series of the total by ${dimension.join()}`, answer.total.time_series ?? []),
      figures(
        `series of top and other by ${dimension.join()}`,
        parts.flatMap(({ time_series }) => time_series ?? []),
      ),
    );
  }
  return told;
}

/** Against the day before, whatever the period: what is compared with must not matter. */
async function compareScreen(screens: Screens, of: Case): Promise<Told[]> {
  const other = { compare_start: '2026-03-28', compare_end: '2026-03-29' };
  const told: Told[] = [];
  for (const dimension of [[], ...dimensionsOf(of).map((name) => [name]), ...pairsOf(of).slice(0, 4)]) {
    const answer = await screens.get<Comparison>('usage/compare', of, {
      ...other,
      ...(dimension.length > 0 && { dimension, limit: '2' }),
    });
    const { start, end } = answer.compared_to;
    told.push(figures(`current by ${dimension.join()}`, [answer.total.current]), {
      ...figures(`previous by ${dimension.join()}`, [answer.total.previous]),
      range: { start, end },
    });
    if (dimension.length === 0) continue;
    const parts = withOther(answer);
    told.push(
      figures(
        `current of members and other by ${dimension.join()}`,
        parts.map(({ current }) => current),
      ),
      {
        ...figures(
          `previous of members and other by ${dimension.join()}`,
          parts.map(({ previous }) => previous),
        ),
        range: { start, end },
      },
    );
  }
  return told;
}

async function latencyScreen(screens: Screens, of: Case): Promise<Told[]> {
  const told: Told[] = [];
  // By what the latency buckets have not, the events are read.
  const isLong = daysOf(of.days) > MAX_EVENT_DAYS;
  for (const dimension of dimensionsOf(of).filter((name) => !isLong || !name.startsWith('prompt'))) {
    const answer = await screens.get<LatencyAnswer>('usage/latency', of, {
      dimension,
      limit: '2',
      // The buckets are of hours of UTC, so that days of such a zone are read from the events.
      ...(!isLong && { group_by: 'day' }),
    });
    const [rows, parts] = [[answer.total], withOther(answer)];
    const both = (what: string, list: readonly LatencyFigures[]): Told =>
      counts(`${what} by ${dimension}`, list, 'total_requests', 'timed_requests');
    told.push(both('total', rows), both('members and other', parts));
    if (!isLong)
      told.push(
        both(
          'series of the total',
          rows.flatMap(({ time_series }) => time_series ?? []),
        ),
        both(
          'series of members and other',
          parts.flatMap(({ time_series }) => time_series ?? []),
        ),
      );
    told.push({
      what: `histogram by ${dimension}`,
      totals: { timed_requests: add(answer.total.histogram, ({ requests }) => requests) },
    });
  }
  return told;
}

async function errorsScreen(screens: Screens, of: Case): Promise<Told[]> {
  const answer = await screens.get<ErrorsAnswer>('usage/errors', of, { group_by: 'day' });
  const { types, models, other_models: otherModels } = answer;
  const both = (what: string, rows: readonly ErrorCounts[]): Told =>
    counts(what, rows, 'total_requests', 'failed_requests');
  return [
    both('total', [answer.total]),
    both('series', answer.time_series),
    both('providers', answer.providers),
    both('models and others', [...models, ...(otherModels ? [otherModels] : [])]),
    // Kinds are in the events alone, which are read as far back as the answer says.
    { ...counts('kinds in all', [types], 'failed_requests'), range: { start: types.start, end: types.end } },
    {
      ...counts('kinds', withOther(types), 'failed_requests'),
      range: { start: types.start, end: types.end },
    },
  ];
}

async function cacheScreen(screens: Screens, of: Case): Promise<Told[]> {
  const answer = await screens.get<CacheAnswer>('usage/cache', of, { group_by: 'day', limit: '1' });
  const { models, other_models: otherModels, prompts, other_prompts: otherPrompts } = answer;
  const all = (what: string, rows: readonly CacheFigures[]): Told =>
    counts(what, rows, 'total_requests', 'all_input_tokens', 'cache_read_tokens', 'cache_write_tokens');
  return [
    all('total', [answer.total]),
    all('series', answer.time_series),
    all('models and others', [...models, ...(otherModels ? [otherModels] : [])]),
    all('prompts and others', [...prompts, ...(otherPrompts ? [otherPrompts] : [])]),
    counts('answers of the response cache', [answer.response_cache], 'cache_hits'),
  ];
}

async function trendsScreen(screens: Screens, of: Case): Promise<Told[]> {
  const told: Told[] = [];
  for (const measure of SUM_FIGURES) {
    const answer = await screens.get<Trends>('usage/trends', of, { measure });
    told.push(
      {
        what: `history of ${measure}`,
        totals: { [measure]: add(answer.history, ({ value }) => wholeOf(measure, value)) },
      },
      counts(`beside ${measure}`, [answer], 'unpriced_requests'),
    );
  }
  return told;
}

async function eventsScreen(screens: Screens, of: Case): Promise<Told[]> {
  const events: StoredEvent[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: EventPage = await screens.get<EventPage>('usage/events', of, {
      limit: '173',
      ...(cursor !== '' && { cursor }),
    });
    events.push(...page.events);
    cursor = page.next_cursor;
  }
  return [{ what: 'all pages', totals: eventTotals(events) }];
}

async function unpricedScreen(screens: Screens, of: Case): Promise<Told[]> {
  const answer = await screens.get<UnpricedAnswer>('usage/unpriced', of, { group_by: 'day', limit: '1' });
  const parts = withOther({ members: answer.models, other: answer.other });
  const names = ['unpriced_requests', 'unpriced_tokens', 'unknown_usage_requests'] as const;
  const series = ['unpriced_requests', 'unpriced_tokens'] as const;
  return [
    counts('total', [answer.total], ...names, 'total_requests'),
    counts('models and others', parts, ...names),
    counts('series', answer.total.time_series ?? [], ...series),
    counts(
      'series of models and others',
      parts.flatMap(({ time_series }) => time_series ?? []),
      ...series,
    ),
  ];
}

async function allocationScreen(screens: Screens, of: Case): Promise<Told[]> {
  const told: Told[] = [];
  for (const by of dimensionsOf(of)) {
    for (const untagged of ['show', 'spread']) {
      const {
        members,
        spread_from: spreadFrom,
        total,
      } = await screens.get<Allocation>('allocation', of, {
        by,
        untagged,
      });
      const what = `by ${by}, untagged ${untagged}`;
      told.push(
        {
          what: `total ${what}`,
          totals: {
            total_cost_usd: nano(total.cost_usd),
            total_requests: BigInt(total.total_requests),
            unpriced_requests: BigInt(total.unpriced_requests),
          },
        },
        {
          what: `members ${what}`,
          totals: {
            total_cost_usd: add(members, ({ cost_usd }) => nano(cost_usd)),
            total_requests: add([...members, ...spreadFrom], ({ total_requests }) => total_requests),
            // Only money is spread.
            ...(untagged === 'show' && {
              total_tokens_used: add(members, ({ total_tokens_used }) => total_tokens_used),
              unpriced_requests: add(members, ({ unpriced_requests }) => unpriced_requests),
            }),
          },
        },
      );
    }
  }
  return told;
}

const FOCUS_TOKENS = {
  PricingQuantity: 'total_tokens_used', x_InputTokens: 'input_tokens', x_CacheReadTokens: 'cache_read_tokens',
  x_CacheWrite5mTokens: 'cache_write_5m_tokens', x_CacheWrite1hTokens: 'cache_write_1h_tokens', x_OutputTokens: 'output_tokens',
  x_ReasoningTokens: 'reasoning_tokens', x_RequestCount: 'total_requests', x_UnpricedRequestCount: 'unpriced_requests',
  x_UnpricedTokens: 'unpriced_tokens',
}; // prettier-ignore

async function focusScreen(screens: Screens, of: Case): Promise<Told[]> {
  const charges = readCsv(await screens.get<string>('allocation/focus.csv', of));
  return [
    {
      what: 'charges',
      totals: {
        total_cost_usd: add(charges, ({ BilledCost }) => nano(BilledCost)),
        ...Object.fromEntries(
          Object.entries(FOCUS_TOKENS).map(([column, name]) => [
            name,
            add(charges, (charge) => BigInt(charge[column] ?? '')),
          ]),
        ),
      },
    },
  ];
}

async function summaryScreen(screens: Screens, of: Case): Promise<Told[]> {
  const answer = await screens.get<Summary>('summary', of);
  const key = (name: string): string | number | null | undefined =>
    answer.key_figures.find((figure) => figure.name === name)?.current;
  const whole = await screens.truth(of, undefined);
  const share = (part: bigint | undefined): number | null =>
    whole['total_requests'] === 0n
      ? null
      : Math.round((Number(part) * 1e6) / Number(whole['total_requests'])) / 1e4;
  expect([key('error_rate_percent'), key('unpriced_share_percent')]).toEqual([
    share(whole['failed_requests']),
    share(whole['unpriced_requests']),
  ]);
  return [
    {
      what: 'key figures',
      totals: {
        total_cost_usd: nano(key('total_cost_usd') as string | null),
        total_requests: BigInt(key('total_requests') ?? -1),
        total_tokens_used: BigInt(key('total_tokens_used') ?? -1),
      },
    },
    ...(answer.forecast === null
      ? []
      : [
          {
            what: 'the month so far',
            totals: { total_cost_usd: nano(answer.forecast.so_far) },
            range: { start: answer.forecast.start, end: answer.forecast.end },
          },
        ]),
  ];
}

async function forecastScreen(screens: Screens, of: Case): Promise<Told[]> {
  const told: Told[] = [];
  for (const measure of ['cost', 'requests', 'tokens']) {
    const answer = await screens.ask<PeriodForecast>({
      method: 'GET',
      url: '/v1/analytics/usage/forecast',
      query: {
        ...of.query,
        timezone: of.timezone,
        measure,
        start_date: dateOf(Date.now() - (needsEvents(of.query) ? 80 : 360) * DAY_MS),
        end_date: dateOf(Date.now() + 2 * DAY_MS),
      },
    });
    const { start, end } = answer.period;
    const range = { start, end };
    const inPeriod = answer.history.filter(({ date }) => date >= start.slice(0, 10));
    const sum = [...inPeriod.map(({ value }) => value), answer.today.so_far]
      .map((text) => Object.entries(amount(measure, text)))
      .flat()
      .reduce((all, [, value]) => all + value, 0n);
    const [name = ''] = Object.keys(amount(measure, '0'));
    told.push(
      {
        what: `${measure} so far`,
        totals: {
          ...amount(measure, answer.period_so_far),
          unpriced_requests: BigInt(answer.unpriced_requests),
        },
        range,
      },
      { what: `${measure}: days and today`, totals: { [name]: sum }, range },
    );
  }
  return told;
}

const statusTold = (what: string, status: BudgetStatus): Told => ({
  what: `${what} ${status.name}`,
  totals: spentOf(status),
  range: { start: status.period.start, end: status.period.end },
});

async function statusScreen(screens: Screens, of: Case): Promise<Told[]> {
  const own = await screens.budgetsOf(of);
  const { budgets } = await screens.ask<{ budgets: BudgetStatus[] }>({
    method: 'GET',
    url: '/v1/analytics/budgets/status',
  });
  const asked = budgets.filter(({ budget_id }) => own.includes(budget_id));
  expect(asked).toHaveLength(3);
  return asked.map((status) => statusTold('status of', status));
}

async function budgetScreen(screens: Screens, of: Case): Promise<Told[]> {
  const told: Told[] = [];
  for (const id of await screens.budgetsOf(of)) {
    const { status } = await screens.ask<{ status: BudgetStatus }>({
      method: 'GET',
      url: `/v1/analytics/budgets/${id}`,
    });
    told.push(statusTold('budget', status));
  }
  return told;
}

/** Of budgets that no filter narrows, since a call of any kind counts towards them. */
async function checkScreen(screens: Screens, of: Case): Promise<Told[]> {
  if (Object.keys(of.query).length > 0) return [];
  const own = await screens.budgetsOf(of);
  const answer = await screens.ask<{
    budgets: { budget_id: number; name: string; measure: string; spent: string; period_start: string; period_end: string }[];
  }>({ method: 'GET', url: '/v1/analytics/budgets/check' }); // prettier-ignore
  const asked = answer.budgets.filter(({ budget_id }) => own.includes(budget_id));
  expect(asked).toHaveLength(3);
  return asked.map(({ name, measure, spent, period_start: start, period_end: end }) => ({
    what: `check of ${name}`,
    totals: amount(measure, spent),
    range: { start, end },
  }));
}

type Past = Spent & { start: string; end: string };
const pastTold = (what: string, periods: readonly Past[]): Told[] =>
  periods.map((period) => ({
    what: `${what} ${period.start}`,
    totals: spentOf(period),
    range: { start: period.start, end: period.end },
  }));

/** Months of a budget that was made ten weeks ago. */
async function historyScreen(screens: Screens, of: Case): Promise<Told[]> {
  const told: Told[] = [];
  for (const measure of ['cost', 'requests', 'tokens']) {
    const { budget_id: id } = await screens.ask<{ budget_id: number }>(
      {
        method: 'POST',
        url: '/v1/analytics/budgets',
        payload: {
          name: `${measure} by month ${screens.budgetNumber()}`,
          measure,
          amount: '1000000000',
          filters: readFilters(of.query),
          period: { type: 'month', time_zone: of.timezone },
        },
      },
      201,
    );
    await screens.collector.pool.query(
      `UPDATE budgets SET defined_at = now() - INTERVAL '70 days' WHERE budget_id = $1`,
      [id],
    );
    const { periods } = await screens.ask<{ periods: Past[] }>({
      method: 'GET',
      url: `/v1/analytics/budgets/${id}/history`,
    });
    expect(periods.length).toBeGreaterThanOrEqual(2);
    told.push(...pastTold(`past month of ${measure}`, periods));
  }
  return told;
}

async function previewScreen(screens: Screens, of: Case): Promise<Told[]> {
  const draft = {
    amount: '10',
    filters: readFilters(of.query),
    period: { type: 'week', time_zone: of.timezone },
  };
  const { measure, periods } = await screens.ask<{ measure: string; periods: Omit<Past, 'measure'>[] }>({
    method: 'POST',
    url: '/v1/analytics/budgets/preview',
    query: { periods: '12' },
    payload: draft,
  });
  return pastTold(
    'week',
    periods.map((period) => ({ ...period, measure })),
  );
}

async function storedPreviewScreen(screens: Screens, of: Case): Promise<Told[]> {
  const [id] = await screens.budgetsOf({ ...of });
  const { measure, periods } = await screens.ask<{ measure: string; periods: Omit<Past, 'measure'>[] }>({
    method: 'GET',
    url: `/v1/analytics/budgets/${id ?? ''}/preview`,
    query: { periods: '1' },
  });
  return pastTold(
    'window',
    periods.map((period) => ({ ...period, measure })),
  );
}

/** Every route that answers with totals of a time. */
const SCREENS: Record<string, Screen> = {
  'GET /v1/analytics/usage/overview': async (screens, of) => {
    const answers = await Promise.all(
      ['hour', 'day', 'week', 'month'].map((group_by) =>
        screens.get<Overview>('usage/overview', of, { group_by }),
      ),
    );
    return answers.flatMap(({ summary, time_series, top_prompts }) => [
      figures(`total by ${summary.period.group_by}`, [summary]),
      figures(`series by ${summary.period.group_by}`, time_series),
      // There are fewer prompts than it lists.
      figures('prompts', top_prompts),
    ]);
  },
  'GET /v1/analytics/usage/breakdown': breakdownScreen,
  'GET /v1/analytics/usage/compare': compareScreen,
  'GET /v1/analytics/usage/trends': trendsScreen,
  'GET /v1/analytics/usage/errors': errorsScreen,
  'GET /v1/analytics/usage/latency': latencyScreen,
  'GET /v1/analytics/usage/cache': cacheScreen,
  'GET /v1/analytics/usage/events': eventsScreen,
  'GET /v1/analytics/usage/unpriced': unpricedScreen,
  'GET /v1/analytics/usage/forecast': forecastScreen,
  'GET /v1/analytics/summary': summaryScreen,
  'GET /v1/analytics/allocation': allocationScreen,
  'GET /v1/analytics/allocation/focus.csv': focusScreen,
  'GET /v1/analytics/budgets/status': statusScreen,
  'GET /v1/analytics/budgets/:budget_id': budgetScreen,
  'GET /v1/analytics/budgets/check': checkScreen,
  'GET /v1/analytics/budgets/:budget_id/history': historyScreen,
  'GET /v1/analytics/budgets/:budget_id/preview': storedPreviewScreen,
  'POST /v1/analytics/budgets/preview': previewScreen,
};

/** Routes below /v1/analytics that tell no total of a time, and why. */
const WITHOUT_TOTALS: Record<string, string> = {
  'GET /v1/analytics/usage/events/:event_id': 'one event',
  'GET /v1/analytics/usage/events/:event_id/cost': 'one event',
  'GET /v1/analytics/usage/anomalies': 'stretches of time that stand out',
  'GET /v1/analytics/usage/metered': 'what metrics say, which are no events',
  'GET /v1/analytics/telemetry/unknown': 'what could not be read',
  'GET /v1/analytics/budgets': 'definitions',
  'POST /v1/analytics/budgets': 'definitions',
  'PATCH /v1/analytics/budgets/:budget_id': 'definitions',
  'DELETE /v1/analytics/budgets/:budget_id': 'definitions',
};

describe.each(ENGINES)('totals on %s', (engine) => {
  let screens: Screens;
  beforeAll(async () => {
    const collector = await startTestCollector({}, engine);
    screens = new Screens(collector);
    await postRandomCalls(collector, { seed: 71, count: 1200 });
    // Of the last days too, since budgets and forecasts are about now.
    const now = Date.now();
    const recent = Array.from({ length: 60 }, (_, index) =>
      testEvent({
        timestamp: new Date(now - index * 7_300_000 - 1000).toISOString(),
        prompt_id: `prompt-${index % 3}`,
        user_id: `user-${index % 5}`,
        model_name: ['gpt-4o', 'gpt-4o-mini', 'own-model'][index % 3],
        input_tokens: 1000 + index,
        cache_read_tokens: 10 * (index % 7),
        status: index % 6 === 0 ? 'error' : 'success',
        status_code: index % 6 === 0 ? 500 : 200,
        metadata: { team: ['search', 'ads'][index % 2] },
      }),
    );
    expect((await collector.post(recent)).json()).toMatchObject({ accepted: 60 });
    await collector.complete();
  }, 180_000);
  afterAll(() => screens.collector.close());

  test('are asked of every route that has some', () => {
    // Those of alerts and whom they are told to count alerts, and an export is the events themselves.
    const routes = routesOf(screens.collector.app).filter((route) =>
      / \/v1\/analytics\/(?!alert|notification|export)/.test(route),
    );
    expect([...Object.keys(SCREENS), ...Object.keys(WITHOUT_TOTALS)].sort()).toEqual(routes);
  });

  describe.each(CASES)('in $timezone, $days, $query', (of) => {
    test('there is something to add up', async () => {
      expect((await screens.truth(of, undefined))['total_requests']).toBeGreaterThan(5n);
    });
    test.each(Object.entries(SCREENS))(
      'field-pain 13: those of %s are the sums of the events',
      async (_, screen) => {
        const truths = new Map<string, Promise<Totals>>();
        for (const { what, totals, range } of await screen(screens, of)) {
          const key = JSON.stringify(range ?? null);
          const truth = await (truths.get(key) ?? screens.truth(of, range));
          truths.set(key, Promise.resolve(truth));
          const expected = Object.keys(totals).map((name) => [name, truth[name]]);
          expect([what, range, totals]).toEqual([what, range, Object.fromEntries(expected)]);
        }
      },
    );
  });
});
