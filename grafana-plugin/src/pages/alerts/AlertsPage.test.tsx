import { expect, test } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { FakeProblem, renderPage, type Answers } from '../../testing/render-page.tsx';
import { alertAnswer, listAnswer, ruleAnswer } from './alerts.fixture.ts';
import AlertsPage from './AlertsPage.tsx';

const ALERTS = '/v1/analytics/alerts';
const RULES = '/v1/analytics/alert-rules';
const firing = alertAnswer(7);
const taken = alertAnswer(8, {
  rule_name: 'Cost of a day',
  severity: 'critical',
  metric: 'cost_usd',
  value: 130,
  threshold: 100,
  window_minutes: 1440,
  group: null,
  acknowledged: { by: 'Ada', at: '2026-11-24T12:05:00.000Z', note: 'On it', until: null },
});
const pending = alertAnswer(9, { rule_name: 'Slow', status: 'pending', started_at: null });
const active: Answers = { [ALERTS]: listAnswer([pending, taken, firing]) };

const itemOf = async (name: RegExp): Promise<HTMLElement> =>
  (await screen.findByRole('heading', { name })).closest('li') as HTMLElement;

test('what nobody has taken stands first, with its value against the threshold and a link to the page that shows it', async () => {
  renderPage(<AlertsPage />, active, { address: '/alerts' });
  const item = await itemOf(/Error rate: Model gpt-4o/);
  expect(item.textContent).toContain('High');
  expect(item.textContent).toContain('Error rate 7.1 % in 15 minutes; fires above 5 %');
  expect(item.textContent).toContain('Firing since 2026-11-24 12:00');
  expect(within(item).getByRole('link', { name: 'See the calls' }).getAttribute('href')).toBe(
    '/performance?from=a&to=b&model_name=gpt-4o',
  );
  expect(screen.getAllByRole('heading', { level: 3 }).map(({ textContent }) => textContent)).toEqual([
    'Error rate: Model gpt-4o',
    'Cost of a day',
    'Slow: Model gpt-4o',
  ]);
  expect((await itemOf(/Cost of a day/)).textContent).toContain(
    'Acknowledged by Ada at 2026-11-24 12:05, until it is resolved: “On it”',
  );
});

test('severity and state are asked of the collector and stand in the URL', async () => {
  const user = userEvent.setup();
  const { asked, address } = renderPage(<AlertsPage />, active, { address: '/alerts' });
  await screen.findByText(/2 firing, 1 of them acknowledged; 1 pending/);
  await user.click(screen.getByRole('radio', { name: 'Critical' }));
  await user.click(screen.getByRole('radio', { name: 'Acknowledged' }));
  expect(address()).toBe('/alerts?severity=critical&state=acknowledged');
  await waitFor(() => {
    const query = asked.at(-1)?.query;
    expect([query?.get('severity'), query?.get('status'), query?.get('acknowledged')]).toEqual([
      'critical',
      'firing',
      'true',
    ]);
  });
});

test('an alert is acknowledged with a note and a time, shown before the collector has answered', async () => {
  const user = userEvent.setup();
  let answer: (alert: object) => void = () => undefined;
  const { asked } = renderPage(
    <AlertsPage />,
    { ...active, [`POST ${ALERTS}/7/acknowledge`]: () => new Promise((resolve) => (answer = resolve)) },
    { address: '/alerts' },
  );
  const item = await itemOf(/Error rate/);
  await user.click(within(item).getByRole('button', { name: 'Acknowledge' }));
  const dialog = await screen.findByRole('dialog');
  await user.click(within(dialog).getByRole('radio', { name: 'Until it is resolved' }));
  await user.type(within(dialog).getByLabelText('Note'), 'Asked the provider');
  await user.click(within(dialog).getByRole('button', { name: 'Acknowledge' }));
  await waitFor(async () =>
    expect((await itemOf(/Error rate/)).textContent).toContain('Acknowledged by tester'),
  );
  expect(asked.find(({ method }) => method === 'POST')).toMatchObject({
    path: `${ALERTS}/7/acknowledge`,
    body: { note: 'Asked the provider', until: null },
  });
  answer({});
});

