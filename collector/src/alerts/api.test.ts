import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import type { ToldAlert } from './alert.ts';
import { AlertEvaluator } from './evaluator.ts';
import { MAX_RULES } from './rule-store.ts';
import { MAX_STREAMS_OF_TENANT } from './stream-route.ts';
import { keepEvaluatorsOut, letEvaluatorsIn } from './testing.ts';

const RULES = '/v1/analytics/alert-rules';
const ALERTS = '/v1/analytics/alerts';
const GRAFANA = '/v1/integrations/grafana';

let collector: TestCollector;
let read: string;
let isClosed = false;
beforeAll(async () => {
  collector = await startTestCollector();
  await keepEvaluatorsOut(collector.pool);
  read = await collector.makeKey('default', ['read']);
});
afterAll(() => (isClosed ? undefined : collector.close()));
beforeEach(() => collector.pool.query('DELETE FROM alert_rules'));
afterEach(async () => {
  if (!isClosed) await collector.pool.query('DELETE FROM alerts; DELETE FROM alert_outbox');
});

const send = (
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  url: string,
  payload?: object,
  more: { key?: string; headers?: Record<string, string> } = {},
) => collector.call({ method, url, ...(payload === undefined ? {} : { payload }), ...more });
const RULE = { name: 'Spike', metric: 'requests', threshold: 5, window_duration: 15 };

/** A round by the real clock. */
async function round(): Promise<void> {
  await letEvaluatorsIn(collector.pool);
  const log = { info: () => undefined, error: (details: object) => { throw new Error(JSON.stringify(details)); } }; // prettier-ignore
  expect(
    await new AlertEvaluator({ pool: collector.pool, readPool: collector.pool, log, everyMs: 0 }).round(),
  ).toBeDefined();
  await keepEvaluatorsOut(collector.pool);
}

/** A firing alert of a rule that was just made. */
async function firing(fields: object = {}): Promise<ToldAlert> {
  expect((await send('POST', RULES, { ...RULE, window_duration: 60, ...fields })).statusCode).toBe(201);
  const timestamp = new Date().toISOString();
  await collector.post(Array.from({ length: 6 }, () => testEvent({ timestamp })));
  await collector.complete();
  await round();
  const { alerts } = (await send('GET', `${ALERTS}?status=firing`)).json<{ alerts: ToldAlert[] }>();
  const [alert] = alerts;
  if (!alert) throw new Error('Nothing fires.');
  return alert;
}

