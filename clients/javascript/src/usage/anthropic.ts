/**
 * Anthropic's usage, where `input_tokens` EXCLUDES what was read from or written to the prompt cache.
 *
 * A stream tells it in pieces: `message_start` has the input, `message_delta` the final output; counts are cumulative, never to
 * be added.
 */
import type { TokenCounts } from './fields.ts';
import { count, get, known } from './reading.ts';

/** The counts of one message under Anthropic's meaning, as far as its pieces have told them. */
export interface AnthropicCounts {
  input?: number;
  cacheRead?: number;
  cacheCreation?: number;
  written5m?: number;
  written1h?: number;
  output?: number;
  thinking?: number;
}

export function anthropicCounts(usage: unknown): AnthropicCounts {
  const creation = get(usage, 'cache_creation');
  return known<AnthropicCounts>({
    input: count(usage, 'input_tokens'),
    cacheRead: count(usage, 'cache_read_input_tokens'),
    cacheCreation: count(usage, 'cache_creation_input_tokens'),
    written5m: count(creation, 'ephemeral_5m_input_tokens'),
    written1h: count(creation, 'ephemeral_1h_input_tokens'),
    output: count(usage, 'output_tokens'),
    thinking: count(get(usage, 'output_tokens_details'), 'thinking_tokens'),
  });
}

/** Counts as an event has them: the input with its cached part, writes by lifetime. */
export function readAnthropic(counts: AnthropicCounts): TokenCounts {
  const byLifetime = (counts.written5m ?? 0) + (counts.written1h ?? 0);
  const written = Math.max(counts.cacheCreation ?? 0, byLifetime);
  const remainder = written - byLifetime;
  // 5 minutes is the lifetime of what is written without saying so.
  const tellsRemainder =
    remainder > 0 || (counts.written5m === undefined && counts.cacheCreation !== undefined);
  return known<TokenCounts>({
    input_tokens: counts.input === undefined ? undefined : counts.input + (counts.cacheRead ?? 0) + written,
    cache_read_tokens: counts.cacheRead,
    cache_write_5m_tokens: tellsRemainder ? (counts.written5m ?? 0) + remainder : counts.written5m,
    cache_write_1h_tokens: counts.written1h,
    output_tokens: counts.output,
    reasoning_tokens: counts.thinking,
  });
}
