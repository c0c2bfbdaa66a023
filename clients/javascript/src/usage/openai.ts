/**
 * OpenAI's usage, and that of the many services that speak its format.
 *
 * Chat Completions and embeddings: `prompt_tokens` (`prompt_tokens_details.cached_tokens` is a part of it), `completion_tokens`
 * (`completion_tokens_details.reasoning_tokens` is a part of it). Responses: `input_tokens`, `output_tokens` and their details.
 * Both count as events do.
 */
import type { TokenCounts } from './fields.ts';
import { count, get, known } from './reading.ts';

export function readOpenAI(usage: unknown): TokenCounts {
  const inputs = get(usage, 'prompt_tokens_details') ?? get(usage, 'input_tokens_details');
  const outputs = get(usage, 'completion_tokens_details') ?? get(usage, 'output_tokens_details');
  const input = count(usage, 'prompt_tokens', 'input_tokens');
  const output = count(usage, 'completion_tokens', 'output_tokens');
  const reasoning = count(outputs, 'reasoning_tokens');
  return known<TokenCounts>({
    input_tokens: input,
    // The second is DeepSeek's own name for it.
    cache_read_tokens: count(inputs, 'cached_tokens') ?? count(usage, 'prompt_cache_hit_tokens'),
    // Written under the default retention; LiteLLM calls it cache_creation_tokens.
    cache_write_5m_tokens: count(inputs, 'cache_write_tokens', 'cache_creation_tokens'),
    output_tokens: withReasoning(usage, input, output, reasoning),
    reasoning_tokens: reasoning,
  });
}

/** xAI leaves reasoning out of completion_tokens; then the total tells, or more reasoning than output does. */
function withReasoning(
  usage: unknown,
  input: number | undefined,
  output: number | undefined,
  reasoning: number | undefined,
): number | undefined {
  if (output === undefined || !reasoning) return output;
  const total = count(usage, 'total_tokens');
  const leftOut = input !== undefined && total === input + output + reasoning;
  return leftOut || reasoning > output ? output + reasoning : output;
}
