import { makerOf } from '../provider-name.ts';
import { CACHE_EXCLUDED, INCLUSIVE } from '../usage.ts';
import type { Attributes } from '../attributes.ts';
import type { Facts } from '../facts.ts';
import type { Mapping, Told } from './mapping.ts';

/*
 * Coding agents tell their calls as log events, sent when the call is over. Numbers may come as text. Their metrics say the same
 * again and are kept apart (metric-points.ts).
 */

const short = ({ name }: Facts): string => name.replace(/^(?:claude_code|codex|gemini_cli|qwen-code)\./, '');

/** Claude Code's names of where it sends its requests, as it translates them in its own spans. */
const CLAUDE_PROVIDERS: Readonly<Record<string, string>> = {
  bedrock: 'aws.bedrock',
  mantle: 'aws.bedrock',
  vertex: 'gcp.vertex_ai',
};

/** Anthropic's names of errors, by the status that comes with them. */
const ANTHROPIC_ERRORS: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  529: 'overloaded_error',
};

/**
 * Claude Code. Counts are Anthropic's: input leaves cached tokens out (the gen_ai.* names on its spans have them in). `prompt.id` is one
 * question, not a prompt of a library. A span and the event of the same request share the request's id; the event names the span around
 * the request, not the request's own.
 */
export const claudeCode: Mapping = {
  emitter: 'claude-code',
  checkedAgainst: '@anthropic-ai/claude-code 2.1.331',
  scope: /^com\.anthropic\.claude_code/,
  named: /^claude_code\./,
  rank: 80,
  fields: {
    requestModel: ['model'],
    inputTokens: ['input_tokens'],
    outputTokens: ['output_tokens'],
    cacheReadTokens: ['cache_read_tokens', 'cache_read_input_tokens'],
    cacheWriteTokens: ['cache_creation_tokens', 'cache_creation_input_tokens'],
    cacheWrite5mTokens: ['cache_creation_5m_tokens'],
    cacheWrite1hTokens: ['cache_creation_1h_tokens'],
    costUsd: ['cost_usd'],
    requestId: ['request_id', 'gen_ai.response.id'],
    userId: ['user.email', 'user.account_uuid', 'user.id'],
    promptId: [],
    promptVersion: [],
    // That of the spans around a call is no tag of the call.
    operation: [],
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
      provider: CLAUDE_PROVIDERS[attributes.text('anthropic.provider') ?? ''] ?? 'anthropic',
      // gen_ai.response.id holds the id of the request.
      responseId: null,
      localId: claudeLocalId(attributes),
      stream: true,
      usage: claudeUnsplitUsage(attributes),
      // Has prices of its own; "normal" is that of the list.
      serviceTier: attributes.text('speed') === 'fast' ? 'fast' : undefined,
      isError: isFailed ? true : undefined,
      errorType: isFailed
        ? (attributes.text('error.type') ??
          ANTHROPIC_ERRORS[attributes.number('status_code') ?? 0] ??
          attributes.text('error_class') ??
          'api_error')
        : undefined,
    };
  },
};

/**
 * What a span and an event of one request have in common where there is no id of it, since a gateway did not pass it on or no answer
 * came: who asked, and what came out, to the token and the millisecond.
 */
function claudeLocalId(attributes: Attributes): string | undefined {
  const session = attributes.text('session.id');
  if (session === undefined || attributes.has('request_id')) return undefined;
  const parts = ['agent_id', 'model', 'input_tokens', 'cache_read_tokens', 'cache_creation_tokens', 'output_tokens', 'ttft_ms', 'attempt', 'status_code']; // prettier-ignore
  const isFailed = attributes.has('error');
  // An event tells the attempt of a failure only.
  const told = parts.map((name) => (name === 'attempt' && !isFailed ? '' : (attributes.text(name) ?? '')));
  return `claude-code ${session} ${told.join(' ')}`;
}

/** Claude Code writes 0 for both lifetimes where the answer did not tell them. */
function claudeUnsplitUsage(attributes: Attributes): Told['usage'] {
  const told = (name: string): number | undefined => attributes.number(name);
  const written = told('cache_creation_tokens') ?? 0;
  const split = (told('cache_creation_5m_tokens') ?? 0) + (told('cache_creation_1h_tokens') ?? 0);
  if (!attributes.has('cache_creation_5m_tokens') || written === split) return undefined;
  return {
    told: {
      input: told('input_tokens'),
      output: told('output_tokens'),
      cacheRead: told('cache_read_tokens'),
      cacheWrite: written,
    },
    meaning: CACHE_EXCLUDED,
  };
}