test('an acknowledgement that is refused is put back, and why is told', async () => {
  const user = userEvent.setup();
  const { told } = renderPage(
    <AlertsPage />,
    {
      ...active,
      [`DELETE ${ALERTS}/8/acknowledge`]: new FakeProblem(409, { detail: 'The alert is over.' }),
    },
    { address: '/alerts' },
  );
  await user.click(within(await itemOf(/Cost of a day/)).getByRole('button', { name: 'Take back' }));
  await waitFor(() => expect(told).toEqual([{ kind: 'error', text: 'The alert is over.' }]));
  expect((await itemOf(/Cost of a day/)).textContent).toContain('Acknowledged by Ada');
});

test('a time of one’s own that is over is not sent', async () => {
  const user = userEvent.setup();
  const { asked } = renderPage(<AlertsPage />, active, { address: '/alerts' });
  await user.click(within(await itemOf(/Error rate/)).getByRole('button', { name: 'Acknowledge' }));
  const dialog = await screen.findByRole('dialog');
  await user.click(within(dialog).getByRole('radio', { name: 'Another time' }));
  await user.type(within(dialog).getByLabelText('Until, UTC'), '2020-01-01T10:00');
  await user.click(within(dialog).getByRole('button', { name: 'Acknowledge' }));
  expect(await screen.findByText('Give a time that is still to come.')).toBeTruthy();
  expect(asked.some(({ method }) => method === 'POST')).toBe(false);
});

test('who may only read can do nothing about an alert', async () => {
  renderPage(<AlertsPage />, active, { address: '/alerts', mayChange: false });
  const item = await itemOf(/Error rate/);
  for (const name of ['Acknowledge', 'Resolve', 'Comment'])
    expect(within(item).getByRole('button', { name }).getAttribute('aria-disabled')).toBe('true');
});

test('alerts that cannot be read are told with a retry', async () => {
  renderPage(
    <AlertsPage />,
    { [ALERTS]: new FakeProblem(503, { detail: 'The database is away.' }) },
    { address: '/alerts' },
  );
  expect(await screen.findByText('The database is away.')).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Try again' })).toBeTruthy();
});

test('one alert has its timeline, the newest first, and takes a comment', async () => {
  const user = userEvent.setup();
  const entry = (kind: string, by: string | null, note: string | null) => ({
    at: '2026-11-24T12:00:00.000Z',
    kind,
    by,
    note,
    value: 6,
  });
  const { asked } = renderPage(
    <AlertsPage />,
    {
      [`${ALERTS}/7`]: {
        ...firing,
        timeline: [entry('firing', null, null), entry('comment', 'Ada', 'Seen')],
      },
      [`POST ${ALERTS}/7/comments`]: {},
    },
    { address: '/alerts?alert=7' },
  );
  const panel = (await screen.findByRole('heading', { name: 'Timeline' })).closest('section') as HTMLElement;
  expect(
    within(panel)
      .getAllByRole('listitem')
      .map(({ textContent }) => textContent),
  ).toEqual(['Comment by Ada2026-11-24 12:00:00Seen', 'Fired, value 6 %2026-11-24 12:00:00']);
  await user.click(screen.getByRole('button', { name: 'Comment' }));
  const dialog = await screen.findByRole('dialog');
  await user.type(within(dialog).getByLabelText('Comment'), 'A new key helps');
  await user.click(within(dialog).getByRole('button', { name: 'Add the comment' }));
  await waitFor(() =>
    expect(asked.find(({ method }) => method === 'POST')?.body).toEqual({ text: 'A new key helps' }),
  );
});

test('the history goes on to older alerts by the URL, and tells how long they took', async () => {
  const user = userEvent.setup();
  const times = (median: number | null) => ({ mean: median, median });
  const total = {
    alerts: 3,
    acknowledged: 1,
    resolved: 3,
    time_to_acknowledge_seconds: times(120),
    time_to_resolve_seconds: times(600),
  };
  const over = alertAnswer(5, {
    status: 'resolved',
    resolved_at: '2026-11-24T12:10:00.000Z',
    time_to_resolve_seconds: 600,
  });
  const { asked, address } = renderPage(
    <AlertsPage />,
    {
      [ALERTS]: listAnswer([]),
      [`${ALERTS}/trends`]: {
        period: { start: '', end: '', timezone: 'UTC', group_by: 'day' },
        total,
        by_severity: [],
        by_rule: [{ rule_id: 3, rule_name: 'Error rate', severity: 'high', ...total }],
        other_rules: { rules: 0, alerts: 0 },
        time_series: [
          {
            timestamp: '2026-11-24T00:00:00Z',
            alerts: 3,
            by_severity: { low: 0, medium: 0, high: 3, critical: 0 },
          },
        ],
      },
      [`${ALERTS}/history`]: { period: {}, alerts: [over], next_cursor: 'older' },
    },
    { address: '/alerts?tab=history' },
  );
  expect(await screen.findByRole('row', { name: /Error rate: Model gpt-4o.*10 min 0 s/ })).toBeTruthy();
  expect(await screen.findByText('2 min 0 s', { selector: 'dd' })).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Older' }));
  expect(address()).toBe('/alerts?tab=history&cursor=older');
  await waitFor(() =>
    expect(
      asked
        .filter(({ path }) => path.endsWith('/history'))
        .at(-1)
        ?.query.get('cursor'),
    ).toBe('older'),
  );
});

