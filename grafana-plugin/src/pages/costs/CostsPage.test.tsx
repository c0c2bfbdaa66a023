import { expect, test } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { FakeProblem, renderPage, type Answers } from '../../testing/render-page.tsx';
import CostsPage from './CostsPage.tsx';

const figures = (requests: number, cost: string, output: number) => ({
  total_requests: requests,
  unpriced_requests: 0,
  total_cost_usd: cost,
  total_tokens_used: 1000,
  input_tokens: 500 * requests,
  cache_read_tokens: 0,
  cache_write_5m_tokens: 0,
  cache_write_1h_tokens: 0,
  output_tokens: output * requests,
  reasoning_tokens: 0,
});
const part = (absolute: string, percent: number, before: string, now: string, output = 200) => ({
  current: figures(100, now, output),
  previous: figures(100, before, 200),
  change: { total_cost_usd: { absolute, percent, percent_per_day: percent }, total_requests: { percent: 0 } },
  contribution: { absolute, share_percent: 50, percentage_points: 1 },
});
const comparison = (dimension: string | null) => ({
  period: { start: '2026-11-18T00:00:00Z', end: '2026-11-24T12:00:00Z', timezone: 'UTC', days: 6.5 },
  compared_to: { start: '2026-11-11T00:00:00Z', end: '2026-11-17T12:00:00Z', timezone: 'UTC', days: 6.5 },
  same_length: true,
  total: part('3', 15, '20', '23'),
  members:
    dimension === 'prompt_id'
      ? [
          { member: { prompt_id: 'cheap' }, label: 'cheap', status: 'both', ...part('-4', -40, '10', '6') },
          {
            member: { prompt_id: 'reply' },
            label: 'reply',
            status: 'both',
            ...part('3', 30, '10', '13', 400),
          },
          { member: { prompt_id: 'draft' }, label: 'draft', status: 'new', ...part('1', 0, '0', '1') },
        ]
      : dimension === null
        ? []
        : [{ member: { [dimension]: 'v12' }, label: 'v12', status: 'new', ...part('3', 0, '0', '3') }],
  other: null,
});
const answers: Answers = {
  '/v1/analytics/usage/unpriced': { total: { models: 2, total_requests: 5 }, models: [], other: null },
  '/v1/analytics/usage/forecast': {
    measure: 'cost',
    level: 0.8,
    method: 'mean',
    period: { start: '2026-11-01T00:00:00+00:00', end: '2026-12-01T00:00:00+00:00', timezone: 'UTC' },
    history: [{ date: '2026-11-23', value: '26' }],
    today: { date: '2026-11-24', so_far: '0.5', mean: '1', lower: '0.8', upper: '1.2', usual_share: 0.5 },
    forecast: [{ date: '2026-11-25', mean: '1', lower: '0.5', upper: '1.5' }],
    period_so_far: '26.5',
    period_total: { mean: '33', lower: '31', upper: '34.4' },
    unpriced_requests: 12,
  },
  '/v1/analytics/budgets': {
    budgets: [
      { budget_id: 1, name: 'Everything', measure: 'cost', filters: {}, period: { type: 'month' } },
      { budget_id: 2, name: 'Search', measure: 'cost', filters: { project_id: { in: ['search'] } }, period: { type: 'month' } },
    ],
  }, // prettier-ignore
  '/v1/analytics/budgets/status': {
    budgets: [
      {
        budget_id: 1, name: 'Everything', measure: 'cost', limit: '40', spent: '26.5', remaining: '13.5', percent: 66.2, is_exhausted: false,
        exhausted_at: null, thresholds: [], forecast: { at_end: '33', lower: '31', upper: '34.4', level: 0.8, percent: 82.5 },
      },
      {
        budget_id: 2, name: 'Search', measure: 'cost', limit: '2', spent: '1.8', remaining: '0.2', percent: 90, is_exhausted: false,
        exhausted_at: null, thresholds: [], forecast: { at_end: '2.4', lower: '2.2', upper: '2.6', level: 0.8, percent: 120 },
      },
    ],
  }, // prettier-ignore
  '/v1/analytics/usage/compare': (url: URL) => comparison(url.searchParams.get('dimension')),
  '/v1/analytics/usage/breakdown': { total: { total_requests: 0 }, members: [], other: null },
  '/v1/analytics/usage/anomalies': {
    incidents: [
      {
        dimension: 'prompt_id', member: 'reply', grain: 'day', direction: 'up', start: '2026-11-12T00:00:00Z', end: '2026-11-19T00:00:00Z',
        ongoing: false, actual: '5', expected: '3.4', difference: '1.6', percent: 47.7, score: 6.7, reason: 'prompt reply: +48 %',
        explained_by: [{ dimension: 'prompt_version', member: 'v12', difference: '4.8', share_percent: 310 }],
      },
    ],
    incident_count: 1,
  }, // prettier-ignore
  '/v1/analytics/usage/overview': { summary: { ...figures(5, '1', 3) }, time_series: [] },
  '/v1/analytics/usage/cache': {
    total: {
      total_requests: 5, all_input_tokens: 1000, cache_read_tokens: 400, hit_rate_percent: 40, read_saving_usd: '13.9',
      write_cost_usd: '0.8', net_saving_usd: '13.1', unpriced_cached_tokens: 0,
    },
    response_cache: { cache_hits: 3, estimated_saving_usd: '0.1' },
    could_have_saved: { estimated_saving_usd: '0', repeated_percent: 50 },
  }, // prettier-ignore
};

