import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { BudgetEvaluator } from '../budgets/evaluator.ts';
import { DayHistory } from '../budgets/day-history.ts';
import { logsBody, metricsBody, tracesBody, unreadableBody, type ToldCall } from '../testing/otlp-bodies.ts';
import { routesOf } from '../testing/routes-of.ts';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import { keyIdOf } from './api-key.ts';

/*
 * Two tenants walk every route of the collector. The owner has something of everything, and each of its names holds ZEBRA; the visitor
 * writes names that hold GIRAFFE. What a route shows to its owner it must not show to the visitor; what the visitor does must leave no
 * trace in the owner's rows. The list of routes is the collector's own: a new one without a case here fails.
 */

const ZEBRA = 'zebra';
const GIRAFFE = 'giraffe';
const DAY_MS = 86_400_000;
const NOW = Date.now();
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const PERIOD = `start_date=${dateOf(NOW - 6 * DAY_MS)}&end_date=${dateOf(NOW)}`;

/** Nobody's data is behind these. */
const OPEN_ROUTES = [
  'GET /',
  'GET /analytics',
  'GET /analytics/*',
  'GET /docs',
  'GET /docs/',
  'GET /docs/*',
  'GET /docs/json',
  'GET /docs/yaml',
  'GET /docs/static/index.html',
  'GET /docs/static/swagger-initializer.js',
  'GET /health/live',
  'GET /health/ready',
];

/** Who these speak for stands in the body or the cookie: collector/src/sessions has their walk with two tenants. */
const SIGN_IN_ROUTES = ['DELETE /v1/session', 'POST /v1/session'];

/** The link itself is the authority, for one download: collector/src/exports has the walk with two tenants. */
const LINK_ROUTES = ['GET /v1/analytics/exports/download/:token'];

/** What the owner has that has a number. */
interface Owned {
  budgetId: number;
  ruleId: number;
  alertId: number;
  channelId: number;
  spareChannelId: number;
  routeId: number;
  deliveryId: number;
  exportId: number;
  spareExportId: number;
  priceId: number;
  dryRunId: number;
  keyId: string;
  eventId: string;
  sqlRole: string;
}

interface Read {
  url: (owned: Owned) => string;
  /** What the visitor is answered; default 200. */
  visitor?: number;
  /** Whether an answer is of the owner's data; by default, whether it names them. */
  shows?: (answer: LightMyRequestResponse) => boolean;
}

const summed =
  (field: string) =>
  (answer: LightMyRequestResponse): boolean =>
    Number(answer.json<Record<string, string>>()[field]) > 0;

