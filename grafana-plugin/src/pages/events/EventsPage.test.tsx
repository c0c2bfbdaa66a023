import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { FakeProblem, renderPage, type Answers } from '../../testing/render-page.tsx';
import type { StoredEvent } from './event-feed.ts';
import { TAIL_EVERY_MS } from './use-event-feed.ts';

// Bundlers take the default of this CommonJS module out; Node's modules, in which tests run, give the whole of it.
jest.unstable_mockModule('@rc-component/drawer', () => ({
  default: jest.requireActual<{ default: unknown }>('@rc-component/drawer').default,
}));
const { default: EventsPage } = await import('./EventsPage.tsx');

const event = (number: number, more: Partial<StoredEvent> = {}): StoredEvent => ({
  event_id: `e-${number}`,
  timestamp: new Date(Date.parse('2026-11-24T10:00:00Z') + number * 1000).toISOString(),
  received_at: '2026-11-24T10:01:00Z',
  project_id: 'checkout',
  prompt_id: 'summarise-order',
  prompt_version: '7',
  endpoint: null,
  model_provider: 'openai',
  model_name: 'gpt-4o',
  service_tier: null,
  environment: 'production',
  user_id: 'u-1',
  session_id: 's-1',
  stream: null,
  input_tokens: 300,
  cache_read_tokens: null,
  cache_write_5m_tokens: null,
  cache_write_1h_tokens: null,
  output_tokens: 50,
  reasoning_tokens: null,
  total_tokens_used: 350,
  total_tokens_requested: null,
  usage_note: null,
  response_time_ms: 1840,
  time_to_first_token_ms: null,
  output_tokens_per_second: null,
  status: 'success',
  status_code: 200,
  error_type: null,
  cache_hit: false,
  cost_usd: '0.0042',
  price_id: 118,
  discount_id: null,
  reported_cost_usd: null,
  metadata: { team: 'search', retries: 2 },
  ...more,
});
const pageOf = (events: StoredEvent[], next_cursor: string | null = null) => ({
  period: { start: '2026-10-26T00:00:00Z', end: '2026-11-24T12:00:00Z', timezone: 'UTC' },
  events,
  next_cursor,
  searched_back_to: '2026-11-24T10:00:00Z',
  freshness: {},
});
const PATH = '/v1/analytics/usage/events';
const rows = () => within(screen.getByRole('table')).getAllByRole('row').slice(1);

test('the newest first, with the filters of the address; an unpriced call is never $0', async () => {
  const page = renderPage(
    <EventsPage />,
    { [PATH]: pageOf([event(2, { cost_usd: null }), event(1, { status: 'error', error_type: 'timeout' })]) },
    { address: '/events?model_name=gpt-4o&not.user_id=u-9' },
  );
  expect(await screen.findByRole('link', { name: '2026-11-24 10:00:02.000' })).toBeVisible();
  expect(rows()[0]).toHaveTextContent('unpriced');
  expect(rows()[1]).toHaveTextContent('timeout');
  const { query } = page.asked.find(({ path }) => path === PATH) ?? {};
  expect([query?.get('model_name'), query?.get('not.user_id'), query?.get('limit')]).toEqual([
    'gpt-4o',
    'u-9',
    '50',
  ]);
  expect(screen.getByText('These are all of the period.')).toBeVisible();
});

test('older ones come below by the cursor, and a failure there leaves the list', async () => {
  let fails = true;
  const page = renderPage(<EventsPage />, {
    [PATH]: (url: URL) => {
      if (!url.searchParams.has('cursor')) return pageOf([event(2)], 'cursor-1');
      return fails ? new FakeProblem(503, { detail: 'The database does not answer.' }) : pageOf([event(1)]);
    },
  });
  await userEvent.click(await screen.findByRole('button', { name: 'Older' }));
  expect(await screen.findByText('The database does not answer.')).toBeVisible();
  expect(rows()).toHaveLength(1);
  fails = false;
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  await waitFor(() => expect(rows()).toHaveLength(2));
  expect(page.asked.at(-1)?.query.get('cursor')).toBe('cursor-1');
});

test('chosen columns are in the address and come back with it', async () => {
  const page = renderPage(
    <EventsPage />,
    { [PATH]: pageOf([event(1)]) },
    { address: '/events?columns=timestamp,project_id' },
  );
  await waitFor(() => expect(rows()[0]).toHaveTextContent('checkout'));
  expect(screen.queryByRole('columnheader', { name: 'Cost' })).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: 'Columns' }));
  await userEvent.click(await screen.findByRole('checkbox', { name: 'Cost' }));
  expect(await screen.findByRole('columnheader', { name: 'Cost', hidden: true })).toBeVisible();
  expect(decodeURIComponent(page.address())).toContain('columns=timestamp,project_id,cost_usd');
});

