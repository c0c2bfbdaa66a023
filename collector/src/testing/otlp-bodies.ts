/** One model call as any instrumentation of the OpenTelemetry GenAI conventions tells it, for tests that are not about how it is read. */
export interface ToldCall {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits. */
  spanId: string;
  atMs: number;
  projectId: string;
  modelName: string;
  inputTokens: number;
  outputTokens: number;
}

type Attribute = { key: string; value: { stringValue: string } | { intValue: string } };

const text = (key: string, value: string): Attribute => ({ key, value: { stringValue: value } });
const integer = (key: string, value: number): Attribute => ({ key, value: { intValue: String(value) } });
const nanos = (ms: number): string => `${ms}000000`;
const resource = ({ projectId }: Pick<ToldCall, 'projectId'>): object => ({
  attributes: [text('service.name', projectId), text('promptops.project.id', projectId)],
});
const attributesOf = ({ modelName, inputTokens, outputTokens, spanId }: ToldCall): Attribute[] => [
  text('gen_ai.operation.name', 'chat'),
  text('gen_ai.provider.name', 'openai'),
  text('gen_ai.request.model', modelName),
  text('gen_ai.response.model', modelName),
  text('gen_ai.response.id', `chatcmpl-${spanId}`),
  integer('gen_ai.usage.input_tokens', inputTokens),
  integer('gen_ai.usage.output_tokens', outputTokens),
];
const scope = { name: 'opentelemetry.instrumentation.openai_v2', version: '2.3' };

/** Body of `POST /v1/traces`, OTLP JSON: one span of a second. */
export function tracesBody(call: ToldCall): string {
  const span = {
    traceId: call.traceId,
    spanId: call.spanId,
    name: `chat ${call.modelName}`,
    kind: 3,
    startTimeUnixNano: nanos(call.atMs),
    endTimeUnixNano: nanos(call.atMs + 1000),
    attributes: attributesOf(call),
  };
  return JSON.stringify({
    resourceSpans: [{ resource: resource(call), scopeSpans: [{ scope, spans: [span] }] }],
  });
}

/** Body of `POST /v1/logs`, OTLP JSON: the event in which the conventions tell a call without a span. */
export function logsBody(call: ToldCall): string {
  const logRecord = {
    traceId: call.traceId,
    spanId: call.spanId,
    timeUnixNano: nanos(call.atMs),
    eventName: 'gen_ai.client.inference.operation.details',
    attributes: attributesOf(call),
  };
  return JSON.stringify({
    resourceLogs: [{ resource: resource(call), scopeLogs: [{ scope, logRecords: [logRecord] }] }],
  });
}

/** Body of `POST /v1/metrics`, OTLP JSON: three calls' tokens, which nothing else tells of. */
export function metricsBody(call: ToldCall): string {
  const point = {
    startTimeUnixNano: nanos(call.atMs),
    timeUnixNano: nanos(call.atMs + 1000),
    count: '3',
    sum: call.inputTokens,
    bucketCounts: ['3'],
    explicitBounds: [],
    attributes: [
      text('gen_ai.provider.name', 'openai'),
      text('gen_ai.request.model', call.modelName),
      text('gen_ai.token.type', 'input'),
    ],
  };
  const metric = {
    name: 'gen_ai.client.token.usage',
    unit: '{token}',
    histogram: { aggregationTemporality: 1, dataPoints: [point] },
  };
  return JSON.stringify({
    resourceMetrics: [{ resource: resource(call), scopeMetrics: [{ scope, metrics: [metric] }] }],
  });
}

/** Body of `POST /v1/traces` with a span that looks like a model call and cannot be read. */
export function unreadableBody({ emitter, atMs }: { emitter: string; atMs: number }): string {
  const span = {
    traceId: '5b8efff798038103d269b633813fc60c',
    spanId: 'eee19b7ec3c1b174',
    name: 'something',
    kind: 1,
    startTimeUnixNano: nanos(atMs),
    endTimeUnixNano: nanos(atMs + 1000),
    attributes: [text('gen_ai.usage.mystery', 'x')],
  };
  return JSON.stringify({
    resourceSpans: [{ scopeSpans: [{ scope: { name: emitter, version: '9' }, spans: [span] }] }],
  });
}
