import { describe, expect, test } from '@jest/globals';
import { modelOf, type CallFields, type TokenCounts } from './call-report.ts';
import { resolveCalls } from './resolve.ts';
import {
  reportFrom,
  reportsFrom,
  reportsFromLogs,
  type Attributes,
  type TestSpan,
} from './test-telemetry.ts';
import { UnknownShapes } from './unknown-shapes.ts';

const CHAT: Attributes = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-4o',
};

const callFrom = (span: TestSpan): CallFields => reportFrom(span).call;
const tokensFrom = (attributes: Attributes, scope = 'acme.llm'): TokenCounts =>
  callFrom({ scope, attributes: { ...CHAT, ...attributes } }).tokens;

const UNKNOWN: TokenCounts = {
  input: null,
  cacheRead: null,
  cacheWrite5m: null,
  cacheWrite1h: null,
  cacheWriteUnsplit: null,
  output: null,
  reasoning: null,
};

describe('tokens are split as their source means them', () => {
  test('input that includes cached tokens, as the conventions have it', () => {
    expect(
      tokensFrom({
        'gen_ai.usage.input_tokens': 1000,
        'gen_ai.usage.output_tokens': 50,
        'gen_ai.usage.cache_read.input_tokens': 600,
        'gen_ai.usage.cache_creation.input_tokens': 100,
        'gen_ai.usage.reasoning.output_tokens': 20,
      }),
    ).toEqual({ ...UNKNOWN, input: 300, cacheRead: 600, cacheWriteUnsplit: 100, output: 50, reasoning: 20 });
  });

  test('input smaller than its cached part cannot include it', () => {
    const { tokens, usageNote } = callFrom({
      attributes: {
        ...CHAT,
        'gen_ai.usage.input_tokens': 10,
        'gen_ai.usage.cache_read.input_tokens': 600,
        'gen_ai.usage.output_tokens': 5,
      },
    });
    expect(tokens).toMatchObject({ input: 10, cacheRead: 600, output: 5 });
    expect(usageNote).toBe('input tokens excluded cached ones');
  });

  test('a total that only fits if the cached tokens come on top', () => {
    expect(
      tokensFrom({
        'gen_ai.usage.input_tokens': 1000,
        'gen_ai.usage.output_tokens': 50,
        'gen_ai.usage.cache_read_input_tokens': 600,
        'gen_ai.usage.total_tokens': 1650,
      }),
    ).toMatchObject({ input: 1000, cacheRead: 600 });
  });

  test('reasoning is a part of the output, unless it is larger or the total says otherwise', () => {
    expect(
      tokensFrom({ 'gen_ai.usage.output_tokens': 50, 'gen_ai.usage.reasoning_tokens': 20 }),
    ).toMatchObject({ output: 50, reasoning: 20 });
    expect(
      tokensFrom({ 'gen_ai.usage.output_tokens': 50, 'gen_ai.usage.reasoning_tokens': 70 }),
    ).toMatchObject({ output: 120, reasoning: 70 });
    expect(
      tokensFrom({
        'gen_ai.usage.input_tokens': 100,
        'gen_ai.usage.output_tokens': 50,
        'gen_ai.usage.reasoning_tokens': 20,
        'gen_ai.usage.total_tokens': 170,
      }),
    ).toMatchObject({ output: 70, reasoning: 20 });
  });

  test('a write of which one lifetime is told has the rest of the other; no write has none of either', () => {
    const usage = {
      'gen_ai.usage.input_tokens': 1000,
      'gen_ai.usage.output_tokens': 1,
      'gen_ai.usage.cache_creation.input_tokens': 300,
    };
    expect(tokensFrom({ ...usage, 'gen_ai.usage.details.ephemeral_1h_input_tokens': 100 })).toMatchObject({
      input: 700,
      cacheWrite5m: 200,
      cacheWrite1h: 100,
      cacheWriteUnsplit: null,
    });
    expect(tokensFrom({ ...usage, 'gen_ai.usage.cache_creation.input_tokens': 0 })).toMatchObject({
      input: 1000,
      cacheWrite5m: 0,
      cacheWrite1h: 0,
      cacheWriteUnsplit: null,
    });
  });

  test('values that mean nothing was set, and usage of nothing at all, are unknown', () => {
    expect(tokensFrom({ 'gen_ai.usage.input_tokens': -1, 'gen_ai.usage.output_tokens': -1 })).toEqual(
      UNKNOWN,
    );
    expect(tokensFrom({ 'gen_ai.usage.input_tokens': 0, 'gen_ai.usage.output_tokens': 0 })).toEqual(UNKNOWN);
    expect(
      callFrom({ attributes: { ...CHAT, 'gen_ai.request.max_tokens': -1, 'gen_ai.request.user': '' } }),
    ).toMatchObject({ tokensRequested: null, userId: null });
  });

  test('numbers in text', () => {
    expect(
      tokensFrom({ 'gen_ai.usage.input_tokens': '12', 'gen_ai.usage.output_tokens': '3' }),
    ).toMatchObject({ input: 12, output: 3 });
  });
});

