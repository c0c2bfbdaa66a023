import { count, duration, usd } from '../../figures/format.ts';
import { instant } from '../../figures/time.ts';
import type { StoredEvent } from './event-feed.ts';

export interface EventField {
  label: string;
  /** For people. */
  text: (event: StoredEvent, timeZone: string) => string;
  numeric?: boolean;
  /** The filter that a click on it adds. */
  dimension?: string;
}

const UNKNOWN = '–';
const word = (label: string, name: keyof StoredEvent, dimension?: string): EventField => ({
  label,
  text: (event) => {
    const value = event[name];
    return value === null || typeof value === 'object' ? UNKNOWN : String(value);
  },
  ...(dimension === undefined ? {} : { dimension }),
});
const tokens = (label: string, name: keyof StoredEvent): EventField => ({
  label,
  numeric: true,
  text: (event) => count(event[name] as number | null),
});
const time = (label: string, name: 'response_time_ms' | 'time_to_first_token_ms'): EventField => ({
  label,
  numeric: true,
  text: (event) => duration(event[name]),
});
const yesOrNo = (label: string, name: 'stream' | 'cache_hit', dimension: string): EventField => ({
  label,
  text: (event) => (event[name] === null ? UNKNOWN : event[name] ? 'yes' : 'no'),
  dimension,
});

/** Everything that is stored of an event, in the order in which it is told. The type holds it to the API: a new field is missed here at once. */
export const EVENT_FIELDS = {
  timestamp: { label: 'Time', text: (event, timeZone) => instantMs(event.timestamp, timeZone) },
  status: word('Status', 'status', 'status'),
  error_type: word('Error type', 'error_type', 'error_type'),
  status_code: word('HTTP status', 'status_code', 'status_code'),
  model_name: word('Model', 'model_name', 'model_name'),
  model_provider: word('Provider', 'model_provider', 'model_provider'),
  service_tier: word('Service tier', 'service_tier', 'service_tier'),
  endpoint: word('Endpoint', 'endpoint', 'endpoint'),
  project_id: word('Project', 'project_id', 'project_id'),
  prompt_id: word('Prompt', 'prompt_id', 'prompt_id'),
  prompt_version: word('Prompt version', 'prompt_version', 'prompt_version'),
  environment: word('Environment', 'environment', 'environment'),
  user_id: word('User', 'user_id', 'user_id'),
  session_id: word('Session', 'session_id', 'session_id'),
  total_tokens_used: tokens('Tokens', 'total_tokens_used'),
  input_tokens: tokens('Input, uncached', 'input_tokens'),
  cache_read_tokens: tokens('Input, read from cache', 'cache_read_tokens'),
  cache_write_5m_tokens: tokens('Input, written to cache for 5 min', 'cache_write_5m_tokens'),
  cache_write_1h_tokens: tokens('Input, written to cache for 1 h', 'cache_write_1h_tokens'),
  output_tokens: tokens('Output', 'output_tokens'),
  reasoning_tokens: tokens('Reasoning, part of output', 'reasoning_tokens'),
  total_tokens_requested: tokens('Output allowed', 'total_tokens_requested'),
  usage_note: word('Note on usage', 'usage_note'),
  cost_usd: {
    label: 'Cost',
    numeric: true,
    text: ({ cost_usd }) => (cost_usd === null ? 'unpriced' : usd(cost_usd)),
  },
  reported_cost_usd: {
    label: 'Cost that the sender claims',
    numeric: true,
    text: ({ reported_cost_usd }) => usd(reported_cost_usd),
  },
  price_id: word('Price', 'price_id'),
  discount_id: word('Discount', 'discount_id'),
  response_time_ms: time('Response time', 'response_time_ms'),
  time_to_first_token_ms: time('Time to first token', 'time_to_first_token_ms'),
  output_tokens_per_second: {
    label: 'Output tokens per second',
    numeric: true,
    text: ({ output_tokens_per_second }) => count(output_tokens_per_second),
  },
  stream: yesOrNo('Streamed', 'stream', 'stream'),
  cache_hit: yesOrNo('Answered by own cache', 'cache_hit', 'cache_hit'),
  event_id: word('Event id', 'event_id'),
  received_at: { label: 'Received', text: (event, timeZone) => instant(event.received_at, timeZone) },
  metadata: {
    label: 'Metadata',
    text: ({ metadata }) =>
      metadata === null
        ? UNKNOWN
        : Object.entries(metadata)
            .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
            .join(', '),
  },
} as const satisfies Record<keyof StoredEvent, EventField>;

export type EventFieldName = keyof typeof EVENT_FIELDS;
export const FIELD_NAMES = Object.keys(EVENT_FIELDS) as EventFieldName[];

/** With milliseconds: calls of one second are told apart. */
function instantMs(timestamp: string, timeZone: string): string {
  return `${instant(timestamp, timeZone)}.${String(new Date(timestamp).getUTCMilliseconds()).padStart(3, '0')}`;
}