/** Routes that only tell. The owner is asked first, so that an answer that was kept for it would be there for the visitor. */
const READS: Record<string, Read> = {
  'GET /v1/analytics/usage/overview': { url: () => `/v1/analytics/usage/overview?${PERIOD}` },
  'GET /v1/analytics/usage/breakdown': {
    url: () => `/v1/analytics/usage/breakdown?dimension=user_id&dimension=metadata.team&${PERIOD}`,
  },
  'GET /v1/analytics/usage/compare': {
    url: () => `/v1/analytics/usage/compare?dimension=project_id&${PERIOD}`,
  },
  'GET /v1/analytics/usage/trends': {
    url: () => `/v1/analytics/usage/trends?measure=total_requests&${PERIOD}`,
    shows: (answer) =>
      answer.json<{ history: { value: number | null }[] }>().history.some(({ value }) => (value ?? 0) > 0),
  },
  'GET /v1/analytics/usage/unpriced': { url: () => `/v1/analytics/usage/unpriced?${PERIOD}` },
  'GET /v1/analytics/usage/forecast': {
    url: () =>
      `/v1/analytics/usage/forecast?start_date=${dateOf(NOW - 3 * DAY_MS)}&end_date=${dateOf(NOW + 5 * DAY_MS)}`,
    shows: summed('period_so_far'),
  },
  'GET /v1/analytics/usage/anomalies': {
    url: () => `/v1/analytics/usage/anomalies?measure=requests&min_effect=20&${PERIOD}`,
  },
  'GET /v1/analytics/usage/metered': { url: () => `/v1/analytics/usage/metered?${PERIOD}` },
  'GET /v1/analytics/telemetry/unknown': { url: () => '/v1/analytics/telemetry/unknown' },
  'GET /v1/analytics/usage/latency': {
    url: () => `/v1/analytics/usage/latency?dimension=project_id&${PERIOD}`,
  },
  'GET /v1/analytics/usage/cache': { url: () => `/v1/analytics/usage/cache?${PERIOD}` },
  'GET /v1/analytics/summary': { url: () => `/v1/analytics/summary?${PERIOD}` },
  'GET /v1/analytics/usage/errors': { url: () => `/v1/analytics/usage/errors?${PERIOD}` },
  'GET /v1/analytics/usage/events': { url: () => `/v1/analytics/usage/events?${PERIOD}` },
  'GET /v1/analytics/usage/events/:event_id': {
    url: ({ eventId }) => `/v1/analytics/usage/events/${eventId}`,
    visitor: 404,
  },
  'GET /v1/analytics/usage/events/:event_id/cost': {
    url: ({ eventId }) => `/v1/analytics/usage/events/${eventId}/cost`,
    visitor: 404,
  },
  'GET /v1/analytics/allocation': { url: () => `/v1/analytics/allocation?by=metadata.team&${PERIOD}` },
  'GET /v1/analytics/allocation/focus.csv': { url: () => `/v1/analytics/allocation/focus.csv?${PERIOD}` },
  'GET /v1/analytics/budgets': { url: () => '/v1/analytics/budgets' },
  'GET /v1/analytics/budgets/status': { url: () => '/v1/analytics/budgets/status' },
  'GET /v1/analytics/budgets/check': {
    url: () => `/v1/analytics/budgets/check?project_id=${ZEBRA}-project`,
  },
  'GET /v1/analytics/budgets/:budget_id': {
    url: ({ budgetId }) => `/v1/analytics/budgets/${budgetId}`,
    visitor: 404,
  },
  'GET /v1/analytics/budgets/:budget_id/history': {
    url: ({ budgetId }) => `/v1/analytics/budgets/${budgetId}/history`,
    visitor: 404,
    shows: (answer) => answer.statusCode === 200,
  },
  'GET /v1/analytics/budgets/:budget_id/preview': {
    url: ({ budgetId }) => `/v1/analytics/budgets/${budgetId}/preview`,
    visitor: 404,
    shows: (answer) => answer.statusCode === 200,
  },
  'GET /v1/analytics/alert-rules': { url: () => '/v1/analytics/alert-rules' },
  'GET /v1/analytics/alert-rules/:rule_id': {
    url: ({ ruleId }) => `/v1/analytics/alert-rules/${ruleId}`,
    visitor: 404,
  },
  'GET /v1/analytics/alerts': { url: () => '/v1/analytics/alerts' },
  'GET /v1/analytics/alerts/history': { url: () => `/v1/analytics/alerts/history?${PERIOD}` },
  'GET /v1/analytics/alerts/trends': { url: () => `/v1/analytics/alerts/trends?${PERIOD}` },
  'GET /v1/analytics/alerts/stream': { url: () => '/v1/analytics/alerts/stream?max_seconds=1' },
  'GET /v1/analytics/alerts/:alert_id': {
    url: ({ alertId }) => `/v1/analytics/alerts/${alertId}`,
    visitor: 404,
  },
  'GET /v1/integrations/grafana/secret': {
    url: () => '/v1/integrations/grafana/secret',
    shows: (answer) => answer.json<{ has_secret?: boolean }>().has_secret === true,
  },
  'GET /v1/analytics/exports': {
    url: () => '/v1/analytics/exports',
    shows: (answer) => answer.json<{ exports: unknown[] }>().exports.length > 0,
  },
  'GET /v1/analytics/exports/:export_id': {
    url: ({ exportId }) => `/v1/analytics/exports/${exportId}`,
    visitor: 404,
    shows: (answer) => answer.statusCode === 200,
  },
  'GET /v1/analytics/exports/:export_id/download': {
    url: ({ exportId }) => `/v1/analytics/exports/${exportId}/download`,
    visitor: 404,
  },
  'GET /v1/analytics/notification-channels': { url: () => '/v1/analytics/notification-channels' },
  'GET /v1/analytics/notification-channels/:channel_id': {
    url: ({ channelId }) => `/v1/analytics/notification-channels/${channelId}`,
    visitor: 404,
  },
  'GET /v1/analytics/notification-routes': { url: () => '/v1/analytics/notification-routes' },
  'GET /v1/analytics/notification-routes/:route_id': {
    url: ({ routeId }) => `/v1/analytics/notification-routes/${routeId}`,
    visitor: 404,
  },
  'GET /v1/analytics/notification-deliveries': { url: () => '/v1/analytics/notification-deliveries' },
  'GET /v1/prices': { url: () => '/v1/prices?own=true' },
  'GET /v1/prices/resolve': { url: () => `/v1/prices/resolve?provider=vllm&model=${ZEBRA}-7b` },
  'GET /v1/prices/:price_id': { url: ({ priceId }) => `/v1/prices/${priceId}`, visitor: 404 },
  'GET /v1/prices/reprice': { url: () => '/v1/prices/reprice' },
  'GET /v1/prices/reprice/:job_id': {
    url: ({ dryRunId }) => `/v1/prices/reprice/${dryRunId}`,
    visitor: 404,
  },
  'GET /v1/admin/tenants': { url: () => '/v1/admin/tenants' },
  'GET /v1/admin/api-keys': { url: () => '/v1/admin/api-keys' },
  'GET /v1/admin/sql-roles': { url: () => '/v1/admin/sql-roles' },
  'GET /metrics': { url: () => '/metrics' },
  'GET /v1/session': { url: () => '/v1/session' },
};

