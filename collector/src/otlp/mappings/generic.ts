import type { Field } from './mapping.ts';

/**
 * Names that mean the same, whoever sends them: OpenTelemetry's current ones, its deprecated ones, OpenLLMetry's, OpenInference's,
 * then vendors'. (semantic-conventions-genai@002c8a6, semantic-conventions@02f1d35, semconv_ai@93429cf, openinference@1fe497f,
 * openlit semcov@ad20b7b, ai 4-6, sentry-conventions#461, PostHog LLM analytics)
 */
export const GENERIC_NAMES: Readonly<Record<Field, readonly string[]>> = {
  operation: ['gen_ai.operation.name', 'llm.request.type', 'gen_ai.operation', 'ai.operationId'],
  provider: [
    'gen_ai.provider.name', 'gen_ai.system', 'llm.provider', 'llm.system', 'ai.model.provider', 'gen_ai.provider', 'llm.vendor', '$ai_provider', 'model_provider',
  ], // prettier-ignore
  requestModel: [
    'gen_ai.request.model', 'llm.request.model', 'llm.request.model_name', 'ai.model.id', 'embedding.model_name', 'llm.model', 'gen_ai.model', 'langfuse.observation.model.name',
    '$ai_model', 'gen_ai.model.name', 'ai.model_id',
  ], // prettier-ignore
  responseModel: [
    'gen_ai.response.model', 'llm.response.model', 'llm.response.model_name', 'llm.model_name', 'ai.response.model',
  ], // prettier-ignore
  responseId: ['gen_ai.response.id', 'ai.response.id', 'llm.response.id'],
  requestId: [
    'anthropic.request.id',
    'openai.request.id',
    'request_id',
    'gen_ai.request.id',
    'http.response.header.x-request-id',
    'aws.request_id',
  ],
  stream: [
    'gen_ai.request.stream', 'gen_ai.is_streaming', 'llm.is_streaming', 'gen_ai.request.is_stream', 'llm.request.stream', 'gen_ai.response.streaming', '$ai_stream',
  ], // prettier-ignore
  inputTokens: [
    'gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens', 'llm.usage.prompt_tokens', 'llm.usage.input_tokens', 'llm.token_count.prompt', 'ai.usage.inputTokens',
    'ai.usage.promptTokens', 'ai.usage.tokens', 'gen_ai.token.usage.input', 'gen_ai.response.prompt_tokens', 'ai.prompt_tokens.used', '$ai_input_tokens',
  ], // prettier-ignore
  outputTokens: [
    'gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens', 'llm.usage.completion_tokens', 'llm.usage.output_tokens', 'llm.token_count.completion',
    'ai.usage.outputTokens', 'ai.usage.completionTokens', 'gen_ai.token.usage.output', 'gen_ai.response.completion_tokens', 'ai.completion_tokens.used', '$ai_output_tokens',
  ], // prettier-ignore
  totalTokens: [
    'gen_ai.usage.total_tokens', 'llm.usage.total_tokens', 'llm.token_count.total', 'ai.usage.totalTokens', 'gen_ai.token.usage.total',
  ], // prettier-ignore
  cacheReadTokens: [
    'gen_ai.usage.cache_read.input_tokens', 'gen_ai.usage.cache_read_input_tokens', 'gen_ai.usage.cached_input_tokens', 'gen_ai.usage.input_tokens.cached',
    'gen_ai.usage.cached_tokens', 'gen_ai.usage.prompt_tokens_details.cached_tokens', 'gen_ai.usage.input_tokens_details.cached_tokens', 'llm.usage.cache_read_input_tokens',
    'llm.token_count.prompt_details.cache_read', 'ai.usage.inputTokenDetails.cacheReadTokens', 'ai.usage.cachedInputTokens', 'gen_ai.usage.details.cache_read_tokens',
    'gen_ai.usage.details.cache_read_input_tokens', '$ai_cache_read_input_tokens',
  ], // prettier-ignore
  cacheWriteTokens: [
    'gen_ai.usage.cache_creation.input_tokens', 'gen_ai.usage.cache_write.input_tokens', 'gen_ai.usage.cache_creation_input_tokens', 'gen_ai.usage.cache_write_input_tokens',
    'gen_ai.usage.input_tokens.cache_write', 'gen_ai.usage.prompt_tokens_details.cache_creation_tokens', 'llm.usage.cache_creation_input_tokens',
    'llm.token_count.prompt_details.cache_write', 'ai.usage.inputTokenDetails.cacheWriteTokens', 'gen_ai.usage.details.cache_write_tokens',
    'gen_ai.usage.details.cache_creation_input_tokens', '$ai_cache_creation_input_tokens',
  ], // prettier-ignore
  cacheWrite5mTokens: [
    'anthropic.usage.cache_creation.ephemeral_5m_input_tokens', 'gen_ai.usage.cache_creation.ephemeral_5m_input_tokens', 'gen_ai.usage.details.ephemeral_5m_input_tokens',
  ], // prettier-ignore
  cacheWrite1hTokens: [
    'anthropic.usage.cache_creation.ephemeral_1h_input_tokens', 'gen_ai.usage.cache_creation.ephemeral_1h_input_tokens', 'gen_ai.usage.details.ephemeral_1h_input_tokens',
  ], // prettier-ignore
  reasoningTokens: [
    'gen_ai.usage.reasoning.output_tokens', 'gen_ai.usage.reasoning_tokens', 'gen_ai.usage.output_tokens.reasoning', 'gen_ai.usage.completion_tokens_details.reasoning_tokens',
    'gen_ai.usage.output_tokens_details.reasoning_tokens', 'llm.usage.reasoning_tokens', 'llm.token_count.completion_details.reasoning',
    'ai.usage.outputTokenDetails.reasoningTokens', 'ai.usage.reasoningTokens', 'gen_ai.usage.details.reasoning_tokens', 'gen_ai.usage.thoughts_tokens', '$ai_reasoning_tokens',
  ], // prettier-ignore
  uncachedTokens: ['ai.usage.inputTokenDetails.noCacheTokens'],
  usageObject: [
    'gen_ai.usage',
    'llm.usage',
    'usage',
    'gen_ai.response.usage',
    'mlflow.chat.tokenUsage',
    'langfuse.observation.usage_details',
  ],
  maxTokens: ['gen_ai.request.max_tokens', 'llm.request.max_tokens', 'ai.settings.maxOutputTokens', 'ai.settings.maxTokens', 'gen_ai.request.max_output_tokens', 'llm.max_tokens'], // prettier-ignore
  firstTokenSeconds: [
    'gen_ai.response.time_to_first_chunk', 'gen_ai.server.time_to_first_token', 'gen_ai.response.time_to_first_token', 'gen_ai.client.time_to_first_token', '$ai_time_to_first_token',
  ], // prettier-ignore
  firstTokenMs: [
    'ai.response.msToFirstChunk',
    'gen_ai.response.ms_to_first_chunk',
    'ttft_ms',
    'llm.time_to_first_token_ms',
  ],
  durationMs: ['duration_ms', 'llm.latency_ms'],
  userId: [
    'user.id', 'enduser.id', 'gen_ai.user.id', 'gen_ai.request.user', 'gen_ai.user', 'llm.user', 'llm.request.user', 'langfuse.user.id', 'langfuse.trace.user_id',
    'traceloop.association.properties.user_id', 'traceloop.association.properties.userId', 'ai.telemetry.metadata.userId', 'ai.telemetry.metadata.user_id',
    'metadata.user_api_key_end_user_id', 'user_id', '$ai_user_id', 'posthog.distinct_id', 'mlflow.trace.user',
  ], // prettier-ignore
  sessionId: [
    'session.id', 'gen_ai.conversation.id', 'gen_ai.session.id', 'langfuse.session.id', 'langfuse.trace.session_id', 'traceloop.association.properties.session_id',
    'traceloop.association.properties.sessionId', 'traceloop.association.properties.thread_id', 'ai.telemetry.metadata.sessionId', 'ai.telemetry.metadata.session_id',
    'ai.telemetry.metadata.threadId', 'conversation.id', 'session_id', '$ai_session_id', 'mlflow.trace.session', 'langsmith.metadata.session_id',
  ], // prettier-ignore
  promptId: [
    'promptops.prompt.id', 'gen_ai.prompt.name', 'gen_ai.prompt.id', 'traceloop.prompt.key', 'langfuse.observation.prompt.name', 'ai.telemetry.metadata.promptName', 'ai.telemetry.metadata.promptId',
    'ai.telemetry.metadata.prompt_id', 'prompt.id', 'prompt.name', 'llm.prompt_template.name',
  ], // prettier-ignore
  promptVersion: [
    'promptops.prompt.version', 'gen_ai.prompt.version', 'traceloop.prompt.version', 'langfuse.observation.prompt.version', 'ai.telemetry.metadata.promptVersion', 'ai.telemetry.metadata.prompt_version',
    'prompt.version', 'llm.prompt_template.version',
  ], // prettier-ignore
  serviceTier: [
    'openai.response.service_tier', 'anthropic.response.service_tier', 'gen_ai.openai.response.service_tier', 'gen_ai.response.service_tier', 'openai.request.service_tier',
    'gen_ai.openai.request.service_tier', 'gen_ai.request.service_tier', 'aws.bedrock.service_tier',
  ], // prettier-ignore
  environment: [
    'deployment.environment.name',
    'deployment.environment',
    'langfuse.environment',
    'gen_ai.environment',
    'environment',
    'sentry.environment',
    'env',
  ],
  projectId: [
    'promptops.project.id',
    'gen_ai.application_name',
    'openinference.project.name',
    'langsmith.trace.session_name',
    'braintrust.parent',
  ],
  endpoint: ['url.path', 'http.route', 'http.target', 'gen_ai.endpoint'],
  errorType: ['error.type', 'gen_ai.error.type', 'error_type', 'exception.type'],
  statusCode: [
    'http.response.status_code',
    'http.status_code',
    'rpc.grpc.http_status_code',
    'status_code',
    'error.code',
    '$ai_http_status',
  ],
  costUsd: [
    'gen_ai.usage.cost.amount', 'gen_ai.usage.cost', 'gen_ai.usage.total_cost', 'gen_ai.usage.cost_usd', 'gen_ai.cost.total_cost', 'gen_ai.cost.total_tokens', 'gen_ai.token.cost.total',
    'llm.cost.total', 'llm.usage.total_cost', 'litellm.cost.total', 'operation.cost', 'cost_usd', '$ai_total_cost_usd',
  ], // prettier-ignore
  cacheHit: ['gen_ai.response.cache_hit', 'gen_ai.cache_hit', 'llm.cache_hit', 'litellm.cache_hit'],
  finishReason: ['gen_ai.response.finish_reasons', 'gen_ai.response.finish_reason', 'gen_ai.response.stop_reason', 'llm.finish_reason', 'llm.response.finish_reason', 'llm.response.stop_reason', 'anthropic.message.stop_reason', 'ai.response.finishReason'], // prettier-ignore
  agent: ['gen_ai.agent.name', 'agent.name', 'traceloop.agent.name', 'agent_name'],
  workflow: ['gen_ai.workflow.name', 'traceloop.workflow.name', 'ai.telemetry.functionId'],
  tags: ['tag.tags', 'langfuse.trace.tags', 'ai.telemetry.metadata.tags', 'gen_ai.tags', 'tags'],
};