describe('the first name that says something wins, and no two are added', () => {
  test.each<[string, Attributes]>([
    ['current', { 'gen_ai.usage.input_tokens': 7, 'gen_ai.usage.output_tokens': 3 }],
    [
      'current beside deprecated',
      {
        'gen_ai.usage.input_tokens': 7,
        'gen_ai.usage.output_tokens': 3,
        'gen_ai.usage.prompt_tokens': 9,
        'gen_ai.usage.completion_tokens': 9,
      },
    ],
    ['deprecated', { 'gen_ai.usage.prompt_tokens': 7, 'gen_ai.usage.completion_tokens': 3 }],
    [
      'OpenLLMetry',
      { 'llm.usage.prompt_tokens': 7, 'llm.usage.completion_tokens': 3, 'llm.usage.total_tokens': 10 },
    ],
    ['OpenInference', { 'llm.token_count.prompt': 7, 'llm.token_count.completion': 3 }],
    ['Vercel', { 'ai.usage.promptTokens': 7, 'ai.usage.completionTokens': 3 }],
    ['OpenLIT metrics names', { 'gen_ai.token.usage.input': 7, 'gen_ai.token.usage.output': 3 }],
    ['Semantic Kernel', { 'gen_ai.response.prompt_tokens': 7, 'gen_ai.response.completion_tokens': 3 }],
    ['PostHog', { $ai_input_tokens: 7, $ai_output_tokens: 3, $ai_model: 'gpt-4o' }],
    ['an object', { 'gen_ai.usage': { input_tokens: 7, output_tokens: 3 } }],
    ['JSON text', { 'gen_ai.usage': '{"prompt_tokens": 7, "completion_tokens": 3}' }],
    ['a printed Python dict', { 'llm.usage': "{'prompt_tokens': 7, 'completion_tokens': 3, 'x': None}" }],
    [
      'names that nobody knows yet',
      { 'gen_ai.client.usage.prompt_count': 7, 'gen_ai.client.usage.completion_count': 3 },
    ],
  ])('%s', (_name, attributes) => {
    expect(tokensFrom(attributes)).toMatchObject({ input: 7, output: 3 });
  });

  test.each<[string, Attributes, Partial<TokenCounts>]>([
    [
      'Sentry',
      {
        'gen_ai.usage.input_tokens.cached': 4,
        'gen_ai.usage.input_tokens.cache_write': 1,
        'gen_ai.usage.output_tokens.reasoning': 2,
      },
      { cacheRead: 4, cacheWriteUnsplit: 1, reasoning: 2 },
    ],
    [
      'agento11y',
      {
        'gen_ai.token.semantics': 'inclusive',
        'gen_ai.usage.cache_read_input_tokens': 4,
        'gen_ai.usage.cache_write_input_tokens': 1,
        'gen_ai.usage.reasoning_tokens': 2,
      },
      { cacheRead: 4, cacheWriteUnsplit: 1, reasoning: 2 },
    ],
    [
      'pydantic-ai details',
      {
        'gen_ai.usage.details.cache_read_tokens': 4,
        'gen_ai.usage.details.cache_write_tokens': 1,
        'gen_ai.usage.details.reasoning_tokens': 2,
      },
      { cacheRead: 4, cacheWriteUnsplit: 1, reasoning: 2 },
    ],
    [
      'OpenLIT details',
      {
        'gen_ai.usage.prompt_tokens_details.cached_tokens': 4,
        'gen_ai.usage.prompt_tokens_details.cache_creation_tokens': 1,
        'gen_ai.usage.completion_tokens_details.reasoning_tokens': 2,
      },
      { cacheRead: 4, cacheWriteUnsplit: 1, reasoning: 2 },
    ],
    [
      'OpenInference',
      {
        'llm.token_count.prompt_details.cache_read': 4,
        'llm.token_count.prompt_details.cache_write': 1,
        'llm.token_count.completion_details.reasoning': 2,
      },
      { cacheRead: 4, cacheWriteUnsplit: 1, reasoning: 2 },
    ],
    [
      'guessed',
      {
        'gen_ai.usage.cached_prompt_tokens': 4,
        'gen_ai.usage.prompt_cache_write_tokens': 1,
        'gen_ai.usage.thinking_tokens': 2,
      },
      { cacheRead: 4, cacheWriteUnsplit: 1, reasoning: 2 },
    ],
  ])('parts of the usage: %s', (_name, attributes, parts) => {
    const tokens = tokensFrom({
      'gen_ai.usage.input_tokens': 10,
      'gen_ai.usage.output_tokens': 5,
      ...attributes,
    });
    expect(tokens).toMatchObject({ input: 5, output: 5, ...parts });
  });

  test('agento11y says itself when its counts exclude the cache', () => {
    expect(
      tokensFrom({
        'gen_ai.token.semantics': 'exclusive',
        'gen_ai.usage.input_tokens': 10,
        'gen_ai.usage.output_tokens': 5,
        'gen_ai.usage.cache_read_input_tokens': 4,
        'gen_ai.usage.reasoning_tokens': 2,
      }),
    ).toMatchObject({ input: 10, cacheRead: 4, output: 7, reasoning: 2 });
  });
});

