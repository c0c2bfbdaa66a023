import { expect, test } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { renderPage, type Answers } from '../../../testing/render-page.tsx';
import { modelOf, UnpricedTab } from './UnpricedTab.tsx';

const model = (name: string, reason: string) => ({
  model_provider: 'vllm',
  model_name: name,
  unpriced_requests: 408,
  unpriced_tokens: 575_826,
  unknown_usage_requests: 0,
  total_requests: 412,
  first_seen: '2026-11-10T17:50:30.688Z',
  last_seen: '2026-11-24T21:39:31.219Z',
  reason,
  what_to_do: `What to do about ${name}.`,
});
const job = (id: number, isDry: boolean, changed: number) => ({
  job_id: id,
  status: 'completed',
  dry_run: isDry,
  failure: null,
  progress: { events_estimated: 500, events_examined: 500, events_changed: changed, done_until: null },
  difference_usd: '1.25',
  changes: [
    {
      date: '2026-11-10',
      model_provider: 'vllm',
      model_name: 'own-7b',
      price_id_before: null,
      price_id_after: 2000,
      events: changed,
      cost_before_usd: '0',
      cost_after_usd: '1.25',
      difference_usd: '1.25',
    },
  ],
});
const answers: Answers = {
  '/v1/analytics/usage/unpriced': {
    total: {
      unpriced_requests: 408,
      unpriced_tokens: 575_826,
      unknown_usage_requests: 0,
      total_requests: 26_589,
      models: 2,
      request_share_percent: 1.5345,
    },
    models: [model('own-7b', 'self_hosted'), model('no-usage', 'no_token_counts')],
    other: null,
  },
};

test('each model tells why and what to do; where a price helps one can be added', async () => {
  const page = renderPage(
    <UnpricedTab />,
    { ...answers, 'POST /v1/prices': { price_id: 2000 } },
    { address: '/costs?tab=unpriced' },
  );
  const table = await screen.findByRole('table');
  expect(within(table).getByText('Self-hosted')).toBeVisible();
  expect(within(table).getByText('What to do about no-usage.')).toBeVisible();
  expect(within(table).getAllByRole('button', { name: /Add a price/ })).toHaveLength(1);

  await userEvent.click(screen.getByRole('button', { name: 'Add a price for own-7b' }));
  expect(page.address()).toContain('model=vllm%2Fown-7b');
  await userEvent.click(screen.getByRole('button', { name: 'Add the price' }));
  expect(page.asked.some(({ method }) => method === 'POST')).toBe(false);
  await userEvent.type(screen.getByLabelText(/^Input \*/), '0.25');
  await userEvent.type(screen.getByLabelText(/^Output/), '0');
  await userEvent.click(screen.getByRole('button', { name: 'Add the price' }));
  expect(await screen.findByText(/priced within two seconds/)).toBeVisible();
  expect(page.asked.find(({ path }) => path === '/v1/prices')?.body).toEqual({
    model_provider: 'vllm',
    model_name: 'own-7b',
    input_per_mtok: '0.25',
    output_per_mtok: '0',
    effective_from: null,
  });
});

test('stored calls are priced again only after a dry run was seen and confirmed', async () => {
  const page = renderPage(
    <UnpricedTab />,
    {
      ...answers,
      'POST /v1/prices/reprice': { job_id: 7 },
      '/v1/prices/reprice/7': job(7, true, 408),
      'POST /v1/prices/reprice/7/apply': { job_id: 8 },
      '/v1/prices/reprice/8': job(8, false, 408),
    },
    { address: '/costs?tab=unpriced&model=vllm/own-7b&from=2026-11-01T00:00:00Z&to=2026-11-24T00:00:00Z' },
  );
  await userEvent.click(await screen.findByRole('button', { name: 'Dry run' }));
  expect(
    await screen.findByText('Dry run 7: 408 calls would get another cost, +$1.25 in all.'),
  ).toBeVisible();
  expect(page.asked.find(({ method }) => method === 'POST')?.body).toEqual({
    start_date: '2026-11-01T00:00:00.000Z',
    end_date: '2026-11-24T00:00:00.000Z',
    model_provider: 'vllm',
    model_name: 'own-7b',
    unpriced_only: true,
  });
  await userEvent.click(screen.getByRole('button', { name: 'Price them again' }));
  expect(page.asked.some(({ path }) => path.endsWith('/apply'))).toBe(false);
  await userEvent.click(
    within(await screen.findByRole('dialog')).getByRole('button', { name: 'Price them again' }),
  );
  expect(await screen.findByText('Repricing 8: 408 calls got another cost, +$1.25 in all.')).toBeVisible();
  await waitFor(() => expect(page.address()).toContain('job=8'));
});

test('who may only read adds no price and starts no job', async () => {
  renderPage(<UnpricedTab />, answers, { address: '/costs?tab=unpriced', mayChange: false });
  for (const name of ['Add a price for own-7b', 'Dry run'])
    expect(await screen.findByRole('button', { name })).toHaveAttribute('aria-disabled', 'true');
});

test('model names with slashes stay whole in the URL', () => {
  expect(modelOf('openrouter/meta/llama-3')).toEqual({ provider: 'openrouter', name: 'meta/llama-3' });
  expect(modelOf('/x')).toBeUndefined();
  expect(modelOf(null)).toBeUndefined();
});
