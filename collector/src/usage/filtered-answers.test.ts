import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Summary } from '../summary/summary.ts';
import { postRandomCalls } from '../testing/random-calls.ts';
import { FIRST_TENANT, startTestCollector, type TestCollector } from '../testing/test-collector.ts';
import type { Breakdown } from './breakdown.ts';
import type { Comparison } from './compare.ts';
import type { ErrorsAnswer } from './errors.ts';
import type { EventPage } from './events.ts';
import { NO_FIGURES, type Figures } from './figures.ts';
import { LATENCY_RELATIVE_ERROR } from './latency-buckets.ts';
import type { LatencyAnswer, LatencyFigures } from './latency.ts';
import type { Overview } from './overview.ts';
import type { CacheAnswer, CacheFigures } from './prompt-cache.ts';
import type { Trends } from './trends.ts';

/*
 * Every answer, under every kind of filter, by local days of zones whose clocks change meanwhile, against plain SQL over the rows of the log. A third of the
 * calls came before the older ones did, and a tenth was told twice.
 */

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector();
  await postRandomCalls(collector, { seed: 91, count: 1500 });
}, 180_000);
afterAll(() => collector.close());

type Query = Record<string, string | string[]>;
async function get<Answer>(path: string, query: Query): Promise<Answer> {
  const answer = await collector.call({ method: 'GET', url: `/v1/analytics/${path}`, query });
  if (answer.statusCode !== 200) throw new Error(`${path} ${JSON.stringify(query)}: ${answer.body}`);
  return answer.json<Answer>();
}

const NOW = { start_date: '2026-10-01', end_date: '2026-11-05' };
const BEFORE = { start_date: '2026-03-06', end_date: '2026-03-31' };
const DAYS = Array.from({ length: 36 }, (_, day) =>
  new Date(Date.UTC(2026, 9, 1 + day)).toISOString().slice(0, 10),
);

/** A filter of each kind (equal, in, not, prefix, missing) and of each place: rollups, latency buckets, events, tags. */
const CASES: [zone: string, query: Query, where: string][] = [
  ['Europe/Berlin', {}, 'true'],
  ['America/New_York', { model_name: 'gpt-4o' }, `model_name = 'gpt-4o'`],
  ['Asia/Kathmandu', { model_name: ['gpt-4o-mini', 'own-model'], environment: ['production', '__none__'] },
    `model_name IN ('gpt-4o-mini', 'own-model') AND (environment = 'production' OR environment IS NULL)`],
  ['Australia/Lord_Howe', { 'not.project_id': ['project-1', '__none__'] }, `project_id <> 'project-1'`],
  ['Europe/Berlin', { 'prefix.model_name': ['gpt-4o-', 'claude'], 'not.endpoint': '/v1/responses' },
    `(model_name LIKE 'gpt-4o-%' OR model_name LIKE 'claude%') AND endpoint IS DISTINCT FROM '/v1/responses'`],
  ['America/New_York', { prompt_id: ['prompt-1', 'prompt-4'], 'not.prompt_version': '0' },
    `prompt_id IN ('prompt-1', 'prompt-4') AND prompt_version IS DISTINCT FROM '0'`],
  ['Pacific/Chatham', { user_id: ['user-1', 'user-2', 'user-3', '__none__'] }, `(user_id IN ('user-1', 'user-2', 'user-3') OR user_id IS NULL)`],
  ['America/New_York', { 'not.user_id': 'user-7', 'prefix.session_id': 'session-1' }, `user_id IS DISTINCT FROM 'user-7' AND session_id LIKE 'session-1%'`],
  ['Asia/Kathmandu', { status: 'error' }, `status = 'error'`],
  ['Europe/Berlin', { 'prefix.status_code': ['2', '5'], stream: ['true', '__none__'] }, `status_code / 100 IN (2, 5) AND (stream OR stream IS NULL)`],
  ['Australia/Lord_Howe', { 'metadata.team': ['search', 'ads'] }, `metadata ->> 'team' IN ('search', 'ads')`],
  ['America/New_York', { 'metadata.team': '__none__', cache_hit: 'false' }, `coalesce(metadata ->> 'team', '') = '' AND NOT cache_hit`],
  ['Europe/Berlin', { 'not.metadata.team': ['search', '__none__'], 'prefix.metadata.cost.centre': 'a' },
    `coalesce(metadata ->> 'team', '') NOT IN ('search', '') AND metadata ->> 'cost.centre' LIKE 'a%'`],
  ['America/New_York', { model_name: 'nobody-has-it' }, 'false'],
]; // prettier-ignore