describe('providers and models', () => {
  test.each([
    [{ 'gen_ai.system': 'az.ai.openai' }, 'azure.ai.openai'],
    [{ 'gen_ai.system': 'xai' }, 'x_ai'],
    [{ 'gen_ai.system': 'vertex_ai' }, 'gcp.vertex_ai'],
    [{ 'gen_ai.system': 'OpenAI' }, 'openai'],
    [{ 'gen_ai.system': 'openai.chat' }, 'openai'],
    [{ 'gen_ai.system': 'anthropic.messages' }, 'anthropic'],
    [{ 'ai.model.provider': 'google.generative-ai' }, 'gcp.gemini'],
    [{ 'gen_ai.system': 'AWS' }, 'aws.bedrock'],
    [{ 'gen_ai.system': 'our-own-gateway' }, 'our-own-gateway'],
    [{ 'gen_ai.provider.name': 'openai', 'gen_ai.system': 'azure' }, 'openai'],
  ])('%j is %s', (attributes, provider) => {
    const { call } = reportFrom({
      attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm', ...attributes },
    });
    expect([call.provider, call.isProviderInferred]).toEqual([provider, false]);
  });

  test('where a framework names itself, or nobody is named, it is the maker of the model, and said to be inferred', () => {
    const inferred = (model: string, system?: string): unknown => {
      const { call } = reportFrom({
        attributes: {
          'gen_ai.operation.name': 'chat',
          'gen_ai.request.model': model,
          ...(system === undefined ? {} : { 'gen_ai.system': system }),
        },
      });
      return [call.provider, call.isProviderInferred];
    };
    expect(inferred('claude-sonnet-4-5', 'langchain')).toEqual(['anthropic', true]);
    expect(inferred('us.anthropic.claude-sonnet-4-20250514-v1:0', 'strands-agents')).toEqual([
      'aws.bedrock',
      true,
    ]);
    expect(inferred('gpt-4o')).toEqual(['openai', true]);
    expect(inferred('our-model')).toEqual([null, false]);
  });

  test('the model that answered goes before the one that was asked for', () => {
    expect(modelOf(callFrom({ attributes: { ...CHAT, 'gen_ai.response.model': 'gpt-4o-2024-08-06' } }))).toBe(
      'gpt-4o-2024-08-06',
    );
    expect(modelOf(callFrom({ attributes: CHAT }))).toBe('gpt-4o');
  });
});

