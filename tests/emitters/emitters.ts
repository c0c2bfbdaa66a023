import type { BilledCall } from './stub-models.ts';

/** An emitter at one version, and what is known not to be in its telemetry. */
export interface Emitter {
  /** Lower-case letters, digits and dashes. */
  name: string;
  guide: string;
  driver: `python/${string}.py` | `node/${string}.js`;
  /** For pip or npm; the first is what the emitter is known by. */
  packages: readonly string[];
  /** Versions of what pip installs along with them. */
  constraints?: `python/${string}.txt`;
  /** Set beside the exporter's variables; `$STUB` and `$COLLECTOR` are addresses, `$KEY` is the API key. */
  env?: Readonly<Record<string, string>>;
  /** A user whom its driver names, and who must be found. */
  user?: string;
  /** Calls that leave no trace in its telemetry. */
  untold?: (call: BilledCall) => boolean;
  /** Calls of which it tells no tokens, although the provider's answer had them. */
  unmetered?: (call: BilledCall) => boolean;
  /** Whether it tells what was read from the cache (default true), what was written to it (true) and reasoning (true). */
  tells?: Partial<Record<'cacheRead' | 'cacheWrite', boolean>> & {
    reasoning?: boolean | ((call: BilledCall) => boolean);
  };
}

const SDK = ['opentelemetry-sdk', 'opentelemetry-exporter-otlp-proto-http'] as const;
const NO_DETAILS = { cacheRead: false, cacheWrite: false, reasoning: false } as const;

const isResponses = ({ api }: BilledCall): boolean => api === 'responses';

/** OpenLLMetry leaves reasoning out of streamed chats; Anthropic tells none. */
const notOfStreamedChats = ({ api, stream }: BilledCall): boolean => !(api === 'chat' && stream);

