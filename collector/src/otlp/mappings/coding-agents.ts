import { CACHE_EXCLUDED, INCLUSIVE } from '../usage.ts';
import type { Facts } from '../facts.ts';
import type { Mapping } from './mapping.ts';

/*
 * Coding agents tell their calls as log events, sent when the call is over. Numbers may come as text. Their metrics say the same
 * again and are kept apart (metric-points.ts).
 */

const short = ({ name }: Facts): string => name.replace(/^(?:claude_code|codex|gemini_cli|qwen-code)\./, '');

/** Claude Code. Counts are Anthropic's: input leaves cached tokens out. `prompt.id` is one question, not a prompt of a library. */
export const claudeCode: Mapping = {
  emitter: 'claude-code',
  checkedAgainst:
    'documentation: Claude Code monitoring (claude_code.api_request, claude_code.api_error, claude_code.llm_request)',
  scope: /^com\.anthropic\.claude_code/,
  named: /^claude_code\./,
  rank: 80,
  fields: {
    requestModel: ['model'],
    inputTokens: ['input_tokens'],
    outputTokens: ['output_tokens'],
    cacheReadTokens: ['cache_read_tokens', 'cache_read_input_tokens'],
    cacheWriteTokens: ['cache_creation_tokens', 'cache_creation_input_tokens'],
    costUsd: ['cost_usd'],
    requestId: ['request_id', 'gen_ai.response.id'],
    userId: ['user.email', 'user.account_uuid', 'user.id'],
    promptId: [],
    promptVersion: [],
    errorType: ['error.type'],
  },
  role: (facts) => {
    const event = short(facts);
    if (facts.signal === 'span') return event === 'llm_request' ? 'call' : 'context';
    return event === 'api_request' || event === 'api_error' ? 'call' : 'ignore';
  },
  meaning: () => CACHE_EXCLUDED,
  tell: (facts) => {
    const { attributes } = facts;
    const isFailed = short(facts) === 'api_error' || attributes.boolean('success') === false;
    return {
      provider: 'anthropic',
      // gen_ai.response.id holds the id of the request.
      responseId: null,
      isError: isFailed ? true : undefined,
      errorType: isFailed ? (attributes.text('error.type') ?? 'api_error') : undefined,
    };
  },
};

/**
 * Codex CLI. A call that ends well is told by `codex.sse_event` of kind response.completed, which has the counts (OpenAI's, inclusive);
 * `codex.api_request` counts only where it failed.
 */
export const codex: Mapping = {
  emitter: 'codex',
  checkedAgainst: 'documentation: Codex otel events (codex.api_request, codex.sse_event)',
  scope: /^codex/,
  named: /^codex\./,
  rank: 80,
  fields: {
    requestModel: ['model', 'slug'],
    inputTokens: ['input_token_count'],
    outputTokens: ['output_token_count'],
    cacheReadTokens: ['cached_token_count'],
    cacheWriteTokens: ['cache_write_token_count'],
    responseId: ['response.id'],
    reasoningTokens: ['reasoning_token_count', 'codex.usage.reasoning_output_tokens'],
    userId: ['user.email', 'user.account_id'],
    environment: ['env'],
    errorType: ['error.type', 'error.code'],
  },
  role: (facts) => {
    const { attributes, signal } = facts;
    if (signal === 'span') return undefined;
    const event = short(facts);
    if (event === 'sse_event' || event === 'websocket_event') {
      const kind = attributes.text('event.kind');
      return kind === 'response.completed' || kind === 'response.failed' ? 'call' : 'ignore';
    }
    const status = attributes.number('http.response.status_code');
    const isFailed = (status !== undefined && status >= 400) || attributes.has('error.message');
    return event === 'api_request' && isFailed ? 'call' : 'ignore';
  },
  meaning: () => INCLUSIVE,
  tell: (facts) => {
    const { attributes } = facts;
    const isFailed =
      short(facts) === 'api_request' ||
      attributes.text('event.kind') === 'response.failed' ||
      attributes.has('error.message');
    return {
      provider: attributes.text('model_provider') ?? 'openai',
      stream: true,
      isError: isFailed ? true : undefined,
      errorType: isFailed ? (attributes.text('error.type') ?? 'api_error') : undefined,
    };
  },
};

/** Gemini CLI and its descendants. Input includes cached tokens, output leaves thoughts out, tool prompts come on top of the input. */
export const geminiCli: Mapping = {
  emitter: 'gemini-cli',
  checkedAgainst: 'documentation: Gemini CLI telemetry (gemini_cli.api_response, gemini_cli.api_error)',
  scope: /^(?:gemini[-_]cli|qwen-code)/,
  named: /^(?:gemini_cli|qwen-code)\./,
  rank: 80,
  fields: {
    requestModel: ['model', 'model_name'],
    userId: ['user.email', 'user.id'],
    promptId: [],
    promptVersion: [],
    errorType: ['error_type', 'error.type', 'error'],
    statusCode: ['status_code', 'http.status_code'],
  },
  role: (facts) => {
    if (facts.signal === 'span') return undefined;
    const event = short(facts);
    // gen_ai.client.inference.operation.details comes beside these from newer versions and says the same.
    return event === 'api_response' || event === 'api_error' ? 'call' : 'ignore';
  },
  tell: (facts) => {
    const { attributes, signal } = facts;
    if (signal === 'span') return {};
    const isFailed = short(facts) === 'api_error' || attributes.has('error');
    const number = (name: string): number | undefined => attributes.number(name);
    const input = number('input_token_count');
    const tool = number('tool_token_count') ?? 0;
    return {
      provider: facts.name.startsWith('qwen') ? undefined : 'gcp.gemini',
      isError: isFailed ? true : undefined,
      errorType: isFailed
        ? (attributes.text('error_type') ?? attributes.text('error.type') ?? 'api_error')
        : undefined,
      usage: {
        told: {
          input: input === undefined ? undefined : input + tool,
          output: number('output_token_count'),
          cacheRead: number('cached_content_token_count'),
          reasoning: number('thoughts_token_count'),
        },
        meaning: { inputIncludesCache: true, outputIncludesReasoning: false },
      },
    };
  },
};