interface Write {
  request: (owned: Owned, mark: string) => InjectOptions;
  /** What its owner, and the visitor, are answered; default 200 and the same. A refusal of the visitor is 403 or 404. */
  owner?: number;
  visitor?: number;
}

const json = (method: 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object): InjectOptions => ({
  method,
  url,
  ...(payload === undefined ? {} : { payload }),
});
const otlp = (url: string, payload: string): InjectOptions => ({
  method: 'POST',
  url,
  headers: { 'content-type': 'application/json' },
  payload,
});
/** The same call, by its ids, whoever tells it. */
const toldCall = (mark: string, spanId: string): ToldCall => ({
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId,
  atMs: NOW - 60_000,
  projectId: `${mark}-project`,
  modelName: `${mark}-model`,
  inputTokens: 1000,
  outputTokens: 100,
});

/** Routes that change something. The visitor goes first; then its owner shows that the request was not refused for another reason. */
const WRITES: Record<string, Write> = {
  'POST /v1/client/usage/log': {
    request: (_owned, mark) =>
      json('POST', '/v1/client/usage/log', eventOf(mark, { event_id: 'the-same-event' })),
  },
  'POST /v1/import': {
    request: (_owned, mark) => ({
      method: 'POST',
      url: '/v1/import?format=promptops',
      headers: { 'content-type': 'application/x-ndjson' },
      payload: `${JSON.stringify(eventOf(mark, { event_id: 'the-same-imported-event' }))}\n`,
    }),
  },
  'POST /v1/traces': {
    request: (_owned, mark) => otlp('/v1/traces', tracesBody(toldCall(mark, 'b7ad6b7169203331'))),
  },
  'POST /api/public/otel/v1/traces': {
    request: (_owned, mark) =>
      otlp('/api/public/otel/v1/traces', tracesBody(toldCall(mark, 'b7ad6b7169203332'))),
  },
  'POST /i/v0/ai/otel': {
    request: (_owned, mark) => otlp('/i/v0/ai/otel', tracesBody(toldCall(mark, 'b7ad6b7169203335'))),
  },
  'POST /v1/logs': {
    request: (_owned, mark) => otlp('/v1/logs', logsBody(toldCall(mark, 'b7ad6b7169203333'))),
  },
  'POST /v1/metrics': {
    request: (_owned, mark) => otlp('/v1/metrics', metricsBody(toldCall(mark, 'b7ad6b7169203334'))),
  },
  'POST /v1/analytics/budgets': {
    request: (_owned, mark) => json('POST', '/v1/analytics/budgets', budgetOf(`${mark} second`)),
    owner: 201,
    visitor: 201,
  },
  'POST /v1/analytics/budgets/preview': {
    request: () => json('POST', '/v1/analytics/budgets/preview', { amount: '5', period: { type: 'month' } }),
  },
  'PATCH /v1/analytics/budgets/:budget_id': {
    request: ({ budgetId }) => json('PATCH', `/v1/analytics/budgets/${budgetId}`, { amount: '77' }),
    visitor: 404,
  },
  'DELETE /v1/analytics/budgets/:budget_id': {
    request: ({ budgetId }) => json('DELETE', `/v1/analytics/budgets/${budgetId}`),
    owner: 204,
    visitor: 404,
  },
  'POST /v1/analytics/alert-rules': {
    request: (_owned, mark) => json('POST', '/v1/analytics/alert-rules', alertRuleOf(`${mark} second`)),
    owner: 201,
    visitor: 201,
  },
  'POST /v1/analytics/alert-rules/preview': {
    request: (_owned, mark) =>
      json('POST', '/v1/analytics/alert-rules/preview?days=1', alertRuleOf(`${mark} draft`)),
  },
  'PATCH /v1/analytics/alert-rules/:rule_id': {
    request: ({ ruleId }) => json('PATCH', `/v1/analytics/alert-rules/${ruleId}`, { threshold: 77 }),
    visitor: 404,
  },
  'DELETE /v1/analytics/alert-rules/:rule_id': {
    request: ({ ruleId }) => json('DELETE', `/v1/analytics/alert-rules/${ruleId}`),
    owner: 204,
    visitor: 404,
  },
  'POST /v1/analytics/alerts/:alert_id/acknowledge': {
    request: ({ alertId }, mark) =>
      json('POST', `/v1/analytics/alerts/${alertId}/acknowledge`, { note: mark }),
    visitor: 404,
  },
  'DELETE /v1/analytics/alerts/:alert_id/acknowledge': {
    request: ({ alertId }) => json('DELETE', `/v1/analytics/alerts/${alertId}/acknowledge`),
    visitor: 404,
  },
  'POST /v1/analytics/alerts/:alert_id/comments': {
    request: ({ alertId }, mark) => json('POST', `/v1/analytics/alerts/${alertId}/comments`, { text: mark }),
    owner: 201,
    visitor: 404,
  },
  'POST /v1/analytics/alerts/:alert_id/resolve': {
    request: ({ alertId }, mark) => json('POST', `/v1/analytics/alerts/${alertId}/resolve`, { note: mark }),
    visitor: 404,
  },
  'POST /v1/integrations/grafana/alerts': {
    request: (_owned, mark) => json('POST', '/v1/integrations/grafana/alerts', grafanaAlertOf(mark)),
  },
  'POST /v1/integrations/grafana/secret': {
    request: () => json('POST', '/v1/integrations/grafana/secret'),
    owner: 201,
    visitor: 201,
  },
  'POST /v1/analytics/exports': {
    request: () => json('POST', `/v1/analytics/exports?export_type=ndjson&${PERIOD}`),
    owner: 202,
    visitor: 202,
  },
  'POST /v1/analytics/exports/estimate': {
    request: () => json('POST', `/v1/analytics/exports/estimate?${PERIOD}`),
  },
  'POST /v1/analytics/exports/:export_id/link': {
    request: ({ exportId }) => json('POST', `/v1/analytics/exports/${exportId}/link`),
    owner: 201,
    visitor: 404,
  },
  'DELETE /v1/analytics/exports/:export_id': {
    request: ({ spareExportId }) => json('DELETE', `/v1/analytics/exports/${spareExportId}`),
    visitor: 404,
  },
  'POST /v1/analytics/notification-channels': {
    request: (_owned, mark) =>
      json('POST', '/v1/analytics/notification-channels', channelOf(`${mark} second channel`)),
    owner: 201,
    visitor: 201,
  },
  'PATCH /v1/analytics/notification-channels/:channel_id': {
    request: ({ channelId }) =>
      json('PATCH', `/v1/analytics/notification-channels/${channelId}`, { enabled: true }),
    visitor: 404,
  },
  'POST /v1/analytics/notification-channels/:channel_id/test': {
    request: ({ channelId }) => json('POST', `/v1/analytics/notification-channels/${channelId}/test`),
    visitor: 404,
  },
  'DELETE /v1/analytics/notification-channels/:channel_id': {
    request: ({ spareChannelId }) => json('DELETE', `/v1/analytics/notification-channels/${spareChannelId}`),
    owner: 204,
    visitor: 404,
  },
  'POST /v1/analytics/notification-routes': {
    request: ({ channelId }, mark) =>
      json('POST', '/v1/analytics/notification-routes', {
        name: `${mark} second route`,
        channel_ids: [channelId],
      }),
    owner: 201,
    // The channel is not the visitor's to send to.
    visitor: 400,
  },
  'PATCH /v1/analytics/notification-routes/:route_id': {
    request: ({ routeId }) =>
      json('PATCH', `/v1/analytics/notification-routes/${routeId}`, { continue: true }),
    visitor: 404,
  },
  'DELETE /v1/analytics/notification-routes/:route_id': {
    request: ({ routeId }) => json('DELETE', `/v1/analytics/notification-routes/${routeId}`),
    owner: 204,
    visitor: 404,
  },
  'POST /v1/analytics/notification-deliveries/:delivery_id/retry': {
    request: ({ deliveryId }) => json('POST', `/v1/analytics/notification-deliveries/${deliveryId}/retry`),
    owner: 202,
    visitor: 404,
  },
  'POST /v1/prices': {
    request: (_owned, mark) => json('POST', '/v1/prices', priceOf(`${mark}-13b`)),
    owner: 201,
    visitor: 201,
  },
  'POST /v1/prices/import': {
    request: (_owned, mark) => ({
      method: 'POST',
      url: '/v1/prices/import',
      headers: { 'content-type': 'application/json' },
      payload: JSON.stringify([priceOf(`${mark}-30b`)]),
    }),
  },
  'POST /v1/prices/:price_id/end': {
    request: ({ priceId }) => json('POST', `/v1/prices/${priceId}/end`, {}),
    visitor: 404,
  },
  'POST /v1/prices/reprice': {
    request: (_owned, mark) => json('POST', '/v1/prices/reprice', { ...repriceOf(mark), dry_run: false }),
    owner: 202,
    visitor: 202,
  },
  'POST /v1/prices/reprice/:job_id/apply': {
    request: ({ dryRunId }) => json('POST', `/v1/prices/reprice/${dryRunId}/apply`, {}),
    owner: 202,
    visitor: 404,
  },
  'DELETE /v1/prices/reprice/:job_id': {
    request: ({ dryRunId }) => json('DELETE', `/v1/prices/reprice/${dryRunId}`),
    // The dry run is over long since, so that there is nothing to cancel.
    owner: 409,
    visitor: 404,
  },
  'POST /v1/admin/tenants': {
    request: (_owned, mark) => json('POST', '/v1/admin/tenants', { tenant_id: `${mark}-evil`, name: 'x' }),
    owner: 403,
    visitor: 403,
  },
  'POST /v1/admin/api-keys': {
    request: (_owned, mark) =>
      json('POST', '/v1/admin/api-keys', { name: `${mark} second key`, scopes: ['read'] }),
    owner: 201,
    visitor: 201,
  },
  'DELETE /v1/admin/api-keys/:key_id': {
    request: ({ keyId }) => json('DELETE', `/v1/admin/api-keys/${keyId}`),
    owner: 204,
    visitor: 404,
  },
  'POST /v1/admin/sql-roles': {
    request: (_owned, mark) => json('POST', '/v1/admin/sql-roles', { name: `${mark} second role` }),
    owner: 201,
    visitor: 201,
  },
  'DELETE /v1/admin/sql-roles/:role_name': {
    request: ({ sqlRole }) => json('DELETE', `/v1/admin/sql-roles/${sqlRole}`),
    owner: 204,
    visitor: 404,
  },
};

