/** Token counts as an event has them. What is not known is left out, never 0. */
export interface TokenCounts {
  /** Cached tokens included. */
  input_tokens?: number;
  cache_read_tokens?: number;
  cache_write_5m_tokens?: number;
  cache_write_1h_tokens?: number;
  /** Reasoning tokens included. */
  output_tokens?: number;
  reasoning_tokens?: number;
}

/** The fields of an event that a provider's answer tells. */
export interface UsageFields extends TokenCounts {
  model_name?: string;
  service_tier?: string;
}

export type Format = 'openai' | 'anthropic' | 'gemini';
