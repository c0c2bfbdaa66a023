import { isLiteralObject, readObject } from '../literal.ts';
import { CACHE_EXCLUDED, INCLUSIVE, type ToldUsage } from '../usage.ts';
import type { Facts } from '../facts.ts';
import type { Mapping } from './mapping.ts';
import { RUNTIME_CONTEXT, RUNTIME_CONTEXT_PREFIX } from './vercel-ai-7.ts';

/** Providers whose APIs leave cached tokens out of the input. */
const EXCLUSIVE = new Set(['anthropic', 'aws.bedrock', 'vertex.anthropic', 'google.vertex.anthropic']);

const INNER = /\.do(?:Generate|Stream|Embed|Rerank)$/;

/**
 * Vercel AI SDK (scope `ai`). Only the inner do* span is a call; the span around it repeats or sums its usage under the same names.
 * Up to version 5 Anthropic's input leaves cached tokens out, and up to version 4 cache and reasoning stand in the provider's metadata
 * (a JSON text) only; from version 6 on input is inclusive and its parts are told.
 */
export const vercelAi: Mapping = {
  emitter: 'vercel-ai',
  checkedAgainst: 'npm ai 6.0.326 and 4.3.19',
  scope: /^ai$/,
  attributes: ['ai.operationId'],
  rank: 65,
  // Of version 7 with LegacyOpenTelemetry.
  fields: RUNTIME_CONTEXT,
  role: ({ attributes, name }) => {
    const operation = attributes.text('ai.operationId') ?? name;
    if (INNER.test(operation)) return 'call';
    return operation.startsWith('ai.') ? 'context' : undefined;
  },
  tell: (facts, provider) => {
    const { attributes } = facts;
    const operation = attributes.text('ai.operationId') ?? '';
    const told = usageOf(facts);
    // Up to version 5 it counts as the provider does; from 6 on the split is told, and the whole includes it.
    const isInclusive =
      !EXCLUSIVE.has(provider ?? '') || attributes.has('ai.usage.inputTokenDetails.noCacheTokens');
    const responseId = attributes.text('gen_ai.response.id') ?? attributes.text('ai.response.id');
    return {
      stream: operation.endsWith('.doStream') ? true : operation.endsWith('.doGenerate') ? false : undefined,
      usage: told && { told, meaning: isInclusive ? INCLUSIVE : CACHE_EXCLUDED },
      // Made up by the SDK where the provider gave none.
      responseId: responseId?.startsWith('aitxt-') || responseId?.startsWith('aiobj-') ? null : undefined,
    };
  },
  tagPrefixes: ['ai.telemetry.metadata.', RUNTIME_CONTEXT_PREFIX],
};

const OWN_USAGE = [
  'ai.usage.inputTokens',
  'ai.usage.promptTokens',
  'ai.usage.tokens',
  'ai.usage.outputTokens',
  'ai.usage.completionTokens',
];

function usageOf({ attributes }: Facts): ToldUsage | undefined {
  const first = (...names: string[]): number | undefined => {
    for (const name of names) {
      const number = attributes.number(name);
      if (number !== undefined) return number;
    }
    return undefined;
  };
  const input = first(
    'ai.usage.inputTokens',
    'gen_ai.usage.input_tokens',
    'ai.usage.promptTokens',
    'ai.usage.tokens',
  );
  const output = first('ai.usage.outputTokens', 'gen_ai.usage.output_tokens', 'ai.usage.completionTokens');
  // Without names of its own it follows the conventions.
  if (!OWN_USAGE.some((name) => attributes.has(name)) || (input === undefined && output === undefined))
    return undefined;
  const metadata = readObject(attributes.text('ai.response.providerMetadata')) ?? {};
  const number = (...path: string[]): number | undefined => {
    let value: unknown = metadata;
    for (const name of path) value = isLiteralObject(value) ? value[name] : undefined;
    return typeof value === 'number' ? value : undefined;
  };
  return {
    input,
    output,
    total: first('ai.usage.totalTokens'),
    cacheRead:
      first('ai.usage.inputTokenDetails.cacheReadTokens', 'ai.usage.cachedInputTokens') ??
      number('openai', 'cachedPromptTokens') ??
      number('anthropic', 'cacheReadInputTokens') ??
      number('anthropic', 'usage', 'cache_read_input_tokens') ??
      number('bedrock', 'usage', 'cacheReadInputTokens'),
    cacheWrite:
      first('ai.usage.inputTokenDetails.cacheWriteTokens') ??
      number('anthropic', 'cacheCreationInputTokens') ??
      number('anthropic', 'usage', 'cache_creation_input_tokens') ??
      number('bedrock', 'usage', 'cacheWriteInputTokens'),
    cacheWrite5m: number('anthropic', 'usage', 'cache_creation', 'ephemeral_5m_input_tokens'),
    cacheWrite1h: number('anthropic', 'usage', 'cache_creation', 'ephemeral_1h_input_tokens'),
    reasoning:
      first('ai.usage.outputTokenDetails.reasoningTokens', 'ai.usage.reasoningTokens') ??
      number('openai', 'reasoningTokens'),
  };
}
