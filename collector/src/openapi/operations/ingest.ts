import type { Operation, Operations } from '../operation.ts';

const EVENT = {
  event_id: 'order-4711',
  timestamp: '2026-03-10T12:00:00.123Z',
  project_id: 'checkout',
  prompt_id: 'summarise-order',
  prompt_version: '7',
  endpoint: '/v1/chat/completions',
  model_provider: 'openai',
  model_name: 'gpt-4o',
  environment: 'production',
  user_id: 'u-17',
  session_id: 's-9',
  input_tokens: 1200,
  cache_read_tokens: 900,
  output_tokens: 310,
  response_time_ms: 1840.5,
  time_to_first_token_ms: 410,
  status: 'success',
  metadata: { team: 'search' },
};
const accepted = (count: number): object => ({
  received: count,
  accepted: count,
  duplicate: 0,
  rejected: 0,
  duplicates: [],
  errors: [],
});

const text = (key: string, value: string): object => ({ key, value: { stringValue: value } });
const integer = (key: string, value: number): object => ({ key, value: { intValue: String(value) } });
const RESOURCE = { attributes: [text('service.name', 'checkout')] };
const SCOPE = { name: 'opentelemetry.instrumentation.openai_v2', version: '2.1b0' };
/** 2026-03-10T12:00:00Z in nanoseconds, as OTLP's JSON has it. */
const START = '1773144000000000000';
const END = '1773144001840000000';
const CALL = [
  text('gen_ai.operation.name', 'chat'),
  text('gen_ai.provider.name', 'openai'),
  text('gen_ai.request.model', 'gpt-4o'),
  text('gen_ai.response.model', 'gpt-4o'),
  integer('gen_ai.usage.input_tokens', 1200),
  integer('gen_ai.usage.output_tokens', 310),
];

const traces = (operationId: string, spanId: string): Operation => ({
  operationId,
  scopes: ['ingest'],
  examples: {
    'a span of a model call': {
      body: {
        resourceSpans: [
          {
            resource: RESOURCE,
            scopeSpans: [
              {
                scope: SCOPE,
                spans: [
                  {
                    traceId: '0af7651916cd43dd8448eb211c80319c',
                    spanId,
                    name: 'chat gpt-4o',
                    kind: 3,
                    startTimeUnixNano: START,
                    endTimeUnixNano: END,
                    attributes: CALL,
                  },
                ],
              },
            ],
          },
        ],
      },
      answer: {},
    },
  },
});

export const ingestOperations: Operations = {
  'POST /v1/client/usage/log': {
    operationId: 'recordUsage',
    scopes: ['ingest'],
    examples: {
      'one event': { body: EVENT, answer: accepted(1) },
      'several events': {
        headers: { 'idempotency-key': 'batch-1' },
        body: {
          events: [
            {
              timestamp: '2026-03-10T12:00:01Z',
              model_provider: 'anthropic',
              model_name: 'claude-sonnet-4-5',
            },
            {
              timestamp: '2026-03-10T12:00:02Z',
              model_provider: 'openai',
              model_name: 'o3',
              status: 'error',
            },
          ],
        },
        answer: accepted(2),
      },
      'lines of events': {
        contentType: 'application/x-ndjson',
        body: '{"event_id":"line-1","timestamp":"2026-03-10T12:00:03Z","model_provider":"openai","model_name":"gpt-4o"}\n',
        answer: accepted(1),
      },
    },
  },
  'POST /v1/import': {
    operationId: 'importHistory',
    scopes: ['admin'],
    examples: {
      'events of a collector': {
        query: { format: 'promptops' },
        contentType: 'application/x-ndjson',
        body: '{"event_id":"imported-1","timestamp":"2026-03-10T12:00:04Z","model_provider":"openai","model_name":"gpt-4o","input_tokens":1000,"output_tokens":100}\n',
      },
      'what an import of LiteLLM would do': {
        query: { format: 'litellm', dry_run: true },
        body: [
          {
            request_id: 'chatcmpl-1',
            call_type: 'acompletion',
            startTime: '2026-03-10T12:00:05+00:00',
            endTime: '2026-03-10T12:00:06+00:00',
            model: 'gpt-4o',
            custom_llm_provider: 'openai',
            prompt_tokens: 1000,
            completion_tokens: 100,
            total_tokens: 1100,
            spend: 0.0035,
          },
        ],
      },
    },
  },
  'POST /v1/traces': traces('exportTraces', 'b7ad6b7169203331'),
  'POST /api/public/otel/v1/traces': traces('exportTracesOfLangfuse', 'b7ad6b7169203332'),
  'POST /i/v0/ai/otel': traces('exportTracesOfPostHog', 'b7ad6b7169203333'),
  'POST /v1/logs': {
    operationId: 'exportLogs',
    scopes: ['ingest'],
    examples: {
      'an event about a model call': {
        body: {
          resourceLogs: [
            {
              resource: RESOURCE,
              scopeLogs: [
                {
                  scope: SCOPE,
                  logRecords: [
                    {
                      timeUnixNano: END,
                      traceId: '0af7651916cd43dd8448eb211c80319d',
                      spanId: 'b7ad6b7169203334',
                      eventName: 'gen_ai.client.inference.operation.details',
                      attributes: CALL,
                    },
                  ],
                },
              ],
            },
          ],
        },
        answer: {},
      },
    },
  },
  'POST /v1/metrics': {
    operationId: 'exportMetrics',
    scopes: ['ingest'],
    examples: {
      'tokens that a coding agent used': {
        body: {
          resourceMetrics: [
            {
              resource: { attributes: [text('service.name', 'claude-code')] },
              scopeMetrics: [
                {
                  scope: { name: 'com.anthropic.claude_code', version: '2.1.0' },
                  metrics: [
                    {
                      name: 'claude_code.token.usage',
                      sum: {
                        aggregationTemporality: 1,
                        isMonotonic: true,
                        dataPoints: [
                          {
                            startTimeUnixNano: START,
                            timeUnixNano: END,
                            asDouble: 1200,
                            attributes: [text('type', 'input'), text('model', 'claude-sonnet-4-5')],
                          },
                        ],
                      },
                    },
                  ],
                },
              ],
            },
          ],
        },
        answer: {},
      },
    },
  },
};
