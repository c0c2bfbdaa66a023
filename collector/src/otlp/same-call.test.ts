import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CallFields, CallReport } from './call-report.ts';
import { MemoryCandidates } from './memory-candidates.ts';
import { resolveCalls } from './resolve.ts';
import { reportsFrom, reportsFromLogs, type Attributes, type TestSpan } from './test-telemetry.ts';

const usage = (input: number, output: number): Attributes => ({
  'gen_ai.usage.input_tokens': input,
  'gen_ai.usage.output_tokens': output,
});
const chat = (more: Attributes = {}): Attributes => ({
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'anthropic',
  'gen_ai.request.model': 'claude-sonnet-4-5',
  ...more,
});
const SDK = 'com.anthropic.sdk.python';
const OLLM = 'opentelemetry.instrumentation.anthropic';

/** The calls of all reports together, held against the calls that come out of every order and split that is tried. */
function callsOf(reports: readonly CallReport[]): CallFields[] {
  const whole = resolveCalls(reports).map(({ call }) => call);
  const asSet = (calls: Iterable<CallFields>): string[] =>
    [...calls].map((call) => JSON.stringify(call)).toSorted();
  fc.assert(
    fc.property(
      fc.shuffledSubarray([...reports], { minLength: reports.length }),
      fc.integer({ min: 1, max: 4 }),
      (shuffled, size) => {
        const candidates = new MemoryCandidates();
        for (let start = 0; start < shuffled.length; start += size)
          candidates.submit(shuffled.slice(start, start + size));
        expect(asSet(candidates.calls.values())).toEqual(asSet(whole));
      },
    ),
    { numRuns: 40 },
  );
  return whole.toSorted((a, b) => a.timestampUs - b.timestampUs);
}

const spans = (...list: TestSpan[]): CallReport[] => reportsFrom(list);

