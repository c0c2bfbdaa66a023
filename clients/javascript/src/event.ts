import { newEventId } from './event-id.ts';

/** A field that may be left out, or given as null: both mean 'not known'. */
type Optional<T> = T | null | undefined;

/** One LLM call, as the collector takes it. The provider and the model are required, here or in the `defaults`. */
export interface UsageEvent {
  /** Who answered, e.g. `openai`. */
  model_provider?: Optional<string>;
  model_name?: Optional<string>;
  /** Unique per call; a UUID version 7 is made when there is none. The same id posted twice counts once. */
  event_id?: Optional<string>;
  /** When the call started; default: now. A Date, Unix milliseconds, or an RFC 3339 string. */
  timestamp?: Optional<Date | number | string>;
  project_id?: Optional<string>;
  prompt_id?: Optional<string>;
  prompt_version?: Optional<string>;
  endpoint?: Optional<string>;
  service_tier?: Optional<string>;
  environment?: Optional<string>;
  user_id?: Optional<string>;
  session_id?: Optional<string>;
  stream?: Optional<boolean>;
  /** Cached tokens included. */
  input_tokens?: Optional<number>;
  cache_read_tokens?: Optional<number>;
  cache_write_5m_tokens?: Optional<number>;
  cache_write_1h_tokens?: Optional<number>;
  /** Reasoning tokens included. */
  output_tokens?: Optional<number>;
  reasoning_tokens?: Optional<number>;
  /** What the caller allowed (max tokens). */
  tokens_requested?: Optional<number>;
  response_time_ms?: Optional<number>;
  time_to_first_token_ms?: Optional<number>;
  status?: Optional<'success' | 'error'>;
  status_code?: Optional<number>;
  error_type?: Optional<string>;
  /** The application's own response cache answered (cost 0); not the provider's prompt cache. */
  cache_hit?: Optional<boolean>;
  /** What the application believes it cost: a decimal string, or a number. */
  cost_usd?: Optional<string | number>;
  metadata?: Optional<Record<string, unknown>>;
}

/** The names of these fields; anything else belongs under `metadata`. */
export const EVENT_FIELDS: ReadonlySet<string> = new Set([
  ...['event_id', 'timestamp', 'project_id', 'prompt_id', 'prompt_version', 'endpoint'],
  ...['model_provider', 'model_name', 'service_tier', 'environment', 'user_id', 'session_id', 'stream'],
  ...['input_tokens', 'cache_read_tokens', 'cache_write_5m_tokens', 'cache_write_1h_tokens'],
  ...['output_tokens', 'reasoning_tokens', 'tokens_requested'],
  ...['response_time_ms', 'time_to_first_token_ms', 'status', 'status_code', 'error_type'],
  ...['cache_hit', 'cost_usd', 'metadata'],
]);

/**
 * One event as JSON, with what it lacks: `event_id`, and `timestamp` (`recordedMs`, Unix milliseconds). Encode an event once and
 * keep the text, so that every attempt sends the same id. Throws for what JSON cannot hold.
 */
export function encodeEvent(fields: Readonly<Record<string, unknown>>, recordedMs: number): string {
  const event: Record<string, unknown> = { event_id: undefined, timestamp: recordedMs };
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === undefined || value === '' || typeof value === 'function') continue;
    // Databases answer counts as bigint.
    event[name] = typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
  event.event_id ??= newEventId(recordedMs);
  const { timestamp, cost_usd: cost } = event;
  if (timestamp instanceof Date || typeof timestamp === 'number') {
    event.timestamp = new Date(timestamp).toISOString();
  }
  if (typeof cost === 'number') event.cost_usd = decimalText(cost);
  return JSON.stringify(event);
}

/** A number as a plain decimal string: 1e-7 is written 0.0000001. The collector takes at most 18 digits after the point. */
function decimalText(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`cost_usd is ${value}`);
  const text = String(value);
  if (!text.includes('e')) return text;
  return Math.abs(value) < 1 ? value.toFixed(18).replace(/\.?0+$/, '') : BigInt(value).toString();
}
