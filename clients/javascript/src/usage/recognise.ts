import type { Format } from './fields.ts';
import { count, get, holdsCount, text } from './reading.ts';

/** `usage` is undefined when this piece of a stream has none; `holder` has the model and the service tier. */
export interface Located {
  format: Format;
  usage: unknown;
  holder: unknown;
}

/** Finds the usage in an answer, in one event of a stream or in a bare usage object, and tells whose format it is. */
export function locate(answer: unknown): Located | undefined {
  // OpenAI's Responses events carry the answer as .response, Anthropic's message_start as .message.
  const holders = [answer, get(answer, 'response'), get(answer, 'message')];
  for (const holder of holders) {
    for (const name of ['usage', 'usageMetadata', 'usage_metadata']) {
      const usage = get(holder, name);
      const format = formatOfUsage(usage, answer, holder);
      if (format) return { format, usage, holder };
    }
  }
  for (const holder of holders) {
    const format = formatOfHolder(holder);
    if (format) return { format, usage: undefined, holder };
  }
  const format = formatOfUsage(answer, undefined, undefined);
  return format && { format, usage: answer, holder: undefined };
}

function formatOfUsage(usage: unknown, answer: unknown, holder: unknown): Format | undefined {
  const gemini = ['promptTokenCount', 'prompt_token_count', 'totalTokenCount', 'total_token_count'];
  if (holdsCount(usage, ...gemini)) return 'gemini';
  if (holdsCount(usage, 'prompt_tokens', 'completion_tokens')) return 'openai';
  if (!holdsCount(usage, 'input_tokens', 'output_tokens')) return undefined;
  // Anthropic and OpenAI's Responses share these two names, and mean different things by the first.
  const isMessage = text(answer, 'type')?.startsWith('message') || text(holder, 'type') === 'message';
  if (isMessage || saysAnthropic(usage)) return 'anthropic';
  // With none of the marks of either there is no cache to count in or out, so both read the same.
  return 'openai';
}

function saysAnthropic(usage: unknown): boolean {
  const names = ['cache_creation_input_tokens', 'cache_read_input_tokens'];
  return (
    // Its null tells who wrote the answer, too.
    names.some((name) => count(usage, name) !== undefined || get(usage, name) === null) ||
    holdsCount(get(usage, 'cache_creation'), 'ephemeral_5m_input_tokens', 'ephemeral_1h_input_tokens')
  );
}

function formatOfHolder(holder: unknown): Format | undefined {
  const kind = text(holder, 'object') ?? '';
  if (/^(chat\.completion|text_completion|response)/.test(kind)) return 'openai';
  const isMessage = text(holder, 'type') === 'message' && text(holder, 'role') === 'assistant';
  if (isMessage && text(holder, 'model')) return 'anthropic';
  return text(holder, 'modelVersion', 'model_version') ? 'gemini' : undefined;
}