describe('two instrumentations of one call are one call', () => {
  test('siblings under one parent, off by one on the stream: the SDK is believed', () => {
    const calls = callsOf(
      spans(
        { scope: SDK, trace: 1, id: 2, parent: 9, start: 10, end: 90, attributes: chat(usage(100, 41)) },
        { scope: OLLM, trace: 1, id: 3, parent: 9, start: 9, end: 92, attributes: chat(usage(100, 42)) },
      ),
    );
    expect(calls.map(({ tokens, responseTimeMs }) => [tokens.output, responseTimeMs])).toEqual([[41, 83]]);
  });

  test('parent and child, without a response id', () => {
    const calls = callsOf(
      spans(
        {
          scope: 'openinference.instrumentation.langchain',
          trace: 1,
          id: 2,
          start: 0,
          end: 100,
          attributes: {
            'openinference.span.kind': 'LLM',
            'llm.model_name': 'gpt-4o',
            'llm.token_count.prompt': 100,
            'llm.token_count.completion': 5,
            'user.id': 'u-1',
          },
        },
        {
          scope: 'openinference.instrumentation.openai',
          trace: 1,
          id: 3,
          parent: 2,
          start: 5,
          end: 95,
          attributes: {
            'openinference.span.kind': 'LLM',
            'llm.model_name': 'gpt-4o-2024-08-06',
            'llm.token_count.prompt': 100,
            'llm.token_count.completion': 5,
          },
        },
      ),
    );
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ userId: 'u-1', tokens: { input: 100, output: 5 } });
  });

  test('roots of two traces in one process: only the response id is common', () => {
    const calls = callsOf(
      spans(
        {
          scope: SDK,
          trace: 1,
          start: 1,
          end: 99,
          attributes: chat({ ...usage(100, 5), 'gen_ai.response.id': 'msg_1' }),
        },
        {
          scope: OLLM,
          trace: 2,
          start: 0,
          end: 100,
          attributes: chat({ ...usage(100, 5), 'gen_ai.response.id': 'msg_1' }),
        },
      ),
    );
    expect(calls).toHaveLength(1);
  });

  test('roots of two traces that failed: no id, no tokens, one inside the other', () => {
    const calls = callsOf(
      spans(
        {
          scope: SDK,
          trace: 1,
          start: 1,
          end: 99,
          error: '',
          attributes: chat({ 'http.response.status_code': 429 }),
        },
        {
          scope: OLLM,
          trace: 2,
          start: 0,
          end: 100,
          error: 'Error code: 429',
          attributes: chat({ 'error.type': 'RateLimitError' }),
        },
      ),
    );
    expect(calls).toMatchObject([{ status: 'error', statusCode: 429, errorType: 'RateLimitError' }]);
  });

  test('many at once in one trace, without ids: as many calls as each of the two has spans', () => {
    const many = Array.from({ length: 6 }, (_, index) => [
      {
        scope: SDK,
        trace: 1,
        id: 100 + index,
        parent: 9,
        start: 1 + index,
        end: 80 + index * 2,
        attributes: chat(usage(100, 5)),
      },
      {
        scope: OLLM,
        trace: 1,
        id: 200 + index,
        parent: 9,
        start: index,
        end: 81 + index * 2,
        attributes: chat(usage(100, 5)),
      },
    ]).flat();
    expect(callsOf(spans(...many))).toHaveLength(6);
  });

  test('a client and the gateway that it calls, which knows the provider better', () => {
    const id = 'chatcmpl-ee2ad18c-4ed7-4d99-9209-68db54793888';
    const calls = callsOf(
      spans(
        {
          scope: 'opentelemetry.instrumentation.openai.v1',
          trace: 1,
          id: 2,
          start: 0,
          end: 100,
          attributes: {
            'gen_ai.operation.name': 'chat',
            'gen_ai.provider.name': 'openai',
            'gen_ai.request.model': 'claude-sonnet-4-5',
            'gen_ai.response.id': id,
            ...usage(100, 5),
          },
        },
        {
          scope: 'litellm',
          name: 'litellm_request',
          trace: 1,
          id: 4,
          parent: 3,
          start: 10,
          end: 90,
          resource: { 'service.name': 'gateway' },
          attributes: {
            'gen_ai.system': 'anthropic',
            'gen_ai.request.model': 'claude-sonnet-4-5',
            'gen_ai.response.id': id,
            'litellm.call_id': 'c',
            ...usage(100, 5),
          },
        },
        {
          scope: 'litellm',
          name: 'raw_gen_ai_request',
          trace: 1,
          id: 5,
          parent: 4,
          start: 10,
          end: 90,
          resource: { 'service.name': 'gateway' },
          attributes: {
            'llm.anthropic.id': 'msg_1',
            'llm.anthropic.usage':
              "{'input_tokens': 20, 'cache_read_input_tokens': 80, 'cache_creation_input_tokens': 0, 'output_tokens': 5}",
          },
        },
      ),
    );
    expect(calls).toMatchObject([{ provider: 'anthropic', tokens: { input: 20, cacheRead: 80, output: 5 } }]);
  });
});

