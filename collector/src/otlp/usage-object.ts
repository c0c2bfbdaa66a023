import { isLiteralObject, type Literal } from './literal.ts';
import { CACHE_EXCLUDED, INCLUSIVE, type ToldUsage, type UsageMeaning } from './usage.ts';

type Json = { [key: string]: Literal };

/**
 * Reads a usage object that a provider's API or an SDK made and an emitter passes on as it is. Whose it is, and so what its
 * numbers mean, is seen by the names in it.
 */
export function readUsageObject(usage: Json): { told: ToldUsage; meaning: UsageMeaning } | undefined {
  const number = (...path: string[]): number | undefined => {
    let value: Literal | undefined = usage;
    for (const name of path) value = isLiteralObject(value) ? value[name] : undefined;
    return typeof value === 'number' ? value : undefined;
  };
  const has = (name: string): boolean => number(name) !== undefined;
  const first = (...values: (number | undefined)[]): number | undefined =>
    values.find((value) => value !== undefined);
  const writes = {
    cacheWrite: first(
      number('cache_creation_input_tokens'),
      number('prompt_tokens_details', 'cache_creation_tokens'),
      number('prompt_tokens_details', 'cache_write_tokens'),
      number('input_tokens_details', 'cache_write_tokens'),
    ),
    cacheWrite5m: first(
      number('cache_creation', 'ephemeral_5m_input_tokens'),
      number('prompt_tokens_details', 'cache_creation_token_details', 'ephemeral_5m_input_tokens'),
    ),
    cacheWrite1h: first(
      number('cache_creation', 'ephemeral_1h_input_tokens'),
      number('prompt_tokens_details', 'cache_creation_token_details', 'ephemeral_1h_input_tokens'),
    ),
  };

  // OpenAI chat completions, and everything that imitates it. LiteLLM adds Anthropic's names to it: still inclusive.
  if (has('prompt_tokens') || has('completion_tokens')) {
    return {
      told: {
        input: number('prompt_tokens'),
        output: number('completion_tokens'),
        total: number('total_tokens'),
        cacheRead: first(
          number('prompt_tokens_details', 'cached_tokens'),
          number('cache_read_input_tokens'),
          number('prompt_cache_hit_tokens'), // DeepSeek
          number('cached_tokens'),
        ),
        ...writes,
        reasoning: first(number('completion_tokens_details', 'reasoning_tokens'), number('reasoning_tokens')),
      },
      meaning: INCLUSIVE,
    };
  }
  if (has('input_tokens') || has('output_tokens')) {
    const told = {
      input: number('input_tokens'),
      output: number('output_tokens'),
      total: number('total_tokens'),
      cacheRead: first(
        number('cache_read_input_tokens'),
        number('input_tokens_details', 'cached_tokens'),
        number('input_token_details', 'cache_read'),
      ),
      ...writes,
      reasoning: first(
        number('output_tokens_details', 'reasoning_tokens'),
        number('output_token_details', 'reasoning'),
      ),
    };
    // Anthropic's API says cache_*_input_tokens beside input_tokens and leaves them out of it; OpenAI's Responses API nests them.
    const isAnthropic = has('cache_read_input_tokens') || has('cache_creation_input_tokens');
    return { told, meaning: isAnthropic ? CACHE_EXCLUDED : INCLUSIVE };
  }
  if (has('promptTokenCount') || has('candidatesTokenCount') || has('prompt_token_count')) {
    return {
      told: {
        input: first(number('promptTokenCount'), number('prompt_token_count')),
        output: first(number('candidatesTokenCount'), number('candidates_token_count')),
        total: first(number('totalTokenCount'), number('total_token_count')),
        cacheRead: first(number('cachedContentTokenCount'), number('cached_content_token_count')),
        reasoning: first(number('thoughtsTokenCount'), number('thoughts_token_count')),
      },
      meaning: { inputIncludesCache: true, outputIncludesReasoning: false },
    };
  }
  // Amazon Bedrock Converse; also a camelCase OpenAI, which has no cache counts in this form.
  if (has('inputTokens') || has('outputTokens')) {
    return {
      told: {
        input: number('inputTokens'),
        output: number('outputTokens'),
        total: number('totalTokens'),
        cacheRead: first(number('cacheReadInputTokens'), number('cachedInputTokens')),
        cacheWrite: number('cacheWriteInputTokens'),
        reasoning: number('reasoningTokens'),
      },
      meaning: has('cacheReadInputTokens') || has('cacheWriteInputTokens') ? CACHE_EXCLUDED : INCLUSIVE,
    };
  }
  // Langfuse's own form: kinds of usage that are priced one by one, so each token stands in one of them only.
  if (has('input') || has('output')) {
    return {
      told: {
        input: number('input'),
        output: number('output'),
        cacheRead: first(
          number('cache_read_input_tokens'),
          number('input_cached_tokens'),
          number('input_cache_read'),
          number('cache_read'),
        ),
        cacheWrite: first(
          number('cache_creation_input_tokens'),
          number('input_cache_creation'),
          number('cache_write'),
        ),
        cacheWrite5m: number('input_cache_creation_5m'),
        cacheWrite1h: number('input_cache_creation_1h'),
        reasoning: first(number('output_reasoning_tokens'), number('output_reasoning')),
      },
      meaning: { inputIncludesCache: false, outputIncludesReasoning: false },
    };
  }
  return undefined;
}