const rules: Answers = {
  [ALERTS]: listAnswer([firing]),
  [RULES]: {
    rules: [
      ruleAnswer(3, { name: 'Error rate' }),
      ruleAnswer(4, { name: 'Old', metric: 'requests', enabled: false }),
    ],
  },
  '/v1/analytics/usage/breakdown': { members: [] },
};

test('a rule says what it watches and that it fires, and is switched off', async () => {
  const user = userEvent.setup();
  const { asked } = renderPage(
    <AlertsPage />,
    { ...rules, [`PATCH ${RULES}/3`]: {} },
    { address: '/alerts?tab=rules' },
  );
  const row = await screen.findByRole('row', { name: /Error rate above 5 % in 15 minutes/ });
  await waitFor(() => expect(row.textContent).toContain('1 firing'));
  expect(screen.getByRole('row', { name: /Old/ }).textContent).toContain('Switched off');
  await user.click(screen.getByRole('switch', { name: 'Error rate is on' }));
  await waitFor(() =>
    expect(asked.find(({ method }) => method === 'PATCH')).toMatchObject({
      path: `${RULES}/3`,
      body: { enabled: false },
    }),
  );
});

test('a rule is deleted only after it was asked', async () => {
  const user = userEvent.setup();
  const { asked } = renderPage(
    <AlertsPage />,
    { ...rules, [`DELETE ${RULES}/4`]: {} },
    { address: '/alerts?tab=rules' },
  );
  await user.click(await screen.findByRole('button', { name: 'Delete Old' }));
  expect(asked.some(({ method }) => method === 'DELETE')).toBe(false);
  await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: /Delete/ }));
  await waitFor(() => expect(asked.find(({ method }) => method === 'DELETE')?.path).toBe(`${RULES}/4`));
});

const preview = {
  period: { start: '2026-11-17T00:00:00Z', end: '2026-11-24T00:00:00Z', timezone: 'UTC' },
  alerts: [
    {
      group: null,
      started_at: '2026-11-20T10:00:00Z',
      resolved_at: '2026-11-20T11:00:00Z',
      first_value: 8,
      peak_value: 12,
    },
  ],
  alert_count: 3,
  notifications: { firing: 3, renotify: 0, resolved: 3 },
  members: 1,
  members_left_out: 0,
  series: [{ timestamp: '2026-11-20T10:00:00Z', value: 8, baseline: null }],
};

test('a new rule tells when it would have fired, and what the collector refuses stands at its field', async () => {
  const user = userEvent.setup();
  const { asked } = renderPage(
    <AlertsPage />,
    {
      ...rules,
      [`POST ${RULES}/preview`]: preview,
      [`POST ${RULES}`]: new FakeProblem(400, {
        detail: 'window_duration: user_id: read from the events themselves, over at most 10080 minutes.',
      }),
    },
    { address: '/alerts?tab=rules&form=new' },
  );
  await user.click(await screen.findByRole('button', { name: 'Make the rule' }));
  expect(await screen.findByText('A name is needed.')).toBeTruthy();
  expect(screen.getByText('A number is needed.')).toBeTruthy();
  expect(asked.some(({ method, path }) => method === 'POST' && path === RULES)).toBe(false);
  await user.type(screen.getByLabelText('Name'), 'Errors');
  await user.type(screen.getByLabelText('Threshold, percent'), '5');
  expect(await screen.findByText('It would have fired 3 times in the last 7 days.')).toBeTruthy();
  expect(screen.getByRole('row', { name: /2026-11-20 10:00.*2026-11-20 11:00.*12 %/ })).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Make the rule' }));
  expect(await screen.findByText(/read from the events themselves/)).toBeTruthy();
  expect(asked.find(({ method, path }) => method === 'POST' && path === RULES)?.body).toMatchObject({
    name: 'Errors',
    metric: 'error_rate',
    operator: '>',
    threshold: 5,
    window_duration: 60,
    renotify_minutes: null,
  });
});