/** Operations (gen_ai.operation.name and older names of it) that call a model. */
export const CALL_OPERATIONS: ReadonlySet<string> = new Set([
  'chat', 'completion', 'completions', 'text_completion', 'generate_content', 'generate', 'generation', 'message', 'messages', 'responses', 'response', 'embeddings', 'embedding',
  'rerank', 'image_generation', 'generate_image', 'image', 'speech', 'text_to_speech', 'transcription', 'transcribe', 'translation', 'moderation', 'generatetext', 'streamtext', 'converse',
  'invoke_model', 'llm', 'chat_completion', 'chat.completions', 'chat_completions', 'acompletion', 'aembedding', 'aresponses', 'count_tokens', 'inference', 'vision',
]); // prettier-ignore

/** Operations that call nothing that is billed by tokens, or that repeat what another span tells. */
export const OTHER_OPERATIONS: ReadonlySet<string> = new Set([
  'execute_tool', 'tool', 'create_agent', 'plan', 'retrieval', 'retrieve', 'search', 'query', 'fetch_response', 'create_memory', 'search_memory', 'update_memory', 'upsert_memory',
  'delete_memory', 'create_memory_store', 'delete_memory_store', 'vectordb', 'db', 'guardrail', 'evaluate', 'evaluation', 'handoff', 'mcp',
]); // prettier-ignore

/** Operations around calls: what usage they carry is the sum of calls inside, where these are told. */
export const SUM_OPERATIONS: ReadonlySet<string> = new Set([
  'invoke_agent', 'invoke_workflow', 'agent', 'workflow', 'task', 'chain', 'run', 'crew', 'graph', 'step', 'pipeline', 'agent_run', 'framework',
]); // prettier-ignore

/** One of these on a span or record says that it is about a model. */
export const MARKERS: readonly string[] = [
  'gen_ai.operation.name', 'gen_ai.provider.name', 'gen_ai.system', 'gen_ai.request.model', 'gen_ai.response.model', 'gen_ai.response.id', 'gen_ai.usage.input_tokens',
  'gen_ai.usage.prompt_tokens', 'openinference.span.kind', 'llm.request.type', 'llm.model_name', 'llm.request.model', 'llm.token_count.prompt', 'llm.usage.total_tokens', 'ai.operationId', 'ai.model.id',
  'langfuse.observation.type', 'traceloop.span.kind', 'embedding.model_name', 'langsmith.span.kind', 'mlflow.spanType', '$ai_model',
]; // prettier-ignore
