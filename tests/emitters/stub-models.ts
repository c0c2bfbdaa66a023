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
};

/** One call that the stub server answered. */
export interface BilledCall {
  api: 'chat' | 'embeddings' | 'responses' | 'messages';
  provider: 'openai' | 'anthropic';
  model: string;
  stream: boolean;
  failed: boolean;
  /** Whether the answer held the usage: a stream of OpenAI's chats does only when it is asked for it. */
  usageSent: boolean;
  usage: Tariff;
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