describe('rules', () => {
  test('are made, read, changed and deleted', async () => {
    const made = await send('POST', RULES, {
      ...RULE,
      filters: { 'metadata.team': { in: ['search', null] } },
      group_by: 'metadata.team',
    });
    expect(made.statusCode).toBe(201);
    const rule = made.json<{ rule_id: number }>();
    expect(rule).toMatchObject({
      ...RULE,
      severity: 'medium',
      alert_type: 'custom',
      operator: '>',
      baseline: null,
      group_by: 'metadata.team',
      no_data: 'ok',
      enabled: true,
      last_look: null,
      effective_time_zone: 'UTC',
      created_by: expect.stringMatching(/\(\w{8}\)$/),
    });
    expect((await send('GET', `${RULES}/${rule.rule_id}`, undefined, { key: read })).json()).toEqual(rule);
    const changed = await send('PATCH', `${RULES}/${rule.rule_id}`, {
      severity: 'critical',
      renotify_minutes: 30,
    });
    expect(changed.json()).toMatchObject({ severity: 'critical', renotify_minutes: 30, threshold: 5 });
    expect((await send('GET', RULES)).json<{ rules: object[] }>().rules).toHaveLength(1);
    expect((await send('DELETE', `${RULES}/${rule.rule_id}`)).statusCode).toBe(204);
    expect((await send('GET', `${RULES}/${rule.rule_id}`)).statusCode).toBe(404);
  });

  test.each([
    [{ threshold: undefined }, /threshold/],
    [{ window_duration: 20 }, /window_duration: 20 is no multiple of 15.*15 or 30/],
    [{ window_duration: 15 * 40_000 }, /window_duration/],
    [
      { operator: '<', resolve_threshold: 3 },
      /resolve_threshold: with < 5 an alert ends at that or more, not at 3/,
    ],
    [{ baseline: 'previous_window', threshold: -1 }, /threshold: is a factor/],
    [{ group_by: 'nobody' }, /group_by/],
    [{ filters: { nobody: { in: ['x'] } } }, /nobody/],
    [{ group_by: 'user_id', no_data: 'fire' }, /no_data: fire cannot be grouped/],
    [{ group_by: 'user_id', window_duration: 15_000 }, /window_duration: user_id: read from the events/],
    [{ time_zone: 'Mars/Base' }, /time_zone: "Mars\/Base" is not an IANA time zone/],
    [
      { mute_windows: [{ days: ['monday'], start: '10:00', end: '10:00' }] },
      /mute_windows.0: starts when it ends/,
    ],
    [{ mute_windows: [{ days: ['noday'], start: '10:00', end: '11:00' }] }, /mute_windows/],
    [{ budget_id: 1 }, /budget_id: is for budget_used_percent/],
    [{ metric: 'budget_used_percent', filters: { user_id: { in: ['a'] } } }, /filters: what a budget counts/],
    [{ metric: 'budget_used_percent', budget_id: 999 }, /budget_id: there is no budget 999/],
    [{ metric: 'anomaly_cost_percent', operator: '<' }, /operator: anomaly_cost_percent is judged by >/],
    [{ metric: 'anomaly_cost_percent', group_by: 'user_id' }, /group_by: anomalies are found in project_id/],
    [{ name: ' ' }, /name: is empty/],
    [{ severity: 'grave' }, /severity/],
    [{ renotify_minutes: 1 }, /renotify_minutes/],
    [{ surprise: true }, /surprise/],
  ])('bad input is explained: %j', async (fields, reason) => {
    const answer = await send('POST', RULES, { ...RULE, ...fields });
    expect({ status: answer.statusCode, detail: answer.json<{ detail: string }>().detail }).toEqual({
      status: 400,
      detail: expect.stringMatching(reason),
    });
  });

  test('have names of their own, and a bound', async () => {
    await send('POST', RULES, RULE);
    expect((await send('POST', RULES, RULE)).statusCode).toBe(409);
    await collector.pool.query(
      `INSERT INTO alert_rules (tenant_id, name, alert_type, severity, metric, operator, threshold, window_duration)
       SELECT 'default', 'rule ' || n, 'custom', 'low', 'requests', '>', 1e9, 15 FROM generate_series(2, ${MAX_RULES}) n`,
    );
    const answer = await send('POST', RULES, { ...RULE, name: 'one too many' });
    expect([answer.statusCode, answer.json<{ detail: string }>().detail]).toEqual([
      409,
      expect.stringContaining('1000 alert rules'),
    ]);
  });

  test('that setup gives to a tenant are valid', async () => {
    const key = collector.apiKey;
    const answer = await send('POST', '/v1/admin/tenants', { tenant_id: 'fresh', name: 'Fresh' }, { key });
    expect(answer.statusCode).toBe(201);
    const { rules } = (
      await send('GET', RULES, undefined, { key: await collector.makeKey('fresh', ['admin']) })
    ).json<{ rules: { rule_id: number; name: string }[] }>();
    expect(rules.length).toBeGreaterThanOrEqual(5);
    const admin = await collector.makeKey('fresh', ['admin']);
    for (const { rule_id } of rules) {
      const again = await send(
        'PATCH',
        `${RULES}/${rule_id}`,
        { description: 'read and written again' },
        { key: admin },
      );
      expect(again.statusCode).toBe(200);
    }
    await round();
  });

  test('a key that may only read changes nothing', async () => {
    expect((await send('POST', RULES, RULE, { key: read })).statusCode).toBe(403);
    const alert = await firing();
    expect(
      (await send('POST', `${ALERTS}/${alert.alert_id}/acknowledge`, {}, { key: read })).statusCode,
    ).toBe(403);
    expect((await send('GET', `${ALERTS}/${alert.alert_id}`, undefined, { key: read })).statusCode).toBe(200);
  });
});

