import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { startTestCollector, type TestCollector } from '../testing/test-collector.ts';

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector();
  await collector.app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => collector.close());

/** What is answered to bytes on a socket. */
function exchange(text: string): Promise<string> {
  const { port } = collector.app.server.address() as AddressInfo;
  return new Promise((done, fail) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (bytes) => (answer += bytes.toString()));
    socket.once('error', fail);
    socket.once('close', () => done(answer));
  });
}

describe('a method that a path does not have', () => {
  test.each([
    ['DELETE', '/v1/prices', 'GET, HEAD, POST'],
    ['PUT', '/v1/analytics/usage/overview?group_by=day', 'GET, HEAD'],
    ['GET', '/v1/traces', 'POST'],
    ['OPTIONS', '/health/live', 'GET, HEAD'],
    // Not of the paths with a number in this place.
    ['PATCH', '/v1/analytics/budgets/check', 'GET, HEAD'],
    ['GET', '/v1/prices/import', 'POST'],
    ['PUT', '/v1/analytics/budgets/7', 'DELETE, GET, HEAD, PATCH'],
  ] as const)('is told by 405 and what it has: %s %s', async (method, url, allow) => {
    const answer = await collector.call({ method, url });
    expect(answer.statusCode).toBe(405);
    expect(answer.headers).toMatchObject({
      allow,
      'content-type': expect.stringMatching(/^application\/problem\+json/),
    });
    expect(answer.json()).toMatchObject({
      type: 'urn:promptops:problem:method-not-allowed',
      detail: expect.stringContaining(allow),
    });
  });

  test('is no matter of a path that is not there', async () => {
    const answer = await collector.call({ method: 'PUT', url: '/v1/nothing' });
    expect([answer.statusCode, answer.headers.allow]).toEqual([404, undefined]);
    expect((await collector.call({ method: 'GET', url: '/docs/static/nothing.js' })).statusCode).toBe(404);
  });

  test('keeps what it has', async () => {
    expect(
      (await collector.call({ method: 'HEAD', url: '/v1/prices/resolve?provider=a&model=b' })).statusCode,
    ).toBe(200);
  });
});

describe('values', () => {
  test('of a query string are read as the numbers and booleans that are asked for', async () => {
    const answer = await collector.call({ method: 'GET', url: '/v1/prices?limit=2&own=false' });
    expect(answer.json<{ prices: unknown[] }>().prices).toHaveLength(2);
    expect((await collector.call({ method: 'GET', url: '/v1/prices?limit=two' })).statusCode).toBe(400);
  });

  test.each([
    ['/v1/admin/api-keys', { name: 7, scopes: ['read'] }, 'name'],
    ['/v1/admin/api-keys', { name: 'x', scopes: 'read' }, 'scopes'],
    ['/v1/analytics/budgets', { name: 'x', amount: 5, period: { type: 'month' } }, 'amount'],
    ['/v1/prices/reprice', { start_date: '2026-03-01', end_date: '2026-03-02', dry_run: 'false' }, 'dry_run'],
  ])('of a JSON body are taken as they are: %s %j', async (url, body, field) => {
    const answer = await collector.call({ method: 'POST', url, payload: body });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ errors: [{ in: 'body', field }] });
  });
});

describe('what cannot be read is told as a problem', () => {
  test('a path with a broken escape', async () => {
    const answer = await exchange('GET /v1/prices/%ZZ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('content-type: application/problem+json');
    expect(answer).toContain('urn:promptops:problem:invalid-request');
  });

  test('a parameter that is too long', async () => {
    const answer = await collector.call({
      method: 'GET',
      url: `/v1/analytics/usage/events/${'e'.repeat(5000)}`,
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ errors: [{ in: 'params', field: 'event_id' }] });
  });

  test('a query string that is longer than HTTP takes here', async () => {
    const answer = await exchange(`GET /v1/prices?model=${'m'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('Content-Type: application/problem+json');
    expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({
      type: 'urn:promptops:problem:request-line-too-long',
      status: 431,
    });
  });

  test('what is not HTTP', async () => {
    const answer = await exchange('HELO there\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('urn:promptops:problem:invalid-http');
  });
});