describe('what only looks alike stays apart', () => {
  test('two calls of one instrumentation at the same time', () => {
    const one = { scope: 'acme', trace: 1, parent: 9, attributes: chat(usage(100, 5)) };
    expect(callsOf(spans({ ...one, id: 2 }, { ...one, id: 3 }))).toHaveLength(2);
  });

  test('an id that a local server gives to every answer', () => {
    const one = {
      scope: 'acme',
      attributes: chat({ ...usage(100, 5), 'gen_ai.response.id': 'chatcmpl-123' }),
    };
    expect(
      callsOf(
        spans({ ...one, trace: 1, start: 0, end: 100 }, { ...one, trace: 2, start: 10_000, end: 10_100 }),
      ),
    ).toHaveLength(2);
    expect(
      callsOf(
        spans(
          { ...one, trace: 1, start: 0, end: 100 },
          {
            ...one,
            trace: 2,
            start: 0,
            end: 100,
            attributes: chat({ ...usage(70, 9), 'gen_ai.response.id': 'chatcmpl-123' }),
          },
        ),
      ),
    ).toHaveLength(2);
  });

  test('two instrumentations with ids of different answers', () => {
    expect(
      callsOf(
        spans(
          {
            scope: SDK,
            trace: 1,
            id: 2,
            parent: 9,
            attributes: chat({ ...usage(100, 5), 'gen_ai.response.id': 'msg_1' }),
          },
          {
            scope: OLLM,
            trace: 1,
            id: 3,
            parent: 9,
            attributes: chat({ ...usage(100, 5), 'gen_ai.response.id': 'msg_2' }),
          },
        ),
      ),
    ).toHaveLength(2);
  });

  test('two instrumentations with other tokens, another model, or at another time', () => {
    const sdk = { scope: SDK, trace: 1, id: 2, parent: 9, attributes: chat(usage(100, 5)) };
    const other = { scope: OLLM, trace: 1, id: 3, parent: 9 };
    expect(callsOf(spans(sdk, { ...other, attributes: chat(usage(100, 7)) }))).toHaveLength(2);
    expect(
      callsOf(
        spans(sdk, {
          ...other,
          attributes: chat({ ...usage(100, 5), 'gen_ai.request.model': 'claude-haiku-4-5' }),
        }),
      ),
    ).toHaveLength(2);
    expect(
      callsOf(spans(sdk, { ...other, start: 900, end: 1900, attributes: chat(usage(100, 5)) })),
    ).toHaveLength(2);
  });

  test('failures of two processes', () => {
    const failed = { start: 0, end: 100, error: 'x', attributes: chat() };
    expect(
      callsOf(
        spans(
          { ...failed, scope: SDK, trace: 1, resource: { 'service.name': 'a' } },
          { ...failed, scope: OLLM, trace: 2, resource: { 'service.name': 'b' } },
        ),
      ),
    ).toHaveLength(2);
  });

  test('an attempt that failed and the one that followed, both inside the span of a retrying client', () => {
    const calls = callsOf(
      spans(
        {
          scope: 'openinference.instrumentation.langchain',
          trace: 1,
          id: 2,
          start: 0,
          end: 300,
          attributes: {
            'openinference.span.kind': 'LLM',
            'llm.model_name': 'claude-sonnet-4-5',
            'llm.token_count.prompt': 100,
            'llm.token_count.completion': 5,
          },
        },
        {
          scope: SDK,
          trace: 1,
          id: 3,
          parent: 2,
          start: 1,
          end: 100,
          error: '',
          attributes: chat({ 'http.response.status_code': 529 }),
        },
        { scope: SDK, trace: 1, id: 4, parent: 2, start: 200, end: 299, attributes: chat(usage(100, 5)) },
      ),
    );
    expect(calls.map(({ status, tokens }) => [status, tokens.output])).toEqual([
      ['success', 5],
      ['error', null],
    ]);
  });
});

