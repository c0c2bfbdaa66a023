import { type AnthropicCounts, anthropicCounts, readAnthropic } from './anthropic.ts';
import type { Format, TokenCounts, UsageFields } from './fields.ts';
import { readGemini } from './gemini.ts';
import { readOpenAI } from './openai.ts';
import { known, text } from './reading.ts';
import { type Located, locate } from './recognise.ts';

/** Reads an answer, or the pieces of one stream in their order: each piece completes what the earlier ones said. */
export class UsageReader {
  #anthropic: AnthropicCounts = {};

  /** The fields that are known from this answer, and from earlier pieces; {} when it is not recognised. */
  read(answer: unknown): UsageFields {
    const located = locate(answer);
    return located ? this.readLocated(located) : {};
  }

  readLocated({ format, usage, holder }: Located): UsageFields {
    const model = format === 'gemini' ? text(holder, 'modelVersion', 'model_version') : text(holder, 'model');
    const tier = text(holder, 'service_tier') ?? text(usage, 'service_tier', 'serviceTier');
    return {
      ...(usage === undefined ? {} : this.#counts(format, usage)),
      ...known<UsageFields>({ model_name: model, service_tier: tier }),
    };
  }

  #counts(format: Format, usage: unknown): TokenCounts {
    if (format === 'openai') return readOpenAI(usage);
    if (format === 'gemini') return readGemini(usage);
    this.#anthropic = { ...this.#anthropic, ...anthropicCounts(usage) };
    return readAnthropic(this.#anthropic);
  }
}

/**
 * Reads the usage of an answer of OpenAI, Anthropic or Gemini, whichever it is.
 *
 * `answer`: the SDK's object, the decoded JSON, one event of a stream, or the usage part alone. Returns the event fields that
 * are known; what the answer does not say is left out, never 0. {} for anything else, mocks included. Never throws.
 */
export function usageFrom(answer: unknown): UsageFields {
  return new UsageReader().read(answer);
}

/**
 * Like `usageFrom`, for what is known to be in OpenAI's format: Chat Completions, Responses, embeddings, and their stream
 * events. Its input includes cached tokens, its output reasoning.
 */
export function usageFromOpenAI(answer: unknown): UsageFields {
  return readAs('openai', answer);
}

/**
 * Like `usageFrom`, for what is known to be in Anthropic's format: a message, or an event of its stream.
 *
 * Anthropic's input leaves cached tokens out; here `input_tokens` is the sum of input, cache reads and cache writes. Writes
 * whose lifetime is not told count as 5 minutes.
 */
export function usageFromAnthropic(answer: unknown): UsageFields {
  return readAs('anthropic', answer);
}

/**
 * Like `usageFrom`, for what is known to be in Gemini's format. `input_tokens` is prompt plus tool-use prompt, `output_tokens`
 * is candidates plus thoughts, `reasoning_tokens` is thoughts.
 */
export function usageFromGemini(answer: unknown): UsageFields {
  return readAs('gemini', answer);
}

function readAs(format: Format, answer: unknown): UsageFields {
  const located = locate(answer);
  return located ? new UsageReader().readLocated({ ...located, format }) : {};
}
