import { describe, expect, test } from '@jest/globals';
import type { BudgetStatus } from '../budgets/status.ts';
import type { Incident } from '../usage/error-incidents.ts';
import { NO_FIGURES, type Figures } from '../usage/figures.ts';
import { notable, type ComparedMember, type Facts } from './notable.ts';
import { count, dollars, memberText, milliseconds, percentText } from './wording.ts';

const figures = (fields: Partial<Figures> = {}): Figures => ({
  ...NO_FIGURES,
  total_requests: 1000,
  successful_requests: 990,
  failed_requests: 10,
  total_cost_usd: '100',
  ...fields,
});
const links = {
  compare: '/compare',
  latency: '/latency',
  unpriced: '/unpriced',
  errors: '/errors',
  budgets: '/budgets',
};
const facts = (fields: Partial<Facts> = {}): Facts => ({
  current: figures(),
  previous: figures(),
  latency: null,
  members: [],
  incidents: [],
  budgets: [],
  links,
  ...fields,
});
const texts = (fields: Partial<Facts>): string[] => notable(facts(fields)).map(({ text }) => text);

test('nothing notable is no sentence', () => {
  expect(notable(facts())).toEqual([]);
  expect(
    texts({
      current: figures({
        total_cost_usd: '109.9',
        total_requests: 1199,
        failed_requests: 17,
        unpriced_requests: 11,
      }),
    }),
  ).toEqual([]);
  expect(notable(facts({ current: NO_FIGURES, previous: NO_FIGURES }))).toEqual([]);
});

test('cost and requests that rose or fell', () => {
  const [sentence] = notable(facts({ current: figures({ total_cost_usd: '112.5' }) }));
  expect(sentence).toEqual({
    kind: 'cost',
    severity: 'info',
    text: 'Cost rose by 13 %, from $100.00 to $112.50.',
    evidence: {
      measure: 'total_cost_usd',
      dimension: null,
      member: null,
      current: '112.5',
      previous: '100',
      change_percent: 12.5,
    },
    link: '/compare',
  });
  expect(
    texts({ current: figures({ total_cost_usd: '0.05' }), previous: figures({ total_cost_usd: '0.1' }) }),
  ).toEqual(['Cost fell by 50 %, from $0.10 to $0.05.']);
  expect(texts({ current: figures({ total_requests: 12_345, failed_requests: 123 }) })).toEqual([
    'Requests rose by 1,135 %, from 1,000 to 12,345.',
  ]);
});

const member = (fields: Partial<ComparedMember>): ComparedMember => ({
  dimension: 'model_name',
  member: 'gpt-4o',
  status: 'both',
  current: figures({ total_cost_usd: '70' }),
  previous: figures({ total_cost_usd: '50' }),
  contribution: { absolute: '20', share_percent: 80 },
  link: '/compare?dimension=model_name',
  ...fields,
});

describe('who made the change', () => {
  const dearer = { current: figures({ total_cost_usd: '125' }) };
  test('the member with the largest part, once a dimension, with its own numbers', () => {
    const sentences = notable(
      facts({
        ...dearer,
        members: [
          member({}),
          member({ member: 'o3', contribution: { absolute: '8', share_percent: 32 } }),
          member({
            dimension: 'prompt_id',
            member: null,
            contribution: { absolute: '25', share_percent: 100 },
          }),
          member({
            dimension: 'project_id',
            member: 'a',
            contribution: { absolute: '5', share_percent: 20 },
          }),
        ],
      }),
    );
    expect(sentences.map(({ text }) => text)).toEqual([
      'Cost rose by 25 %, from $100.00 to $125.00.',
      'Model "gpt-4o" made 80 % of the rise: $20.00 more than before.',
      'Calls without a prompt made 100 % of the rise: $25.00 more than before.',
    ]);
    expect(sentences[1]).toMatchObject({
      kind: 'cost_contributor',
      evidence: {
        dimension: 'model_name',
        member: 'gpt-4o',
        current: '70',
        previous: '50',
        change_percent: 40,
      },
      link: '/compare?dimension=model_name',
    });
  });
  test('of a fall it cost less', () => {
    expect(
      texts({
        current: figures({ total_cost_usd: '75' }),
        members: [member({ contribution: { absolute: '-20', share_percent: 80 } })],
      })[1],
    ).toBe('Model "gpt-4o" made 80 % of the fall: $20.00 less than before.');
  });
  test('nobody where the cost did not change enough', () => {
    expect(texts({ members: [member({})] })).toEqual([]);
  });
  test('new and gone members, if they are more than a few percent', () => {
    const fresh = member({
      member: 'o3',
      status: 'new',
      current: figures({ total_cost_usd: '20' }),
      previous: NO_FIGURES,
    });
    const gone = member({
      dimension: 'user_id',
      member: 'u "1"',
      status: 'gone',
      current: NO_FIGURES,
      previous: figures({ total_cost_usd: '6' }),
    });
    const small = member({
      member: 'o4',
      status: 'new',
      current: figures({ total_cost_usd: '4' }),
      previous: NO_FIGURES,
    });
    expect(texts({ members: [fresh, gone, small] })).toEqual([
      'Model "o3" is new: $20.00, 20 % of the cost.',
      'User "u \\"1\\"" is gone: before, $6.00, 6 % of the cost.',
    ]);
    expect(texts({ previous: NO_FIGURES, members: [fresh] })).toEqual([]);
  });
});