/** Routes that take a tenant's name: the visitor gives the owner's. */
const IN_THE_OWNERS_NAME: InjectOptions[] = [
  { method: 'GET', url: `/v1/admin/api-keys?tenant_id=${ZEBRA}` },
  json('POST', '/v1/admin/api-keys', { name: 'stolen', scopes: ['admin'], tenant_id: ZEBRA }),
  json('POST', '/v1/prices', { ...priceOf(`${GIRAFFE}-for-all`), all_tenants: true }),
];

function eventOf(mark: string, fields: object = {}): Record<string, unknown> {
  return testEvent({
    timestamp: new Date(NOW - 120_000).toISOString(),
    project_id: `${mark}-project`,
    prompt_id: `${mark}-prompt`,
    user_id: `${mark}-user`,
    metadata: { team: `${mark}-team` },
    response_time_ms: 700,
    status: 'error',
    status_code: 500,
    error_type: `${mark}-error`,
    ...fields,
  });
}
function budgetOf(name: string): object {
  return { name, amount: '100', period: { type: 'month' }, filters: {}, enforcement: 'warn' };
}
function alertRuleOf(name: string): object {
  return { name, metric: 'requests', threshold: 1e6 };
}
/** The same fingerprint and start, whoever tells it. */
function grafanaAlertOf(mark: string): object {
  return {
    alerts: [
      {
        status: 'firing',
        fingerprint: 'the-same-alert',
        startsAt: new Date(NOW - 600_000).toISOString(),
        labels: { alertname: `${mark} alert` },
      },
    ],
  };
}
/** Where nobody listens: the name is one that never resolves. */
function channelOf(name: string): object {
  return { name, type: 'slack', settings: { webhook_url: 'https://slack.invalid/services/x' } };
}
function priceOf(model: string): object {
  return {
    model_provider: 'vllm',
    model_name: model,
    input_per_mtok: '1',
    output_per_mtok: '2',
    note: model,
  };
}
function repriceOf(mark: string): object {
  return { start_date: dateOf(NOW - 2 * DAY_MS), end_date: dateOf(NOW), note: `${mark} asked` };
}