describe('errors', () => {
  test.each<[string, TestSpan, Partial<CallFields>]>([
    [
      'by attributes',
      { error: 'x', attributes: { ...CHAT, 'error.type': 'rate_limit', 'http.response.status_code': 429 } },
      { statusCode: 429, errorType: 'rate_limit' },
    ],
    [
      'of a Python class',
      {
        error: 'Error code: 429 - no',
        attributes: { ...CHAT, 'error.type': "<class 'openai.RateLimitError'>" },
      },
      { statusCode: 429, errorType: 'RateLimitError' },
    ],
    [
      'by the exception',
      {
        error: '',
        attributes: CHAT,
        events: [
          {
            name: 'exception',
            attributes: {
              'exception.type': 'anthropic.APIStatusError',
              'exception.message': 'status_code: 529, overloaded',
            },
          },
        ],
      },
      { statusCode: 529, errorType: 'APIStatusError' },
    ],
    [
      'by the message only',
      { error: "Error code: 500 - {'error': {'message': 'm', 'type': 'server_error'}}", attributes: CHAT },
      { statusCode: 500, errorType: 'server_error' },
    ],
    [
      'of npm openai',
      { error: '429 You exceeded your quota', attributes: CHAT },
      { statusCode: 429, errorType: null },
    ],
    [
      'by the HTTP status alone',
      { attributes: { ...CHAT, 'http.response.status_code': 503 } },
      { statusCode: 503 },
    ],
  ])('%s', (_name, span, fields) => {
    expect(callFrom(span)).toMatchObject({ status: 'error', ...fields });
  });

  test('what ended well has no error, whatever numbers its messages have', () => {
    expect(callFrom({ attributes: { ...CHAT, 'http.response.status_code': 200 } })).toMatchObject({
      status: 'success',
      statusCode: 200,
      errorType: null,
    });
  });
});

describe('cost that the emitter claims', () => {
  test.each([
    'gen_ai.usage.cost.amount',
    'gen_ai.usage.cost',
    'gen_ai.usage.total_cost',
    'gen_ai.usage.cost_usd',
    'gen_ai.cost.total_cost',
    'llm.usage.total_cost',
    'llm.cost.total',
    'operation.cost',
    'litellm.cost.total',
  ])('is read from %s, as a decimal text', (name) => {
    expect(
      callFrom({ attributes: { ...CHAT, 'gen_ai.usage.input_tokens': 5, [name]: 0.0000048 } }).costUsd,
    ).toBe('0.0000048');
  });

  test('0 is a cost, none is unknown, and OpenLIT says 0 where it knows no price', () => {
    const usage = { ...CHAT, 'gen_ai.usage.input_tokens': 5, 'gen_ai.usage.output_tokens': 5 };
    expect(callFrom({ attributes: { ...usage, 'gen_ai.usage.cost': 0 } }).costUsd).toBe('0');
    expect(callFrom({ attributes: usage }).costUsd).toBeNull();
    expect(
      callFrom({ scope: 'openlit.instrumentation.openai', attributes: { ...usage, 'gen_ai.usage.cost': 0 } })
        .costUsd,
    ).toBeNull();
  });

  test("a hit in LiteLLM's cache costs nothing, is marked, and is a call of its own although it repeats the first answer's id", () => {
    const attributes = {
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.system': 'openai',
      'litellm.call_id': 'x',
      'gen_ai.response.id': 'chatcmpl-1',
      'gen_ai.usage.input_tokens': 10,
      'gen_ai.usage.output_tokens': 5,
      'gen_ai.cost.total_cost': 0.5,
    };
    const first: TestSpan = { scope: 'litellm', name: 'litellm_request', trace: 1, attributes };
    const hit: TestSpan = {
      scope: 'litellm',
      name: 'litellm_request',
      trace: 2,
      start: 1001,
      end: 1002,
      attributes: { ...attributes, hidden_params: '{"cache_key": "abc", "response_cost": 0.5}' },
    };
    const calls = resolveCalls(reportsFrom([first, hit]));
    expect(calls.map(({ call }) => [call.cacheHit, call.costUsd])).toEqual([
      [false, '0.5'],
      [true, null],
    ]);
  });
});