describe('alerts', () => {
  test('are listed by severity and state, page by page, with how many are open', async () => {
    const insert = (severity: string, status: string, minutesAgo: number) =>
      collector.pool.query(
        `INSERT INTO alerts (tenant_id, rule_name, alert_type, severity, metric, status, started_at, resolved_at, first_acknowledged_at)
         VALUES ('default', 'a rule', 'custom', $1, 'requests', $2, now() - $3 * interval '1 minute', CASE WHEN $2 = 'resolved' THEN now() END, now() - $3 * interval '30 seconds')`,
        [severity, status, minutesAgo],
      );
    for (const [index, severity] of ['low', 'high', 'high', 'critical'].entries()) {
      await insert(severity, 'firing', 10 + index);
      await insert(severity, 'resolved', 20 + index);
    }
    const list = async (
      query: string,
    ): Promise<{ alerts: ToldAlert[]; next_cursor: string | null; open: object }> => {
      const answer = await send('GET', `${ALERTS}${query}`);
      expect(answer.statusCode).toBe(200);
      return answer.json();
    };
    const all = await list('');
    expect(all.alerts).toHaveLength(8);
    expect(all.open).toEqual({
      pending: 0,
      firing: 4,
      acknowledged: 0,
      by_severity: { low: 1, medium: 0, high: 2, critical: 1 },
    });
    expect((await list('?severity=high&severity=critical&status=firing')).alerts).toHaveLength(3);
    for (const path of ['?', '/history?']) {
      const seen: number[] = [];
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<typeof list>> = await list(
          `${path}limit=3${cursor === null ? '' : `&cursor=${cursor}`}`,
        );
        seen.push(...page.alerts.map(({ alert_id }) => alert_id));
        cursor = page.next_cursor;
      } while (cursor !== null);
      expect(new Set(seen).size).toBe(8);
      expect(seen).toHaveLength(8);
    }
    const trends = (await send('GET', `${ALERTS}/trends?start_date=now-1d&group_by=day`)).json<
      Record<string, unknown>
    >();
    expect(trends).toMatchObject({ total: { alerts: 8, resolved: 4, acknowledged: 8 } });
    expect(trends['by_severity']).toContainEqual(expect.objectContaining({ severity: 'high', alerts: 4 }));
    const points = trends['time_series'] as { alerts: number }[];
    expect(points.reduce((sum, { alerts }) => sum + alerts, 0)).toBe(8);
    expect((await send('GET', `${ALERTS}?cursor=nonsense`)).statusCode).toBe(400);
  });

  test('trends tell mean and median times', async () => {
    for (const minutes of [1, 2, 9]) {
      await collector.pool.query(
        `INSERT INTO alerts (tenant_id, rule_name, alert_type, severity, metric, status, started_at, resolved_at, first_acknowledged_at)
         VALUES ('default', 'a rule', 'custom', 'low', 'requests', 'resolved', t, t + $1 * interval '1 minute', CASE WHEN $1 < 9 THEN t + interval '30 seconds' END)`.replaceAll(
          /\bt\b/g,
          "'2026-03-10T12:00:00Z'::timestamptz",
        ),
        [minutes],
      );
    }
    const trends = await send('GET', `${ALERTS}/trends?start_date=2026-03-10&end_date=2026-03-10`);
    expect(trends.json()).toMatchObject({
      total: {
        alerts: 3,
        acknowledged: 2,
        time_to_acknowledge_seconds: { mean: 30, median: 30 },
        time_to_resolve_seconds: { mean: 240, median: 120 },
      },
      by_rule: [{ rule_name: 'a rule', alerts: 3 }],
    });
  });

  test('are acknowledged, given back, commented and resolved by whoever is known to do so', async () => {
    const { alert_id } = await firing();
    const at = `${ALERTS}/${alert_id}`;
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const grafana = { 'x-grafana-context': JSON.stringify({ Login: 'maria', OrgRole: 'Editor' }) };
    const taken = await send('POST', `${at}/acknowledge`, { note: ' on it ', until }, { headers: grafana });
    expect(taken.json()).toMatchObject({ acknowledged: { by: 'maria (Grafana)', note: 'on it', until } });
    expect(
      (await send('GET', `${ALERTS}?acknowledged=true`)).json<{ alerts: object[] }>().alerts,
    ).toHaveLength(1);
    expect((await send('DELETE', `${at}/acknowledge`)).json()).toMatchObject({ acknowledged: null });
    expect((await send('DELETE', `${at}/acknowledge`)).statusCode).toBe(409);
    const commented = await send('POST', `${at}/comments`, { text: 'a deployment' });
    expect(commented.statusCode).toBe(201);
    const resolved = await send('POST', `${at}/resolve`, { note: 'a test' });
    expect(resolved.json()).toMatchObject({ status: 'resolved', resolve_reason: 'a test' });
    expect((await send('POST', `${at}/acknowledge`, {})).statusCode).toBe(409);
    const { timeline } = (await send('GET', at)).json<{ timeline: { kind: string; by: string | null }[] }>();
    expect(timeline.map(({ kind }) => kind)).toEqual([
      'firing',
      'notified',
      'acknowledged',
      'unacknowledged',
      'comment',
      'resolved',
    ]);
    expect(timeline.at(-1)?.by).toMatch(/\(\w{8}\)$/);
  });

  test.each([
    ['acknowledge', { until: '2020-01-01T00:00:00Z' }, /until: lies in the past/],
    ['acknowledge', { until: '2126-01-01T00:00:00Z' }, /until: lies more than 90 days off/],
    ['acknowledge', { until: 'soon' }, /until/],
    ['comments', { text: ' ' }, /text: is empty/],
    ['comments', {}, /text/],
  ])('%s %j is refused with a reason', async (what, payload, reason) => {
    const { alert_id } = await firing();
    const answer = await send('POST', `${ALERTS}/${alert_id}/${what}`, payload);
    expect([answer.statusCode, answer.json<{ detail: string }>().detail]).toEqual([
      400,
      expect.stringMatching(reason),
    ]);
  });

  test('the header that names a user of Grafana is believed beside an admin key alone', async () => {
    const { alert_id } = await firing();
    const signIn = await collector.app.inject({
      method: 'POST',
      url: '/v1/session',
      payload: { api_key: collector.apiKey },
    });
    const [{ name, value } = { name: '', value: '' }] = signIn.cookies;
    const answer = await collector.app.inject({
      method: 'POST',
      url: `${ALERTS}/${alert_id}/acknowledge`,
      payload: {},
      headers: {
        cookie: `${name}=${value}`,
        'x-promptops-request': '1',
        'x-grafana-context': '{"Login":"mallory"}',
      },
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.json<ToldAlert>().acknowledged?.by).not.toContain('mallory');
  });

  test('Prometheus sees what fires: the operator all and the evaluation, another tenant its own', async () => {
    await firing({ severity: 'critical' });
    const metrics = await send('GET', '/metrics');
    expect(metrics.body).toContain(
      'promptops_alerts_firing{tenant="default",severity="critical",acknowledged="false"} 1',
    );
    expect(metrics.body).toMatch(/promptops_alert_evaluation_lag_seconds \d/);
    expect(metrics.body).toMatch(/promptops_alert_outbox_waiting \d/);
    await collector.makeTenant('neighbour');
    const theirs = await send('GET', '/metrics', undefined, {
      key: await collector.makeKey('neighbour', ['metrics']),
    });
    expect(theirs.body).not.toContain('promptops_alerts_firing{');
    expect(theirs.body).not.toContain('promptops_alert_evaluation');
  });
});

