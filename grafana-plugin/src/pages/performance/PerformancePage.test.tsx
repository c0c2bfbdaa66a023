import { expect, test } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { FakeProblem, renderPage, type Answers } from '../../testing/render-page.tsx';
import PerformancePage from './PerformancePage.tsx';

const figures = (p95: number | null, timed_requests = 1000) => ({
  total_requests: timed_requests,
  timed_requests,
  average_ms: 700,
  percentiles_ms: { p50: 500, p90: 1500, p95, p99: 4000, relative_error: 0.0433 },
  output_tokens_per_second: 80,
  histogram: [],
});
const freshness = {
  as_of: '2026-11-24T10:00:00Z',
  complete_until: '2026-11-24T10:00:00Z',
  cache_age_seconds: 0,
};
const heatmap = {
  bars: [
    { above_ms: 256, up_to_ms: 512 },
    { above_ms: 512, up_to_ms: 1024 },
  ],
  points: [
    { timestamp: '2026-11-23T00:00:00Z', requests: [5, 0] },
    { timestamp: '2026-11-24T00:00:00Z', requests: [7, 9] },
  ],
};

/** The week before gpt-4o was twice as fast; o3 was not there. */
const latency = (url: URL) => {
  const query = url.searchParams;
  const isEarlier = query.get('limit') === '50';
  const series = query.has('group_by')
    ? { time_series: [{ timestamp: '2026-11-24T00:00:00Z', ...figures(2000) }] }
    : {};
  const member = (name: string, p95: number) => ({
    member: name,
    label: name,
    ...figures(p95),
    ...series,
  });
  return {
    period: { start: '2026-11-17T00:00:00Z', end: '2026-11-24T00:00:00Z', group_by: null, timezone: 'UTC' },
    source: 'rollups',
    total: {
      members: 2,
      ...figures(isEarlier ? 1000 : 2000),
      ...series,
      ...(query.get('heatmap') === 'true' ? { heatmap } : {}),
    },
    members: query.has('dimension')
      ? [member('gpt-4o', isEarlier ? 1000 : 2000), ...(isEarlier ? [] : [member('o3', 9000)])]
      : [],
    other: null,
    freshness,
  };
};
const seen = { first_seen: '2026-11-20T08:00:00Z', last_seen: '2026-11-24T09:30:00Z' };
const errors = {
  period: { start: '2026-11-17T00:00:00Z', end: '2026-11-24T00:00:00Z', group_by: 'day', timezone: 'UTC' },
  source: 'rollups',
  total: { total_requests: 1000, failed_requests: 50, error_rate_percent: 5, ...seen },
  time_series: [
    { timestamp: '2026-11-24T00:00:00Z', total_requests: 1000, failed_requests: 50, error_rate_percent: 5 },
  ],
  types: {
    start: '2026-11-17T00:00:00Z',
    end: '2026-11-24T00:00:00Z',
    failed_requests: 50,
    members: [
      {
        error_type: 'rate_limit_exceeded',
        failed_requests: 50,
        share_percent: 100,
        status_codes: [429],
        ...seen,
      },
    ],
    other: null,
  },
  providers: [
    { model_provider: 'openai', total_requests: 1000, failed_requests: 50, error_rate_percent: 5, ...seen },
  ],
  models: [
    {
      model_provider: 'openai',
      model_name: 'gpt-4o',
      total_requests: 900,
      failed_requests: 50,
      error_rate_percent: 5.6,
      ...seen,
    },
  ],
  other_models: null,
  incidents: [
    {
      model: null,
      start: '2026-11-24T08:00:00Z',
      end: '2026-11-24T09:45:00Z',
      is_open: true,
      requests: 80,
      errors: 40,
      error_rate_percent: 50,
      peak_error_rate_percent: 75,
      baseline_error_rate_percent: 0.4,
      baseline_requests: 9000,
      grain: 'quarter_hour',
      top_error_type: { error_type: 'rate_limit_exceeded', errors: 39 },
      models: [{ model_provider: 'openai', model_name: 'gpt-4o', errors: 40 }],
    },
  ],
  freshness,
};
const well: Answers = {
  '/v1/analytics/usage/latency': latency,
  '/v1/analytics/usage/errors': errors,
  '/v1/analytics/usage/breakdown': { members: [] },
  '/health/ready': { status: 'ok' },
  '/v1/analytics/telemetry/unknown': { unknown: [] },
};
const WEEK = '/?from=2026-11-17&to=2026-11-23';

test('it says whether calls are slower than a week ago, in all and by model', async () => {
  const page = renderPage(<PerformancePage />, well, { address: WEEK });
  const panel = await screen.findByRole('region', { name: 'Slower than the same time last week?' });
  await waitFor(() =>
    expect(panel).toHaveTextContent(/All calls: slower.*95th percentile of 2 s; a week before it was 1 s/),
  );
  const table = within(panel).getByRole('table');
  expect(within(table).getByRole('row', { name: /gpt-4o slower 2 s 1 s \+100 %/ })).toBeVisible();
  expect(within(table).getByRole('row', { name: /o3 too few calls to tell 9 s – –/ })).toBeVisible();
  const [now, before] = page.asked.filter(
    ({ path, query }) => path === '/v1/analytics/usage/latency' && !query.has('group_by'),
  );
  const days = (name: string) =>
    (Date.parse(now?.query.get(name) ?? '') - Date.parse(before?.query.get(name) ?? '')) / 86_400_000;
  expect([days('start_date'), days('end_date')]).toEqual([7, 7]);
});

