/**
 * Gemini's usage metadata, in the spelling of the SDK and REST API (`promptTokenCount`) and in snake_case.
 *
 * The prompt count includes cached content; what tools put into the prompt comes on top of it; the candidates' count EXCLUDES
 * thoughts. The total is the sum of prompt, tool use, candidates and thoughts.
 */
import type { TokenCounts } from './fields.ts';
import { count, known } from './reading.ts';

export function readGemini(usage: unknown): TokenCounts {
  const prompt = count(usage, 'promptTokenCount', 'prompt_token_count');
  const toolUse = count(usage, 'toolUsePromptTokenCount', 'tool_use_prompt_token_count');
  const thoughts = count(usage, 'thoughtsTokenCount', 'thoughts_token_count');
  const input = prompt === undefined ? undefined : prompt + (toolUse ?? 0);
  return known<TokenCounts>({
    input_tokens: input,
    cache_read_tokens: count(usage, 'cachedContentTokenCount', 'cached_content_token_count'),
    output_tokens: outputOf(usage, input, thoughts),
    reasoning_tokens: thoughts,
  });
}

function outputOf(
  usage: unknown,
  input: number | undefined,
  thoughts: number | undefined,
): number | undefined {
  // The Live API says response for candidates.
  const candidates =
    count(usage, 'candidatesTokenCount', 'candidates_token_count') ??
    count(usage, 'responseTokenCount', 'response_token_count');
  if (candidates !== undefined) return candidates + (thoughts ?? 0);
  // The API leaves out zeros and what it has not counted yet, so an absent count is no 0. The total may still tell.
  const total = count(usage, 'totalTokenCount', 'total_token_count');
  if (total !== undefined && input !== undefined && total > input + (thoughts ?? 0)) return total - input;
  return thoughts;
}
