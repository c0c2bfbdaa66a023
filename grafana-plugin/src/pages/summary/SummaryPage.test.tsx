import { expect, test } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { FakeProblem, renderPage } from '../../testing/render-page.tsx';
import SummaryPage from './SummaryPage.tsx';
import { readableTimes } from './NotableList.tsx';

const PATH = '/v1/analytics/summary';
const spenders = {
  members: [
    { member: null, label: '(none)', total_cost_usd: '1.26', total_requests: 2373, cost_share_percent: 4.8 },
    { member: 'u-1', label: 'u-1', total_cost_usd: '1.10', total_requests: 900, cost_share_percent: 4.2 },
  ],
  link: '/v1/analytics/usage/breakdown',
};
const summary = {
  period: { start: '2026-11-01T00:00:00Z', end: '2026-11-24T12:00:00Z', timezone: 'UTC', days: 23.5, is_cut_at_now: false },
  compared_to: { start: '2026-10-01T00:00:00Z', end: '2026-10-24T12:00:00Z', timezone: 'UTC', days: 23.5, with: 'last_month' },
  headline: '21,599 requests cost $26.01.',
  key_figures: [
    { name: 'total_cost_usd', unit: 'usd', current: '26.01', previous: '26.55', change_percent: -2.1 },
    { name: 'response_time_p95_ms', unit: 'ms', current: null, previous: 7190, change_percent: null },
  ],
  nothing_notable: false,
  notable: [
    {
      kind: 'incident',
      severity: 'critical',
      text: 'Since 2026-11-24T10:00:00Z, 19 of 66 requests failed.',
      evidence: { measure: 'error_rate_percent', dimension: null, member: null, current: 29, previous: 1, change_percent: null },
      link: '/v1/analytics/usage/errors?group_by=day',
    },
  ],
  top_spenders: { project_id: spenders, prompt_id: spenders, model_name: spenders, user_id: null },
  budgets: [],
  forecast: {
    measure: 'total_cost_usd', so_far: '26.01', mean: '32.71', lower: '31.12', upper: '33.84', level: 0.8, start: 'x', end: 'y', method: 'mean', link: 'z',
  },
  freshness: { as_of: '2026-11-24T12:00:00Z', complete_until: '2026-11-24T12:00:00Z', cache_age_seconds: 0 },
}; // prettier-ignore

test('what is notable is a sentence with its gravity and the page that shows it', async () => {
  renderPage(<SummaryPage />, { [PATH]: summary }, { address: '/summary?from=now/M&to=now' });
  expect(await screen.findByText('21,599 requests cost $26.01.')).toBeVisible();
  const notable = screen.getByRole('region', { name: 'What is notable' });
  expect(within(notable).getByText('Critical')).toBeVisible();
  expect(within(notable).getByText('Since 2026-11-24 10:00, 19 of 66 requests failed.')).toBeVisible();
  expect(within(notable).getByRole('link', { name: 'Errors' })).toHaveAttribute(
    'href',
    '/performance?from=now%2FM&to=now',
  );
  expect(screen.getByText(/80 % likely between \$31\.12 and \$33\.84\./)).toBeVisible();
  // Not known is not zero.
  expect(screen.getByText('Response time, p95').parentElement?.parentElement).toHaveTextContent('–');
});

test('a month is compared with the days of the last one unless something else is chosen', async () => {
  const page = renderPage(<SummaryPage />, { [PATH]: summary }, { address: '/summary' });
  await screen.findByText('21,599 requests cost $26.01.');
  expect(page.asked[0]?.query.get('compare_with')).toBe('previous_period');
  await userEvent.click(screen.getByRole('radio', { name: 'This month' }));
  await waitFor(() => expect(page.asked.at(-1)?.query.get('compare_with')).toBe('last_month'));
  expect(page.asked.at(-1)?.query.get('start_date')).toBe('now/M');
  expect(page.address()).toBe('/summary?from=now%2FM&to=now');
});

test('a period without anything notable says so, and what that means', async () => {
  renderPage(<SummaryPage />, { [PATH]: { ...summary, nothing_notable: true, notable: [] } });
  expect(await screen.findByText('Nothing notable.')).toBeVisible();
  expect(screen.getByText(/no budget is above a threshold/)).toBeVisible();
});

test('the copied link shows the same tomorrow', async () => {
  const user = userEvent.setup();
  // Browsers give the clipboard to secure pages alone.
  Object.defineProperty(window, 'isSecureContext', { value: true, configurable: true });
  renderPage(<SummaryPage />, { [PATH]: summary }, { address: '/summary?from=now/M&to=now&project_id=a' });
  await screen.findByText('21,599 requests cost $26.01.');
  await user.click(screen.getByRole('button', { name: 'Copy link' }));
  const copied = new URL(await navigator.clipboard.readText());
  expect(copied.pathname).toBe('/summary');
  expect(Object.fromEntries(copied.searchParams)).toEqual({
    from: String(Date.parse('2026-11-01T00:00:00Z')),
    to: String(Date.parse('2026-11-24T12:00:00Z')),
    project_id: 'a',
    timezone: 'UTC',
    compare_with: 'last_month',
  });
});

test('a spender leads to the page about it, those without a name too; users that are not told are said not to be', async () => {
  renderPage(<SummaryPage />, { [PATH]: summary });
  const prompts = await screen.findByRole('region', { name: 'Top prompts by cost' });
  expect(within(prompts).getByRole('link', { name: '(none)' })).toHaveAttribute(
    'href',
    '/prompts?prompt_id=__none__',
  );
  expect(screen.getByText(/choose a shorter period/)).toBeVisible();
});

test('a summary that cannot be computed says why, and is asked again by a click', async () => {
  const page = renderPage(<SummaryPage />, {
    [PATH]: new FakeProblem(503, { detail: 'The database is away.' }),
  });
  expect(await screen.findByText('The database is away.')).toBeVisible();
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  await waitFor(() => expect(page.asked.length).toBeGreaterThan(1));
});

test('times within a sentence are those of the zone of the page', () => {
  expect(readableTimes('from 2026-11-03T13:00:00Z to 2026-11-03T15:15:00+01:00', 'Europe/Berlin')).toBe(
    'from 2026-11-03 14:00 to 2026-11-03 15:15',
  );
});