test('the dimension is in the address, and everything by member is asked by it', async () => {
  const page = renderPage(<PerformancePage />, well, {
    address: `${WEEK}&by=endpoint&model_provider=openai`,
  });
  await screen.findByRole('heading', { name: 'Response time, p95, by endpoint' });
  await waitFor(() =>
    expect(page.asked.filter(({ query }) => query.get('dimension') === 'endpoint')).toHaveLength(3),
  );
  for (const { path, query } of page.asked) {
    if (path.startsWith('/v1/analytics/usage/latency') || path.endsWith('/errors'))
      expect(query.get('model_provider')).toBe('openai');
  }
  await userEvent.type(screen.getByRole('combobox', { name: 'By' }), 'Environment');
  await userEvent.keyboard('{ArrowDown}{Enter}');
  await waitFor(() => expect(page.address()).toContain('by=environment'));
  expect(await screen.findByRole('heading', { name: 'Response time, p95, by environment' })).toBeVisible();
});

test('the heat map tells its cells to the keyboard and as a table, and zooms to an hour', async () => {
  const page = renderPage(<PerformancePage />, well, { address: WEEK });
  const map = await screen.findByRole('application', { name: /Calls by response time, over time/ });
  map.focus();
  await userEvent.keyboard('{ArrowRight}');
  expect(await screen.findAllByText('Tue 24 Nov 00:00, 256 ms to 512 ms: 7 calls')).not.toHaveLength(0);
  await userEvent.keyboard('{ArrowUp}');
  expect(screen.getAllByText('Tue 24 Nov 00:00, 512 ms to 1.02 s: 9 calls')).not.toHaveLength(0);
  const panel = screen.getByRole('region', { name: 'Spread of response times' });
  await userEvent.click(within(panel).getByRole('button', { name: 'As a table' }));
  expect(within(panel).getByRole('row', { name: /Mon 23 Nov 00:00 5 0/ })).toBeVisible();
  map.focus();
  await userEvent.keyboard('{ArrowLeft}{Enter}');
  await waitFor(() => expect(page.address()).toContain('from=1795'));
});

test('an incident has its times, its size and a way to its failed calls', async () => {
  renderPage(<PerformancePage />, well, { address: WEEK });
  const list = await screen.findByRole('list', { name: 'Incidents' });
  expect(list).toHaveTextContent(
    'Goes onAll calls2026-11-24 08:00:00 to now: 40 of 80 calls failed (50 %, at the worst 75 %; before 0.4 %). Mostly rate_limit_exceeded. Models: gpt-4o (40).',
  );
  const link = within(list).getByRole('link', { name: 'Its failed calls' });
  const to = new URL(link.getAttribute('href') ?? '', 'http://x');
  expect(to.pathname).toBe('/events');
  expect(Object.fromEntries(to.searchParams)).toEqual({
    from: String(Date.parse('2026-11-24T08:00:00Z')),
    to: String(Date.parse('2026-11-24T09:45:00Z')),
    status: 'error',
  });
  expect(
    screen.getByRole('row', {
      name: 'rate_limit_exceeded 429 50 · 100 % 2026-11-20 08:00:00 2026-11-24 09:30:00',
    }),
  ).toBeVisible();
});

test('when errors cannot be read, latency is still there, and what is wrong is said', async () => {
  renderPage(
    <PerformancePage />,
    {
      ...well,
      '/v1/analytics/usage/errors': new FakeProblem(503, { detail: 'The database does not answer.' }),
      '/health/ready': new FakeProblem(503, { detail: 'The database is read-only.' }),
    },
    { address: WEEK },
  );
  expect((await screen.findAllByText('The database does not answer.')).length).toBeGreaterThan(1);
  expect(await screen.findByText(/The database is read-only\./)).toBeVisible();
  expect(await screen.findByRole('row', { name: /gpt-4o slower/ })).toBeVisible();
});

test('telemetry that could not be read is counted, not hidden', async () => {
  renderPage(
    <PerformancePage />,
    {
      ...well,
      '/v1/analytics/telemetry/unknown': {
        unknown: [
          {
            emitter: 'acme-sdk 0.1',
            reason: 'no model',
            example: {},
            items: 1234,
            first_seen: '2026-11-20T08:00:00Z',
            last_seen: '2026-11-24T08:00:00Z',
          },
        ],
      },
    },
    { address: WEEK },
  );
  expect(await screen.findByRole('row', { name: /acme-sdk 0.1 no model 1,234/ })).toBeVisible();
});