describe('what is a call, and what is not', () => {
  const USAGE = { 'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': 5 };

  test.each([
    ['chat', 'call'], ['generate_content', 'call'], ['text_completion', 'call'], ['embeddings', 'call'], ['chat.completions', 'call'], ['rerank', 'call'],
    ['execute_tool', 'context'], ['create_agent', 'context'], ['retrieval', 'context'], ['fetch_response', 'context'], ['search_memory', 'context'],
    ['invoke_agent', 'sum'], ['invoke_workflow', 'sum'], ['something_new', 'sum'],
  ])('operation %s with usage: %s', (operation, role) => {
    expect(reportFrom({ attributes: { ...CHAT, ...USAGE, 'gen_ai.operation.name': operation } }).role).toBe(role);
  }); // prettier-ignore

  test.each([
    ['openinference.span.kind', 'LLM', 'call'], ['openinference.span.kind', 'EMBEDDING', 'call'], ['openinference.span.kind', 'CHAIN', 'sum'], ['openinference.span.kind', 'TOOL', 'context'],
    ['langsmith.span.kind', 'llm', 'call'], ['mlflow.spanType', '"CHAT_MODEL"', 'call'], ['traceloop.span.kind', 'workflow', 'context'], ['langfuse.observation.type', 'generation', 'call'], ['langfuse.observation.type', 'span', 'context'],
  ])('%s %s: %s', (name, value, role) => {
    expect(reportFrom({ attributes: { [name]: value, 'llm.model_name': 'gpt-4o', ...USAGE } }).role).toBe(role);
  }); // prettier-ignore

  test('spans of other things tell nothing, and are not complained about', () => {
    const unknown = new UnknownShapes();
    expect(
      reportsFrom(
        [
          {
            scope: 'http',
            attributes: { 'http.method': 'POST', 'http.url': 'https://api.openai.com/v1/chat/completions' },
          },
        ],
        unknown,
      ),
    ).toEqual([]);
    expect(unknown.list()).toEqual([]);
  });

  test('shapes that nobody knows are counted by emitter and reason, and what they told of is not lost', () => {
    const unknown = new UnknownShapes();
    const reports = reportsFrom(
      [
        { scope: 'acme', version: '1', attributes: { 'gen_ai.whatever': 'x' } },
        { scope: 'acme', version: '1', attributes: { 'gen_ai.whatever': 'y' } },
        {
          scope: 'acme',
          version: '1',
          attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': 5 },
        },
      ],
      unknown,
    );
    expect(unknown.list()).toEqual([
      { emitter: 'acme 1', reason: 'names that no mapping knows', example: 'gen_ai.whatever', count: 2 },
      {
        emitter: 'acme 1',
        reason: 'a call without the name of a model',
        example: 'gen_ai.operation.name, gen_ai.usage.input_tokens',
        count: 1,
      },
    ]);
    expect(reports.map(({ role, call }) => [role, call.tokens.input])).toEqual([['call', 5]]);
  });

  test('the count of unknown shapes is bounded', () => {
    const unknown = new UnknownShapes();
    for (let scope = 0; scope < 5_000; scope += 1) unknown.note(`scope ${scope}`, 'reason', ['a']);
    expect(unknown.list().length).toBeLessThanOrEqual(201);
    expect(unknown.total).toBe(5_000);
  });

  test('a record of GenAI events that only repeats what was said is no call', () => {
    const said = ['gen_ai.user.message', 'gen_ai.choice', 'gen_ai.content.prompt'].map((event) => ({
      event,
      attributes: { ...CHAT, 'gen_ai.response.id': 'x' },
    }));
    expect(reportsFromLogs(said)).toEqual([]);
  });
});