describe('what sums up its calls is no call', () => {
  const agent = (more: Attributes): TestSpan => ({
    scope: 'acme.agents',
    name: 'agent',
    kind: 1,
    trace: 1,
    id: 1,
    start: 0,
    end: 1000,
    attributes: {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.request.model': 'claude-sonnet-4-5',
      ...more,
    },
  });
  const step = (id: number, parent: number, start: number, more: Attributes): TestSpan => ({
    scope: 'acme.agents',
    trace: 1,
    id,
    parent,
    start,
    end: start + 100,
    attributes: chat(more),
  });

  test('an agent around two calls, whatever comes first; it hands down who asked', () => {
    const calls = callsOf(
      spans(
        agent({ ...usage(300, 15), 'user.id': 'u-1', 'gen_ai.conversation.id': 's-1' }),
        step(2, 1, 10, usage(100, 5)),
        step(3, 1, 200, usage(200, 10)),
      ),
    );
    expect(calls.map(({ tokens, userId, sessionId }) => [tokens.input, userId, sessionId])).toEqual([
      [100, 'u-1', 's-1'],
      [200, 'u-1', 's-1'],
    ]);
  });

  test('an agent inside an agent, spans of no interest between', () => {
    const inner: TestSpan = { ...agent(usage(100, 5)), id: 5, parent: 77, start: 100, end: 500 };
    const calls = callsOf(
      spans(agent(usage(300, 15)), inner, step(6, 88, 150, usage(100, 5)), step(7, 1, 600, usage(200, 10))),
    );
    expect(calls.map(({ tokens }) => tokens.input)).toEqual([100, 200]);
  });

  test('an agent of which no call is told is all that is known, and counts', () => {
    expect(callsOf(spans(agent(usage(300, 15)))).map(({ tokens }) => tokens.input)).toEqual([300]);
  });

  test('of two agents side by side, only the one whose calls are told gives way', () => {
    const other: TestSpan = { ...agent(usage(50, 1)), id: 8, parent: 9 };
    const root: TestSpan = {
      scope: 'acme.agents',
      kind: 1,
      trace: 1,
      id: 9,
      start: -10,
      end: 1010,
      attributes: { 'gen_ai.operation.name': 'invoke_workflow' },
    };
    const calls = callsOf(
      spans(root, other, { ...agent(usage(100, 5)), parent: 9 }, step(2, 1, 10, usage(100, 5))),
    );
    expect(calls.map(({ tokens }) => tokens.input).toSorted()).toEqual([100, 50]);
  });

  test('a "chat" around the calls that it sums up', () => {
    const outer: TestSpan = {
      scope: 'acme',
      trace: 1,
      id: 1,
      start: 0,
      end: 1000,
      attributes: chat(usage(300, 15)),
    };
    expect(
      callsOf(spans(outer, step(2, 1, 10, usage(100, 5)), step(3, 1, 200, usage(200, 10)))).map(
        ({ tokens }) => tokens.input,
      ),
    ).toEqual([100, 200]);
  });

  test('a wrapper that tells no tokens is no call beside the one inside, of its own scope or of another, whatever lies between', () => {
    const wrapper: TestSpan = {
      scope: 'acme',
      trace: 1,
      id: 1,
      start: 0,
      end: 1000,
      attributes: chat({ 'user.id': 'u-1' }),
    };
    for (const scope of ['acme', SDK]) {
      const direct: TestSpan = {
        scope,
        trace: 1,
        id: 2,
        parent: 1,
        start: 5,
        end: 990,
        attributes: chat(usage(100, 5)),
      };
      expect(callsOf(spans(wrapper, direct))).toMatchObject([
        { userId: 'u-1', tokens: { input: 100, output: 5 } },
      ]);
    }
    const distant: TestSpan = {
      scope: SDK,
      trace: 1,
      id: 2,
      parent: 77,
      start: 5,
      end: 990,
      attributes: chat(usage(100, 5)),
    };
    expect(callsOf(spans(wrapper, distant))).toMatchObject([
      { userId: 'u-1', tokens: { input: 100, output: 5 } },
    ]);
  });

  test("a server's span of unknown kind inside the client's is one more layer of the same call", () => {
    const calls = callsOf(
      spans(
        { scope: 'acme', trace: 1, id: 1, start: 0, end: 1000, attributes: chat(usage(300, 15)) },
        {
          scope: 'vllm.llm_engine',
          kind: 2,
          trace: 1,
          id: 2,
          parent: 1,
          start: 5,
          end: 990,
          attributes: {
            'gen_ai.usage.prompt_tokens': 300,
            'gen_ai.usage.completion_tokens': 15,
            'gen_ai.latency.time_to_first_token': 0.1,
          },
        },
      ),
    );
    expect(calls).toHaveLength(1);
  });
});

