import { CACHE_EXCLUDED, INCLUSIVE } from '../usage.ts';
import type { Mapping } from './mapping.ts';

/**
 * OpenLIT. Anthropic's input leaves cached tokens out, OpenAI's includes them, under the same names. A stream whose provider sent no
 * usage is counted by a tokenizer of its own, unmarked: known by the cache counts that every real OpenAI chat usage has beside
 * it. Such estimates are not taken. A cost of 0 means that the model is not in its price file. Spans that failed early have
 * nothing but their name. Log records repeat their span without naming it, a few twice.
 */
export const openlit: Mapping = {
  emitter: 'openlit',
  checkedAgainst: 'openlit 1.45.0',
  scope: /^openlit/,
  rank: 55,
  role: ({ origin, name, attributes }) => {
    if (origin.scopeName === 'openlit' && !attributes.has('gen_ai.request.model')) return 'context';
    return attributes.has('gen_ai.operation.name') || !CALL_NAME.test(name) ? undefined : 'call';
  },
  meaning: (provider) =>
    provider === 'anthropic' || provider === 'aws.bedrock' ? CACHE_EXCLUDED : INCLUSIVE,
  tell: (facts, provider) => {
    const { attributes, name, origin } = facts;
    const named = attributes.has('gen_ai.request.model') ? undefined : CALL_NAME.exec(name)?.[2];
    const isChat = attributes.text('gen_ai.operation.name') === 'chat';
    const isEstimate =
      isChat &&
      (attributes.boolean('gen_ai.request.stream') ?? attributes.boolean('gen_ai.request.is_stream')) ===
        true &&
      (provider === 'openai' || provider === 'azure.ai.openai') &&
      attributes.has('gen_ai.usage.input_tokens') &&
      !attributes.has('gen_ai.usage.cache_read.input_tokens');
    const cost = attributes.number('gen_ai.usage.cost');
    return {
      provider: provider ?? /^openlit\.instrumentation\.(\w+)$/.exec(origin.scopeName)?.[1],
      requestModel: named,
      ...(isEstimate ? { usage: null, isUsageEstimated: true, costUsd: null } : {}),
      ...(cost === 0 ? { costUsd: null } : {}),
      // It is measured for answers that come at once, too: there it is the whole duration.
      ...(attributes.boolean('gen_ai.request.stream') === false ? { firstTokenMs: NaN } : {}),
    };
  },
};

const CALL_NAME = /^(chat|embeddings|text_completion|generate_content) (\S+)$/;