describe('versions and settings of known emitters', () => {
  const anthropic = (attributes: Attributes): Attributes => ({
    'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.id': 'claude-sonnet-4-5', 'ai.model.provider': 'anthropic.messages', ...attributes,
  }); // prettier-ignore

  test("Vercel AI SDK 5 tells Anthropic's input without cached tokens, 6 with them", () => {
    const five = anthropic({
      'ai.usage.inputTokens': 100,
      'ai.usage.outputTokens': 5,
      'ai.usage.cachedInputTokens': 40,
    });
    expect(callFrom({ scope: 'ai', attributes: five }).tokens).toMatchObject({ input: 100, cacheRead: 40 });
    const six = {
      ...five,
      'ai.usage.inputTokenDetails.noCacheTokens': 60,
      'ai.usage.inputTokenDetails.cacheReadTokens': 40,
    };
    expect(callFrom({ scope: 'ai', attributes: six }).tokens).toMatchObject({ input: 60, cacheRead: 40 });
  });

  test('a Vercel AI SDK that follows the conventions only', () => {
    expect(
      callFrom({
        scope: 'ai',
        attributes: {
          ...CHAT,
          'gen_ai.usage.input_tokens': 100,
          'gen_ai.usage.output_tokens': 5,
          'gen_ai.usage.cache_read.input_tokens': 40,
        },
      }).tokens,
    ).toMatchObject({ input: 60, cacheRead: 40 });
  });

  describe('Vercel AI SDK 7', () => {
    const version7 = (id: number, parent: number | undefined, end: number, attributes: Attributes): TestSpan => ({
      scope: 'gen_ai', trace: 7, id, ...(parent === undefined ? {} : { parent }), start: 0, end, attributes,
    }); // prettier-ignore
    const onlyCall = (...spans: TestSpan[]): CallFields[] =>
      resolveCalls(reportsFrom(spans)).map(({ call }) => call);

    test('a stream has its time to the first token, and its user from the runtime context around it', () => {
      const context = { 'ai.settings.context.userId': 'u', 'ai.settings.context.sessionId': 's' };
      const usage = { 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 5 };
      const calls = onlyCall(
        version7(3, 2, 80, {
          ...CHAT,
          ...usage,
          'gen_ai.client.operation.time_to_first_chunk': 0.025,
          'ai.usage.outputTokenDetails.reasoningTokens': 2,
        }),
        version7(2, 1, 90, { 'gen_ai.operation.name': 'agent_step', ...context }),
        version7(1, undefined, 100, {
          ...CHAT,
          ...usage,
          ...context,
          'gen_ai.operation.name': 'invoke_agent',
        }),
      );
      expect(calls).toMatchObject([
        {
          userId: 'u',
          sessionId: 's',
          stream: true,
          timeToFirstTokenMs: 25,
          tokens: { output: 5, reasoning: 2 },
        },
      ]);
    });

    test('an embedding is told once, though its span may seem to outlast the one around it', () => {
      const embeddings = {
        'gen_ai.operation.name': 'embeddings',
        'gen_ai.request.model': 'text-embedding-3-small',
      };
      const calls = onlyCall(
        version7(2, 1, 51, { ...embeddings, 'gen_ai.usage.input_tokens': 61 }),
        version7(1, undefined, 50, embeddings),
      );
      expect(calls.map(({ tokens }) => tokens.input)).toEqual([61]);
    });
  });

  test('OpenLIT without a word about the cache is believed where nothing was streamed', () => {
    const usage = { ...CHAT, 'gen_ai.usage.input_tokens': 8, 'gen_ai.usage.output_tokens': 6 };
    expect(
      callFrom({
        scope: 'openlit.instrumentation.openai',
        attributes: { ...usage, 'gen_ai.request.is_stream': false },
      }).tokens,
    ).toMatchObject({ input: 8 });
    expect(
      callFrom({
        scope: 'openlit.instrumentation.openai',
        attributes: { ...usage, 'gen_ai.request.is_stream': true },
      }),
    ).toMatchObject({ tokens: UNKNOWN, isUsageEstimated: true });
  });

  test('a pending span of Logfire is not yet a call', () => {
    expect(
      reportsFrom([
        { scope: 'logfire.openai', attributes: { ...CHAT, 'logfire.span_type': 'pending_span' } },
      ]),
    ).toEqual([]);
  });
});

