import { Type, type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { checkedByRoute } from '../http/checked-by-route.ts';

const optional = <Schema extends TSchema>(schema: Schema, description: string) =>
  Type.Optional(Type.Union([schema, Type.Null()], { description }));
const text = (maxLength: number, description: string) =>
  optional(Type.String({ minLength: 1, maxLength }), description);

/** A model call of more tokens than this is a mistake. */
export const MAX_TOKENS = 1_000_000_000;
const tokens = (description: string) =>
  optional(Type.Integer({ minimum: 0, maximum: MAX_TOKENS }), description);
/** A call that took longer than this is a mistake. */
const MAX_DURATION_MS = 7 * 24 * 3600 * 1000;
const duration = (description: string) =>
  optional(Type.Number({ minimum: 0, maximum: MAX_DURATION_MS }), description);

/** RFC 3339 with a zone; microseconds are kept, finer digits are cut. */
export const TIMESTAMP_PATTERN =
  '^\\d{4}-\\d{2}-\\d{2}[Tt ]\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?([Zz]|[+-]\\d{2}:\\d{2})$';

/** One LLM call as it is posted. `null` says the same as leaving the field out: not known. */
export const PostedEventSchema = Type.Object(
  {
    event_id: text(200, 'Unique within the tenant; without one there is no protection against a re-send'),
    timestamp: Type.String({
      pattern: TIMESTAMP_PATTERN,
      maxLength: 40,
      ...checkedByRoute({ format: 'date-time' }),
      description: 'When the call started, RFC 3339 with a zone',
    }),
    project_id: text(200, 'Project or application'),
    prompt_id: text(200, 'Prompt (template) that was used'),
    prompt_version: text(100, 'Version of the prompt'),
    endpoint: text(500, "The provider's endpoint, e.g. /v1/chat/completions"),
    model_provider: Type.String({
      minLength: 1,
      maxLength: 100,
      description: 'e.g. openai, anthropic, aws.bedrock',
    }),
    model_name: Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'Model that answered, e.g. gpt-4o',
    }),
    service_tier: text(100, 'e.g. default, batch, flex, priority'),
    environment: text(100, 'e.g. production'),
    user_id: text(200, "The application's user"),
    session_id: text(200, 'Conversation or session'),
    stream: optional(Type.Boolean(), 'Whether the answer was streamed'),
    input_tokens: tokens('Input tokens, cached ones included'),
    cache_read_tokens: tokens("Input tokens read from the provider's prompt cache (a part of input_tokens)"),
    cache_write_5m_tokens: tokens(
      'Input tokens written to the prompt cache for 5 minutes (a part of input_tokens)',
    ),
    cache_write_1h_tokens: tokens(
      'Input tokens written to the prompt cache for an hour (a part of input_tokens)',
    ),
    output_tokens: tokens('Output tokens, reasoning included'),
    reasoning_tokens: tokens('Reasoning tokens (a part of output_tokens)'),
    tokens_requested: tokens('What the caller allowed (max tokens)'),
    response_time_ms: duration('Whole duration of the call in milliseconds'),
    time_to_first_token_ms: duration('Milliseconds until the first token of a stream'),
    status: optional(
      Type.Union([Type.Literal('success'), Type.Literal('error')]),
      'success or error; default: error where error_type is given or status_code is 400 or more',
    ),
    status_code: optional(Type.Integer({ minimum: 100, maximum: 599 }), "The provider's HTTP status"),
    error_type: text(200, 'e.g. rate_limit_exceeded'),
    cache_hit: optional(Type.Boolean(), "Answered by the application's own response cache: costs nothing"),
    cost_usd: optional(
      Type.String({ pattern: '^\\d{1,7}(\\.\\d{1,18})?$', maxLength: 30 }),
      'Cost in USD as the client knows it, a decimal string; kept beside the computed cost',
    ),
    metadata: optional(Type.Record(Type.String(), Type.Unknown()), 'Own tags, at most 8 KiB as JSON'),
  },
  { additionalProperties: false },
);
export type PostedEvent = Static<typeof PostedEventSchema>;

const validator = Compile(PostedEventSchema);
const FIELDS = PostedEventSchema.properties as Record<string, TSchema & { description?: string }>;

export interface FieldError {
  field: string | null;
  reason: string;
}

export const MAX_METADATA_BYTES = 8 * 1024;
const MAX_METADATA_DEPTH = 6;

/** Checks one item; returns the event, or the first thing that is wrong with it in words. */
export function checkEvent(item: unknown): PostedEvent | FieldError {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    return { field: null, reason: 'is not an object' };
  }
  if (!validator.Check(item)) return explain(item as Record<string, unknown>);
  return textError(item) ?? metadataError(item) ?? item;
}

