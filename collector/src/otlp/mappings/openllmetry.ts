import type { Mapping } from './mapping.ts';

/**
 * OpenLLMetry and the Traceloop SDK. Input includes cached tokens for every provider. Streams of Anthropic come out one output token
 * too high (message_start's count is added), so another instrumentation's word goes first. Workflow, task, agent and tool
 * spans carry no usage of their own.
 */
export const openllmetry: Mapping = {
  emitter: 'openllmetry',
  checkedAgainst: 'opentelemetry-instrumentation-openai 0.62.4, -anthropic 0.62.4, traceloop-sdk 0.62.4',
  scope:
    /^(?:opentelemetry\.instrumentation\.(?:openai\.v\d|openai$|anthropic|bedrock|cohere|groq|mistralai|ollama|replicate|together|vertexai|google_generativeai|langchain|llamaindex|haystack|watsonx|alephalpha|sagemaker|transformers|crewai|agno|openai_agents|writer|voyageai)|traceloop|@traceloop\/)/,
  attributes: ['traceloop.span.kind', 'traceloop.workflow.name'],
  rank: 50,
  role: ({ attributes }) => (attributes.has('traceloop.span.kind') ? 'context' : undefined),
  tagPrefixes: ['traceloop.association.properties.'],
};
