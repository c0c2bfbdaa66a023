import { expect, test } from '@jest/globals';
import { screen, within } from '@testing-library/react';
import { FakeProblem, renderPage } from '../../../testing/render-page.tsx';
import { EventCost } from './EventCost.tsx';
import { exactUsd } from './exact-usd.ts';

const PATH = '/v1/analytics/usage/events/e-1/cost';
const explanation = {
  event_id: 'e-1',
  timestamp: '2026-11-24T22:35:31.026Z',
  model_provider: 'anthropic',
  model_name: 'claude-haiku-4-5',
  service_tier: 'standard',
  tokens: {
    input: 612,
    cache_read: 3600,
    cache_write_5m: null,
    cache_write_1h: null,
    output: 187,
    reasoning: null,
  },
  cost_usd: '0.001907',
  exact_cost_usd: '0.0019070004',
  is_explained: true,
  parts: [
    { kind: 'input', quantity: 612, unit_price_usd: '1', cost_usd: '0.000612', basis: 'input_mtok' },
    {
      kind: 'cache_read',
      quantity: 3600,
      unit_price_usd: '0.1',
      cost_usd: '0.00036',
      basis: 'cache_read_mtok',
    },
    { kind: 'output', quantity: 187, unit_price_usd: '5', cost_usd: '0.000935', basis: 'output_mtok' },
  ],
  price: {
    price_id: 118,
    kind: 'list',
    model_provider: 'anthropic',
    model_name: 'claude-haiku-4-5*',
    service_tier: 'standard',
    effective_from: '2026-01-01T00:00:00Z',
    effective_to: null,
    discount_percent: null,
    source: 'genai-prices',
    version: '0.1.8',
    created_at: '2026-11-24T22:35:53.074Z',
    note: null,
  },
  discount: null,
  over_input_tokens: null,
  daily_window: null,
  why: 'The list price.',
  reported_cost_usd: '0.002',
  reported_difference_usd: '0.000093',
  today: { cost_usd: '0.001907', price_id: 118, discount_id: null, difference_usd: '0', is_same: true },
  unpriced: null,
};

test('an account shows each kind of token times its price, the sum, the price and what the sender claims', async () => {
  const page = renderPage(<EventCost eventId="e-1" timestamp="2026-11-24T22:35:31.026Z" />, {
    [PATH]: explanation,
  });
  const table = await screen.findByRole('table');
  expect(within(table).getByRole('row', { name: /Input, from the cache/ })).toHaveTextContent(
    '3,600 tokens$0.10 a million$0.00036',
  );
  expect(within(table).getByRole('row', { name: /Sum, exact/ })).toHaveTextContent('$0.0019070004');
  expect(within(table).getByRole('row', { name: /^Cost/ })).toHaveTextContent('$0.001907');
  expect(screen.getByText('genai-prices')).toBeVisible();
  expect(screen.getByText(/from 2026-01-01 00:00:00, without an end/)).toBeVisible();
  expect(screen.getByText(/\$0.002, \$0.000093 off ours/)).toBeVisible();
  expect(page.asked[0]?.query.get('timestamp')).toBe('2026-11-24T22:35:31.026Z');
});

test('a call without a price is told to be in no sum, and how it gets one', async () => {
  renderPage(<EventCost eventId="e-1" timestamp={null} />, {
    [PATH]: {
      ...explanation,
      cost_usd: null,
      exact_cost_usd: null,
      parts: [],
      price: null,
      unpriced: { reason: 'self_hosted', what_to_do: 'Add a price for it.' },
    },
  });
  expect(await screen.findByText(/has no cost, and is in no sum/)).toBeVisible();
  expect(screen.getByRole('link', { name: 'Add a price' })).toHaveAttribute(
    'href',
    expect.stringContaining('model=anthropic%2Fclaude-haiku-4-5'),
  );
  expect(screen.queryByText('$0.00')).toBeNull();
});

test('an event that is not there is a sentence, with a retry', async () => {
  renderPage(<EventCost eventId="e-1" timestamp={null} />, {
    [PATH]: new FakeProblem(404, { detail: 'There is no such event.' }),
  });
  expect(await screen.findByText('There is no such event.')).toBeVisible();
});

test('amounts are written to their last digit', () => {
  expect(exactUsd('1234567.1')).toBe('$1,234,567.10');
  expect(exactUsd('-0.000000001')).toBe('−$0.000000001');
  expect(exactUsd('3')).toBe('$3.00');
  expect(exactUsd(null)).toBe('–');
});