export function isFieldError(checked: PostedEvent | FieldError): checked is FieldError {
  return 'reason' in checked;
}

function explain(item: Record<string, unknown>): FieldError {
  for (const field of Object.keys(item)) {
    if (!Object.hasOwn(FIELDS, field)) {
      return {
        field: clip(field),
        reason: 'is not a field of an event; put data of your own under "metadata"',
      };
    }
  }
  for (const [field, schema] of Object.entries(FIELDS)) {
    const value = item[field];
    if (value === undefined) {
      if (PostedEventSchema.required.includes(field as never)) return { field, reason: 'is required' };
      continue;
    }
    if (fieldValidator(field, schema).Check(value)) continue;
    return { field, reason: `${describeExpected(schema)}, not ${describeValue(value)}` };
  }
  return { field: null, reason: 'is not a valid event' };
}

const fieldValidators = new Map<string, ReturnType<typeof Compile>>();
function fieldValidator(field: string, schema: TSchema): ReturnType<typeof Compile> {
  let compiled = fieldValidators.get(field);
  if (!compiled) fieldValidators.set(field, (compiled = Compile(schema)));
  return compiled;
}

interface JsonSchema {
  anyOf?: JsonSchema[];
  type?: string;
  const?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  pattern?: string;
}

function describeExpected(schema: TSchema): string {
  const alternatives = ((schema as JsonSchema).anyOf ?? [schema as JsonSchema]).flatMap(
    (one) => one.anyOf ?? [one],
  );
  const wanted = alternatives.filter((one) => one.type !== 'null');
  const constants = wanted.flatMap((one) => (one.const === undefined ? [] : [`"${one.const}"`]));
  if (constants.length > 0) return `must be ${constants.join(' or ')}`;
  const one = wanted[0] ?? {};
  if (one.pattern === TIMESTAMP_PATTERN)
    return 'must be an RFC 3339 time with a zone such as "2026-11-24T06:00:00.123Z"';
  if (one.pattern !== undefined) return 'must be a decimal number in a string such as "0.0042"';
  if (one.type === 'string') return `must be a string of 1 to ${one.maxLength ?? 0} characters`;
  if (one.type === 'integer') return `must be a whole number from ${one.minimum ?? 0} to ${one.maximum ?? 0}`;
  if (one.type === 'number') return `must be a number from ${one.minimum ?? 0} to ${one.maximum ?? 0}`;
  if (one.type === 'boolean') return 'must be true or false';
  return 'must be an object';
}

function describeValue(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') {
    if (value === '') return 'an empty string';
    return value.length > 60 ? `a string of ${value.length} characters` : JSON.stringify(value);
  }
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value;
}

const clip = (name: string): string => (name.length > 100 ? `${name.slice(0, 100)}…` : name);

// PostgreSQL cannot store U+0000 in text.
const NUL = '\0';

const TEXT_FIELDS = Object.keys(FIELDS).filter((field) => field !== 'metadata') as (keyof PostedEvent)[];

function textError(event: PostedEvent): FieldError | undefined {
  for (const field of TEXT_FIELDS) {
    const value = event[field];
    if (typeof value === 'string' && value.includes(NUL)) {
      return { field, reason: 'holds a NUL character, which cannot be stored' };
    }
  }
  return undefined;
}

function metadataError(event: PostedEvent): FieldError | undefined {
  const { metadata } = event;
  if (metadata == null) return undefined;
  const reason = contentError(metadata);
  if (reason !== undefined) return { field: 'metadata', reason };
  if (Buffer.byteLength(JSON.stringify(metadata)) > MAX_METADATA_BYTES) {
    return { field: 'metadata', reason: `is larger than ${MAX_METADATA_BYTES} bytes as JSON` };
  }
  return undefined;
}

/** Walks with a list of its own: a body may nest deeper than the call stack. */
function contentError(metadata: object): string | undefined {
  const open: [object, number][] = [[metadata, 1]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [value, depth] = next;
    if (depth > MAX_METADATA_DEPTH) return `is nested deeper than ${MAX_METADATA_DEPTH} levels`;
    for (const [key, child] of Object.entries(value) as [string, unknown][]) {
      if (key === '__proto__') return 'has a field named __proto__, which is refused';
      if (key.includes(NUL) || (typeof child === 'string' && child.includes(NUL))) {
        return 'holds a NUL character, which cannot be stored';
      }
      if (typeof child === 'object' && child !== null) open.push([child, depth + 1]);
    }
  }
  return undefined;
}
