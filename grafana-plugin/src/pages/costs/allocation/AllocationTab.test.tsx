import { expect, test } from '@jest/globals';
import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { renderPage, type Answers } from '../../../testing/render-page.tsx';
import { AllocationTab } from './AllocationTab.tsx';

const member = (name: string, own: string, spread: string, cost: string) => ({
  member: name,
  label: name,
  total_requests: 10,
  total_tokens_used: 1000,
  unpriced_requests: 0,
  own_cost_usd: own,
  spread_cost_usd: spread,
  cost_usd: cost,
  share_percent: 50,
});
const answers: Answers = {
  '/v1/analytics/allocation': (url: URL) => ({
    by: url.searchParams.get('by'),
    spread_by: url.searchParams.get('untagged') === 'spread' ? 'cost' : null,
    members: [member('search', '75', '7.5', '82.5'), member('ads', '25', '2.5', '27.5')],
    spread_from:
      url.searchParams.get('untagged') === 'spread'
        ? [{ member: null, label: '(untagged)', cost_usd: '10', total_requests: 812 }]
        : [],
    total: { members: 2, total_requests: 832, unpriced_requests: 4, cost_usd: '110' },
    freshness: {
      as_of: '2026-11-24T00:00:00Z',
      complete_until: '2026-11-24T00:00:00Z',
      cache_age_seconds: 0,
    },
  }),
};

test('what has no tag is spread by a switch that is in the URL, and said', async () => {
  const page = renderPage(<AllocationTab />, answers, {
    address: '/costs?tab=allocation&allocate=metadata.team',
  });
  const table = await screen.findByRole('table');
  expect(within(table).queryByText('Own')).toBeNull();
  expect(screen.getByRole('link', { name: '4 calls that have no price' })).toBeVisible();
  await userEvent.click(screen.getByRole('switch', { name: /Spread what has no team/ }));
  expect(await screen.findByText(/in proportion to own cost: \(untagged\) \(\$10\.00\)/)).toBeVisible();
  expect(within(screen.getByRole('table')).getByText('Own')).toBeVisible();
  expect(page.address()).toContain('untagged=spread');
  expect(page.asked.at(-1)?.query.get('by')).toBe('metadata.team');
});

test('the charges are downloaded for the same period and filters', async () => {
  renderPage(<AllocationTab />, answers, {
    address: '/costs?tab=allocation&project_id=search&from=now-1M/M&to=now-1M/M',
  });
  const href = (await screen.findByRole('link', { name: 'FOCUS CSV' })).getAttribute('href') ?? '';
  const url = new URL(href, 'http://collector');
  expect(url.pathname).toBe('/v1/analytics/allocation/focus.csv');
  expect(Object.fromEntries(url.searchParams)).toEqual({
    start_date: 'now-1M/M',
    end_date: 'now-1M/M',
    timezone: 'UTC',
    project_id: 'search',
  });
});