export const EMITTERS: readonly Emitter[] = [
  ...[
    ['opentelemetry-python', '==2.4b0', 'openai==3.54.0', 'opentelemetry-util-genai==1.1b0'],
    ['opentelemetry-python-newest', '>=2.4b0', 'openai', 'opentelemetry-util-genai==1.1b0'],
  ].map(([name = '', version = '', ...packages]): Emitter => ({
    name,
    guide: 'opentelemetry.md',
    driver: 'python/opentelemetry_openai.py',
    // It imports httpx without asking for it, and cannot do with the util-genai of today.
    packages: [`opentelemetry-instrumentation-openai-v2${version}`, ...packages, 'httpx', ...SDK],
    untold: isResponses,
    tells: NO_DETAILS,
  })),
  ...[
    ['anthropic-python', 'anthropic==2.12.0'],
    ['anthropic-python-newest', 'anthropic'],
  ].map(([name = '', ...packages]): Emitter => ({
    name,
    guide: 'opentelemetry.md',
    driver: 'python/opentelemetry_anthropic.py',
    packages: [...packages, ...SDK],
  })),
  ...[
    ['traceloop-sdk', 'traceloop-sdk==0.62.4', 'openai==3.54.0', 'anthropic==2.12.0'],
    ['traceloop-sdk-newest', 'traceloop-sdk', 'openai', 'anthropic'],
  ].map(([name = '', ...packages]): Emitter => ({
    name,
    guide: 'openllmetry.md',
    driver: 'python/openllmetry.py',
    user: 'user-7',
    packages: [...packages, 'httpx'], // it imports httpx without asking for it
    constraints: 'python/opentelemetry-1.45.1.txt',
    env: { PROMPTOPS_API_KEY: '$KEY' },
    tells: { reasoning: notOfStreamedChats },
  })),
  ...[
    ['openllmetry', '0.62.4', 'openai==3.54.0', 'anthropic==2.12.0'],
    ['openllmetry-newest', '', 'openai', 'anthropic'],
  ].map(([name = '', version = '', ...clients]): Emitter => {
    const pin = version === '' ? '' : `==${version}`;
    return {
      name,
      guide: 'openllmetry.md',
      driver: 'python/openllmetry_instrumentors.py',
      user: 'user-1',
      packages: [
        `opentelemetry-instrumentation-openai${pin}`,
        `opentelemetry-instrumentation-anthropic${pin}`,
        ...clients,
        ...SDK,
      ],
      tells: { reasoning: notOfStreamedChats },
    };
  }),
  {
    name: 'openlit',
    guide: 'openlit.md',
    driver: 'python/openlit_sdk.py',
    user: 'user-1',
    packages: ['openlit==1.45.0', 'openai<3', 'anthropic<1'],
    constraints: 'python/opentelemetry-1.45.1.txt',
    tells: { reasoning: isResponses },
  },
  ...[
    ['openinference', 'openinference-instrumentation-openai==0.1.66', 'openai==3.54.0'],
    ['openinference-newest', 'openinference-instrumentation-openai', 'openai'],
  ].map(([name = '', ...packages]): Emitter => ({
    name,
    guide: 'openinference.md',
    driver: 'python/openinference_openai.py',
    user: 'user-7',
    packages: [...packages, ...SDK],
  })),
  ...[
    ['pydantic-ai', 'pydantic-ai-slim[openai,anthropic]==2.68.0', 'openai==3.54.0', 'anthropic==2.12.0'],
    ['pydantic-ai-newest', 'pydantic-ai-slim[openai,anthropic]', 'openai', 'anthropic'],
  ].map(([name = '', ...packages]): Emitter => ({
    name,
    guide: 'pydantic-ai.md',
    driver: 'python/pydantic_ai_agents.py',
    packages: [...packages, ...SDK],
  })),
  {
    name: 'logfire',
    guide: 'pydantic-ai.md',
    driver: 'python/logfire_agents.py',
    packages: ['logfire', 'pydantic-ai-slim[openai,anthropic]', 'openai', 'anthropic'],
  },
  ...[
    ['litellm', 'litellm==1.106.2'],
    ['litellm-newest', 'litellm'],
  ].map(([name = '', ...packages]): Emitter => ({
    name,
    guide: 'litellm.md',
    driver: 'python/litellm_sdk.py',
    user: 'user-1',
    packages: [...packages, 'mcp', ...SDK], // its Responses API imports mcp without asking for it
    env: { LITELLM_LOCAL_MODEL_COST_MAP: 'True' },
  })),
  {
    name: 'litellm-proxy',
    guide: 'litellm.md',
    driver: 'python/litellm_proxy.py',
    user: 'user-1',
    packages: ['litellm[proxy]==1.106.2', 'mcp', 'openai', ...SDK],
    env: { LITELLM_LOCAL_MODEL_COST_MAP: 'True' },
  },
  ...[
    ['langfuse', 'langfuse==3.15.0', 'openai==2.54.0'],
    ['langfuse-newest', 'langfuse', 'openai'],
  ].map(([name = '', ...packages]): Emitter => ({
    name,
    guide: 'langfuse.md',
    driver: 'python/langfuse_openai.py',
    packages,
    env: {
      LANGFUSE_HOST: '$COLLECTOR',
      LANGFUSE_BASE_URL: '$COLLECTOR',
      LANGFUSE_PUBLIC_KEY: 'pk-promptops',
      LANGFUSE_SECRET_KEY: '$KEY',
    },
  })),
  {
    name: 'vercel-ai-6',
    guide: 'vercel-ai.md',
    driver: 'node/vercel-ai-6.js',
    user: 'user-7',
    packages: [
      'ai@6.0.326',
      '@ai-sdk/openai@3.0.141',
      '@ai-sdk/anthropic@3.0.140',
      '@opentelemetry/sdk-node',
    ],
  },
  {
    name: 'vercel-ai-7',
    guide: 'vercel-ai.md',
    driver: 'node/vercel-ai-7.js',
    user: 'user-7',
    packages: [
      'ai@7',
      '@ai-sdk/otel@1',
      '@ai-sdk/openai@4',
      '@ai-sdk/anthropic@4',
      '@opentelemetry/sdk-node',
    ],
  },
  ...[
    ['opentelemetry-node', '@opentelemetry/instrumentation-openai@0.21.0', 'openai@6.49.0'],
    ['opentelemetry-node-newest', '@opentelemetry/instrumentation-openai', 'openai@6'],
  ].map(([name = '', ...packages]): Emitter => ({
    name,
    guide: 'opentelemetry.md',
    driver: 'node/opentelemetry-openai.js',
    packages: [...packages, '@opentelemetry/sdk-node'],
    tells: NO_DETAILS,
  })),
  ...[
    ['claude-code', {}],
    ['claude-code-spans', { OTEL_TRACES_EXPORTER: 'otlp', CLAUDE_CODE_ENHANCED_TELEMETRY_BETA: '1' }],
  ].map(([name, env]): Emitter => ({
    name: name as string,
    guide: 'claude-code.md',
    driver: 'node/claude-code.js',
    packages: ['@anthropic-ai/claude-code@2.1'],
    user: '7'.repeat(64),
    env: { PROMPTOPS_API_KEY: '$KEY', ...(env as Record<string, string>) },
    // An attempt that is followed by another one is told neither by events nor by spans.
    untold: ({ status }) => status === 500,
  })),
  ...[
    ['codex', ''],
    ['codex-spans', 'true'],
  ].map(([name = '', spans = '']): Emitter => ({
    name,
    guide: 'codex.md',
    driver: 'node/codex.js',
    packages: ['@openai/codex@0.169'],
    env: { PROMPTOPS_API_KEY: '$KEY', CODEX_SPANS: spans },
    // `codex exec` that ends with an error ends without sending what it has to tell.
    untold: ({ status }) => status === 429,
  })),
  {
    name: 'gemini-cli',
    guide: 'gemini-cli.md',
    driver: 'node/gemini-cli.js',
    packages: ['@google/gemini-cli@0.61'],
    user: '7'.repeat(32),
    env: { PROMPTOPS_API_KEY: '$KEY', GOOGLE_GEMINI_BASE_URL: '$STUB' },
  },
  {
    name: 'sentry',
    guide: 'sentry.md',
    driver: 'node/sentry.js',
    // From version 11 on Sentry's spans go to Sentry only.
    packages: [
      '@sentry/node@10',
      'openai@6',
      '@anthropic-ai/sdk@0.137',
      '@opentelemetry/exporter-trace-otlp-http@0.218.0',
      '@opentelemetry/sdk-trace-base@2',
    ],
    env: { SENTRY_DSN: 'http://public@127.0.0.1:9/1' },
    tells: { reasoning: false },
  },
  {
    name: 'sentry-vercel-ai',
    guide: 'sentry.md',
    driver: 'node/sentry-vercel-ai.js',
    packages: [
      '@sentry/node@10',
      'ai@6.0.326',
      '@ai-sdk/openai@3.0.141',
      '@ai-sdk/anthropic@3.0.140',
      '@opentelemetry/exporter-trace-otlp-http@0.218.0',
      '@opentelemetry/sdk-trace-base@2',
    ],
    user: 'user-7',
    env: { SENTRY_DSN: 'http://public@127.0.0.1:9/1' },
  },
];
