/**
 * One LLM call as `POST /v1/client/usage/log` takes it. Fields that the demo has nothing to say about are left out, never null.
 * Tokens are counts; `input_tokens` includes the prompt-cached ones and `output_tokens` includes the reasoning ones.
 */
export interface UsageEvent {
  /** A UUIDv7: unique, and sorted as text it is in time order. */
  event_id: string;
  /** When the call started: ISO 8601, UTC, milliseconds. */
  timestamp: string;
  project_id: string;
  prompt_id: string;
  prompt_version: string;
  endpoint: string;
  model_provider: string;
  model_name: string;
  service_tier: string;
  environment: 'production' | 'staging';
  /** Absent for batch jobs, as is `session_id`. */
  user_id?: string;
  session_id?: string;
  stream: boolean;
  /** Absent, as every other count of used tokens, when the call failed. */
  input_tokens?: number;
  cache_read_tokens?: number;
  cache_write_5m_tokens?: number;
  cache_write_1h_tokens?: number;
  output_tokens?: number;
  reasoning_tokens?: number;
  /** What the caller allowed (max tokens); known for failed calls too, absent for embeddings. */
  tokens_requested?: number;
  /** Milliseconds. */
  response_time_ms: number;
  /** Milliseconds; only for streamed calls that succeeded. */
  time_to_first_token_ms?: number;
  status: 'success' | 'error';
  status_code: number;
  error_type?: string;
  /** True when the application's own response cache answered: the tokens are the kept answer's, and nothing was paid. */
  cache_hit: boolean;
  metadata: Record<string, string>;
}
