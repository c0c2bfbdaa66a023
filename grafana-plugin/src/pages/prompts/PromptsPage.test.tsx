import { expect, test } from '@jest/globals';
import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { breakdown, compared, latency } from '../../panels/usage-answers.fixture.ts';
import { FakeProblem, renderPage } from '../../testing/render-page.tsx';
import PromptsPage from './PromptsPage.tsx';

const BREAKDOWN = '/v1/analytics/usage/breakdown';
const COMPARE = '/v1/analytics/usage/compare';
const LATENCY = '/v1/analytics/usage/latency';

const points = (...requests: number[]) =>
  requests.map((total_requests, index) => ({
    timestamp: `2026-11-0${index + 1}T00:00:00Z`,
    total_requests,
    total_cost_usd: String(total_requests / 100),
    unpriced_requests: 0,
  }));
const before = { total_requests: 100, total_cost_usd: '10', output_tokens: 10_000 };
const dearer = { total_requests: 100, total_cost_usd: '12', output_tokens: 15_000 };

const answers = {
  [BREAKDOWN]: (url: URL) => {
    const dimensions = url.searchParams.getAll('dimension');
    switch (dimensions[0]) {
      case 'prompt_id':
        return breakdown(dimensions, [
          ['summarise', dearer],
          ['translate', { total_cost_usd: null, unpriced_requests: 100 }],
        ]);
      case 'prompt_version':
        return breakdown(dimensions, [
          ['8', { ...dearer, time_series: points(0, 0, 100) }],
          ['7', { ...before, time_series: points(50, 50, 0) }],
        ]);
      case 'model_name':
        return breakdown(dimensions, [['gpt-4o']]);
      default:
        return breakdown(dimensions, [['u-17']]);
    }
  },
  [COMPARE]: (url: URL) => {
    const dimensions = url.searchParams.getAll('dimension');
    if (dimensions[0] === 'prompt_id')
      return compared(dimensions, [
        { label: 'summarise', added: 2, previous: before, current: dearer },
        { label: 'classify', added: -3, previous: before, current: { ...before, total_cost_usd: '7' } },
      ]);
    return compared(dimensions, [
      {
        label: dimensions.length === 2 ? '8 · gpt-4o' : dimensions[0] === 'model_name' ? 'gpt-4o' : '8',
        added: 2,
        previous: before,
        current: dearer,
      },
    ]);
  },
  [LATENCY]: latency(100, 500, 1840),
};

test('the prompts that got dearer since last week are told with the reason, and a click leads to why', async () => {
  const user = userEvent.setup();
  const page = renderPage(<PromptsPage />, answers, { address: '/prompts' });
  const table = await screen.findByRole('region', { name: 'Prompts that got dearer' });
  const row = within(table).getByRole('row', { name: /summarise/ });
  expect(within(row).getByText('20 % dearer each (50 % more output tokens a call)')).toBeVisible();
  expect(within(table).queryByText('classify')).toBeNull();
  const week = page.asked.find(
    ({ path, query }) => path === COMPARE && query.get('compare_with') === 'last_week',
  )?.query;
  expect([week?.get('start_date'), week?.get('end_date')]).toEqual(['now-6d/d', 'now']);

  await user.click(within(row).getByRole('link', { name: 'summarise' }));
  expect(page.address()).toBe('/prompts?prompt=summarise');
  expect(await screen.findByRole('heading', { level: 1, name: 'summarise' })).toBeVisible();
  expect(await screen.findByText(/^summarise costs more: \$12\.00 instead of \$10\.00/)).toBeVisible();
});

test('the change of the page’s own period is one click away and in the address', async () => {
  const user = userEvent.setup();
  const page = renderPage(<PromptsPage />, answers, { address: '/prompts' });
  await user.click(await screen.findByRole('radio', { name: 'This period' }));
  expect(page.address()).toBe('/prompts?since=period');
  expect(await screen.findByRole('heading', { name: 'Dearer than in the period before' })).toBeVisible();
});

test('a prompt whose calls have no price is listed without a cost', async () => {
  renderPage(<PromptsPage />, answers, { address: '/prompts' });
  const table = await screen.findByRole('region', { name: 'Prompts' });
  const row = within(table).getByRole('row', { name: /translate/ });
  expect(within(row).queryByText('$0.00')).toBeNull();
  expect(within(row).getAllByText('–').length).toBeGreaterThanOrEqual(2);
});

test('without the comparison the prompts are listed all the same', async () => {
  renderPage(
    <PromptsPage />,
    { ...answers, [COMPARE]: new FakeProblem(503, { detail: 'Busy.' }) },
    { address: '/prompts' },
  );
  expect(await screen.findByText('Busy.')).toBeVisible();
  expect(await screen.findByRole('region', { name: 'Prompts' })).toBeVisible();
});

test('the versions of a prompt stand against each other, with the day on which the new one came', async () => {
  const { asked } = renderPage(<PromptsPage />, answers, {
    address: '/prompts?prompt=summarise&environment=production',
  });
  const table = await screen.findByRole('region', { name: 'Versions' });
  const row = (name: RegExp) => within(table).getByRole('row', { name });
  expect(within(row(/^8/)).getByText('$120.00')).toBeVisible();
  expect(within(row(/^7/)).getByText('$100.00')).toBeVisible();
  expect(within(row(/^8/)).getByText('Tue 3 Nov 2026')).toBeVisible();
  expect(within(row(/^7/)).getByText('before Sun 1 Nov 2026')).toBeVisible();
  expect(
    screen.getByText(
      'Version 8 against 7, the one before it: 20 % dearer each (50 % more output tokens a call).',
    ),
  ).toBeVisible();
  expect(asked.length).toBeGreaterThan(5);
  for (const { query } of asked)
    expect([query.getAll('prompt_id'), query.getAll('environment')]).toEqual([['summarise'], ['production']]);
});

test('a filter by one prompt, as other pages link it, opens that prompt', async () => {
  renderPage(<PromptsPage />, answers, { address: '/prompts?prompt_id=summarise' });
  expect(await screen.findByRole('heading', { level: 1, name: 'summarise' })).toBeVisible();
});

test('who uses it and which models it uses are links further on', async () => {
  renderPage(<PromptsPage />, answers, { address: '/prompts?prompt=summarise' });
  const users = await screen.findByRole('region', { name: 'Who uses it, as a table' });
  expect((await within(users).findByRole('link', { name: 'u-17' })).getAttribute('href')).toBe(
    '/explore?prompt_id=summarise&user_id=u-17&by=prompt_version',
  );
  expect(within(users).getByRole('link', { name: 'Events of u-17' }).getAttribute('href')).toBe(
    '/events?user_id=u-17&prompt_id=summarise',
  );
  const models = await screen.findAllByRole('link', { name: 'gpt-4o' });
  expect(models.map((one) => one.getAttribute('href'))).toEqual([
    '/models?model=gpt-4o',
    '/models?model=gpt-4o',
  ]);
});

test('over more than 93 days users are not asked for, which is said', async () => {
  const { asked } = renderPage(<PromptsPage />, answers, {
    address: '/prompts?prompt=summarise&from=now-300d%2Fd&to=now',
  });
  expect(await screen.findByText(/Users are read from the events, at most 93 days at once/)).toBeVisible();
  expect(asked.some(({ query }) => query.get('dimension') === 'user_id')).toBe(false);
  expect(await screen.findByText(/only for up to 93 days; mean/)).toBeVisible();
});
