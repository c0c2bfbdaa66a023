import { expect, test } from '@jest/globals';
import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { breakdown, compared, latency } from '../../panels/usage-answers.fixture.ts';
import { FakeProblem, renderPage, type Answers } from '../../testing/render-page.tsx';
import ModelsPage from './ModelsPage.tsx';

const LATENCY = '/v1/analytics/usage/latency';
const percentiles = { p50: 800, p90: 1500, p95: 1840, p99: 3000, relative_error: 0.0433 };
const cached = {
  total_requests: 100,
  net_saving_usd: '3.2',
  read_saving_usd: '4',
  write_cost_usd: '0.8',
};

const answers: Answers = {
  '/v1/analytics/usage/breakdown': (url: URL) => {
    const dimensions = url.searchParams.getAll('dimension');
    if (dimensions.length === 2)
      return breakdown(dimensions, [
        [
          'openai · gpt-4o',
          {
            total_cost_usd: '5',
            total_tokens_used: 2_000_000,
            input_tokens: 1_000_000,
            cache_read_tokens: 600_000,
            output_tokens: 400_000,
            reasoning_tokens: 100_000,
            failed_requests: 2,
            response_time_percentiles_ms: percentiles,
          },
        ],
        ['vllm · own-7b', { total_cost_usd: '0', unpriced_requests: 98 }],
      ]);
    return breakdown(dimensions, [
      [dimensions[0] === 'model_provider' ? 'openai' : dimensions[0] === 'user_id' ? 'u-1' : 'summarise'],
    ]);
  },
  '/v1/analytics/usage/compare': (url: URL) =>
    compared(url.searchParams.getAll('dimension'), [{ label: 'summarise · 8', added: 1 }]),
  [LATENCY]: {
    ...latency(100, 800, 1840),
    members: [{ member: 'gpt-4o', label: 'gpt-4o', output_tokens_per_second: 72.5 }],
  },
  '/v1/analytics/usage/cache': {
    total: cached,
    models: [{ model_provider: 'openai', model_name: 'gpt-4o', ...cached }],
    prompts: [],
  },
  '/v1/analytics/usage/overview': { summary: { total_requests: 100 }, time_series: [] },
  '/v1/analytics/usage/errors': {
    total: {
      total_requests: 100,
      failed_requests: 2,
      error_rate_percent: 2,
      last_seen: '2026-11-24T10:00:00Z',
    },
    types: {
      members: [
        {
          error_type: 'rate_limit_exceeded',
          failed_requests: 2,
          share_percent: 100,
          status_codes: [429],
          last_seen: '2026-11-24T10:00:00Z',
        },
      ],
    },
    incidents: [
      {
        start: '2026-11-24T09:00:00Z',
        end: '2026-11-24T10:15:00Z',
        requests: 20,
        errors: 2,
        error_rate_percent: 10,
      },
    ],
  },
  '/v1/prices/resolve': {
    price: {
      input_per_mtok: '2.5',
      cache_read_per_mtok: '1.25',
      output_per_mtok: '10',
      per_request: null,
      context_tiers: [],
      daily_windows: [],
    },
    discount: null,
    why: 'The list price of openai/gpt-4o.',
    what_to_do: null,
  },
};
for (const rate of [
  'cache_write_5m',
  'cache_write_1h',
  'reasoning',
  'input_audio',
  'output_audio',
  'input_image',
  'output_image',
])
  (answers['/v1/prices/resolve'] as { price: Record<string, unknown> }).price[`${rate}_per_mtok`] = null;

/** Response times by the period that is asked about. */
function byPeriod(
  today: Record<string, unknown>,
  last24Hours: Record<string, unknown>,
  usual: Record<string, unknown>,
): Answers {
  return {
    ...answers,
    [LATENCY]: (url: URL) => {
      const [start, end] = [url.searchParams.get('start_date'), url.searchParams.get('end_date')];
      if (start === 'now/d') return today;
      if (start === 'now-24h') return last24Hours;
      return start === 'now-7d/d' && end === 'now-1d/d' ? usual : latency(100, 800, 1840);
    },
  };
}

test('models stand beside each other with price, speed, errors and what their cache saved', async () => {
  renderPage(<ModelsPage />, answers, { address: '/models' });
  const table = await screen.findByRole('region', { name: 'Models side by side' });
  const row = within(table).getByRole('row', { name: /gpt-4o/ });
  for (const text of ['openai', '$5.00', '$2.50', '2 %', '800 ms', '1.84 s', '37.5 %'])
    expect(within(row).getByText(text)).toBeVisible();
  expect(await within(row).findByText('72.5')).toBeVisible();
  expect(await within(row).findByText('$3.20')).toBeVisible();
});

