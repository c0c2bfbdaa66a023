import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { BilledCall } from '../../../tests/emitters/stub-models.ts';
import { inputTotal, modelOf, type CallFields, type CallReport } from './call-report.ts';
import { decodeLogsJson, decodeMetricsJson, decodeTracesJson } from './decode-json.ts';
import { reportsOfLogs, reportsOfSpans } from './map-call.ts';
import { MemoryCandidates } from './memory-candidates.ts';
import { metricPoints, type MetricPoint } from './metric-points.ts';
import { resolveCalls } from './resolve.ts';
import { reportFrom, reportsFromLogs, type Attributes, type TestRecord } from './test-telemetry.ts';
import { UnknownShapes } from './unknown-shapes.ts';

/*
 * What running agents and Sentry's SDK exported (tests/fixtures/otlp-agents, recorded by tests/emitters/record.ts), held against what
 * the stub server billed.
 */

const FOLDER = new URL('../../../tests/fixtures/otlp-agents/', import.meta.url);

/** What an emitter is not able to tell, and of which calls. */
interface Untold {
  /** Calls that leave no trace. */
  calls?: When;
  cacheWrite?: When;
  reasoning?: When;
  stream?: When;
  /** Why a call failed. */
  failure?: When;
  user?: true;
  session?: true;
  duration?: true;
}

type When = (call: BilledCall) => boolean;
const always: When = () => true;

const anthropic: Untold = { calls: ({ status }) => status === 500, reasoning: always };
// `codex exec` that ends with an error sends nothing.
const openai: Untold = { calls: ({ status }) => status === 429, user: true, duration: true };

const EMITTERS: Readonly<Record<string, Untold>> = {
  'claude-code': anthropic,
  'claude-code-spans': anthropic,
  codex: openai,
  'codex-spans': openai,
  'gemini-cli': { stream: always, cacheWrite: always },
  sentry: {
    stream: ({ stream }) => !stream,
    cacheWrite: ({ provider }) => provider === 'openai',
    reasoning: always,
    // Anthropic's SDK has a span of its own, which knows.
    failure: ({ provider }) => provider === 'openai',
    user: true,
    session: true,
  },
  'sentry-vercel-ai': {
    cacheWrite: ({ provider }) => provider === 'openai',
    reasoning: ({ api }) => api === 'embeddings' || api === 'messages',
    stream: ({ api }) => api === 'embeddings',
    // Its spans name the error in their exception only.
    failure: always,
  },
};

function requestsOf(emitter: string): { signal: string; body: Buffer }[] {
  const folder = new URL(`${emitter}/`, FOLDER);
  return readdirSync(folder)
    .filter((name) => /^\d+\./.test(name))
    .toSorted()
    .map((name) => ({ signal: name.split('.')[1] ?? '', body: readFileSync(new URL(name, folder)) }));
}

function billedOf(emitter: string): BilledCall[] {
  const text = readFileSync(new URL(`${emitter}/calls.json`, FOLDER), 'utf8');
  return (JSON.parse(text) as { calls: BilledCall[] }).calls;
}

function reportsOf({ signal, body }: { signal: string; body: Buffer }, unknown: UnknownShapes): CallReport[] {
  if (signal === 'traces') return reportsOfSpans(decodeTracesJson(body), unknown);
  return signal === 'logs' ? reportsOfLogs(decodeLogsJson(body), unknown) : [];
}

const isRequestId = (item: unknown): boolean =>
  typeof item === 'object' &&
  item !== null &&
  'key' in item &&
  (item.key === 'request_id' || item.key === 'gen_ai.response.id');

const PROVIDERS = { openai: 'openai', anthropic: 'anthropic', google: 'gcp.gemini' };

function expected(call: BilledCall, untold: Untold): Record<string, unknown> {
  const { usage, failed } = call;
  const isUnknown = failed || !call.usageSent;
  return {
    model: call.model,
    provider: PROVIDERS[call.provider],
    status: failed ? 'error' : 'success',
    ...(failed && !untold.failure?.(call) ? { statusCode: call.status, isErrorNamed: true } : {}),
    stream: untold.stream?.(call) ? null : call.stream,
    input: isUnknown ? null : usage.input,
    output: isUnknown || call.api === 'embeddings' ? null : usage.output,
    cacheRead: isUnknown || call.api === 'embeddings' ? null : usage.cacheRead,
    cacheWrite: isUnknown || untold.cacheWrite?.(call) ? null : usage.cacheWrite,
    reasoning: isUnknown || untold.reasoning?.(call) ? null : usage.reasoning,
  };
}

function found(call: CallFields, wanted: Record<string, unknown>): Record<string, unknown> {
  const { tokens } = call;
  const all: Record<string, unknown> = {
    model: modelOf(call),
    provider: call.provider,
    status: call.status,
    statusCode: call.statusCode,
    isErrorNamed: call.errorType !== null,
    stream: call.stream,
    input: inputTotal(tokens),
    output: tokens.output,
    cacheRead: tokens.cacheRead,
    cacheWrite: tokens.cacheWriteUnsplit ?? tokens.cacheWrite5m,
    reasoning: tokens.reasoning,
  };
  return Object.fromEntries(Object.keys(wanted).map((name) => [name, all[name]]));
}