describe('events of coding agents', () => {
  test('Claude Code: numbers may be text, input leaves the cache out, the time is that of the end', () => {
    const [report] = reportsFromLogs([
      {
        scope: 'com.anthropic.claude_code.events',
        body: 'claude_code.api_request',
        at: 5_000,
        attributes: {
          'event.name': 'api_request', model: 'claude-sonnet-4-5', input_tokens: '3', output_tokens: '120', cache_read_tokens: '9000', cache_creation_tokens: '500', cost_usd: '0.0123', duration_ms: '2500',
          'session.id': 's-1', 'user.id': 'u-1', 'prompt.id': 'not-a-prompt-of-a-library', request_id: 'req_1',
        },
      },
    ]); // prettier-ignore
    expect(report?.call).toMatchObject({
      provider: 'anthropic', tokens: { input: 3, cacheRead: 9000, cacheWriteUnsplit: 500, output: 120 }, costUsd: '0.0123', responseTimeMs: 2500, sessionId: 's-1', userId: 'u-1', promptId: null, status: 'success',
    }); // prettier-ignore
    expect((report?.relation.endUs ?? 0) - (report?.call.timestampUs ?? 0)).toBe(2_500_000);
  });

  test('Claude Code: its span and its event of one request are one call', () => {
    const usage = {
      input_tokens: 3,
      output_tokens: 120,
      cache_read_tokens: 9000,
      cache_creation_tokens: 0,
      model: 'claude-sonnet-4-5',
      request_id: 'req_1',
    };
    const span = reportsFrom([
      {
        scope: 'com.anthropic.claude_code.tracing',
        name: 'claude_code.llm_request',
        trace: 5,
        id: 6,
        parent: 1,
        start: 0,
        end: 2_000,
        attributes: { ...usage, ttft_ms: 300, 'gen_ai.response.id': 'req_1' },
      },
    ]);
    const log = reportsFromLogs([
      {
        scope: 'com.anthropic.claude_code.events',
        body: 'claude_code.api_request',
        at: 2_010,
        attributes: { ...usage, 'event.name': 'api_request', duration_ms: 1_990 },
      },
    ]);
    const calls = resolveCalls([...log, ...span]);
    expect(calls.map(({ call }) => [call.tokens.output, call.timeToFirstTokenMs])).toEqual([[120, 300]]);
  });

  test('Claude Code: an error, and events that are no calls', () => {
    const reports = reportsFromLogs([
      {
        body: 'claude_code.api_error',
        attributes: { model: 'claude-sonnet-4-5', error: 'overloaded', status_code: '529', duration_ms: 10 },
      },
      { body: 'claude_code.tool_result', attributes: { tool_name: 'Bash' } },
      { body: 'claude_code.user_prompt', attributes: { prompt_length: 5 } },
    ]);
    expect(reports.map(({ call }) => [call.status, call.statusCode])).toEqual([['error', 529]]);
  });

  test('Codex: the completed stream is the call, its request only where it failed', () => {
    const shared = { model: 'gpt-5-codex', 'conversation.id': 'c-1' };
    const reports = reportsFromLogs([
      {
        event: 'codex.api_request',
        attributes: { ...shared, duration_ms: 5, 'http.response.status_code': 200 },
      },
      { event: 'codex.sse_event', attributes: { ...shared, 'event.kind': 'response.output_item.done' } },
      {
        event: 'codex.sse_event',
        attributes: {
          ...shared,
          'event.kind': 'response.completed',
          input_token_count: '100',
          cached_token_count: 40,
          output_token_count: 10,
          reasoning_token_count: 5,
          tool_token_count: 110,
        },
      },
      {
        event: 'codex.api_request',
        attributes: { ...shared, 'http.response.status_code': 429, 'error.message': 'slow down' },
      },
    ]);
    expect(
      reports.map(({ call }) => [
        call.status,
        call.statusCode,
        call.tokens.input,
        call.tokens.cacheRead,
        call.tokens.output,
        call.sessionId,
        call.provider,
      ]),
    ).toEqual([
      ['success', null, 60, 40, 10, 'c-1', 'openai'],
      ['error', 429, null, null, null, 'c-1', 'openai'],
    ]);
  });

  test('Gemini CLI: thoughts come on top of the output, the other record of the same answer is passed over', () => {
    const reports = reportsFromLogs([
      { scope: 'gemini-cli', event: 'gemini_cli.api_request', attributes: { model: 'gemini-2.5-pro' } },
      {
        scope: 'gemini-cli',
        event: 'gemini_cli.api_response',
        attributes: {
          model: 'gemini-2.5-pro',
          input_token_count: 12000,
          cached_content_token_count: 8000,
          output_token_count: 350,
          thoughts_token_count: 420,
          tool_token_count: 0,
          total_token_count: 12770,
          duration_ms: 900,
          'session.id': 's',
          prompt_id: 'p',
        },
      },
      {
        scope: 'gemini-cli',
        event: 'gen_ai.client.inference.operation.details',
        attributes: {
          'gen_ai.request.model': 'gemini-2.5-pro',
          'gen_ai.usage.input_tokens': 12000,
          'gen_ai.usage.output_tokens': 350,
        },
      },
      {
        scope: 'gemini-cli',
        event: 'gemini_cli.api_error',
        attributes: {
          model: 'gemini-2.5-pro',
          error_type: 'RESOURCE_EXHAUSTED',
          status_code: 429,
          duration_ms: 5,
        },
      },
    ]);
    expect(reports.map(({ call }) => call)).toMatchObject([
      {
        provider: 'gcp.gemini',
        tokens: { input: 4000, cacheRead: 8000, output: 770, reasoning: 420 },
        responseTimeMs: 900,
        promptId: null,
        sessionId: 's',
      },
      { status: 'error', statusCode: 429, errorType: 'RESOURCE_EXHAUSTED' },
    ]);
  });
});