let collector: TestCollector;
let owner: string;
let visitor: string;
let owned: Owned;

beforeAll(async () => {
  // With kept answers: they must be told apart by tenant too.
  collector = await startTestCollector({ ANSWER_CACHE_SECONDS: 60 });
  await collector.makeTenant(ZEBRA);
  await collector.makeTenant(GIRAFFE);
  owner = await collector.makeKey(ZEBRA, ['admin']);
  visitor = await collector.makeKey(GIRAFFE, ['admin']);
  const send = async (request: InjectOptions, key: string): Promise<LightMyRequestResponse> => {
    const answer = await collector.call({ ...request, key });
    if (answer.statusCode >= 300) throw new Error(`${JSON.stringify(request.url)}: ${answer.body}`);
    return answer;
  };
  const event = eventOf(ZEBRA, { model_name: `${ZEBRA}-model` });
  // Five quiet weeks and a loud day, which is an anomaly.
  const events = Array.from({ length: 36 }, (_, day) =>
    Array.from({ length: day === 1 ? 120 : 6 }, (_, index) =>
      eventOf(ZEBRA, {
        timestamp: new Date(NOW - day * DAY_MS - 600_000 - (index % 6) * 900_000).toISOString(),
        event_id: `${ZEBRA}-${day}-${index}`,
      }),
    ),
  ).flat();
  await send(json('POST', '/v1/client/usage/log', { events: [event, ...events] }), owner);
  await send(otlp('/v1/metrics', metricsBody(toldCall(ZEBRA, '00f067aa0ba902b7'))), owner);
  await send(otlp('/v1/traces', unreadableBody({ emitter: `${ZEBRA}-sdk`, atMs: NOW - 60_000 })), owner);
  const idIn = async (field: string, request: InjectOptions): Promise<number> =>
    (await send(request, owner)).json<Record<string, number>>()[field] ?? NaN;
  // Alerts that rules fire are left to the walk of the alerts' own tests: rows that the evaluator moves would look like the visitor's doing.
  await collector.pool.query(`UPDATE alert_evaluation SET claimed_at = 'infinity'`);
  await send(json('POST', '/v1/integrations/grafana/alerts', grafanaAlertOf(ZEBRA)), owner);
  await send(json('POST', '/v1/integrations/grafana/secret'), owner);
  const alertId =
    (await send({ method: 'GET', url: '/v1/analytics/alerts' }, owner)).json<{
      alerts: { alert_id: number }[];
    }>().alerts[0]?.alert_id ?? NaN;
  const makeChannel = (name: string): Promise<number> =>
    idIn('channel_id', json('POST', '/v1/analytics/notification-channels', channelOf(name)));
  const channelId = await makeChannel(`${ZEBRA} channel`);
  const { rows: deliveries } = await collector.pool.query<{ delivery_id: number }>(
    `INSERT INTO notification_deliveries (tenant_id, channel_id, group_key, idempotency_key, status, give_up_at, created_at)
     VALUES ($1, $2, '[]', 'pon_x', 'dead', now(), now()) RETURNING delivery_id`,
    [ZEBRA, channelId],
  );
  const exported = async (): Promise<number> => {
    const id = await idIn('export_id', json('POST', `/v1/analytics/exports?${PERIOD}`));
    for (let status = ''; status !== 'completed';)
      status = (await send({ method: 'GET', url: `/v1/analytics/exports/${id}` }, owner)).json<{
        status: string;
      }>().status;
    return id;
  };
  owned = {
    exportId: await exported(),
    spareExportId: await exported(),
    channelId,
    spareChannelId: await makeChannel(`${ZEBRA} spare channel`),
    routeId: await idIn(
      'route_id',
      json('POST', '/v1/analytics/notification-routes', { name: `${ZEBRA} route`, channel_ids: [channelId] }),
    ),
    deliveryId: deliveries[0]?.delivery_id ?? NaN,
    eventId: String(event['event_id']),
    budgetId: await idIn('budget_id', json('POST', '/v1/analytics/budgets', budgetOf(`${ZEBRA} budget`))),
    ruleId: await idIn('rule_id', json('POST', '/v1/analytics/alert-rules', alertRuleOf(`${ZEBRA} rule`))),
    alertId,
    priceId: await idIn('price_id', json('POST', '/v1/prices', priceOf(`${ZEBRA}-7b`))),
    dryRunId: await idIn('job_id', json('POST', '/v1/prices/reprice', repriceOf(ZEBRA))),
    keyId: keyIdOf(await collector.makeKey(ZEBRA, ['read'])),
    sqlRole: (await send(json('POST', '/v1/admin/sql-roles', { name: `${ZEBRA} role` }), owner)).json<{
      role_name: string;
    }>().role_name,
  };
  await collector.pool.query('UPDATE api_keys SET name = $1 WHERE key_id = $2', [
    `${ZEBRA} key`,
    owned.keyId,
  ]);
  for (let status = ''; status !== 'completed';)
    status = (await send({ method: 'GET', url: `/v1/prices/reprice/${owned.dryRunId}` }, owner)).json<{
      status: string;
    }>().status;
  const log = { info: () => undefined, error: () => undefined };
  const evaluator = new BudgetEvaluator({
    pool: collector.pool,
    readPool: collector.pool,
    history: new DayHistory(),
    log,
    everyMs: 0,
  });
  await evaluator.round();
  await collector.complete();
});
afterAll(() => collector.close());