test('an error rate that changed, with enough requests', () => {
  expect(notable(facts({ current: figures({ failed_requests: 30 }) }))).toMatchObject([
    {
      kind: 'error_rate',
      severity: 'warning',
      text: 'The error rate rose from 1 % to 3 % (30 of 1,000 requests).',
      evidence: { current: 3, previous: 1, change_percent: 200 },
      link: '/errors',
    },
  ]);
  expect(notable(facts({ previous: figures({ failed_requests: 30 }) }))[0]).toMatchObject({
    severity: 'info',
    text: 'The error rate fell from 3 % to 1 % (10 of 1,000 requests).',
  });
  const few = {
    current: figures({ total_requests: 90, failed_requests: 45 }),
    previous: figures({ total_requests: 90, failed_requests: 1 }),
  };
  expect(texts(few)).toEqual([]);
  // 20 % to 22 %: two points, but hardly another rate.
  expect(
    texts({ current: figures({ failed_requests: 220 }), previous: figures({ failed_requests: 200 }) }),
  ).toEqual([]);
});

test('response times that changed beyond what the buckets can tell, with enough calls', () => {
  const percentiles = (p95: number | null) => ({ p50: 1, p90: 1, p95, p99: 1, relative_error: 0.0433 });
  const latency = (now: number | null, before: number | null, timed = 500) => ({
    latency: {
      current: percentiles(now),
      previous: percentiles(before),
      timed: { current: timed, previous: 500 },
    },
  });
  expect(texts(latency(2500, 2000))).toEqual([
    'The 95th percentile of response times rose by 25 %, from 2.00 s to 2.50 s.',
  ]);
  expect(texts(latency(400, 800))).toEqual([
    'The 95th percentile of response times fell by 50 %, from 800 ms to 400 ms.',
  ]);
  expect(texts(latency(2300, 2000))).toEqual([]);
  expect(texts(latency(2500, 2000, 99))).toEqual([]);
  expect(texts(latency(2500, null))).toEqual([]);
});

test('unpriced requests', () => {
  expect(texts({ current: figures({ unpriced_requests: 45 }) })).toEqual([
    '4.5 % of the requests (45) have no known cost: the true cost is higher than the one told.',
  ]);
});

const incident = (fields: Partial<Incident> = {}): Incident => ({
  model: null,
  start: '2026-05-09T10:15:00Z',
  end: '2026-05-09T11:45:00Z',
  is_open: false,
  requests: 1200,
  errors: 1000,
  error_rate_percent: 83.3333,
  peak_error_rate_percent: 100,
  baseline_error_rate_percent: 1.98,
  baseline_requests: 9000,
  grain: 'quarter_hour',
  top_error_type: { error_type: 'overloaded', errors: 990 },
  models: [],
  ...fields,
});

