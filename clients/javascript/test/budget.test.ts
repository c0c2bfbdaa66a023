import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { BudgetExceeded, type BudgetOptions, type BudgetState, PromptOpsClient } from '../src/index.ts';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
const budget = (fields: object = {}) => ({
  budget_id: 7,
  name: 'Checkout',
  decision: 'block',
  enforcement: 'block',
  measure: 'cost',
  percent: 103.2,
  spent: '103.2',
  limit: '100',
  period_start: '2026-11-01T00:00:00+01:00',
  period_end: '2026-12-01T00:00:00+01:00',
  resets_at: inAnHour(),
  is_lower_bound: false,
  ...fields,
});
const verdict = (fields: object = {}) => ({
  decision: 'block',
  budgets: [budget()],
  dimensions: ['project_id', 'user_id', 'metadata.team'],
  as_of: '2026-11-24T06:00:00.000Z',
  stale_seconds: 1.2,
  stale: false,
  ...fields,
});
const json =
  (body: unknown, status = 200): Answer =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const allow = json(verdict({ decision: 'allow', budgets: [] }));

let server: Server;
let answer: Answer;
let asked: string[];
let url: string;

beforeEach(async () => {
  asked = [];
  answer = json(verdict());
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

// Long enough for a busy machine where an answer is expected; the tests of the deadline set their own.
const connect = (options: BudgetOptions = {}, client: object = {}) =>
  new PromptOpsClient({
    baseUrl: url,
    apiKey: 'po_test',
    budget: { timeoutMs: 10_000, ...options },
    defaults: { project_id: 'checkout' },
    ...client,
  });
const work = () => jest.fn(() => 'answer');

describe('a budget that blocks', () => {
  test('stops the call before it is made, and the error names budget, window, spend, limit and as_of', async () => {
    const client = connect({ mode: 'block' });
    const call = work();
    const failure = await client.withBudget({ user_id: 'u-1' }, call).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BudgetExceeded);
    expect((failure as BudgetExceeded).message).toBe(
      'The call was not made: budget "Checkout": $103.2 of $100 spent (103.2 %) from 2026-11-01T00:00:00+01:00 to 2026-12-01T00:00:00+01:00, as of 2026-11-24T06:00:00.000Z',
    );
    expect((failure as BudgetExceeded).budget).toMatchObject({
      name: 'Checkout',
      spent: '103.2',
      limit: '100',
    });
    expect((failure as BudgetExceeded).asOf).toBe('2026-11-24T06:00:00.000Z');
    expect(call).not.toHaveBeenCalled();
    expect(client.budget.stats()).toEqual({ checks: 1, requests: 1, failedOpen: 0, warned: 0, blocked: 1 });
  });

  test('only warns in the mode warn, which is the default', async () => {
    const told: BudgetState[] = [];
    const client = connect({ onWarning: (one) => told.push(one) });
    expect(await client.withBudget({}, work())).toBe('answer');
    expect(told).toMatchObject([{ name: 'Checkout', decision: 'block', percent: 103.2 }]);
    expect(client.budget.stats()).toMatchObject({ warned: 1, blocked: 0 });
  });

  test('of an ended period stops nothing', async () => {
    answer = json(verdict({ budgets: [budget({ resets_at: new Date(Date.now() - 1000).toISOString() })] }));
    expect(await connect({ mode: 'block' }).withBudget({}, work())).toBe('answer');
  });
});

test('a warning goes to the console once, when there is no callback', async () => {
  answer = json(verdict({ decision: 'warn', budgets: [budget({ decision: 'warn', is_lower_bound: true })] }));
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  const client = connect();
  for (let call = 0; call < 3; call += 1) await client.withBudget({}, work());
  expect(warn.mock.calls).toEqual([[expect.stringContaining('budget "Checkout": at least $103.2 of $100')]]);
  warn.mockRestore();
});

test('errors and answers of the work go on unchanged, and a callback that throws does no harm', async () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  const client = connect({
    onWarning: () => {
      throw new Error('mine');
    },
  });
  await expect(client.withBudget({}, () => Promise.reject(new Error('the model failed')))).rejects.toThrow(
    'the model failed',
  );
  expect(warn).toHaveBeenCalledTimes(1);
  warn.mockRestore();
});

describe('what is asked', () => {
  test('has the fields of the call and of the defaults, tags too, and the key', async () => {
    let authorization: string | undefined;
    answer = (response, request) => {
      authorization = request.headers.authorization;
      allow(response, request);
    };
    await connect().budget.check({
      model_name: 'gpt-4o',
      user_id: 'ü&=',
      prompt_id: '',
      input_tokens: 5,
      metadata: { team: 'search', nested: { a: 1 } },
    });
    const query = new URL(asked[0] ?? '', url);
    expect(query.pathname).toBe('/v1/analytics/budgets/check');
    expect(Object.fromEntries(query.searchParams)).toEqual({
      project_id: 'checkout',
      model_name: 'gpt-4o',
      user_id: 'ü&=',
      'metadata.team': 'search',
    });
    expect(authorization).toBe('Bearer po_test');
  });

  test('is asked once for calls that are alike to the budgets, at the same time and within cacheMs', async () => {
    answer = allow;
    const client = connect({ cacheMs: 60_000 });
    await client.budget.check({ user_id: 'u-1', session_id: 's-0' });
    // The budgets are not about sessions: the collector said so.
    await Promise.all([1, 2, 3].map((n) => client.budget.check({ user_id: 'u-2', session_id: `s-${n}` })));
    await client.budget.check({ user_id: 'u-2', session_id: 's-4' });
    await client.budget.check({ user_id: 'u-3' });
    expect(client.budget.stats()).toMatchObject({ checks: 6, requests: 3 });
    expect(asked).toHaveLength(3);
  });

  test('is asked anew after cacheMs', async () => {
    answer = allow;
    const client = connect({ cacheMs: 0.001, mode: 'block' });
    await client.budget.check();
    await client.budget.check();
    answer = json(verdict());
    await expect(client.withBudget({}, work())).rejects.toThrow(BudgetExceeded);
  });
});

