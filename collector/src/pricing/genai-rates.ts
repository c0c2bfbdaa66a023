import type { ModelPrice } from '@pydantic/genai-prices';
import { attoUsdPerRequest, attoUsdPerToken } from './decimal.ts';
import type { Rate, RateBand, Rates } from './rates.ts';

/**
 * The rates of a price of @pydantic/genai-prices, one band for each context size that it tells apart. A tier holds for
 * the whole call once all of its input together, cached or not, exceeds the tier's start (`calcPrice` does so).
 *
 * What a list leaves out:
 * - no cache read price: the input price, as in the package. It never bills too little.
 * - no cache write price: the input price, as in the package; for Claude 1.25 x input (see below).
 * - no price for writes kept an hour: for Claude 2 x input, Anthropic's rule wherever Claude is sold
 *   (https://platform.claude.com/docs/en/build-with-claude/prompt-caching#pricing; the package has these prices on
 *   Anthropic's own list only, where a test holds them to the rule). For others the cache write price: nobody else's
 *   depends on how long.
 * - no reasoning price: reasoning is a part of output and is charged there, once.
 * - no output price (embeddings): a call with output tokens cannot be priced.
 *
 * @returns 'no_price' when the model is not sold by the token; 'modality_unknown' when text and other tokens differ in
 *   price and the counts do not tell them apart
 */
export function genaiRates(
  modelId: string,
  price: ModelPrice,
): readonly RateBand[] | 'no_price' | 'modality_unknown' {
  if (price.input_mtok === undefined) return 'no_price';
  if (needsModalities(modelId, price)) return 'modality_unknown';
  return textRates(modelId, price);
}

/** The rates of text tokens, also of a model whose other tokens have other prices. */
export function textRates(modelId: string, price: ModelPrice): readonly RateBand[] {
  const starts = new Set<number>();
  for (const value of Object.values(price)) {
    if (typeof value === 'object') for (const tier of value.tiers) starts.add(tier.start);
  }
  return [-1, ...[...starts].sort((a, b) => a - b)].map((overInputTokens) => ({
    overInputTokens,
    rates: ratesOver(overInputTokens, modelId, price),
  }));
}

function ratesOver(overInputTokens: number, modelId: string, price: ModelPrice): Rates {
  const amount = (key: string): number | undefined => {
    const value = price[key];
    if (typeof value !== 'object') return value;
    let [inForce, since] = [value.base, -1];
    for (const { start, price: tierPrice } of value.tiers) {
      if (start <= overInputTokens && start >= since) [inForce, since] = [tierPrice, start];
    }
    return inForce;
  };
  const listed = (key: string): Rate | undefined => {
    const usd = amount(key);
    return usd === undefined ? undefined : { attoUsd: attoUsdPerToken(usd), basis: key };
  };
  const input = listed('input_mtok') ?? { attoUsd: 0n, basis: 'input_mtok' };
  const cacheWrite = listed('cache_write_mtok');
  const isClaude = modelId.toLowerCase().includes('claude');
  const requestUsd = amount('requests_kcount');
  return {
    input,
    cacheRead: listed('cache_read_mtok') ?? input,
    cacheWrite5m:
      listed('cache_write_5m_mtok') ??
      cacheWrite ??
      (isClaude ? { attoUsd: (input.attoUsd * 5n) / 4n, basis: '1.25 x input_mtok' } : input),
    cacheWrite1h:
      listed('cache_write_1h_mtok') ??
      (isClaude ? { attoUsd: input.attoUsd * 2n, basis: '2 x input_mtok' } : (cacheWrite ?? input)),
    output: listed('output_mtok') ?? null,
    reasoning: listed('output_reasoning_mtok') ?? null,
    request:
      requestUsd === undefined ? null : { attoUsd: attoUsdPerRequest(requestUsd), basis: 'requests_kcount' },
  };
}

/** Models whose input or output is mostly speech, also where the list gives a price for their text alone. */
const SPEECH_MODEL = /audio|realtime|transcribe/;

/**
 * A model that makes audio, images or video sells them at several times the price of its text (Gemini's image models 12 x,
 * OpenAI's realtime models 4 x). Billing such tokens as text would hide most of the cost. A model that merely also reads
 * images or audio (Gemini Flash) is priced as text.
 */
function needsModalities(modelId: string, price: ModelPrice): boolean {
  const text = JSON.stringify(price.output_mtok);
  return (
    SPEECH_MODEL.test(modelId.toLowerCase()) ||
    ['output_audio_mtok', 'output_image_mtok', 'output_video_mtok'].some(
      (key) => price[key] !== undefined && JSON.stringify(price[key]) !== text,
    )
  );
}