describe('the stream', () => {
  let address: string | undefined;
  const listening = async (): Promise<string> =>
    (address ??= await collector.app.listen({ port: 0, host: '127.0.0.1' }));

  test('tells what is open, then each change, of any replica', async () => {
    const address = await listening();
    const abort = new AbortController();
    const answer = await fetch(`${address}${ALERTS}/stream`, {
      headers: { authorization: `Bearer ${read}` },
      signal: abort.signal,
    });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
    ]);
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    let told = '';
    const until = async (wanted: RegExp): Promise<void> => {
      while (!wanted.test(told)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`The stream ended with ${told}`);
        told += Buffer.from(value).toString();
      }
    };
    await until(/event: open\ndata: .*"alerts":\[\]/);
    const { alert_id } = await firing();
    await until(new RegExp(`event: alert\\ndata: {"alert_id":${alert_id},.*"status":"firing"`));
    await collector.pool.query(
      `UPDATE alerts SET acknowledged_at = now(), acknowledged_by = 'somebody elsewhere' WHERE alert_id = $1`,
      [alert_id],
    );
    await until(/somebody elsewhere/);
    abort.abort();
  });

  test('is bounded a tenant, and makes room when one ends', async () => {
    const address = await listening();
    const key = await collector.makeKey('default', ['read']);
    const open = async (): Promise<{ status: number; close: () => void }> => {
      const abort = new AbortController();
      const { status } = await fetch(`${address}${ALERTS}/stream`, {
        headers: { authorization: `Bearer ${key}` },
        signal: abort.signal,
      });
      return { status, close: () => abort.abort() };
    };
    const streams = await Promise.all(Array.from({ length: MAX_STREAMS_OF_TENANT }, open));
    expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await open()).status).toBe(429);
    streams[0]?.close();
    for (let status = 429; status !== 200;) {
      const next = await open();
      status = next.status;
      next.close();
    }
    for (const { close } of streams) close();
  });

  test('ends by itself, and does not show another tenant', async () => {
    await firing();
    await collector.makeTenant('stranger');
    const key = await collector.makeKey('stranger', ['read']);
    const answer = await send('GET', `${ALERTS}/stream?max_seconds=1`, undefined, { key });
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('"alerts":[]');
  });
});