describe('a collector that does not answer as it should stops no call', () => {
  test('when it is slow: the call waits for timeoutMs, later ones not at all, and the late answer counts', async () => {
    let late: (() => void) | undefined;
    answer = (response, request) => (late = () => json(verdict())(response, request));
    const client = connect({ mode: 'block', timeoutMs: 50, cacheMs: 60_000 });
    const started = performance.now();
    expect(await client.budget.check()).toMatchObject({
      decision: 'allow',
      known: false,
      reason: 'the collector did not answer within 50 ms',
    });
    expect(performance.now() - started).toBeGreaterThanOrEqual(45);
    const again = performance.now();
    for (let call = 0; call < 100; call += 1) await client.budget.check();
    expect(performance.now() - again).toBeLessThan(1000);
    expect(client.budget.stats()).toMatchObject({ checks: 101, requests: 1, failedOpen: 101 });
    late?.();
    while (!(await client.budget.check()).known) await new Promise((resolve) => setImmediate(resolve));
    await expect(client.withBudget({}, work())).rejects.toThrow(BudgetExceeded);
  });

  test('when it stops in the middle of an answer', async () => {
    answer = (response) => void response.writeHead(200, { 'content-length': 1000 }).write('{"decision":');
    expect(await connect({ mode: 'block', timeoutMs: 50 }).withBudget({}, work())).toBe('answer');
  });

  test.each<[string, Answer, RegExp]>([
    [
      'an error',
      json({ title: 'The database cannot be reached', detail: 'Try later' }, 503),
      /HTTP 503: The database/,
    ],
    ['a refusal', json({ title: 'Wrong', detail: 'key' }, 401), /HTTP 401: Wrong: key/],
    ['a page', (response) => void response.end('<html>'), /not that of a collector/],
    ['nothing', (response) => void response.end(), /not that of a collector/],
    ['other JSON', json([1, 2]), /not that of a collector/],
    ['an unknown decision', json(verdict({ decision: 'explode' })), /not that of a collector/],
    ['budgets that are none', json(verdict({ budgets: [null] })), /not that of a collector/],
    [
      'a redirect',
      (response) => void response.writeHead(302, { location: 'http://elsewhere/' }).end(),
      /redirects to/,
    ],
    ['a broken connection', (response) => void response.destroy(), /fetch failed|SocketError|ECONNRESET/],
    [
      'what it does not know',
      json(verdict({ decision: 'allow', budgets: [], stale: true })),
      /no recent figures/,
    ],
  ])('when it answers %s', async (_, badAnswer, reason) => {
    answer = badAnswer;
    const client = connect({ mode: 'block' });
    const found = await client.budget.check();
    expect(found).toMatchObject({ decision: 'allow', known: false, reason: expect.stringMatching(reason) });
    expect(await client.withBudget({}, work())).toBe('answer');
    // Not asked again for every call.
    expect(client.budget.stats()).toMatchObject({ checks: 2, requests: 1, failedOpen: 2 });
  });

  test('when nobody listens', async () => {
    const client = connect({ mode: 'block' }, { baseUrl: 'http://127.0.0.1:9' });
    expect(await client.withBudget({}, work())).toBe('answer');
    expect(client.budget.stats()).toMatchObject({ failedOpen: 1 });
  });

  test('and its last answer goes on deciding while it cannot be renewed', async () => {
    const client = connect({ mode: 'block', cacheMs: 0.001 });
    await expect(client.withBudget({}, work())).rejects.toThrow(BudgetExceeded);
    answer = json({}, 500);
    await expect(client.withBudget({}, work())).rejects.toThrow(BudgetExceeded);
  });
});

test('nothing is asked by a client that does not use budgets', async () => {
  const client = connect({}, { onDrop: () => undefined });
  await client.initialize();
  await client.track({ model_provider: 'openai', model_name: 'gpt-4o' }, () => 'answer');
  await client.shutdown({ timeoutMs: 1 });
  expect(asked.filter((path) => path.includes('budgets'))).toEqual([]);
});

test('wrong options are named', async () => {
  const options = { mode: 'panic', timeoutMs: 0, cachMs: 5, onWarning: 3 } as unknown as BudgetOptions;
  await expect(connect(options).initialize()).rejects.toThrow(
    /budget\.cachMs is not an option; budget\.mode must be warn or block, not "panic"; budget\.onWarning must be a function, not 3; budget\.timeoutMs must be milliseconds above 0/,
  );
});
