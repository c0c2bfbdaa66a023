import { expect, test } from '@jest/globals';
import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { breakdown, compared, figures } from '../../panels/usage-answers.fixture.ts';
import { FakeProblem, renderPage, type Asked } from '../../testing/render-page.tsx';
import ExplorePage from './ExplorePage.tsx';

const BREAKDOWN = '/v1/analytics/usage/breakdown';
const COMPARE = '/v1/analytics/usage/compare';
const FILTER_FORM = { [COMPARE]: compared([], []) };

/** Answers about whatever dimensions are asked for. */
const anyBreakdown = (url: URL) => {
  const dimensions = url.searchParams.getAll('dimension');
  const names: Record<string, string> = {
    project_id: 'checkout',
    prompt_id: 'summarise',
    'metadata.team': 'search',
  };
  return breakdown(
    dimensions,
    [
      [dimensions.map((name) => names[name] ?? 'one').join(' · '), { total_cost_usd: '6' }],
      ['(none)', { total_cost_usd: '1.5' }],
    ],
    {
      total: figures({ members: 5, total_cost_usd: '10' }),
      other: { members: 3, ...figures({ total_cost_usd: '2.5' }) },
    },
  );
};
/** What the table, or the chart, asked. */
const tableAsked = (asked: Asked[]) =>
  asked.filter(({ path, query }) => path === BREAKDOWN && !query.has('group_by')).at(-1)?.query;

test('the top members, other and total stand in the table with their shares', async () => {
  const { asked } = renderPage(<ExplorePage />, { [BREAKDOWN]: anyBreakdown, ...FILTER_FORM });
  const table = await screen.findByRole('region', { name: 'Top project' });
  const row = (name: RegExp) => within(table).getByRole('row', { name });
  expect(within(row(/checkout/)).getByText('60 %')).toBeVisible();
  expect(within(row(/\(none\)/)).getByText('15 %')).toBeVisible();
  expect(within(row(/Other \(3\)/)).getByText('25 %')).toBeVisible();
  expect(within(row(/Total \(5\)/)).getByText('100 %')).toBeVisible();
  expect(tableAsked(asked)?.get('order_by')).toBe('total_cost_usd');
  expect(tableAsked(asked)?.get('limit')).toBe('10');
});

test('a click on a member filters by it and goes on with the next dimension; a click on the way leads back', async () => {
  const user = userEvent.setup();
  const page = renderPage(
    <ExplorePage />,
    { [BREAKDOWN]: anyBreakdown, ...FILTER_FORM },
    { address: '/explore?from=now-6d%2Fd&to=now&top=20' },
  );
  await user.click(await screen.findByRole('link', { name: 'checkout' }));
  expect(await screen.findByRole('region', { name: 'Top prompt' })).toBeVisible();
  expect(page.address()).toBe('/explore?from=now-6d%2Fd&to=now&top=20&project_id=checkout&by=prompt_id');
  expect(tableAsked(page.asked)?.getAll('project_id')).toEqual(['checkout']);

  await user.click(await screen.findByRole('link', { name: 'summarise' }));
  expect(await screen.findByRole('region', { name: 'Top prompt version' })).toBeVisible();
  const way = screen.getByRole('navigation', { name: 'The way here' });
  await user.click(within(way).getByRole('link', { name: 'Project checkout' }));
  expect(await screen.findByRole('region', { name: 'Top prompt' })).toBeVisible();
  expect(page.address()).not.toContain('summarise');
  await user.click(
    within(screen.getByRole('navigation', { name: 'The way here' })).getByRole('link', {
      name: 'Everything',
    }),
  );
  expect(await screen.findByRole('region', { name: 'Top project' })).toBeVisible();
  expect(page.address()).toBe('/explore?from=now-6d%2Fd&to=now&top=20');
});

test('calls that have no member can be looked into as well, and every member leads to its events', async () => {
  renderPage(
    <ExplorePage />,
    { [BREAKDOWN]: anyBreakdown, ...FILTER_FORM },
    { address: '/explore?environment=production' },
  );
  const none = await screen.findByRole('link', { name: '(none)' });
  expect(none).toHaveAttribute('href', '/explore?environment=production&project_id=__none__&by=prompt_id');
  expect(screen.getByRole('link', { name: 'Events of checkout' })).toHaveAttribute(
    'href',
    '/events?environment=production&project_id=checkout',
  );
});

test('pairs of a dimension and a tag are asked for, and a click filters by both', async () => {
  const { asked } = renderPage(
    <ExplorePage />,
    { [BREAKDOWN]: anyBreakdown, ...FILTER_FORM },
    { address: '/explore?by=metadata.team&and=project_id&order=total_requests&from=now-6d%2Fd&to=now' },
  );
  expect(await screen.findByRole('region', { name: 'Top team and project' })).toBeVisible();
  expect(tableAsked(asked)?.getAll('dimension')).toEqual(['metadata.team', 'project_id']);
  expect(tableAsked(asked)?.get('order_by')).toBe('total_requests');
  expect(screen.getByRole('link', { name: 'search · checkout' })).toHaveAttribute(
    'href',
    '/explore?by=prompt_id&order=total_requests&from=now-6d%2Fd&to=now&metadata.team=search&project_id=checkout',
  );
});