describe("Grafana's alerts", () => {
  const alert = (fields: object = {}) => ({
    status: 'firing',
    labels: { alertname: 'Slow answers', severity: 'warning', team: 'search' },
    annotations: { summary: 'Above 30 seconds.' },
    startsAt: '2026-03-10T12:00:00Z',
    endsAt: '0001-01-01T00:00:00Z',
    fingerprint: 'f1',
    generatorURL: 'https://grafana.example.com/alerting/grafana/x/view',
    silenceURL: 'javascript:alert(1)',
    values: { A: null, B: 31_250 },
    ...fields,
  });
  const told = async (): Promise<ToldAlert[]> =>
    (await send('GET', ALERTS)).json<{ alerts: ToldAlert[] }>().alerts;

  test('join the list, are one however often they are told, and end', async () => {
    const first = await send('POST', `${GRAFANA}/alerts`, {
      alerts: [alert(), alert({ fingerprint: 'f2' })],
    });
    expect(first.json()).toEqual({ received: 2, created: 2, updated: 0, resolved: 0 });
    expect(await told()).toContainEqual(
      expect.objectContaining({
        source: 'grafana',
        rule_name: 'Slow answers',
        message: 'Above 30 seconds.',
        severity: 'medium',
        status: 'firing',
        value: 31_250,
        labels: { alertname: 'Slow answers', severity: 'warning', team: 'search' },
        links: { rule: 'https://grafana.example.com/alerting/grafana/x/view' },
      }),
    );
    expect((await send('POST', `${GRAFANA}/alerts`, { alerts: [alert()] })).json()).toMatchObject({
      created: 0,
      updated: 1,
    });
    const over = alert({ status: 'resolved', endsAt: '2026-03-10T12:30:00Z' });
    expect((await send('POST', `${GRAFANA}/alerts`, { alerts: [over] })).json()).toMatchObject({
      resolved: 1,
    });
    // One that was on its way when it ended.
    await send('POST', `${GRAFANA}/alerts`, { alerts: [alert()] });
    expect((await told()).filter(({ status }) => status === 'resolved')).toMatchObject([
      { time_to_resolve_seconds: 1800 },
    ]);
    await send('POST', `${GRAFANA}/alerts`, { alerts: [alert({ startsAt: '2026-03-10T13:00:00Z' })] });
    expect(await told()).toHaveLength(3);
  });

  test('are acknowledged like any other, and never sent by us', async () => {
    await send('POST', `${GRAFANA}/alerts`, { alerts: [alert()] });
    const [one] = await told();
    expect((await send('POST', `${ALERTS}/${one?.alert_id}/acknowledge`, {})).statusCode).toBe(200);
    expect((await send('POST', `${ALERTS}/${one?.alert_id}/resolve`, {})).statusCode).toBe(200);
    await round();
    expect((await collector.pool.query('SELECT 1 FROM alert_outbox')).rows).toEqual([]);
  });

  test('are believed by a signature of the tenant’s secret', async () => {
    const { secret, path } = (await send('POST', `${GRAFANA}/secret`)).json<{
      secret: string;
      path: string;
    }>();
    const payload = JSON.stringify({ alerts: [alert()] });
    const timestamp = String(Math.floor(Date.now() / 1000));
    const sign = (text: string, by = secret): string => createHmac('sha256', by).update(text).digest('hex');
    const post = (headers: Record<string, string>) =>
      collector.app.inject({
        method: 'POST',
        url: path,
        payload,
        headers: { 'content-type': 'application/json', ...headers },
      });
    const signature = 'x-grafana-alerting-signature';
    const time = 'x-grafana-alerting-timestamp';
    expect((await post({ [signature]: sign(payload) })).statusCode).toBe(200);
    expect((await post({ [signature]: sign(`${timestamp}:${payload}`), [time]: timestamp })).statusCode).toBe(
      200,
    );
    const old = String(Number(timestamp) - 3_600);
    const bad = [
      { [signature]: sign(payload, 'another secret') },
      { [signature]: sign(`${payload} `) },
      { [signature]: 'nonsense' },
      { [signature]: sign(`${old}:${payload}`), [time]: old },
      {},
    ];
    for (const headers of bad) expect((await post(headers)).statusCode).toBe(401);
    await send('POST', `${GRAFANA}/secret`);
    expect((await post({ [signature]: sign(payload) })).statusCode).toBe(401);
  });

  test.each([
    [{}, /alerts: must be the list/],
    [{ alerts: [{ status: 'odd' }] }, /alerts.0.status: must be firing or resolved/],
    [{ alerts: [alert(), alert({ fingerprint: '' })] }, /alerts.1.fingerprint/],
    [{ alerts: [alert({ startsAt: 'yesterday' })] }, /alerts.0.startsAt/],
  ])('bad input is explained: %j', async (payload, reason) => {
    const answer = await send('POST', `${GRAFANA}/alerts`, payload);
    expect([answer.statusCode, answer.json<{ detail: string }>().detail]).toEqual([
      400,
      expect.stringMatching(reason),
    ]);
  });
});

