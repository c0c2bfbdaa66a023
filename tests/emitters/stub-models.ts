/** What the stub server bills for a call of a model, before the number of the call is added. Counts are the provider's own. */
export interface Tariff {
  /** All input, with what is read from and written to the cache. */
  input: number;
  cacheRead: number;
  cacheWrite: number;
  /** All output, with reasoning. */
  output: number;
  reasoning: number;
}

const NOTHING: Tariff = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };

export const TARIFFS: Readonly<Record<string, Tariff>> = {
  'gpt-4o-mini': { ...NOTHING, input: 1200, output: 80 },
  'gpt-4o': { ...NOTHING, input: 2300, cacheRead: 1536, output: 60 },
  'o3-mini': { ...NOTHING, input: 700, output: 900, reasoning: 704 },
  'gpt-5-mini': { ...NOTHING, input: 4100, cacheRead: 3072, output: 1200, reasoning: 832 },
  'text-embedding-3-small': { ...NOTHING, input: 50 },
  'claude-haiku-4-5': { ...NOTHING, input: 640, output: 100 },
  'claude-sonnet-4-5': { ...NOTHING, input: 5000, cacheRead: 4096, output: 140 },
  'claude-opus-4-5': { ...NOTHING, input: 3300, cacheWrite: 3072, output: 150 },
  'gemini-2.5-flash-lite': { ...NOTHING, input: 900, output: 40 },
  'gemini-2.5-flash': { ...NOTHING, input: 1500, output: 300, reasoning: 192 },
  'gemini-2.5-pro': { ...NOTHING, input: 6200, cacheRead: 5120, output: 700, reasoning: 512 },
};

/** A tool that the answer asks the client to run. */
export interface ToolUse {
  name: string;
  input: Readonly<Record<string, string>>;
}

/** One call that the stub server answered. */
export interface BilledCall {
  api: 'chat' | 'embeddings' | 'responses' | 'messages' | 'generate-content';
  provider: 'openai' | 'anthropic' | 'google';
  model: string;
  stream: boolean;
  /** Of the answer. */
  status: number;
  failed: boolean;
  /** Whether the answer held the usage: a stream of OpenAI's chats does only when it is asked for it. */
  usageSent: boolean;
  usage: Tariff;
  tool?: ToolUse;
}

/** The usage of the n-th call: no two calls cost the same, so that a call that is missed and one that is doubled never cancel out. */
export function usageOf(model: string, n: number): Tariff {
  const tariff = TARIFFS[model];
  if (!tariff) throw new Error(`The stub server has no model "${model}".`);
  return {
    ...tariff,
    input: tariff.input + n,
    output: tariff.output === 0 ? 0 : tariff.output + 7 * n,
  };
}