describe('what is kept beside the fields', () => {
  test("the user's own tags, under the names that he gave them", () => {
    expect(
      callFrom({
        scope: 'ai',
        attributes: {
          'ai.operationId': 'ai.generateText.doGenerate',
          'ai.model.id': 'm',
          'ai.telemetry.metadata.team': 'search',
          'ai.telemetry.metadata.userId': 'u',
          'ai.telemetry.metadata.tags': ['a', 'b'],
        },
      }),
    ).toMatchObject({
      userId: 'u',
      metadata: { team: 'search', tags: ['a', 'b'] },
    });
    expect(
      callFrom({
        attributes: {
          'openinference.span.kind': 'LLM',
          'llm.model_name': 'm',
          metadata: '{"team": "search", "deep": {"a": 1}}',
        },
      }).metadata,
    ).toEqual({ team: 'search' });
  });

  test('is bounded in number, length and size, and has nothing that cannot be stored', () => {
    const many = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [
        `traceloop.association.properties.k${index}`,
        'v'.repeat(200),
      ]),
    );
    const odd = {
      'traceloop.association.properties.__proto__': 'x',
      'traceloop.association.properties.nul': 'a\0b',
      ['traceloop.association.properties.' + 'k'.repeat(100)]: 'x',
      'traceloop.association.properties.long': 'x'.repeat(300),
    };
    const { metadata } = callFrom({
      scope: 'opentelemetry.instrumentation.openai.v1',
      attributes: { ...CHAT, ...odd, ...many },
    });
    const text = JSON.stringify(metadata);
    expect(text.length).toBeLessThan(8_192);
    expect(Object.keys(metadata ?? {}).length).toBeLessThanOrEqual(32);
    expect(text).not.toContain('\\u0000');
    expect(Object.hasOwn(metadata ?? {}, '__proto__')).toBe(false);
  });

  test('what was said is not kept, under none of the names', () => {
    const said = 'my secret question';
    const attributes = {
      ...CHAT, 'gen_ai.input.messages': said, 'gen_ai.output.messages': said, 'gen_ai.prompt': said, 'gen_ai.completion': said, 'gen_ai.prompt.0.content': said, 'input.value': said, 'output.value': said, 'ai.prompt': said,
      'llm.input_messages.0.message.content': said, 'langfuse.observation.input': said, 'traceloop.entity.input': said, 'gen_ai.system_instructions': said, 'llm.prompt_template.template': said, 'gen_ai.tool.call.arguments': said,
    }; // prettier-ignore
    for (const scope of [
      'acme',
      'openinference.instrumentation.openai',
      'langfuse-sdk',
      'ai',
      'litellm',
      'openlit.instrumentation.openai',
    ])
      expect(JSON.stringify(reportsFrom([{ scope, attributes }]))).not.toContain(said);
  });

  test('texts longer than a column takes are cut', () => {
    const { userId, requestModel } = callFrom({
      attributes: { ...CHAT, 'gen_ai.request.model': 'm'.repeat(500), 'user.id': 'u'.repeat(500) },
    });
    expect([userId?.length, requestModel?.length]).toEqual([200, 200]);
  });
});
