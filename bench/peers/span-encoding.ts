import type { UsageEvent } from '../../collector/src/demo/usage-event.ts';

/**
 * Which words the attributes use: OpenInference (Phoenix) or OpenTelemetry's GenAI conventions (everybody else).
 * The facts told are the same: model, provider, tokens, who, which prompt.
 */
export type Dialect = 'openinference' | 'gen_ai';

export interface SpanIdentity {
  traceId: Buffer;
  spanId: Buffer;
  /** Absent for the first span of a trace. */
  parentSpanId?: Buffer;
}

type AttributeValue = string | number | boolean;

const SPAN_KIND_CLIENT = 3;
const STATUS_OK = 1;
const STATUS_ERROR = 2;

/** An `ExportTraceServiceRequest` of one resource and one scope, as an exporter in an application would send it. */
export function encodeExportRequest(spans: readonly Buffer[], projectName: string): Buffer {
  const resource = message(
    1,
    ...attributes(1, { 'service.name': 'bench', 'openinference.project.name': projectName }),
  );
  const scope = message(1, text(1, 'bench'));
  return message(1, resource, message(2, scope, ...spans));
}

/** One call as a span, encoded as the field `spans` of its scope. */
export function encodeSpan(
  event: UsageEvent,
  identity: SpanIdentity,
  startMs: number,
  dialect: Dialect,
): Buffer {
  const startNs = BigInt(startMs) * 1_000_000n;
  const endNs = startNs + BigInt(Math.round(event.response_time_ms * 1e6));
  const failed = event.status === 'error';
  return message(
    2,
    bytes(1, identity.traceId),
    bytes(2, identity.spanId),
    ...(identity.parentSpanId ? [bytes(4, identity.parentSpanId)] : []),
    text(5, `chat ${event.model_name}`),
    unsigned(6, SPAN_KIND_CLIENT),
    fixed64(7, startNs),
    fixed64(8, endNs),
    ...attributes(9, dialect === 'openinference' ? openInference(event) : genAi(event)),
    message(
      15,
      ...(failed ? [text(2, event.error_type ?? 'error')] : []),
      unsigned(3, failed ? STATUS_ERROR : STATUS_OK),
    ),
  );
}

function openInference(event: UsageEvent): Record<string, AttributeValue | undefined> {
  return {
    'openinference.span.kind': 'LLM',
    'llm.provider': event.model_provider,
    'llm.model_name': event.model_name,
    'llm.token_count.prompt': event.input_tokens,
    'llm.token_count.completion': event.output_tokens,
    'llm.token_count.total':
      event.input_tokens === undefined ? undefined : event.input_tokens + (event.output_tokens ?? 0),
    'llm.token_count.prompt_details.cache_read': event.cache_read_tokens,
    'llm.token_count.prompt_details.cache_write':
      event.cache_write_5m_tokens === undefined
        ? undefined
        : event.cache_write_5m_tokens + (event.cache_write_1h_tokens ?? 0),
    'llm.token_count.completion_details.reasoning': event.reasoning_tokens,
    'llm.prompt_template.version': event.prompt_version,
    'user.id': event.user_id,
    'session.id': event.session_id,
    metadata: JSON.stringify({
      ...event.metadata,
      project_id: event.project_id,
      prompt_id: event.prompt_id,
      environment: event.environment,
      time_to_first_token_ms: event.time_to_first_token_ms,
    }),
  };
}

function genAi(event: UsageEvent): Record<string, AttributeValue | undefined> {
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': event.model_provider,
    'gen_ai.request.model': event.model_name,
    'gen_ai.response.model': event.model_name,
    'gen_ai.request.max_tokens': event.tokens_requested,
    'gen_ai.request.stream': event.stream,
    'gen_ai.usage.input_tokens': event.input_tokens,
    'gen_ai.usage.cache_read.input_tokens': event.cache_read_tokens,
    'gen_ai.usage.cache_creation.input_tokens':
      event.cache_write_5m_tokens === undefined
        ? undefined
        : event.cache_write_5m_tokens + (event.cache_write_1h_tokens ?? 0),
    'gen_ai.usage.output_tokens': event.output_tokens,
    'gen_ai.usage.reasoning.output_tokens': event.reasoning_tokens,
    'gen_ai.response.time_to_first_chunk':
      event.time_to_first_token_ms === undefined ? undefined : event.time_to_first_token_ms / 1000,
    'gen_ai.conversation.id': event.session_id,
    'user.id': event.user_id,
    'gen_ai.prompt.name': event.prompt_id,
    'gen_ai.prompt.version': event.prompt_version,
    'deployment.environment.name': event.environment,
    'error.type': event.error_type,
    'http.response.status_code': event.status_code,
    ...Object.fromEntries(Object.entries(event.metadata).map(([key, value]) => [`metadata.${key}`, value])),
  };
}

function attributes(field: number, values: Record<string, AttributeValue | undefined>): Buffer[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [message(field, text(1, key), message(2, anyValue(value)))],
  );
}

function anyValue(value: AttributeValue): Buffer {
  if (typeof value === 'string') return text(1, value);
  if (typeof value === 'boolean') return unsigned(2, value ? 1 : 0);
  if (Number.isInteger(value)) return unsigned(3, value);
  const double = Buffer.alloc(8);
  double.writeDoubleLE(value);
  return Buffer.concat([tag(4, 1), double]);
}

// The wire format of Protocol Buffers, as far as a span needs it: https://protobuf.dev/programming-guides/encoding/

function varint(value: number): Buffer {
  const encoded: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) encoded.push((rest % 128) | 128);
  encoded.push(rest);
  return Buffer.from(encoded);
}

const tag = (field: number, wireType: number): Buffer => varint(field * 8 + wireType);
const unsigned = (field: number, value: number): Buffer => Buffer.concat([tag(field, 0), varint(value)]);
const bytes = (field: number, value: Buffer): Buffer =>
  Buffer.concat([tag(field, 2), varint(value.length), value]);
const text = (field: number, value: string): Buffer => bytes(field, Buffer.from(value));
const message = (field: number, ...fields: Buffer[]): Buffer => bytes(field, Buffer.concat(fields));

function fixed64(field: number, value: bigint): Buffer {
  const encoded = Buffer.alloc(8);
  encoded.writeBigUInt64LE(value);
  return Buffer.concat([tag(field, 1), encoded]);
}