test('a mean has no shares and is not stacked to a sum', async () => {
  renderPage(
    <ExplorePage />,
    { [BREAKDOWN]: anyBreakdown, ...FILTER_FORM },
    { address: '/explore?order=average_response_time_ms' },
  );
  const table = await screen.findByRole('region', { name: 'Top project' });
  expect(within(table).queryByText('Share')).toBeNull();
  expect(within(table).getByRole('columnheader', { name: 'Response time, mean' })).toHaveAttribute(
    'aria-sort',
    'descending',
  );
});

test('lines instead of bars, or no chart, stay in the address', async () => {
  const user = userEvent.setup();
  const page = renderPage(<ExplorePage />, { [BREAKDOWN]: anyBreakdown, ...FILTER_FORM });
  await user.click(await screen.findByRole('radio', { name: 'None' }));
  expect(page.address()).toBe('/?chart=none');
  expect(screen.queryByRole('heading', { name: 'Cost over time by project' })).toBeNull();
  await user.click(screen.getByRole('radio', { name: 'Bars' }));
  expect(page.address()).toBe('/');
  expect(page.asked.some(({ query }) => query.get('group_by') === 'day' && query.get('limit') === '8')).toBe(
    true,
  );
});

test('two periods stand beside each other with what each member did to the change', async () => {
  const { asked } = renderPage(
    <ExplorePage />,
    {
      [BREAKDOWN]: anyBreakdown,
      [COMPARE]: compared(
        ['project_id'],
        [
          {
            label: 'checkout',
            added: 3,
            previous: { total_cost_usd: '5' },
            current: { total_cost_usd: '8' },
          },
          { label: 'search', status: 'new', added: 1, previous: { total_requests: 0, total_cost_usd: '0' } },
        ],
        { same_length: false },
      ),
    },
    { address: '/explore?compare=last_week&chart=none' },
  );
  const table = await screen.findByRole('region', { name: 'Cost by project, two periods' });
  const row = within(table).getByRole('row', { name: /checkout/ });
  for (const text of ['$5.00', '$8.00', '+$3.00', '+30 %', '+3 %'])
    expect(within(row).getAllByText(text).length).toBeGreaterThan(0);
  expect(within(within(table).getByRole('row', { name: /search/ })).getByText('new')).toBeVisible();
  expect(screen.getByText(/They are not equally long \(7.00 and 7.00 days\)/)).toBeVisible();
  expect(asked.find(({ path }) => path === COMPARE)?.query.get('compare_with')).toBe('last_week');
});

test('other dates are asked for once both are chosen', async () => {
  const first = renderPage(
    <ExplorePage />,
    { [BREAKDOWN]: anyBreakdown, ...FILTER_FORM },
    { address: '/explore?compare=custom&compare_start=2026-10-01' },
  );
  expect(await screen.findByText('Choose the first and the last day of the other period.')).toBeVisible();
  expect(first.asked.some(({ path }) => path === COMPARE)).toBe(false);
  first.unmount();
  const { asked } = renderPage(
    <ExplorePage />,
    { [BREAKDOWN]: anyBreakdown, [COMPARE]: compared(['project_id'], []) },
    { address: '/explore?compare=custom&compare_start=2026-10-01&compare_end=2026-10-31&chart=none' },
  );
  await screen.findByRole('region', { name: 'Cost by project, two periods' });
  const query = asked.find(({ path }) => path === COMPARE)?.query;
  expect([query?.get('compare_start'), query?.get('compare_end'), query?.get('compare_with')]).toEqual([
    '2026-10-01',
    '2026-10-31',
    null,
  ]);
});

test('a period that is too long for users is said, with a way out, and nothing is asked', async () => {
  const user = userEvent.setup();
  const page = renderPage(
    <ExplorePage />,
    { [BREAKDOWN]: anyBreakdown, ...FILTER_FORM },
    { address: '/explore?by=user_id&from=now-200d%2Fd&to=now' },
  );
  expect(await screen.findByText(/at most 93 days at once/)).toBeVisible();
  expect(page.asked.some(({ query }) => query.get('dimension') === 'user_id')).toBe(false);
  await user.click(screen.getByRole('button', { name: 'Show the last 90 days' }));
  expect(page.address()).toContain('from=now-89d%2Fd');
  expect(await screen.findByRole('region', { name: 'Top user' })).toBeVisible();
});

test('a chart that fails leaves the table alive', async () => {
  renderPage(<ExplorePage />, {
    [BREAKDOWN]: (url: URL) =>
      url.searchParams.has('group_by')
        ? new FakeProblem(422, { detail: 'Too many points.' })
        : anyBreakdown(url),
    ...FILTER_FORM,
  });
  expect(await screen.findByText('Too many points.')).toBeVisible();
  expect(await screen.findByRole('link', { name: 'checkout' })).toBeVisible();
});

test('a cost that is not known is no $0.00', async () => {
  renderPage(<ExplorePage />, {
    [BREAKDOWN]: breakdown(['project_id'], [['own-models', { total_cost_usd: '0', unpriced_requests: 96 }]], {
      total: figures({ members: 1, total_cost_usd: '0', unpriced_requests: 96 }),
    }),
    ...FILTER_FORM,
  });
  const table = await screen.findByRole('region', { name: 'Top project' });
  expect(within(table).queryByText('$0.00')).toBeNull();
  expect(within(table).getAllByText('96')).toHaveLength(2);
});
