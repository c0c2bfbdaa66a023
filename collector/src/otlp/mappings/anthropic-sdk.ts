import type { Mapping } from './mapping.ts';

/**
 * Spans that Anthropic's SDKs make by themselves: the provider's own counts, input inclusive, cache writes split by lifetime. They
 * stand beside or inside the span of any other instrumentation of the same call.
 */
export const anthropicSdk: Mapping = {
  emitter: 'anthropic-sdk',
  checkedAgainst: 'anthropic 2.12.0 (Python)',
  scope: /^(?:com\.anthropic\.sdk|@anthropic-ai\/sdk|anthropic\.sdk)/,
  rank: 90,
};