test('incidents, the three with the most errors; an open one is critical', () => {
  expect(texts({ incidents: [incident()] })).toEqual([
    'From 2026-05-09T10:15:00Z to 2026-05-09T11:45:00Z, 1,000 of 1,200 requests failed (83 %, usually 2 %), mostly "overloaded".',
  ]);
  const open = incident({
    is_open: true,
    model: { model_provider: 'openai', model_name: 'o3' },
    top_error_type: null,
    errors: 5,
  });
  const many = [1, 2, 3, 4].map((errors) => incident({ errors }));
  const sentences = notable(facts({ incidents: [...many, open] }));
  expect(sentences).toHaveLength(3);
  expect(sentences[0]).toMatchObject({
    severity: 'critical',
    text: 'Since 2026-05-09T10:15:00Z, 5 of 1,200 requests of model "o3" failed (83 %, usually 2 %).',
    evidence: { dimension: 'model_name', member: 'o3', current: 83.3333, previous: 1.98 },
  });
});

const budget = (fields: Partial<BudgetStatus> = {}): BudgetStatus => ({
  budget_id: 1,
  name: 'All',
  measure: 'cost',
  enforcement: 'none',
  enabled: true,
  period: { type: 'month', start: '', end: '', time_zone: 'UTC' },
  limit: '1000',
  spent: '500',
  remaining: '500',
  percent: 50,
  is_exhausted: false,
  exhausted_at: null,
  burn_rate: { now_per_day: '1', average_per_day: '1' },
  forecast: null,
  thresholds: [],
  requests: 1,
  unpriced_requests: 0,
  is_lower_bound: false,
  as_of: '',
  complete_until: '',
  ...fields,
});

test('budgets: exhausted before expected to be, before above a threshold', () => {
  const thresholds = [
    { percent: 50, kind: 'actual' as const, is_crossed: true, crossed_at: null },
    { percent: 80, kind: 'actual' as const, is_crossed: true, crossed_at: null },
    { percent: 100, kind: 'forecast' as const, is_crossed: true, crossed_at: null },
  ];
  const forecast = { at_end: '1204.5', lower: '1', upper: '2', level: 0.8, percent: 120.45, method: 'm' };
  const spent = { spent: '850', percent: 85, thresholds };
  expect(texts({ budgets: [budget()] })).toEqual([]);
  expect(texts({ budgets: [budget(spent)] })).toEqual([
    'The budget "All" is at 85 % of $1,000.00, above its threshold of 80 %.',
  ]);
  expect(texts({ budgets: [budget({ ...spent, forecast })] })).toEqual([
    'The budget "All" is expected to end at $1,204.50, 120 % of $1,000.00.',
  ]);
  const exhausted = budget({
    ...spent,
    forecast,
    measure: 'tokens',
    limit: '1000',
    spent: '1500',
    percent: 150,
    is_exhausted: true,
  });
  expect(notable(facts({ budgets: [exhausted] }))).toMatchObject([
    {
      kind: 'budget_exhausted',
      severity: 'critical',
      text: 'The budget "All" is exhausted: 1,500 of 1,000 tokens (150 %).',
      link: '/budgets',
    },
  ]);
});

test('the gravest come first, and the same facts make the same sentences', () => {
  const all = facts({
    current: figures({ total_cost_usd: '200', unpriced_requests: 100, failed_requests: 100 }),
    incidents: [incident()],
    budgets: [budget({ is_exhausted: true })],
  });
  expect(notable(all).map(({ kind }) => kind)).toEqual([
    'budget_exhausted',
    'incident',
    'error_rate',
    'unpriced',
    'cost',
  ]);
  expect(notable(all)).toEqual(notable(structuredClone(all)));
});

test('numbers in sentences', () => {
  expect(['0', '0.000000001', '0.00123456', '0.5', '0.999999', '1', '1234567.895', '-3.5'].map(dollars)).toEqual([
    '$0.00', '$0.000000001', '$0.001235', '$0.50', '$1.00', '$1.00', '$1,234,567.90', '-$3.50',
  ]); // prettier-ignore
  expect([1, 999, 1000, 1_234_567].map(count)).toEqual(['1', '999', '1,000', '1,234,567']);
  expect([0.034, 1, 1.25, 9.96, 12.3456, -40, 1234].map(percentText)).toEqual([
    '0.03 %',
    '1 %',
    '1.3 %',
    '10 %',
    '12 %',
    '40 %',
    '1,234 %',
  ]);
  expect([12.4, 999, 1000, 12_345].map(milliseconds)).toEqual(['12 ms', '999 ms', '1.00 s', '12.3 s']);
  expect(memberText('user_id', 'a"b')).toBe('user "a\\"b"');
});