test('what was spent this month, where it ends and whether the budget will do stands at the top', async () => {
  renderPage(<CostsPage />, answers, { address: '/costs' });
  const month = await screen.findByRole('region', { name: 'This month' });
  expect(await within(month).findByText('$26.50')).toBeVisible();
  expect(within(month).getByText('$31.00 to $34.40, 80 % likely')).toBeVisible();
  expect(await within(month).findByText('Will last')).toBeVisible();
  expect(within(month).getByText('without 12 calls that have no price')).toBeVisible();
  // The budget of a part that will not do is told too.
  expect(within(month).getByText(/expected to be exceeded: the period ends at \$2\.40/)).toBeVisible();
});

test('with a filter the budget of that part is the one that is asked about', async () => {
  renderPage(<CostsPage />, answers, { address: '/costs?project_id=search' });
  const month = await screen.findByRole('region', { name: 'This month' });
  expect(await within(month).findByText('Search: 90 % used')).toBeVisible();
});

test('the prompt that got dearer most since last week is explained unasked, any other by a click that is in the URL', async () => {
  const page = renderPage(<CostsPage />, answers, { address: '/costs' });
  const why = await screen.findByRole('region', { name: 'Why reply changed' });
  expect(within(why).getByText('+$3.00 by the cost of a call')).toBeVisible();
  expect(within(why).getByText('output 200 → 400 (+100 %).')).toBeVisible();
  await waitFor(() => expect(within(why).getAllByText('v12 (new)')).toHaveLength(2));
  const inside = page.asked.filter(
    ({ path, query }) => path.endsWith('/compare') && query.get('prompt_id') === 'reply',
  );
  expect(inside.map(({ query }) => query.get('dimension')).sort()).toEqual(['model_name', 'prompt_version']);
  expect(inside[0]?.query.get('start_date')).toBe('now-6d/d');

  await userEvent.click(screen.getByRole('button', { name: 'cheap' }));
  expect(await screen.findByRole('region', { name: 'Why cheap changed' })).toBeVisible();
  expect(page.address()).toBe('/costs?why=cheap');
});

test('the month is compared with the last one by a click', async () => {
  const page = renderPage(<CostsPage />, answers, { address: '/costs' });
  await screen.findByRole('region', { name: 'Why reply changed' });
  await userEvent.click(screen.getByRole('radio', { name: 'This month' }));
  await waitFor(() =>
    expect(
      page.asked.some(
        ({ query }) => query.get('start_date') === 'now/M' && query.get('compare_with') === 'last_month',
      ),
    ).toBe(true),
  );
  expect(page.address()).toBe('/costs?change=month');
});

test('an anomaly is told with what it comes from, and leads to the prompt and the days', async () => {
  renderPage(<CostsPage />, answers, { address: '/costs' });
  const anomalies = await screen.findByRole('region', { name: 'Anomalies' });
  const link = await within(anomalies).findByRole('link', { name: 'Prompt reply' });
  expect(link).toHaveAttribute('href', expect.stringContaining('prompt_id=reply'));
  expect(link).toHaveAttribute('href', expect.stringContaining(`from=${Date.parse('2026-11-12T00:00:00Z')}`));
  expect(within(anomalies).getByText(/prompt version v12 \(\+\$4\.80\)/)).toBeVisible();
  expect(within(anomalies).getByText(/Thu 12 Nov 2026 to Wed 18 Nov 2026/)).toBeVisible();
});

test('of a long period only the last 35 days are asked for anomalies', async () => {
  const page = renderPage(<CostsPage />, answers, {
    address: '/costs?from=2026-08-01T00:00:00Z&to=2026-11-01T00:00:00Z',
  });
  expect(await screen.findByText(/The last 35 days of the period/)).toBeVisible();
  expect(page.asked.find(({ path }) => path.endsWith('/anomalies'))?.query.get('start_date')).toBe(
    '2026-09-28T00:00:00.000Z',
  );
});

test('a part that fails leaves the others alive', async () => {
  renderPage(
    <CostsPage />,
    { ...answers, '/v1/analytics/usage/anomalies': new FakeProblem(422, { detail: 'Not by users.' }) },
    { address: '/costs' },
  );
  expect(await screen.findByText('Not by users.')).toBeVisible();
  expect(await screen.findByText('$13.10')).toBeVisible();
});

test('the parts of the page are in the URL, and filters go along', async () => {
  const page = renderPage(<CostsPage />, answers, { address: '/costs?project_id=search&why=cheap' });
  await userEvent.click(await screen.findByRole('tab', { name: /Unpriced usage/ }));
  expect(page.address()).toBe('/costs?project_id=search&tab=unpriced');
  await userEvent.click(screen.getByRole('tab', { name: 'Spend' }));
  expect(page.address()).toBe('/costs?project_id=search');
});