describe('log records and spans', () => {
  test('a record that names its span, before or after it', () => {
    const calls = callsOf([
      ...spans({ scope: 'acme', trace: 1, id: 2, start: 0, end: 100, attributes: chat(usage(100, 5)) }),
      ...reportsFromLogs([
        {
          scope: 'acme',
          event: 'gen_ai.client.inference.operation.details',
          trace: 1,
          span: 2,
          at: 101,
          attributes: chat({ ...usage(100, 5), 'gen_ai.conversation.id': 's-1' }),
        },
      ]),
    ]);
    expect(calls).toMatchObject([{ sessionId: 's-1', responseTimeMs: 100 }]);
  });

  test('records of several calls inside one span that is none', () => {
    const records = [10, 20].map((input) => ({
      scope: 'acme',
      event: 'gen_ai.client.inference.operation.details',
      trace: 1,
      span: 2,
      at: 50 + input,
      attributes: chat(usage(input, 5)),
    }));
    const context = spans({
      scope: 'acme',
      kind: 1,
      trace: 1,
      id: 2,
      start: 0,
      end: 100,
      attributes: { 'gen_ai.operation.name': 'execute_tool', 'user.id': 'u-1' },
    });
    expect(
      callsOf([...context, ...reportsFromLogs(records)]).map(({ tokens, userId }) => [tokens.input, userId]),
    ).toEqual([
      [10, 'u-1'],
      [20, 'u-1'],
    ]);
  });

  test('a record that names nothing belongs to the span of its scope that just ended with the same tokens', () => {
    const span = {
      scope: 'acme',
      trace: 1,
      start: 0,
      end: 100,
      attributes: { ...chat(), 'gen_ai.operation.name': 'embeddings', 'gen_ai.usage.input_tokens': 66 },
    };
    const record = {
      scope: 'acme',
      event: 'gen_ai.client.inference.operation.details',
      at: 101,
      attributes: span.attributes,
    };
    expect(callsOf([...spans(span), ...reportsFromLogs([record])])).toHaveLength(1);
    expect(callsOf([...spans(span), ...reportsFromLogs([{ ...record, at: 5_000 }])])).toHaveLength(2);
  });

  test('two records of one answer', () => {
    const record = (at: number) => ({
      scope: 'acme',
      event: 'gen_ai.client.inference.operation.details',
      at,
      attributes: chat({ ...usage(10, 5), 'gen_ai.response.id': 'msg_1' }),
    });
    expect(callsOf(reportsFromLogs([record(100), record(101)]))).toHaveLength(1);
  });
});

test('what is taken away is told, with the event that took its place', () => {
  const candidates = new MemoryCandidates();
  const [agent, call] = spans(
    {
      scope: 'acme',
      kind: 1,
      trace: 1,
      id: 1,
      start: 0,
      end: 1000,
      attributes: { 'gen_ai.operation.name': 'invoke_agent', ...usage(100, 5) },
    },
    { scope: 'acme', trace: 1, id: 2, parent: 1, start: 10, end: 100, attributes: chat(usage(100, 5)) },
  );
  if (!agent || !call) throw new Error('no reports');
  expect(candidates.submit([agent]).create.map(({ eventId }) => eventId)).toEqual([agent.observationId]);
  expect(candidates.submit([call])).toMatchObject({
    create: [{ eventId: call.observationId, identities: [call.observationId] }],
    complete: [],
    withdraw: [{ eventId: agent.observationId, into: null }],
  });
  expect(candidates.submit([agent])).toMatchObject({ create: [], complete: [], withdraw: [], duplicates: 1 });
});

test('a trace of fifty thousand calls is taken in at once (what grew with the square of it would run into the time limit)', () => {
  const [model] = spans({ scope: 'acme', trace: 1, id: 1, attributes: chat(usage(1, 1)) });
  if (!model) throw new Error('no report');
  const many = Array.from({ length: 50_000 }, (_, index): CallReport => ({
    ...model,
    observationId: `span:1/${index}`,
    relation: {
      ...model.relation,
      spanId: String(index),
      startUs: index * 1000,
      endUs: index * 1000 + 1_000_000,
    },
  }));
  expect(resolveCalls(many)).toHaveLength(50_000);
});
