/** How a model behaves, near enough to its public figures of 2026 that the charts look familiar. No prices here. */
export interface ModelProfile {
  /** The provider's id in the price book (`@pydantic/genai-prices`), or one that it does not have. */
  provider: string;
  endpoint: string;
  /** Where streamed calls go, if not to the same. */
  streamEndpoint?: string;
  kind: 'chat' | 'embedding';
  /** The most input that a call can carry, in tokens. */
  contextTokens: number;
  /** Median milliseconds until the first token, without the time to read the input. */
  firstTokenMs: number;
  msPerInputToken: number;
  msPerOutputToken: number;
  /** Spread of the latency: the standard deviation of its logarithm. */
  latencySigma: number;
  /** Share of calls that fail on an ordinary day. */
  errorRate: number;
  /** Median reasoning tokens for each visible output token; 0 for a model that does not reason. */
  reasoningPerOutputToken: number;
  /** How the provider's prompt cache works, and the least prefix that it takes, in tokens. */
  promptCache: PromptCacheKind;
}

/**
 * `implicit` (OpenAI, Google, DeepSeek): reads are told in whole blocks, writes cost nothing and are not told.
 * `explicit` (Anthropic): the caller marks the prefix; the first call writes it, later ones read it.
 */
export type PromptCacheKind =
  | { kind: 'implicit'; blockTokens: number; minimumTokens: number }
  | { kind: 'explicit'; minimumTokens: number }
  | { kind: 'none' };

const openaiCache: PromptCacheKind = { kind: 'implicit', blockTokens: 128, minimumTokens: 1024 };
const googleCache: PromptCacheKind = { kind: 'implicit', blockTokens: 1, minimumTokens: 1024 };
const deepseekCache: PromptCacheKind = { kind: 'implicit', blockTokens: 64, minimumTokens: 64 };
const anthropicCache: PromptCacheKind = { kind: 'explicit', minimumTokens: 1024 };

const chat = { kind: 'chat', reasoningPerOutputToken: 0 } as const;