const isOfOwner = (answer: LightMyRequestResponse): boolean => names(ZEBRA, answer);
const ask = (request: InjectOptions, key: string) => collector.call({ ...request, key });
const names = (mark: string, { body }: LightMyRequestResponse): boolean => body.toLowerCase().includes(mark);

test('every route is in this walk, or has nobody’s data behind it', () => {
  const walked = [
    ...Object.keys(READS),
    ...Object.keys(WRITES),
    ...OPEN_ROUTES,
    ...SIGN_IN_ROUTES,
    ...LINK_ROUTES,
  ].sort();
  expect(walked).toEqual(routesOf(collector.app));
});

test.each([...Object.entries(READS), ...Object.entries(WRITES)])(
  '%s answers nobody without a key',
  async (route, of) => {
    const request: InjectOptions =
      'url' in of ? { method: 'GET', url: of.url(owned) } : of.request(owned, GIRAFFE);
    const answer = await collector.app.inject(request);
    expect({ route, status: answer.statusCode }).toEqual({ route, status: 401 });
    expect(names(ZEBRA, answer)).toBe(false);
  },
);

test.each(Object.entries(READS))('%s shows what is the owner’s to the owner alone', async (_route, read) => {
  const { url, visitor: status = 200, shows = isOfOwner } = read;
  const request: InjectOptions = { method: 'GET', url: url(owned) };
  const toOwner = await ask(request, owner);
  expect({ status: toOwner.statusCode, shows: shows(toOwner) }).toEqual({ status: 200, shows: true });
  const toVisitor = await ask(request, visitor);
  expect({ status: toVisitor.statusCode, shows: shows(toVisitor) }).toEqual({ status, shows: false });
  // Not even in an error, but for what the visitor has asked about itself.
  const asked = new RegExp(`${ZEBRA}-(?:7b|project)`, 'g');
  expect(toVisitor.body.replaceAll(asked, '')).not.toContain(ZEBRA);
});

