import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestCollector, type TestCollector } from '../testing/test-collector.ts';

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector();
});
afterAll(() => collector.close());

test.each(['/analytics', '/docs'])(
  '%s is a page with a content security policy that works over plain HTTP',
  async (url) => {
    const answer = await collector.app.inject({ url });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toContain('text/html');
    expect(answer.headers['content-security-policy']).toContain("script-src 'self'");
    expect(answer.headers['content-security-policy']).not.toContain('upgrade-insecure-requests');
    expect(answer.headers['strict-transport-security']).toBeUndefined();
  },
);

test('the page loads its own files only', async () => {
  const page = await collector.app.inject({ url: '/analytics' });
  const files = [...page.body.matchAll(/(?:src|href)="(?!data:)([^"#]+)"/g)].map(([, file = '']) => file);
  expect(files.length).toBeGreaterThanOrEqual(2);
  for (const url of files)
    expect([url, (await collector.app.inject({ url })).statusCode]).toEqual([url, 200]);
});

test('API answers are not sniffed for another type', async () => {
  const answer = await collector.app.inject({ url: '/health/live' });
  expect(answer.headers['x-content-type-options']).toBe('nosniff');
});

test('the API description has every route, the body of an event, and the problems', async () => {
  const { openapi, paths, components } = (await collector.app.inject({ url: '/docs/json' })).json<{
    openapi: string;
    components: { schemas: Record<string, object> };
    paths: Record<string, Record<string, { requestBody?: object; responses: object }>>;
  }>();
  expect(openapi).toBe('3.1.0');
  expect(Object.keys(paths).sort()).toEqual([
      '/api/public/otel/v1/traces',
      '/health/live',
      '/health/ready',
      '/i/v0/ai/otel',
      '/metrics',
      '/v1/admin/api-keys',
      '/v1/admin/api-keys/{key_id}',
      '/v1/admin/sql-roles',
      '/v1/admin/sql-roles/{role_name}',
      '/v1/admin/tenants',
      '/v1/analytics/alert-rules',
      '/v1/analytics/alert-rules/preview',
      '/v1/analytics/alert-rules/{rule_id}',
      '/v1/analytics/alerts',
      '/v1/analytics/alerts/history',
      '/v1/analytics/alerts/stream',
      '/v1/analytics/alerts/trends',
      '/v1/analytics/alerts/{alert_id}',
      '/v1/analytics/alerts/{alert_id}/acknowledge',
      '/v1/analytics/alerts/{alert_id}/comments',
      '/v1/analytics/alerts/{alert_id}/resolve',
      '/v1/analytics/allocation',
      '/v1/analytics/allocation/focus.csv',
      '/v1/analytics/budgets',
      '/v1/analytics/budgets/check',
      '/v1/analytics/budgets/preview',
      '/v1/analytics/budgets/status',
      '/v1/analytics/budgets/{budget_id}',
      '/v1/analytics/budgets/{budget_id}/history',
      '/v1/analytics/budgets/{budget_id}/preview',
      '/v1/analytics/exports',
      '/v1/analytics/exports/download/{token}',
      '/v1/analytics/exports/estimate',
      '/v1/analytics/exports/{export_id}',
      '/v1/analytics/exports/{export_id}/download',
      '/v1/analytics/exports/{export_id}/link',
      '/v1/analytics/notification-channels',
      '/v1/analytics/notification-channels/{channel_id}',
      '/v1/analytics/notification-channels/{channel_id}/test',
      '/v1/analytics/notification-deliveries',
      '/v1/analytics/notification-deliveries/{delivery_id}/retry',
      '/v1/analytics/notification-routes',
      '/v1/analytics/notification-routes/{route_id}',
      '/v1/analytics/summary',
      '/v1/analytics/telemetry/unknown',
      '/v1/analytics/usage/anomalies',
      '/v1/analytics/usage/breakdown',
      '/v1/analytics/usage/cache',
      '/v1/analytics/usage/compare',
      '/v1/analytics/usage/errors',
      '/v1/analytics/usage/events',
      '/v1/analytics/usage/events/{event_id}',
      '/v1/analytics/usage/events/{event_id}/cost',
      '/v1/analytics/usage/forecast',
      '/v1/analytics/usage/latency',
      '/v1/analytics/usage/metered',
      '/v1/analytics/usage/overview',
      '/v1/analytics/usage/trends',
      '/v1/analytics/usage/unpriced',
      '/v1/client/usage/log',
      '/v1/import',
      '/v1/integrations/grafana/alerts',
      '/v1/integrations/grafana/secret',
      '/v1/logs',
      '/v1/metrics',
      '/v1/prices',
      '/v1/prices/import',
      '/v1/prices/reprice',
      '/v1/prices/reprice/{job_id}',
      '/v1/prices/reprice/{job_id}/apply',
      '/v1/prices/resolve',
      '/v1/prices/{price_id}',
      '/v1/prices/{price_id}/end',
      '/v1/session',
      '/v1/traces',
    ]); // prettier-ignore
  expect(JSON.stringify(paths['/v1/client/usage/log']?.['post']?.requestBody)).toContain(
    '#/components/schemas/PostedEvent',
  );
  expect(JSON.stringify(components.schemas['PostedEvent'])).toContain('cache_write_1h_tokens');
});