interface Row extends Figures {
  member: string | null;
  day: string | null;
  /** Known response times, in order. */
  times: number[] | null;
}

/** Groups of the log's rows by local day, by member and both, as a person would sum them to check an answer. */
async function plain(
  zone: string,
  where: string,
  range: typeof NOW,
  member = 'NULL::text',
): Promise<{ of: (member: string | null | undefined, day?: string) => Row | undefined; members: Row[] }> {
  const { rows } = await collector.pool.query<Row & { has_member: boolean }>(
    `SELECT grouping(member) = 0 AS has_member, member, day,
       count(*)::int AS total_requests, (count(*) FILTER (WHERE status = 'success'))::int AS successful_requests,
       (count(*) FILTER (WHERE status = 'error'))::int AS failed_requests, (count(*) FILTER (WHERE cache_hit))::int AS cache_hits,
       coalesce(sum(tokens_requested), 0)::int AS total_tokens_requested, coalesce(sum(tokens_used), 0)::int AS total_tokens_used,
       coalesce(sum(input_tokens), 0)::int AS input_tokens, coalesce(sum(cache_read_tokens), 0)::int AS cache_read_tokens,
       coalesce(sum(cache_write_5m_tokens), 0)::int AS cache_write_5m_tokens, coalesce(sum(cache_write_1h_tokens), 0)::int AS cache_write_1h_tokens,
       coalesce(sum(output_tokens), 0)::int AS output_tokens, coalesce(sum(reasoning_tokens), 0)::int AS reasoning_tokens,
       trim_scale(sum(cost_nano_usd) / 1000000000.0)::text AS total_cost_usd, (count(*) FILTER (WHERE cost_nano_usd IS NULL))::int AS unpriced_requests,
       coalesce(sum(tokens_used) FILTER (WHERE cost_nano_usd IS NULL), 0)::int AS unpriced_tokens,
       (count(*) FILTER (WHERE tokens_used IS NULL AND status = 'success' AND NOT cache_hit))::int AS unknown_usage_requests,
       trim_scale(sum(reported_cost_nano_usd) / 1000000000.0)::text AS reported_cost_usd,
       round(avg(response_time_us) / 1000, 3)::float8 AS average_response_time_ms,
       round(avg(time_to_first_token_us) / 1000, 3)::float8 AS average_time_to_first_token_ms,
       round(count(*) FILTER (WHERE status = 'success') * 100.0 / count(*), 4)::float8 AS success_rate,
       array_agg(response_time_us / 1000.0::float8 ORDER BY response_time_us) FILTER (WHERE response_time_us IS NOT NULL) AS times
     FROM (
       SELECT *, ${member} AS member, to_char("timestamp" AT TIME ZONE $2, 'YYYY-MM-DD') AS day FROM client_usage_logs WHERE tenant_id = $1 AND ${where}
     ) calls
     WHERE day BETWEEN $3 AND $4 GROUP BY GROUPING SETS ((), (day), (member), (member, day)) HAVING count(*) > 0`,
    [FIRST_TENANT, zone, range.start_date, range.end_date],
  );
  return {
    of: (member, day) =>
      rows.find(
        (row) =>
          row.has_member === (member !== undefined) &&
          row.member === (member ?? null) &&
          row.day === (day ?? null),
      ),
    members: rows.filter((row) => row.has_member && row.day === null),
  };
}