const CODEX_CALL = /\/(?:responses|chat\/completions)$/;

/**
 * Codex CLI. A call that ends well is told by the `codex.sse_event` of kind response.completed that has the counts (OpenAI's, inclusive);
 * another one of that kind without them comes just before. `codex.api_request` counts only where it failed. Of its several hundred spans
 * a turn one repeats the counts, without the model and with nothing that says to which event it belongs.
 */
export const codex: Mapping = {
  emitter: 'codex',
  checkedAgainst: '@openai/codex 0.169.0',
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
    reasoningTokens: ['reasoning_token_count'],
    userId: ['user.email', 'user.account_id'],
    errorType: ['error.type', 'error.code'],
  },
  role: (facts) => {
    const { attributes, signal } = facts;
    if (signal === 'span') return 'ignore';
    const event = short(facts);
    if (event === 'sse_event' || event === 'websocket_event') {
      const kind = attributes.text('event.kind');
      if (kind === 'response.completed') return attributes.has('input_token_count') ? 'call' : 'ignore';
      return kind === 'response.failed' ? 'call' : 'ignore';
    }
    if (event !== 'api_request') return 'ignore';
    // It asks for lists of models and the like, too.
    const endpoint = attributes.text('endpoint');
    if (endpoint !== undefined && !CODEX_CALL.test(endpoint)) return 'ignore';
    const status = attributes.number('http.response.status_code');
    const isFailed = (status !== undefined && status >= 400) || attributes.has('error.message');
    return isFailed ? 'call' : 'ignore';
  },
  meaning: () => INCLUSIVE,
  tell: (facts) => {
    const { attributes } = facts;
    const isFailed =
      short(facts) === 'api_request' ||
      attributes.text('event.kind') === 'response.failed' ||
      attributes.has('error.message');
    const isMakerKnown = makerOf(attributes.text('model') ?? '') !== undefined;
    return {
      // Not told by these events; a model of somebody else is asked for at another provider.
      provider: isMakerKnown ? undefined : 'openai',
      stream: true,
      // ttft_ms starts when the head of the answer is there, which is when most of the waiting is over.
      firstTokenMs: Number.NaN,
      isError: isFailed ? true : undefined,
      errorType: isFailed ? (attributes.text('error.type') ?? 'api_error') : undefined,
    };
  },
};

/** Gemini CLI and its descendants. Input includes cached tokens, output leaves thoughts out, tool prompts come on top of the input. */
export const geminiCli: Mapping = {
  emitter: 'gemini-cli',
  checkedAgainst: '@google/gemini-cli 0.61.0',
  scope: /^(?:gemini[-_]cli|qwen-code)/,
  named: /^(?:gemini_cli|qwen-code)\./,
  rank: 80,
  fields: {
    requestModel: ['model', 'model_name'],
    // Without a login an installation is all that is known of who asks.
    userId: ['user.email', 'user.id', 'installation.id'],
    promptId: [],
    promptVersion: [],
    finishReason: ['finish_reasons'],
    errorType: ['error_type', 'error.type', 'error'],
    statusCode: ['status_code', 'http.status_code'],
  },
  role: (facts) => {
    // Its spans (llm_call) hold instructions and tools, but no usage.
    if (facts.signal === 'span') return 'ignore';
    const event = short(facts);
    // gen_ai.client.inference.operation.details comes beside these from newer versions and says the same.
    return event === 'api_response' || event === 'api_error' ? 'call' : 'ignore';
  },
  tell: (facts) => {
    const { attributes } = facts;
    const isFailed = short(facts) === 'api_error' || attributes.has('error');
    const number = (name: string): number | undefined => attributes.number(name);
    const input = number('input_token_count');
    const tool = number('tool_token_count') ?? 0;
    return {
      provider: geminiProvider(facts),
      isError: isFailed ? true : undefined,
      errorType: isFailed
        ? (googleStatus(attributes) ??
          attributes.text('error_type') ??
          attributes.text('error.type') ??
          'api_error')
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

function geminiProvider({ name, attributes }: Facts): string | undefined {
  if (name.startsWith('qwen')) return undefined;
  return attributes.text('auth_type') === 'vertex-ai' ? 'gcp.vertex_ai' : 'gcp.gemini';
}

/** Google's name of an error ("RESOURCE_EXHAUSTED") out of the answer's body; every `error.type` is ApiError. */
function googleStatus(attributes: Attributes): string | undefined {
  const body = attributes.text('error.message') ?? attributes.text('error');
  return body === undefined ? undefined : /"status"\s*:\s*"([A-Z][A-Z_]+)"/.exec(body.slice(0, 2_000))?.[1];
}
