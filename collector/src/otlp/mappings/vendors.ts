import type { Attributes } from '../attributes.ts';
import { INCLUSIVE } from '../usage.ts';
import type { Mapping, Told } from './mapping.ts';

/** Sentry's SDKs: parts of the usage have names below the whole; gen_ai.invoke_agent spans sum up. */
export const sentry: Mapping = {
  emitter: 'sentry',
  checkedAgainst: '@sentry/node 10.78.0; source: sentry-conventions #461',
  scope: /^@?sentry/,
  attributes: ['sentry.op', 'sentry.origin'],
  rank: 60,
  fields: {
    operation: ['gen_ai.operation.name', 'gen_ai.operation.type'],
    costUsd: ['gen_ai.usage.total_cost', 'gen_ai.cost.total_tokens'],
  },
  role: ({ attributes }) => {
    const operation = attributes.text('sentry.op');
    if (operation === undefined || !/^(?:gen_)?ai\./.test(operation)) return undefined;
    if (/tool|handoff|create_agent/.test(operation)) return 'context';
    return /invoke_agent|pipeline|\.run/.test(operation) ? 'sum' : undefined;
  },
  tell: ({ attributes }, provider) => ({
    usage: provider === 'anthropic' ? usageByTotal(attributes) : undefined,
  }),
};

/** Of Anthropic's calls it tells the input without cached tokens, which are in the total only: of which kind they were is not told. */
function usageByTotal(attributes: Attributes): Told['usage'] {
  const [input, output, total] = ['input_tokens', 'output_tokens', 'total_tokens'].map((name) =>
    attributes.number(`gen_ai.usage.${name}`),
  );
  if (input === undefined || output === undefined || total === undefined || total <= input + output)
    return undefined;
  if ([...attributes.keys()].some((key) => /^gen_ai\.usage\..*cache/.test(key))) return undefined;
  return { told: { input: total - output, output }, meaning: INCLUSIVE };
}

/** Grafana's agento11y (sigil): says itself what its counts mean; today always inclusive. */
export const agentO11y: Mapping = {
  emitter: 'agento11y',
  checkedAgainst: 'source: gen_ai.token.semantics',
  scope: /agento11y|^sigil|grafana\.ai/,
  attributes: ['gen_ai.token.semantics'],
  rank: 60,
  meaning: (_provider, { attributes }) =>
    attributes.text('gen_ai.token.semantics') === 'exclusive'
      ? { inputIncludesCache: false, outputIncludesReasoning: false }
      : INCLUSIVE,
};

/**
 * PostHog's LLM analytics properties, where something sends them as attributes or log events. Its SDKs send them to PostHog's own API; their
 * PostHogSpanProcessor hands on spans of other instrumentations as they are.
 */
export const postHog: Mapping = {
  emitter: 'posthog',
  checkedAgainst: '@posthog/ai 8.13.1 ($ai_generation, as sent to PostHog)',
  scope: /posthog/,
  attributes: ['$ai_model'],
  named: /^\$ai_(?:generation|embedding)$/,
  rank: 55,
  fields: {
    requestModel: ['$ai_model'],
    responseId: ['$ai_completion_id'],
    serviceTier: ['$ai_service_tier'],
    statusCode: ['$ai_http_status'],
  },
  role: ({ name, attributes }) => {
    if (/^\$ai_(?:span|trace)$/.test(name)) return 'context';
    return attributes.has('$ai_model') ? 'call' : undefined;
  },
  meaning: (_provider, { attributes }) =>
    attributes.boolean('$ai_cache_reporting_exclusive') === true
      ? { inputIncludesCache: false, outputIncludesReasoning: true }
      : INCLUSIVE,
  tell: ({ attributes }) => ({ isError: attributes.boolean('$ai_is_error') === true ? true : undefined }),
};
