import type { FieldNames, Mapping } from './mapping.ts';

/** What an application hands to its calls (`runtimeContext`), as far as it lets telemetry have it. */
export const RUNTIME_CONTEXT: FieldNames = {
  userId: ['ai.settings.context.userId', 'ai.settings.context.user_id'],
  sessionId: [
    'ai.settings.context.sessionId',
    'ai.settings.context.session_id',
    'ai.settings.context.threadId',
  ],
  promptId: ['ai.settings.context.promptName', 'ai.settings.context.promptId'],
  promptVersion: ['ai.settings.context.promptVersion'],
};
export const RUNTIME_CONTEXT_PREFIX = 'ai.settings.context.';

/**
 * Vercel AI SDK 7 through @ai-sdk/otel. It follows the conventions: `chat` inside `step` inside `invoke_agent`, which sums up, and an
 * `embeddings` span without tokens around each with them. The runtime context stands on the outer spans only; the time to the first
 * token is an attribute of streams, under the name of the metric.
 */
export const vercelAi7: Mapping = {
  emitter: 'vercel-ai',
  checkedAgainst: 'npm ai 7.0.173 with @ai-sdk/otel 1.0.173',
  scope: /^gen_ai$/,
  rank: 65,
  fields: { ...RUNTIME_CONTEXT, firstTokenSeconds: ['gen_ai.client.operation.time_to_first_chunk'] },
  tell: ({ attributes }) => ({
    stream: attributes.has('gen_ai.client.operation.time_to_first_chunk') ? true : undefined,
  }),
  tagPrefixes: [RUNTIME_CONTEXT_PREFIX],
};