/** Calls in a form that does not depend on the order in which they were found. */
const asSet = (calls: Iterable<CallFields>): string[] =>
  [...calls].map((call) => JSON.stringify(Object.entries(call).toSorted(([a], [b]) => (a < b ? -1 : 1)))).toSorted(); // prettier-ignore

describe.each(Object.entries(EMITTERS))('the calls of %s', (emitter, untold) => {
  const unknown = new UnknownShapes();
  const requests = requestsOf(emitter);
  const reports = requests.flatMap((request) => reportsOf(request, unknown));
  const points = requests
    .filter(({ signal }) => signal === 'metrics')
    .flatMap(({ body }) => metricPoints(decodeMetricsJson(body), unknown));
  const told = billedOf(emitter).filter((call) => !untold.calls?.(call));
  const calls = resolveCalls(reports).map(({ call }) => call);

  test('are found once each, as billed', () => {
    const wanted = told.map((call) => expected(call, untold));
    const got = calls
      .toSorted((a, b) => a.timestampUs - b.timestampUs)
      .map((call, index) => found(call, wanted[index] ?? {}));
    const order = (one: Record<string, unknown>, other: Record<string, unknown>): number =>
      JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
    expect(got.toSorted(order)).toEqual(wanted.toSorted(order));
  });

  test('are of a user and a session, and took their time, as far as it is told', () => {
    for (const call of calls) {
      expect(call.userId !== null).toBe(!untold.user);
      expect(call.sessionId !== null).toBe(!untold.session);
      expect(call.promptId).toBeNull();
      if (!untold.duration) expect(call.responseTimeMs).toBeGreaterThan(0);
      if (call.timeToFirstTokenMs !== null)
        expect(call.timeToFirstTokenMs).toBeLessThanOrEqual(call.responseTimeMs ?? 0);
    }
  });

  test('are the same in whatever order and pieces they come, twice over', () => {
    const whole = asSet(calls);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(reports, { minLength: reports.length }),
        fc.integer({ min: 1, max: 5 }),
        (shuffled, size) => {
          const candidates = new MemoryCandidates();
          for (const half of [shuffled, shuffled])
            for (let start = 0; start < half.length; start += size)
              candidates.submit(half.slice(start, start + size));
          expect(asSet(candidates.calls.values())).toEqual(whole);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('leave nothing behind that nobody knows', () => {
    expect(unknown.list()).toEqual([]);
  });

  test('are of the processes whose metrics repeat them', () => {
    const senders = new Set(reports.map(({ relation }) => relation.resourceKey));
    for (const { resourceKey } of points) expect(senders).toContain(resourceKey);
  });
});

describe('Claude Code', () => {
  test('behind a gateway that passes no id of the request on: spans and events are still of one call', () => {
    const withoutIds = requestsOf('claude-code-spans').map(({ signal, body }) => ({
      signal,
      body: Buffer.from(
        JSON.stringify(JSON.parse(body.toString()), (_key, value: unknown) =>
          Array.isArray(value) ? (value as unknown[]).filter((item) => !isRequestId(item)) : value,
        ),
      ),
    }));
    const shape = ({ call, members }: ReturnType<typeof resolveCalls>[number]): unknown[] => [
      members.length,
      modelOf(call),
      call.status,
      call.tokens,
      call.sessionId,
    ];
    const callsOf = (requests: { signal: string; body: Buffer }[]): unknown[] =>
      resolveCalls(requests.flatMap((request) => reportsOf(request, new UnknownShapes())))
        .toSorted((a, b) => a.call.timestampUs - b.call.timestampUs)
        .map(shape);
    expect(callsOf(withoutIds)).toEqual(callsOf(requestsOf('claude-code-spans')));
  });

  const event = (attributes: Attributes): CallReport | undefined =>
    reportsFromLogs([
      {
        scope: 'com.anthropic.claude_code.events',
        body: 'claude_code.api_request',
        attributes: { 'event.name': 'api_request', model: 'claude-sonnet-4-5', input_tokens: 5, output_tokens: 7, ...attributes },
      },
    ])[0]; // prettier-ignore

  test('tells both lifetimes of cache writes, and 0 for both where the answer told neither', () => {
    const written = { cache_read_tokens: 0, cache_creation_tokens: 300 };
    const told = event({ ...written, cache_creation_5m_tokens: 100, cache_creation_1h_tokens: 200 });
    expect(told?.call.tokens).toMatchObject({ input: 5, cacheWrite5m: 100, cacheWrite1h: 200, cacheWriteUnsplit: null }); // prettier-ignore
    const untold = event({ ...written, cache_creation_5m_tokens: 0, cache_creation_1h_tokens: 0 });
    expect(untold?.call.tokens).toMatchObject({ input: 5, cacheWrite5m: null, cacheWrite1h: null, cacheWriteUnsplit: 300 }); // prettier-ignore
  });

  test.each([
    ['firstParty', 'anthropic'],
    ['bedrock', 'aws.bedrock'],
    ['vertex', 'gcp.vertex_ai'],
    ['gateway', 'anthropic'],
  ])('that sends its requests to %s has the provider %s', (name, provider) => {
    expect(event({ 'anthropic.provider': name })?.call.provider).toBe(provider);
  });
});

test('fast answers of Claude Code are of a service tier, so that they are not priced as others', () => {
  const tierOf = (speed: string): unknown =>
    reportsFromLogs([
      {
        body: 'claude_code.api_request',
        attributes: { model: 'claude-opus-4-5', input_tokens: 5, output_tokens: 7, speed },
      },
    ])[0]?.call.serviceTier;
  expect([tierOf('normal'), tierOf('fast')]).toEqual([null, 'fast']);
});

describe('Codex', () => {
  const rust = (name: string, attributes: Attributes): TestRecord => ({
    scope: 'codex_otel.log_only',
    event: 'event otel/src/events/session_telemetry.rs:803',
    attributes: { 'event.name': name, model: 'gpt-5-mini', ...attributes },
  });
  const failed = { 'http.response.status_code': '401', 'error.message': 'http 401' };

  test('asks for other things than answers of models, too', () => {
    const reports = reportsFromLogs([
      rust('codex.api_request', { endpoint: '/models', ...failed }),
      rust('codex.api_request', { endpoint: '/responses', ...failed }),
    ]);
    expect(reports.map(({ call }) => [call.status, call.statusCode])).toEqual([['error', 401]]);
  });

  test('does not tell the provider: it is the maker of the model, else OpenAI', () => {
    const counts = { 'event.kind': 'response.completed', input_token_count: '3', output_token_count: '4' };
    const reports = ['gpt-5-codex', 'claude-sonnet-4-5', 'house-model'].flatMap((model) =>
      reportsFromLogs([rust('codex.sse_event', { ...counts, model })]),
    );
    expect(reports.map(({ call }) => call.provider)).toEqual(['openai', 'anthropic', 'openai']);
  });
});

test("Sentry's earlier versions have Anthropic's cached tokens in the total only: they are input of an unknown kind", () => {
  const tokensOf = (attributes: Attributes): unknown =>
    reportFrom({
      scope: '@sentry/node',
      attributes: {
        'sentry.op': 'gen_ai.chat', 'gen_ai.system': 'anthropic', 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'claude-sonnet-4-5', 'gen_ai.usage.output_tokens': 20,
        ...attributes,
      },
    }).call.tokens; // prettier-ignore
  const [input, total] = ['gen_ai.usage.input_tokens', 'gen_ai.usage.total_tokens'] as const;
  expect(tokensOf({ [input]: 100, [total]: 4120 })).toMatchObject({
    input: 4100,
    cacheRead: null,
    output: 20,
  });
  expect(tokensOf({ [input]: 4100, [total]: 4120, 'gen_ai.usage.cache_read.input_tokens': 4000 })).toMatchObject({ input: 100, cacheRead: 4000, output: 20 }); // prettier-ignore
});

describe('tokens that metrics repeat', () => {
  const sum = (points: readonly MetricPoint[], type: string): number =>
    points
      .filter(({ tokenType }) => tokenType === type)
      .reduce((total, point) => total + (point.sum ?? 0), 0);
  const pointsOf = (emitter: string, metric: string): MetricPoint[] =>
    requestsOf(emitter)
      .filter(({ signal }) => signal === 'metrics')
      .flatMap(({ body }) => metricPoints(decodeMetricsJson(body), new UnknownShapes()))
      .filter((point) => point.metric === metric);
  const billed = (emitter: string, count: (call: BilledCall) => number): number =>
    billedOf(emitter)
      .filter(({ failed }) => !failed)
      .reduce((total, call) => total + count(call), 0);

  test('by Claude Code have a name for each kind', () => {
    const points = pointsOf('claude-code', 'claude_code.token.usage');
    expect(points.every(({ temporality }) => temporality === 'delta')).toBe(true);
    expect({
      input: sum(points, 'input'),
      cacheRead: sum(points, 'cache_read'),
      cacheWrite: sum(points, 'cache_write'),
      output: sum(points, 'output'),
    }).toEqual({
      input: billed('claude-code', ({ usage }) => usage.input - usage.cacheRead - usage.cacheWrite),
      cacheRead: billed('claude-code', ({ usage }) => usage.cacheRead),
      cacheWrite: billed('claude-code', ({ usage }) => usage.cacheWrite),
      output: billed('claude-code', ({ usage }) => usage.output),
    });
  });

  test('by Codex are one sum a turn', () => {
    const points = pointsOf('codex', 'codex.turn.token_usage');
    expect([sum(points, 'input'), sum(points, 'output')]).toEqual([
      billed('codex', ({ usage }) => usage.input),
      billed('codex', ({ usage }) => usage.output),
    ]);
  });
});