/** What an answer should say of rows. */
function said(row: Row | undefined): Figures {
  if (row === undefined) return NO_FIGURES;
  const { member: _member, day: _day, times: _times, ...figures } = row;
  const { has_member: _hasMember, ...rest } = figures as typeof figures & { has_member: boolean };
  return rest;
}

function expectLatency(told: LatencyFigures, row: Row | undefined): void {
  const times = row?.times ?? [];
  expect([told.total_requests, told.timed_requests, told.average_ms]).toEqual([
    row?.total_requests ?? 0,
    times.length,
    row?.average_response_time_ms ?? null,
  ]);
  for (const [name, quantile] of [['p50', 0.5], ['p95', 0.95]] as const) {
    const exact = times[Math.max(0, Math.ceil(quantile * times.length) - 1)];
    if (exact === undefined) expect(told.percentiles_ms[name]).toBeNull();
    else expect(Math.abs((told.percentiles_ms[name] ?? NaN) - exact)).toBeLessThanOrEqual(exact * LATENCY_RELATIVE_ERROR + 0.002);
  }
} // prettier-ignore

const share = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((part * 1e6) / whole) / 1e4;

describe.each(CASES)('in %s under %j', (timezone, query, where) => {
  const asked = { ...NOW, ...query, timezone };

  test('the overview and each of its days are those of the calls', async () => {
    const answer = await get<Overview>('usage/overview', { ...asked, group_by: 'day' });
    const truth = await plain(timezone, where, NOW);
    expect(answer.summary).toMatchObject(said(truth.of(undefined)));
    expect(answer.time_series.map(({ timestamp }) => timestamp.slice(0, 10))).toEqual(DAYS);
    for (const { timestamp, ...point } of answer.time_series) {
      const day = timestamp.slice(0, 10);
      expect({ day, ...point }).toEqual({ day, ...said(truth.of(undefined, day)) });
    }
    const prompts = await plain(timezone, where, NOW, 'prompt_id');
    expect(answer.top_prompts).toHaveLength(prompts.members.length);
    for (const { prompt_id: prompt, ...figures } of answer.top_prompts)
      expect({ prompt, ...figures }).toEqual({ prompt, ...said(prompts.of(prompt)) });
  });

  test.each([
    ['model_name', 'model_name'],
    ['metadata.team', `nullif(metadata ->> 'team', '')`],
  ])('each member by %s, and each of its days, is that of its calls', async (dimension, member) => {
    const answer = await get<Breakdown>('usage/breakdown', {
      ...asked, dimension, group_by: 'day', limit: '50', order_by: 'total_requests',
    }); // prettier-ignore
    const truth = await plain(timezone, where, NOW, member);
    expect(answer.members).toHaveLength(truth.members.length);
    for (const part of answer.members) {
      const name = part.member[dimension] ?? null;
      expect(part).toMatchObject(said(truth.of(name)));
      for (const { timestamp, ...point } of part.time_series ?? []) {
        const day = timestamp.slice(0, 10);
        expect({ name, day, ...point }).toEqual({ name, day, ...said(truth.of(name, day)) });
      }
    }
  });

  test('both sides of a comparison, of the whole and of each member, are those of the calls', async () => {
    const answer = await get<Comparison>('usage/compare', {
      ...asked, dimension: 'project_id', limit: '50', compare_start: BEFORE.start_date, compare_end: BEFORE.end_date,
    }); // prettier-ignore
    const [now, before] = [
      await plain(timezone, where, NOW, 'project_id'),
      await plain(timezone, where, BEFORE, 'project_id'),
    ];
    expect(answer.total).toMatchObject({
      current: said(now.of(undefined)),
      previous: said(before.of(undefined)),
    });
    const names = new Set([...now.members, ...before.members].map(({ member }) => member));
    expect(new Set(answer.members.map(({ member }) => member['project_id']))).toEqual(names);
    for (const { member, current, previous } of answer.members) {
      const name = member['project_id'] ?? null;
      expect({ name, current, previous }).toEqual({
        name,
        current: said(now.of(name)),
        previous: said(before.of(name)),
      });
    }
  });

  test.each(['total_cost_usd', 'total_requests', 'output_tokens', 'success_rate'] as const)(
    'the trend of %s is made of the days of the calls',
    async (measure) => {
      const { history } = await get<Trends>('usage/trends', { ...asked, measure });
      const truth = await plain(timezone, where, NOW);
      const first = DAYS.find((day) => truth.of(undefined, day) !== undefined);
      const days = first === undefined ? [] : DAYS.slice(DAYS.indexOf(first));
      expect(history).toEqual(
        days.map((date) => ({ date, value: said(truth.of(undefined, date))[measure] })),
      );
    },
  );

  test('errors by day and kind are those of the calls', async () => {
    const answer = await get<ErrorsAnswer>('usage/errors', { ...asked, group_by: 'day' });
    const truth = await plain(timezone, where, NOW, `CASE WHEN status = 'error' THEN coalesce(error_type, '') END`);
    const counts = (row: Row | undefined) => ({
      total_requests: row?.total_requests ?? 0,
      failed_requests: row?.failed_requests ?? 0,
      error_rate_percent: share(row?.failed_requests ?? 0, row?.total_requests ?? 0),
    });
    expect(answer.total).toMatchObject(counts(truth.of(undefined)));
    expect(answer.time_series.map(({ timestamp, ...point }) => [timestamp.slice(0, 10), point])).toEqual(
      DAYS.map((day) => [day, counts(truth.of(undefined, day))]),
    );
    expect(new Map(answer.types.members.map((one) => [one.error_type ?? '', one.failed_requests]))).toEqual(
      new Map(truth.members.filter(({ member }) => member !== null).map((row) => [row.member ?? '', row.failed_requests])),
    );
  }); // prettier-ignore

  test('latency by day and model is that of the calls', async () => {
    const answer = await get<LatencyAnswer>('usage/latency', {
      ...asked, dimension: 'model_name', limit: '50', group_by: 'day',
    }); // prettier-ignore
    const truth = await plain(timezone, where, NOW, 'model_name');
    expectLatency(answer.total, truth.of(undefined));
    for (const point of answer.total.time_series ?? [])
      expectLatency(point, truth.of(undefined, point.timestamp.slice(0, 10)));
    expect(answer.members).toHaveLength(truth.members.length);
    for (const part of answer.members) expectLatency(part, truth.of(part.member));
  });

  test('tokens from and into the prompt cache, and what they saved, are those of each call at its own price', async () => {
    // A hit of the response cache costs nothing whatever its tokens; batches have prices of their own in the book but not in this answer.
    const priced = { cache_hit: 'false', service_tier: ['default', '__none__'] };
    const answer = await get<CacheAnswer>('usage/cache', { ...asked, ...priced, group_by: 'day' });
    const { rows } = await collector.pool.query<CacheFigures & { day: string | null }>(
      `SELECT day, count(*)::int AS total_requests, coalesce(sum(cache_read_tokens), 0)::int AS cache_read_tokens,
         coalesce(sum(coalesce(cache_write_5m_tokens, 0) + coalesce(cache_write_1h_tokens, 0)), 0)::int AS cache_write_tokens,
         coalesce(sum(tokens_used - output_tokens), 0)::int AS all_input_tokens,
         trim_scale(round(coalesce(sum(cache_read_tokens * (p.input_per_mtok - p.cache_read_per_mtok)), 0) / 1000000, 9))::text AS read_saving_usd
       FROM (SELECT *, to_char("timestamp" AT TIME ZONE $2, 'YYYY-MM-DD') AS day FROM client_usage_logs WHERE tenant_id = $1) l
       LEFT JOIN model_prices p USING (price_id)
       WHERE day BETWEEN $3 AND $4 AND NOT cache_hit AND (l.service_tier IS NULL OR l.service_tier = 'default') AND ${where.replaceAll(/\b(model_name|endpoint)\b/g, 'l.$1')}
       GROUP BY GROUPING SETS ((), (day)) HAVING count(*) > 0`,
      [FIRST_TENANT, timezone, NOW.start_date, NOW.end_date],
    );
    const nothing = { total_requests: 0, cache_read_tokens: 0, cache_write_tokens: 0, all_input_tokens: 0, read_saving_usd: '0' };
    const expected = (day: string | null): object => {
      const { day: _, ...row } = rows.find((one) => one.day === day) ?? { day, ...nothing };
      return row;
    };
    // Where no input has a price there is no money to tell.
    const told = ({ read_saving_usd, ...rest }: CacheFigures): object => ({ ...rest, read_saving_usd: read_saving_usd ?? '0' });
    expect(told(answer.total)).toMatchObject(expected(null));
    for (const point of answer.time_series) expect(told(point)).toMatchObject(expected(point.timestamp.slice(0, 10)));
  }); // prettier-ignore

  test('the pages of events are the calls, the newest first', async () => {
    const ids: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: EventPage = await get<EventPage>('usage/events', {
        ...asked,
        limit: '211',
        ...(cursor !== '' && { cursor }),
      });
      ids.push(...page.events.map(({ event_id }) => event_id));
      cursor = page.next_cursor;
    }
    const { rows } = await collector.pool.query<{ event_id: string }>(
      `SELECT event_id FROM client_usage_logs WHERE tenant_id = $1 AND ("timestamp" AT TIME ZONE $2)::date BETWEEN $3 AND $4 AND ${where}
       ORDER BY "timestamp" DESC, event_uuid DESC`,
      [FIRST_TENANT, timezone, NOW.start_date, NOW.end_date],
    );
    expect(ids).toEqual(rows.map(({ event_id }) => event_id));
  });

  test('the key figures and top spenders of the summary are those of the calls in both periods', async () => {
    const answer = await get<Summary>('summary', asked);
    const [start, end] = [answer.compared_to.start.slice(0, 10), answer.compared_to.end.slice(0, 10)];
    expect([start, end]).toEqual(['2026-08-26', '2026-10-01']);
    const now = await plain(timezone, where, NOW, 'project_id');
    const before = await plain(timezone, where, { start_date: start, end_date: '2026-09-30' });
    for (const side of ['current', 'previous'] as const) {
      const row = (side === 'current' ? now : before).of(undefined);
      const figures = said(row);
      const told = Object.fromEntries(answer.key_figures.map((figure) => [figure.name, figure[side]]));
      const { response_time_p95_ms: p95, ...rest } = told;
      expect(rest).toEqual({
        total_cost_usd: figures.total_cost_usd,
        total_requests: figures.total_requests,
        total_tokens_used: figures.total_tokens_used,
        average_response_time_ms: figures.average_response_time_ms,
        error_rate_percent: share(figures.failed_requests, figures.total_requests),
        unpriced_share_percent: share(figures.unpriced_requests, figures.total_requests),
      });
      const times = row?.times ?? [];
      const exact = times[Math.ceil(0.95 * times.length) - 1];
      if (exact === undefined) expect(p95).toBeNull();
      else expect(Math.abs(Number(p95) - exact)).toBeLessThanOrEqual(exact * LATENCY_RELATIVE_ERROR + 0.002);
    }
    const spenders = answer.top_spenders.project_id?.members ?? [];
    expect(spenders).toHaveLength(Math.min(5, now.members.length));
    for (const { member, total_cost_usd, total_requests } of spenders)
      expect({ total_cost_usd, total_requests }).toEqual({
        total_cost_usd: now.of(member)?.total_cost_usd,
        total_requests: now.of(member)?.total_requests,
      });
  });
});