const channel = {
  channel_id: 1,
  name: 'On call',
  type: 'slack',
  enabled: true,
  settings: { address_origin: 'https://hooks.slack.com' },
  health: {
    status: 'failing',
    consecutive_failures: 2,
    paused_until: null,
    last_delivered_at: null,
    last_failed_at: '2026-11-24T12:00:00Z',
    last_error: 'The receiver answered 500.',
  },
};
const notifications: Answers = {
  [ALERTS]: listAnswer([]),
  [RULES]: { rules: [] },
  '/v1/analytics/notification-channels': {
    channels: [channel],
    email_available: false,
    silence: {
      changes_last_24_hours: 4,
      reasons: [{ reason: 'no_route', text: 'No notification route takes them.', changes: 4, last_at: '' }],
    },
  },
  '/v1/analytics/notification-routes': { routes: [] },
  '/v1/analytics/notification-deliveries': {
    deliveries: [
      {
        delivery_id: 21,
        channel: { channel_id: 1, name: 'On call', type: 'slack' },
        route_id: null,
        status: 'dead',
        alerts: [
          { alert_id: 7, event: 'firing', rule_name: 'Error rate', severity: 'high', member: 'gpt-4o' },
        ],
        attempts: 1,
        last_error: 'The receiver answered 404.',
        created_at: '2026-11-24T12:00:00Z',
        next_attempt_at: null,
      },
    ],
    next_cursor: null,
  },
};

test('a channel is tested, and what became of it stands beside it', async () => {
  const user = userEvent.setup();
  renderPage(
    <AlertsPage />,
    {
      ...notifications,
      'POST /v1/analytics/notification-channels/1/test': {
        outcome: 'failed',
        latency_ms: 80,
        response_status: 500,
        error: 'The receiver answered 500.',
      },
    },
    { address: '/alerts?tab=notifications' },
  );
  expect(
    await screen.findByText('4 changes of alerts were told to nobody in the last 24 hours'),
  ).toBeTruthy();
  await user.click(await screen.findByRole('button', { name: 'Test' }));
  expect(await screen.findByText('The test failed after 80 ms, answer 500.')).toBeTruthy();
});

test('changing a channel shows no secret, and sends none that was not typed', async () => {
  const user = userEvent.setup();
  const { asked } = renderPage(
    <AlertsPage />,
    { ...notifications, 'PATCH /v1/analytics/notification-channels/1': channel },
    { address: '/alerts?tab=notifications' },
  );
  await user.click(await screen.findByRole('button', { name: 'Change' }));
  const dialog = await screen.findByRole('dialog');
  expect(within(dialog).getByLabelText<HTMLInputElement>(/Address of the incoming webhook/).value).toBe('');
  await user.type(within(dialog).getByLabelText('Name'), ' 2');
  await user.click(within(dialog).getByRole('button', { name: 'Save' }));
  await waitFor(() =>
    expect(asked.find(({ method }) => method === 'PATCH')?.body).toEqual({ name: 'On call 2' }),
  );
});

test('a message that was given up is sent again', async () => {
  const user = userEvent.setup();
  const { asked } = renderPage(
    <AlertsPage />,
    { ...notifications, 'POST /v1/analytics/notification-deliveries/21/retry': {} },
    { address: '/alerts?tab=notifications&delivery=7' },
  );
  const row = await screen.findByRole('row', { name: /Given up/ });
  expect(row.textContent).toContain('The receiver answered 404.');
  expect(asked.find(({ path }) => path.endsWith('/notification-deliveries'))?.query.get('alert_id')).toBe(
    '7',
  );
  await user.click(within(row).getByRole('button', { name: 'Send delivery 21 again' }));
  await waitFor(() =>
    expect(asked.some(({ method, path }) => method === 'POST' && path.endsWith('/21/retry'))).toBe(true),
  );
});