test('a preview is answered, and is bounded', async () => {
  const answer = await send('POST', `${RULES}/preview?days=2`, {
    metric: 'requests',
    threshold: 5,
    window_duration: 60,
  });
  expect(answer.statusCode).toBe(200);
  expect(answer.json<{ series: object[] }>().series).toHaveLength(192);
  for (const [query, payload, status, reason] of [
    ['?days=31', { metric: 'response_time_p95_ms', threshold: 5 }, 422, /at most 3 days/],
    ['?start_date=2026-01-01', { metric: 'requests', threshold: 5 }, 422, /at most 31 days/],
    ['', { metric: 'budget_used_percent', threshold: 5 }, 400, /budgets\/preview/],
    ['', { metric: 'anomaly_cost_percent', threshold: 5 }, 400, /usage\/anomalies/],
    ['', { metric: 'requests', threshold: 5, window_duration: 7 }, 400, /window_duration/],
  ] as const) {
    const refused = await send('POST', `${RULES}/preview${query}`, payload);
    expect([refused.statusCode, refused.json<{ detail: string }>().detail]).toEqual([
      status,
      expect.stringMatching(reason),
    ]);
  }
});

test('a collector that closes ends its streams, and does not wait for those who read them', async () => {
  const address = await collector.app.listen({ port: 0, host: '127.0.0.1' }).catch(() => undefined);
  const { port } = collector.app.server.address() as { port: number };
  const answer = await fetch(`${address ?? `http://127.0.0.1:${port}`}${ALERTS}/stream`, {
    headers: { authorization: `Bearer ${read}` },
  });
  expect(answer.status).toBe(200);
  isClosed = true;
  const [told] = await Promise.all([answer.text(), collector.close()]);
  expect(told).toContain('event: open');
});