test('a model without a price has no cost, and that is said', async () => {
  renderPage(<ModelsPage />, answers, { address: '/models' });
  const table = await screen.findByRole('region', { name: 'Models side by side' });
  expect(within(within(table).getByRole('row', { name: /own-7b/ })).queryByText('$0.00')).toBeNull();
});

test('a click on a model opens it', async () => {
  const user = userEvent.setup();
  const page = renderPage(<ModelsPage />, answers, { address: '/models' });
  const table = await screen.findByRole('region', { name: 'Models side by side' });
  await user.click(within(table).getByRole('link', { name: 'gpt-4o' }));
  expect(page.address()).toBe('/models?model=gpt-4o');
  expect(await screen.findByRole('heading', { level: 1, name: 'gpt-4o' })).toBeVisible();
});

test('a model that is slower today than on the last seven days is called slower, by how much', async () => {
  renderPage(
    <ModelsPage />,
    byPeriod(latency(200, 1600, 4000), latency(300, 1600, 4000), latency(900, 800, 2000)),
    {
      address: '/models?model=gpt-4o',
    },
  );
  expect(
    await screen.findByText(/gpt-4o is slower today: the median differs from the last seven days by \+100 %/),
  ).toBeVisible();
});

test('shortly after midnight the last 24 hours are judged instead of today', async () => {
  renderPage(
    <ModelsPage />,
    byPeriod(latency(2, 9000, 9000), latency(300, 820, 2000), latency(900, 800, 2000)),
    {
      address: '/models?model=gpt-4o',
    },
  );
  expect(await screen.findByText(/gpt-4o is as fast as usual in the last 24 hours/)).toBeVisible();
});

test('with too few calls nothing is claimed', async () => {
  renderPage(
    <ModelsPage />,
    byPeriod(latency(2, 9000, 9000), latency(3, 9000, 9000), latency(900, 800, 2000)),
    {
      address: '/models?model=gpt-4o',
    },
  );
  expect(await screen.findByText(/There are too few calls of gpt-4o today/)).toBeVisible();
});

test('its price, its errors, the prompts and the people that use it are on its page', async () => {
  const { asked } = renderPage(<ModelsPage />, answers, { address: '/models?model=gpt-4o' });
  expect(await screen.findByText('The list price of openai/gpt-4o.')).toBeVisible();
  expect(screen.getByText(/^\$1\.25/)).toBeVisible();
  const resolved = asked.find(({ path }) => path === '/v1/prices/resolve')?.query;
  expect([resolved?.get('provider'), resolved?.get('model')]).toEqual(['openai', 'gpt-4o']);
  expect(await screen.findByText(/2 of 100 calls failed/)).toBeVisible();
  expect(screen.getByText(/2 of 20 calls failed \(10 %\)/)).toBeVisible();
  const prompts = await screen.findByRole('region', { name: 'Which prompts use it, as a table' });
  expect((await within(prompts).findByRole('link', { name: 'summarise' })).getAttribute('href')).toBe(
    '/prompts?prompt=summarise',
  );
  expect(await screen.findByRole('link', { name: 'u-1' })).toBeVisible();
});

test('a model without a price says what to do', async () => {
  renderPage(
    <ModelsPage />,
    {
      ...answers,
      '/v1/prices/resolve': {
        price: null,
        discount: null,
        why: 'No price is in force.',
        what_to_do: 'Add a price for it.',
      },
    },
    { address: '/models?model=own-7b' },
  );
  expect(await screen.findByText('No price is in force. Add a price for it.')).toBeVisible();
  expect(screen.getByRole('link', { name: 'Add a price' })).toHaveAttribute('href', '/settings');
});

test('errors that cannot be read leave the rest of the page alive', async () => {
  renderPage(
    <ModelsPage />,
    {
      ...answers,
      '/v1/analytics/usage/errors': new FakeProblem(503, { detail: 'Errors cannot be read now.' }),
    },
    { address: '/models?model=gpt-4o' },
  );
  expect(await screen.findByText('Errors cannot be read now.')).toBeVisible();
  expect(await screen.findByText('The list price of openai/gpt-4o.')).toBeVisible();
});