export const MODELS = {
  'gpt-4o': {
    ...chat,
    provider: 'openai',
    endpoint: '/v1/chat/completions',
    contextTokens: 128_000,
    firstTokenMs: 430,
    msPerInputToken: 0.03,
    msPerOutputToken: 11,
    latencySigma: 0.34,
    errorRate: 0.007,
    promptCache: openaiCache,
  },
  'gpt-4o-mini': {
    ...chat,
    provider: 'openai',
    endpoint: '/v1/chat/completions',
    contextTokens: 128_000,
    firstTokenMs: 360,
    msPerInputToken: 0.02,
    msPerOutputToken: 8,
    latencySigma: 0.32,
    errorRate: 0.006,
    promptCache: openaiCache,
  },
  'gpt-5-mini': {
    ...chat,
    provider: 'openai',
    endpoint: '/v1/responses',
    contextTokens: 400_000,
    firstTokenMs: 480,
    msPerInputToken: 0.02,
    msPerOutputToken: 7,
    latencySigma: 0.38,
    errorRate: 0.007,
    reasoningPerOutputToken: 0.8,
    promptCache: openaiCache,
  },
  'o3-mini': {
    ...chat,
    provider: 'openai',
    endpoint: '/v1/responses',
    contextTokens: 200_000,
    firstTokenMs: 600,
    msPerInputToken: 0.03,
    msPerOutputToken: 6.5,
    latencySigma: 0.5,
    errorRate: 0.009,
    reasoningPerOutputToken: 2.4,
    promptCache: openaiCache,
  },
  'text-embedding-3-small': {
    kind: 'embedding',
    provider: 'openai',
    endpoint: '/v1/embeddings',
    contextTokens: 8_191,
    firstTokenMs: 95,
    msPerInputToken: 0.05,
    msPerOutputToken: 0,
    latencySigma: 0.4,
    errorRate: 0.004,
    reasoningPerOutputToken: 0,
    promptCache: { kind: 'none' },
  },
  'claude-sonnet-4-5': {
    ...chat,
    provider: 'anthropic',
    endpoint: '/v1/messages',
    contextTokens: 200_000,
    firstTokenMs: 900,
    msPerInputToken: 0.05,
    msPerOutputToken: 14,
    latencySigma: 0.36,
    errorRate: 0.008,
    promptCache: anthropicCache,
  },
  'claude-haiku-4-5': {
    ...chat,
    provider: 'anthropic',
    endpoint: '/v1/messages',
    contextTokens: 200_000,
    firstTokenMs: 520,
    msPerInputToken: 0.02,
    msPerOutputToken: 6,
    latencySigma: 0.33,
    errorRate: 0.006,
    promptCache: anthropicCache,
  },
  /** An alias that follows the newest Opus: its price in the price book changed on 2026-09-22. */
  '~anthropic/claude-opus-latest': {
    ...chat,
    provider: 'openrouter',
    endpoint: '/api/v1/chat/completions',
    contextTokens: 200_000,
    firstTokenMs: 1_300,
    msPerInputToken: 0.06,
    msPerOutputToken: 17,
    latencySigma: 0.42,
    errorRate: 0.01,
    promptCache: anthropicCache,
  },
  'gemini-2.5-flash': {
    ...chat,
    provider: 'google',
    endpoint: '/v1beta/models/gemini-2.5-flash:generateContent',
    streamEndpoint: '/v1beta/models/gemini-2.5-flash:streamGenerateContent',
    contextTokens: 1_000_000,
    firstTokenMs: 380,
    msPerInputToken: 0.01,
    msPerOutputToken: 4.5,
    latencySigma: 0.4,
    errorRate: 0.007,
    reasoningPerOutputToken: 0.5,
    promptCache: googleCache,
  },
  /** Dearer above 200,000 input tokens, which some whole contracts reach. */
  'gemini-2.5-pro': {
    ...chat,
    provider: 'google',
    endpoint: '/v1beta/models/gemini-2.5-pro:generateContent',
    streamEndpoint: '/v1beta/models/gemini-2.5-pro:streamGenerateContent',
    contextTokens: 1_000_000,
    firstTokenMs: 1_400,
    msPerInputToken: 0.02,
    msPerOutputToken: 8,
    latencySigma: 0.45,
    errorRate: 0.009,
    reasoningPerOutputToken: 1.2,
    promptCache: googleCache,
  },
  'mistral-small-latest': {
    ...chat,
    provider: 'mistral',
    endpoint: '/v1/chat/completions',
    contextTokens: 128_000,
    firstTokenMs: 300,
    msPerInputToken: 0.02,
    msPerOutputToken: 7,
    latencySigma: 0.3,
    errorRate: 0.006,
    promptCache: { kind: 'none' },
  },
  'codestral-latest': {
    ...chat,
    provider: 'mistral',
    endpoint: '/v1/fim/completions',
    contextTokens: 256_000,
    firstTokenMs: 180,
    msPerInputToken: 0.01,
    msPerOutputToken: 4,
    latencySigma: 0.3,
    errorRate: 0.005,
    promptCache: { kind: 'none' },
  },
  /** Dearer in the provider's peak hours (UTC 01:00-04:00 and 06:00-10:00), by the price book. */
  'deepseek-v4-flash': {
    ...chat,
    provider: 'deepseek',
    endpoint: '/v1/chat/completions',
    contextTokens: 128_000,
    firstTokenMs: 700,
    msPerInputToken: 0.03,
    msPerOutputToken: 12,
    latencySigma: 0.5,
    errorRate: 0.01,
    promptCache: deepseekCache,
  },
  /** Fine-tuned and served by the tenant itself: no price book has it, so its cost is unknown until the tenant sets a price. */
  'acme-llama-ft-7b': {
    ...chat,
    provider: 'vllm',
    endpoint: '/v1/chat/completions',
    contextTokens: 32_768,
    firstTokenMs: 140,
    msPerInputToken: 0.04,
    msPerOutputToken: 16,
    latencySigma: 0.25,
    errorRate: 0.005,
    promptCache: { kind: 'none' },
  },
} as const satisfies Record<string, ModelProfile>;

export type ModelName = keyof typeof MODELS;

/** The one model that no price book has. */
export const UNPRICED_MODEL = 'acme-llama-ft-7b' satisfies ModelName;