describe('signed in with a browser', () => {
  /** Routes for programs: what they need is no scope of a session. */
  const KEY_ONLY =
    /^GET \/metrics$|^POST \/(?:v1\/(?:client\/usage\/log|traces|logs|metrics|integrations\/grafana\/alerts)|api\/|i\/)/;
  let cookies: Record<'owner' | 'visitor', string>;
  beforeAll(async () => {
    const signIn = async (key: string): Promise<string> => {
      const answer = await collector.app.inject(json('POST', '/v1/session', { api_key: key }));
      const [{ name, value } = { name: '', value: '' }] = answer.cookies;
      return `${name}=${value}`;
    };
    cookies = { owner: await signIn(owner), visitor: await signIn(visitor) };
  });
  const by = (who: keyof typeof cookies, request: InjectOptions, headers: object = {}) =>
    collector.app.inject({ ...request, headers: { ...request.headers, cookie: cookies[who], ...headers } });

  test.each(Object.entries(READS))('%s shows what its key is shown', async (route, read) => {
    const request: InjectOptions = { method: 'GET', url: read.url(owned) };
    const [toOwner, toVisitor] = [await by('owner', request), await by('visitor', request)];
    const { visitor: status = 200, shows = isOfOwner } = read;
    const isKeyOnly = KEY_ONLY.test(route);
    expect([toOwner.statusCode, shows(toOwner)]).toEqual([isKeyOnly ? 403 : 200, !isKeyOnly]);
    expect([toVisitor.statusCode, shows(toVisitor)]).toEqual([isKeyOnly ? 403 : status, false]);
    for (const { headers } of [toOwner, toVisitor]) {
      if (toOwner.statusCode === 200) expect(headers['cache-control']).toMatch(/private|no-store/);
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  test.each(Object.entries(WRITES))('%s cannot be asked for by another page', async (_route, write) => {
    const request = write.request(owned, ZEBRA);
    const answers = [
      await by('owner', request),
      await by('owner', request, { 'x-promptops-request': '1', 'sec-fetch-site': 'cross-site' }),
      await by('owner', request, { 'x-promptops-request': '1', origin: 'https://elsewhere.example' }),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([403, 403, 403]);
  });

  test.each(Object.entries(WRITES).filter(([route]) => KEY_ONLY.test(route)))(
    '%s needs a key',
    async (_route, write) => {
      const answer = await by('owner', write.request(owned, ZEBRA), { 'x-promptops-request': '1' });
      // OTLP has problems of its own shape.
      expect([answer.statusCode, answer.body]).toEqual([403, expect.stringMatching(/needs an API key/)]);
    },
  );
});

describe('what the visitor changes', () => {
  /** A digest of the owner's rows in every table that has tenants, but what time alone moves. */
  const ownersRows = async (): Promise<Record<string, string>> => {
    const { rows: tables } = await collector.pool.query<{ table_name: string }>(
      `SELECT c.table_name FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
       WHERE c.column_name = 'tenant_id' AND t.table_type = 'BASE TABLE' AND c.table_schema = 'public' ORDER BY 1`,
    );
    const digests: Record<string, string> = {};
    for (const { table_name } of tables) {
      // The evaluator's rounds tell budgets' statuses anew; last_used_at is written now and then.
      if (table_name === 'budget_statuses') continue;
      const { rows } = await collector.pool.query<{ digest: string }>(
        `SELECT count(*) || ' ' || coalesce(md5(string_agg(line, E'\\n' ORDER BY line)), '') AS digest
         FROM (SELECT (to_jsonb(t) - 'last_used_at')::text AS line FROM "${table_name}" t WHERE tenant_id = $1) lines`,
        [ZEBRA],
      );
      digests[table_name] = rows[0]?.digest ?? '';
    }
    return digests;
  };
  let before: Record<string, string>;
  beforeAll(async () => {
    before = await ownersRows();
    expect(Object.keys(before)).toEqual(
      expect.arrayContaining(['client_usage_logs', 'budgets', 'model_prices']),
    );
  });

  test.each(Object.entries(WRITES))('%s is its own, or is refused', async (_route, write) => {
    const answer = await ask(write.request(owned, GIRAFFE), visitor);
    expect({ body: answer.body, status: answer.statusCode }).toMatchObject({ status: write.visitor ?? 200 });
    expect(names(ZEBRA, answer)).toBe(false);
  });

  test.each(IN_THE_OWNERS_NAME)('is refused in the name of another: $method $url', async (request) => {
    expect((await ask(request, visitor)).statusCode).toBe(403);
  });

  test('leaves every row of the owner as it was', async () => {
    const { rows } = await collector.pool.query<{ events: number }>(
      'SELECT count(*)::int AS events FROM client_usage_logs WHERE tenant_id = $1',
      [GIRAFFE],
    );
    // Posted, imported, three spans and a log record: the same ids are other events in another tenant.
    expect(rows[0]?.events).toBe(6);
    expect(await ownersRows()).toEqual(before);
  });

  test.each(Object.entries(READS))('is not in what %s tells the owner', async (_route, { url }) => {
    await collector.complete();
    const request = { method: 'GET', url: url(owned), headers: { 'cache-control': 'no-cache' } } as const;
    expect(names(GIRAFFE, await ask(request, owner))).toBe(false);
  });

  test.each(Object.entries(WRITES))('is what its owner may do: %s', async (_route, write) => {
    const answer = await ask(write.request(owned, ZEBRA), owner);
    expect({ body: answer.body, status: answer.statusCode }).toMatchObject({ status: write.owner ?? 200 });
  });
});
