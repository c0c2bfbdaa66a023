import { expect, test } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { FakeProblem, renderPage, type Answers } from '../../../testing/render-page.tsx';
import { BudgetsTab } from './BudgetsTab.tsx';

const budget = (id: number, name: string, changes: object = {}) => ({
  budget_id: id,
  name,
  description: '',
  measure: 'cost',
  amount: '100',
  filters: id === 1 ? {} : { project_id: { in: [name] } },
  period: { type: 'month', time_zone: null, effective_time_zone: 'UTC' },
  thresholds: [{ percent: 80, kind: 'actual' }],
  enforcement: 'warn',
  enabled: true,
  updated_at: '2026-11-01T00:00:00Z',
  ...changes,
});
const status = (id: number, name: string, percent: number, expected: number) => ({
  budget_id: id,
  name,
  measure: 'cost',
  period: {
    type: 'month',
    start: '2026-11-01T00:00:00+00:00',
    end: '2026-12-01T00:00:00+00:00',
    time_zone: 'UTC',
  },
  limit: '100',
  spent: String(percent),
  remaining: String(100 - percent),
  percent,
  is_exhausted: false,
  exhausted_at: null,
  burn_rate: { now_per_day: '3', average_per_day: '2.5' },
  forecast: {
    at_end: String(expected),
    lower: String(expected - 5),
    upper: String(expected + 5),
    level: 0.8,
    percent: expected,
    method: 'mean',
  },
  thresholds: [{ percent: 80, kind: 'actual', is_crossed: percent >= 80, crossed_at: null }],
  requests: 10,
  unpriced_requests: 0,
  is_lower_bound: false,
});
const answers: Answers = {
  '/v1/analytics/budgets': {
    budgets: [budget(1, 'Everything'), budget(2, 'search'), budget(3, 'old', { enabled: false })],
  },
  '/v1/analytics/budgets/status': {
    budgets: [status(1, 'Everything', 60, 80), status(2, 'search', 90, 120)],
  },
  '/v1/analytics/budgets/2': { ...budget(2, 'search'), status: status(2, 'search', 90, 120) },
  '/v1/analytics/budgets/2/history': {
    periods: [
      {
        start: '2026-10-01T00:00:00Z',
        end: '2026-11-01T00:00:00Z',
        spent: '104',
        limit: '100',
        percent: 104,
      },
    ],
  },
  '/v1/analytics/usage/forecast': new FakeProblem(503, { detail: 'The database is away.' }),
  '/v1/analytics/usage/breakdown': { members: [] },
  '/v1/analytics/budgets/preview': {
    measure: 'cost',
    periods: [
      {
        start: '2026-10-01T00:00:00Z',
        end: '2026-11-01T00:00:00Z',
        spent: '33',
        percent: 132,
        is_over: true,
        is_lower_bound: false,
        thresholds_reached: [80, 100],
      },
    ],
  },
};

test('the budget that will not last comes first, with what is used, expected and left', async () => {
  renderPage(<BudgetsTab />, answers, { address: '/costs?tab=budgets' });
  const table = await screen.findByRole('table');
  const rows = within(table).getAllByRole('row').slice(1);
  expect(rows.map((row) => within(row).getByRole('link').textContent)).toEqual([
    'search',
    'Everything',
    'old',
  ]);
  expect(rows[0]).toHaveTextContent('Will not last');
  expect(rows[0]).toHaveTextContent('$115.00 to $125.00');
  expect(rows[1]).toHaveTextContent('Will last');
  expect(rows[2]).toHaveTextContent('Switched off');
});

test('a budget shows its state and past although the chart of it fails', async () => {
  renderPage(<BudgetsTab />, answers, { address: '/costs?tab=budgets&budget=2' });
  expect(await screen.findByText(/expected to be exceeded: the period ends at \$120/)).toBeVisible();
  expect(await screen.findByText('The database is away.')).toBeVisible();
  expect(await screen.findByText('104 %, exceeded')).toBeVisible();
});

test('a budget is deleted only after it was confirmed, and the list is shown then', async () => {
  const page = renderPage(
    <BudgetsTab />,
    { ...answers, 'DELETE /v1/analytics/budgets/2': () => null },
    { address: '/costs?tab=budgets&budget=2' },
  );
  await userEvent.click(await screen.findByRole('button', { name: 'Delete' }));
  expect(page.asked.some(({ method }) => method === 'DELETE')).toBe(false);
  await userEvent.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Delete' }));
  await waitFor(() => expect(page.told).toEqual([{ kind: 'success', text: 'The budget is deleted.' }]));
  expect(page.address()).toBe('/costs?tab=budgets');
  expect(page.asked.find(({ method }) => method === 'DELETE')?.path).toBe('/v1/analytics/budgets/2');
});

test('a new budget tells what it would have held while it is typed, and is posted as typed', async () => {
  const page = renderPage(
    <BudgetsTab />,
    { ...answers, 'POST /v1/analytics/budgets': budget(9, 'Search') },
    { address: '/costs?tab=budgets&form=new&project_id=search' },
  );
  await userEvent.type(await screen.findByLabelText(/^Name/), 'Search');
  await userEvent.click(screen.getByRole('button', { name: 'Make the budget' }));
  expect(await screen.findByText('An amount is needed.')).toBeVisible();
  await userEvent.type(screen.getByLabelText(/^Amount/), '25.5');
  expect(await screen.findByText('132 %')).toBeVisible();
  await userEvent.click(screen.getByRole('button', { name: 'Make the budget' }));
  await waitFor(() => expect(page.address()).toContain('budget=9'));
  expect(
    page.asked.find(({ method, path }) => method === 'POST' && path === '/v1/analytics/budgets')?.body,
  ).toEqual({
    name: 'Search',
    description: '',
    measure: 'cost',
    amount: '25.5',
    filters: { project_id: { in: ['search'] } },
    period: { type: 'month', time_zone: null },
    thresholds: [
      { percent: 80, kind: 'actual' },
      { percent: 100, kind: 'actual' },
      { percent: 100, kind: 'forecast' },
    ],
    enforcement: 'none',
  });
});

test('who may only read sees everything and changes nothing', async () => {
  renderPage(<BudgetsTab />, answers, { address: '/costs?tab=budgets&budget=2', mayChange: false });
  for (const name of ['Change', 'Switch off', 'Delete'])
    expect(await screen.findByRole('button', { name })).toHaveAttribute('aria-disabled', 'true');
});
