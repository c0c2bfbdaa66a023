/**
 * How many events a second can be priced on one core: `node bench/pricing.ts [seconds]`.
 * The bar is 1 M calls/s for models seen before; the second line is a sender that makes every model name up.
 */
import { bundledBook } from '../collector/src/pricing/bundled-book.ts';
import { createPricer, type PriceRequest } from '../collector/src/pricing/price.ts';

const seconds = Number(process.argv[2] ?? 2);

const models: [string, string, string | null][] = [
  ['openai', 'gpt-4o', 'default'],
  ['openai', 'gpt-4o-mini-2024-07-18', null],
  ['openai', 'o3', null],
  ['openai', 'gpt-5', 'batch'],
  ['anthropic', 'claude-sonnet-4-5-20250929', 'standard'],
  ['anthropic', 'claude-opus-4-6', null],
  ['aws.bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', null],
  ['gcp.gemini', 'gemini-2.5-pro', null],
  ['gcp.vertex_ai', 'gemini-2.5-flash', null],
  ['azure.ai.openai', 'gpt-4.1', null],
  ['deepseek', 'deepseek-chat', null],
  ['groq', 'llama-3.3-70b-versatile', null],
  ['ollama', 'llama3.2', null],
  ['openai', 'a-model-nobody-knows', null],
];

/** Requests as ingest makes them: every one a new object with strings of its own, as JSON.parse makes them. */
function request(index: number): PriceRequest {
  const [modelProvider, modelName, serviceTier] = models[index % models.length] ?? ['', '', null];
  return {
    tenantId: 'default',
    modelProvider,
    modelName,
    serviceTier,
    timestampMs: Date.UTC(2026, 7, 1) + index * 1009,
    tokens: {
      input: (index * 7919) % 250_000,
      cacheRead: (index * 31) % 5000,
      cacheWrite5m: index % 3 === 0 ? index % 2000 : 0,
      cacheWrite1h: 0,
      output: (index * 131) % 4000,
      reasoning: index % 100,
    },
  };
}

function measure(label: string, requests: readonly PriceRequest[]): void {
  const pricer = createPricer(bundledBook());
  let calls = 0;
  let priced = 0;
  const run = (ms: number): number => {
    const start = performance.now();
    calls = 0;
    while (performance.now() - start < ms) {
      for (const each of requests) if (pricer.price(each).costNanoUsd !== null) priced++;
      calls += requests.length;
    }
    return (calls / (performance.now() - start)) * 1000;
  };
  run(300); // let the compiler see it first
  const rate = run(seconds * 1000);
  console.log(
    `${label}: ${Math.round(rate).toLocaleString('en')} calls/s (${priced > 0 ? 'priced' : 'unpriced'})`,
  );
}

const repeated = JSON.parse(
  JSON.stringify(Array.from({ length: 10_000 }, (_, index) => request(index))),
) as PriceRequest[];
measure('models seen before', repeated);
for (const provider of ['openai', 'aws.bedrock', 'openrouter', 'nobody']) {
  measure(
    `every name new (${provider})`,
    Array.from({ length: 50_000 }, (_, index) => ({
      ...request(index),
      modelProvider: provider,
      modelName: `made-up-${index}`,
    })),
  );
}