test('a click opens all that is stored, found by id and time, with the ways on', async () => {
  const page = renderPage(<EventsPage />, {
    [PATH]: pageOf([event(1)]),
    [`${PATH}/e-1`]: { ...event(1), price: null, discount: null, links: {} },
  });
  await userEvent.click(await screen.findByRole('link', { name: '2026-11-24 10:00:01.000' }));
  const drawer = await screen.findByRole('dialog');
  expect(await within(drawer).findByText('1.84 s')).toBeVisible();
  expect(page.address()).toBe('/?event=e-1&timestamp=2026-11-24T10%3A00%3A01.000Z');
  expect(page.asked.find(({ path }) => path === `${PATH}/e-1`)?.query.get('timestamp')).toBe(
    '2026-11-24T10:00:01.000Z',
  );
  const cost = within(drawer).getByRole('link', { name: 'How the cost came about' });
  expect(cost).toHaveAttribute('href', '/costs?event=e-1&timestamp=2026-11-24T10%3A00%3A01.000Z');
  expect(within(drawer).getByRole('link', { name: 'Its session on that day' })).toHaveAttribute(
    'href',
    '/events?session_id=s-1&from=2026-11-24&to=2026-11-24',
  );
  expect(within(drawer).getByRole('link', { name: 'search' })).toHaveAttribute(
    'href',
    '/events?metadata.team=search',
  );
  expect(drawer).toHaveTextContent('retries2');
  await userEvent.click(within(drawer).getByRole('button', { name: /close/i }));
  await waitFor(() => expect(page.address()).toBe('/'));
});

test('an event that is not there any more is said, beside the list', async () => {
  renderPage(
    <EventsPage />,
    {
      [PATH]: pageOf([event(1)]),
      [`${PATH}/gone`]: new FakeProblem(404, { detail: 'There is no event gone.' }),
    },
    { address: '/events?event=gone' },
  );
  expect(await screen.findByText('There is no event gone.')).toBeVisible();
});

test('a period that is over cannot be watched live', async () => {
  renderPage(
    <EventsPage />,
    { [PATH]: pageOf([]) },
    { address: '/events?from=2026-01-01&to=2026-01-31&live=1' },
  );
  expect(await screen.findByText(/No calls with these filters in this period/)).toBeVisible();
  expect(screen.getByRole('button', { name: 'Live' })).toHaveAttribute('aria-disabled', 'true');
});

describe('live', () => {
  // Time is moved by hand: the tail looks every three seconds.
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());
  const turn = () => act(() => jest.advanceTimersByTimeAsync(TAIL_EVERY_MS + 50));

  const tailing = (): { answers: Answers; events: StoredEvent[]; asked: () => number } => {
    const events = [event(1)];
    let asked = 0;
    return {
      events,
      asked: () => asked,
      answers: {
        [PATH]: (url: URL) => {
          if (url.searchParams.get('limit') === '200') asked += 1;
          return pageOf([...events].reverse());
        },
      },
    };
  };

  test('new calls appear on top by themselves, until it is paused', async () => {
    const tail = tailing();
    const page = renderPage(<EventsPage />, tail.answers, { address: '/events?live=1' });
    await turn();
    expect(rows()).toHaveLength(1);
    tail.events.push(event(2), event(3));
    await turn();
    expect(rows()).toHaveLength(3);
    expect(rows()[0]).toHaveTextContent('10:00:03.000');
    const last = page.asked.at(-1)?.query;
    expect(last?.get('end_date')).toBe('now');
    fireEvent.click(screen.getByRole('button', { name: 'Pause' }));
    await turn();
    const before = tail.asked();
    tail.events.push(event(4));
    await turn();
    await turn();
    expect(tail.asked()).toBe(before);
    expect(rows()).toHaveLength(3);
    expect(page.address()).toBe('/events');
  });

  test('while one reads the list nothing moves: new calls wait to be shown', async () => {
    const tail = tailing();
    renderPage(<EventsPage />, tail.answers, { address: '/events?live=1' });
    await turn();
    fireEvent.focus(screen.getByRole('link', { name: '2026-11-24 10:00:01.000' }));
    tail.events.push(event(2), event(3));
    await turn();
    expect(rows()).toHaveLength(1);
    fireEvent.click(screen.getByRole('button', { name: 'Show 2 new calls' }));
    expect(rows()).toHaveLength(3);
  });

  test('a hidden tab asks nothing', async () => {
    const tail = tailing();
    renderPage(<EventsPage />, tail.answers, { address: '/events?live=1' });
    await turn();
    const hidden = jest.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    document.dispatchEvent(new Event('visibilitychange'));
    await turn();
    const before = tail.asked();
    await turn();
    await turn();
    expect(tail.asked()).toBe(before);
    hidden.mockRestore();
    document.dispatchEvent(new Event('visibilitychange'));
    await turn();
    expect(tail.asked()).toBeGreaterThan(before);
  });

  test('a tail that fails says so, keeps the list, and goes on', async () => {
    const tail = tailing();
    let fails = true;
    const answer = tail.answers[PATH] as (url: URL) => unknown;
    renderPage(
      <EventsPage />,
      {
        [PATH]: (url: URL) =>
          fails && url.searchParams.get('limit') === '200'
            ? new FakeProblem(503, { detail: 'The database does not answer.' })
            : answer(url),
      },
      { address: '/events?live=1' },
    );
    await turn();
    await turn();
    expect(screen.getByText(/The database does not answer\. It goes on by itself/)).toBeVisible();
    expect(rows()).toHaveLength(1);
    fails = false;
    tail.events.push(event(2));
    await act(() => jest.advanceTimersByTimeAsync(16_000));
    expect(rows()).toHaveLength(2);
    expect(screen.queryByText(/The database does not answer/)).toBeNull();
  });
});
