import type { Mapping } from './mapping.ts';

/**
 * OpenTelemetry's own instrumentations (Python util-genai and openai-v2, JavaScript contrib). Input includes cached tokens, of which
 * they do not tell more; errors are Python class names. Log records repeat the usage of their span.
 */
export const openTelemetry: Mapping = {
  emitter: 'opentelemetry',
  checkedAgainst:
    'opentelemetry-instrumentation-openai-v2 2.4b0, opentelemetry-util-genai 1.1b0, @opentelemetry/instrumentation-openai 0.21.0',
  scope:
    /^(?:opentelemetry\.util\.genai|opentelemetry\.instrumentation\.(?:openai_v2|google_genai|vertexai_v2|botocore|openai_agents_v2|weaviate)|@opentelemetry\/instrumentation-(?:openai|aws-sdk|langchain|anthropic))/,
  rank: 70,
};
