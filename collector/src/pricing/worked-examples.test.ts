import { describe, expect, test } from '@jest/globals';
import { bundledBook } from './bundled-book.ts';
import { genaiPriceBook } from './genai-book.ts';
import { createPricer, listSource, type PriceParts, type TokenCounts } from './price.ts';
import { request } from './example-requests.ts';

/**
 * Worked by hand from the providers' published prices, as the installed price list has them. A price of 1 USD a million
 * tokens is 1,000 nano-USD a token: the sums beside the cases are in that unit.
 */
interface Example {
  what: string;
  call: string;
  at?: string;
  tier?: string;
  counts: Partial<TokenCounts>;
  nanoUsd: number;
  version: string;
}

const examples: Example[] = [
  // OpenAI
  {
    what: 'cached input at half price, reasoning within output',
    call: 'openai gpt-4o',
    counts: { input: 300, cacheRead: 900, output: 310, reasoning: 120 },
    nanoUsd: 4_975_000, // 300 x 2500 + 900 x 1250 + 310 x 10000
    version: 'openai/gpt-4o',
  },
  {
    what: 'a dated snapshot',
    call: 'openai gpt-4o-mini-2024-07-18',
    counts: { input: 10_000, output: 500 },
    nanoUsd: 1_800_000, // 10000 x 150 + 500 x 600
    version: 'openai/gpt-4o-mini',
  },
  {
    what: 'a snapshot with a price of its own',
    call: 'openai gpt-4o-2024-05-13',
    counts: { input: 1000, output: 1000 },
    nanoUsd: 20_000_000, // 1000 x 5000 + 1000 x 15000
    version: 'openai/gpt-4o-2024-05-13',
  },
  {
    what: 'reasoning of an o-series model is charged once, as output',
    call: 'openai o4-mini-2025-04-16',
    counts: { input: 500, cacheRead: 1500, output: 3000, reasoning: 2800 },
    nanoUsd: 14_162_500, // 500 x 1100 + 1500 x 275 + 3000 x 4400
    version: 'openai/o4-mini',
  },
  {
    what: 'the last moment before a price cut',
    call: 'openai o3',
    at: '2025-06-09T23:59:59.999Z',
    counts: { input: 1000, output: 2000, reasoning: 1500 },
    nanoUsd: 90_000_000, // 1000 x 10000 + 2000 x 40000
    version: 'openai/o3',
  },
  {
    what: 'the first moment after it',
    call: 'openai o3',
    at: '2025-06-10T00:00:00Z',
    counts: { input: 1000, output: 2000, reasoning: 1500 },
    nanoUsd: 18_000_000, // 1000 x 2000 + 2000 x 8000
    version: 'openai/o3@2025-06-10',
  },
  {
    what: 'cached input at a tenth',
    call: 'openai gpt-5-2025-08-07',
    counts: { input: 2000, cacheRead: 6000, output: 800 },
    nanoUsd: 11_250_000, // 2000 x 1250 + 6000 x 125 + 800 x 10000
    version: 'openai/gpt-5',
  },
  {
    what: 'batch is half',
    call: 'openai gpt-5',
    tier: 'batch',
    counts: { input: 2000, cacheRead: 6000, output: 800 },
    nanoUsd: 5_625_000, // the half of 11,250,000
    version: 'openai/gpt-5+batch',
  },
  {
    what: 'flex is half',
    call: 'openai gpt-5',
    tier: 'flex',
    counts: { input: 2000, cacheRead: 6000, output: 800 },
    nanoUsd: 5_625_000,
    version: 'openai/gpt-5+flex',
  },
  {
    what: 'the default tier is the list price',
    call: 'openai gpt-5',
    tier: 'default',
    counts: { input: 2000, cacheRead: 6000, output: 800 },
    nanoUsd: 11_250_000,
    version: 'openai/gpt-5',
  },
  {
    what: 'embeddings',
    call: 'openai text-embedding-3-small',
    counts: { input: 8191 },
    nanoUsd: 163_820, // 8191 x 20
    version: 'openai/text-embedding-3-small',
  },
  {
    what: 'embeddings in a batch',
    call: 'openai text-embedding-3-small',
    tier: 'batch',
    counts: { input: 8191 },
    nanoUsd: 81_910,
    version: 'openai/text-embedding-3-small+batch',
  },
  {
    what: 'cache writes that OpenAI charges for since GPT-5.6',
    call: 'openai gpt-5.6-sol',
    counts: { input: 1000, cacheWrite5m: 2000, output: 100 },
    nanoUsd: 16_000_000, // 1000 x 4000 + 2000 x 5000 + 100 x 20000
    version: 'openai/gpt-5.6-sol@2026-08-21',
  },
  {
    what: 'the same model the day before its price fell',
    call: 'openai gpt-5.6-sol',
    at: '2026-08-20T12:00:00Z',
    counts: { input: 10_000, output: 1000 },
    nanoUsd: 80_000_000, // 10000 x 5000 + 1000 x 30000
    version: 'openai/gpt-5.6-sol',
  },
  {
    what: 'input of 271,999 tokens, cached ones included, is short context',
    call: 'openai gpt-5.6-sol',
    counts: { input: 99_999, cacheRead: 172_000, output: 1000 },
    nanoUsd: 488_796_000, // 99999 x 4000 + 172000 x 400 + 1000 x 20000
    version: 'openai/gpt-5.6-sol@2026-08-21',
  },
  {
    what: 'one token more makes the whole call long context',
    call: 'openai gpt-5.6-sol',
    counts: { input: 100_000, cacheRead: 172_000, output: 1000 },
    nanoUsd: 967_600_000, // 100000 x 8000 + 172000 x 800 + 1000 x 30000
    version: 'openai/gpt-5.6-sol@2026-08-21',
  },
  {
    what: 'a fine-tuned model that the list has a price for',
    call: 'openai ft:gpt-4o-mini-2024-07-18:acme::9xyz',
    counts: { input: 1000, output: 1000 },
    nanoUsd: 1_500_000, // 1000 x 300 + 1000 x 1200
    version: 'openai/ft:gpt-4o-mini',
  },
  // Anthropic
  {
    what: 'cache reads, five-minute and one-hour writes',
    call: 'anthropic claude-sonnet-4-5-20250929',
    counts: { input: 100, cacheRead: 10_000, cacheWrite5m: 2000, cacheWrite1h: 1000, output: 500 },
    nanoUsd: 24_300_000, // 100 x 3000 + 10000 x 300 + 2000 x 3750 + 1000 x 6000 + 500 x 15000
    version: 'anthropic/claude-sonnet-4-5',
  },
  {
    what: 'batch halves them all',
    call: 'anthropic claude-sonnet-4-5-20250929',
    tier: 'batch',
    counts: { input: 100, cacheRead: 10_000, cacheWrite5m: 2000, cacheWrite1h: 1000, output: 500 },
    nanoUsd: 12_150_000,
    version: 'anthropic/claude-sonnet-4-5+batch',
  },
  {
    what: 'exactly 200,000 input tokens are the lower tier',
    call: 'anthropic claude-sonnet-4-5-20250929',
    counts: { cacheRead: 200_000, output: 100 },
    nanoUsd: 61_500_000, // 200000 x 300 + 100 x 15000
    version: 'anthropic/claude-sonnet-4-5',
  },
  {
    what: 'beyond, all of the call is dearer',
    call: 'anthropic claude-sonnet-4-5-20250929',
    counts: { input: 1, cacheRead: 200_000, output: 100 },
    nanoUsd: 122_256_000, // 1 x 6000 + 200000 x 600 + 100 x 22500
    version: 'anthropic/claude-sonnet-4-5',
  },
  {
    what: 'long context before its surcharge was dropped',
    call: 'anthropic claude-opus-4-6',
    at: '2026-03-12T23:59:59Z',
    counts: { input: 300_000 },
    nanoUsd: 3_000_000_000, // 300000 x 10000
    version: 'anthropic/claude-opus-4-6',
  },
  {
    what: 'and after',
    call: 'anthropic claude-opus-4-6',
    at: '2026-03-13T00:00:00Z',
    counts: { input: 300_000 },
    nanoUsd: 1_500_000_000, // 300000 x 5000
    version: 'anthropic/claude-opus-4-6@2026-03-13',
  },
  {
    what: 'Haiku 3.5 with a cache',
    call: 'anthropic claude-3-5-haiku-20241022',
    counts: { input: 1000, cacheRead: 5000, cacheWrite5m: 500, output: 200 },
    nanoUsd: 2_500_000, // 1000 x 800 + 5000 x 80 + 500 x 1000 + 200 x 4000
    version: 'anthropic/claude-3-5-haiku-latest',
  },
  {
    what: 'a one-hour write of Opus 4.1',
    call: 'anthropic claude-opus-4-1-20250805',
    tier: 'standard',
    counts: { cacheWrite1h: 1000, output: 10 },
    nanoUsd: 30_750_000, // 1000 x 30000 + 10 x 75000
    version: 'anthropic/claude-opus-4-1',
  },
  {
    what: 'Haiku 3, whose five-minute writes are 1.2 x input',
    call: 'anthropic claude-3-haiku-20240307',
    counts: { cacheWrite5m: 1000, cacheWrite1h: 1000 },
    nanoUsd: 800_000, // 1000 x 300 + 1000 x 500
    version: 'anthropic/claude-3-haiku',
  },
  // Claude elsewhere
  {
    what: 'Bedrock in a region costs a tenth more, and one-hour writes twice the input',
    call: 'aws.bedrock us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    counts: { input: 1000, cacheWrite1h: 1000, output: 100 },
    nanoUsd: 11_550_000, // 1000 x 3300 + 1000 x 6600 + 100 x 16500
    version: 'aws/regional.anthropic.claude-sonnet-4-5-20250929-v1:0',
  },
  {
    what: 'Bedrock across regions does not',
    call: 'aws.bedrock global.anthropic.claude-sonnet-4-5-20250929-v1:0',
    counts: { input: 1000, cacheWrite1h: 1000, output: 100 },
    nanoUsd: 10_500_000, // 1000 x 3000 + 1000 x 6000 + 100 x 15000
    version: 'aws/global.anthropic.claude-sonnet-4-5-20250929-v1:0',
  },
  {
    what: "Vertex AI, from Anthropic's list",
    call: 'gcp.vertex_ai claude-haiku-4-5@20251001',
    counts: { input: 1000, output: 1000 },
    nanoUsd: 6_000_000, // 1000 x 1000 + 1000 x 5000
    version: 'anthropic/claude-haiku-4-5',
  },
  {
    what: 'a Claude entry without cache prices: 1.25 x and 2 x input',
    call: 'openrouter anthropic/claude-3.7-sonnet',
    counts: { cacheWrite5m: 1000, cacheWrite1h: 1000 },
    nanoUsd: 9_750_000, // 1000 x 3750 + 1000 x 6000
    version: 'openrouter/anthropic/claude-3.7-sonnet',
  },
  // Google
  {
    what: 'Gemini 2.5 Pro up to 200,000 tokens, thinking within output',
    call: 'gcp.gemini models/gemini-2.5-pro',
    counts: { input: 150_000, cacheRead: 50_000, output: 1000, reasoning: 600 },
    nanoUsd: 203_750_000, // 150000 x 1250 + 50000 x 125 + 1000 x 10000
    version: 'google/gemini-2.5-pro',
  },
  {
    what: 'Gemini 2.5 Pro beyond',
    call: 'gcp.vertex_ai gemini-2.5-pro',
    counts: { input: 150_001, cacheRead: 50_000, output: 1000, reasoning: 600 },
    nanoUsd: 402_502_500, // 150001 x 2500 + 50000 x 250 + 1000 x 15000
    version: 'google/gemini-2.5-pro',
  },
  {
    what: 'Gemini 2.5 Flash',
    call: 'google.generative-ai gemini-2.5-flash',
    counts: { input: 10_000, cacheRead: 30_000, output: 2000 },
    nanoUsd: 8_900_000, // 10000 x 300 + 30000 x 30 + 2000 x 2500
    version: 'google/gemini-2.5-flash',
  },
  {
    what: 'in a batch, where cached tokens keep their price',
    call: 'gcp.gemini gemini-2.5-flash',
    tier: 'batch',
    counts: { input: 10_000, cacheRead: 30_000, output: 2000 },
    nanoUsd: 4_900_000, // 10000 x 150 + 30000 x 30 + 2000 x 1250
    version: 'google/gemini-2.5-flash+batch',
  },
  {
    what: 'an introductory price on its last day',
    call: 'gemini gemini-3.6-flash',
    at: '2026-12-31T23:59:59.999Z',
    counts: { input: 1000, output: 1000 },
    nanoUsd: 4_500_000, // 1000 x 750 + 1000 x 3750
    version: 'google/gemini-3.6-flash',
  },
  {
    what: 'the regular price from then on',
    call: 'gemini gemini-3.6-flash',
    at: '2027-01-01T00:00:00Z',
    counts: { input: 1000, output: 1000 },
    nanoUsd: 9_000_000, // 1000 x 1500 + 1000 x 7500
    version: 'google/gemini-3.6-flash@2027-01-01',
  },
  // DeepSeek: hours of the day
  {
    what: 'standard hours',
    call: 'deepseek deepseek-chat',
    at: '2025-05-05T00:30:00Z',
    counts: { input: 1000, cacheRead: 9000, output: 500 },
    nanoUsd: 1_450_000, // 1000 x 270 + 9000 x 70 + 500 x 1100
    version: 'deepseek/deepseek-chat@00:30-16:30Z',
  },
  {
    what: 'the night discount until then',
    call: 'deepseek deepseek-chat',
    at: '2025-05-05T00:29:59.999Z',
    counts: { input: 1000, cacheRead: 9000, output: 500 },
    nanoUsd: 725_000, // 1000 x 135 + 9000 x 35 + 500 x 550
    version: 'deepseek/deepseek-chat',
  },
  {
    what: 'and again from 16:30',
    call: 'deepseek deepseek-chat',
    at: '2025-05-05T16:30:00Z',
    counts: { input: 1000, cacheRead: 9000, output: 500 },
    nanoUsd: 725_000,
    version: 'deepseek/deepseek-chat',
  },
  {
    what: 'peak hours did not exist before the day that they were introduced',
    call: 'deepseek deepseek-v4-flash',
    at: '2026-08-16T02:00:00Z',
    counts: { input: 1000, cacheRead: 1000, output: 1000 },
    nanoUsd: 422_800, // 1000 x 140 + 1000 x 2.8 + 1000 x 280
    version: 'deepseek/deepseek-v4-flash',
  },
  {
    what: 'peak hours since',
    call: 'deepseek deepseek-v4-flash',
    at: '2026-08-17T02:00:00Z',
    counts: { input: 1000, cacheRead: 1000, output: 1000 },
    nanoUsd: 1_774_000, // 1000 x 440 + 1000 x 14 + 1000 x 1320
    version: 'deepseek/deepseek-v4-flash@2026-08-17T01:00-04:00Z',
  },
  {
    what: 'between the peaks',
    call: 'deepseek deepseek-v4-flash',
    at: '2026-08-17T05:00:00Z',
    counts: { input: 1000, cacheRead: 1000, output: 1000 },
    nanoUsd: 887_000, // 1000 x 220 + 1000 x 7 + 1000 x 660
    version: 'deepseek/deepseek-v4-flash@2026-08-17',
  },
  {
    what: 'half a nano-dollar is rounded up',
    call: 'deepseek deepseek-v4-pro',
    at: '2026-08-01T12:00:00Z',
    counts: { cacheRead: 4 },
    nanoUsd: 15, // 4 x 3.625 = 14.5
    version: 'deepseek/deepseek-v4-pro',
  },
  {
    what: 'less than half is rounded down, once, on the sum',
    call: 'deepseek deepseek-v4-pro',
    at: '2026-08-01T12:00:00Z',
    counts: { input: 1, cacheRead: 10 },
    nanoUsd: 471, // 435 + 36.25
    version: 'deepseek/deepseek-v4-pro',
  },
  // Usage objects as the providers document them, split by hand
  {
    what: 'prompt_tokens 2006 with cached_tokens 1920, completion_tokens 300',
    call: 'openai gpt-4o-2024-08-06',
    counts: { input: 86, cacheRead: 1920, output: 300 },
    nanoUsd: 5_615_000, // 86 x 2500 + 1920 x 1250 + 300 x 10000
    version: 'openai/gpt-4o',
  },
  {
    what: 'output_tokens 1186 with reasoning_tokens 1024',
    call: 'openai.responses gpt-5-mini-2025-08-07',
    counts: { input: 75, output: 1186, reasoning: 1024 },
    nanoUsd: 2_390_750, // 75 x 250 + 1186 x 2000
    version: 'openai/gpt-5-mini',
  },
  {
    what: 'o1, whose cached input is at half price',
    call: 'openai o1',
    counts: { input: 1000, cacheRead: 1000, output: 2000, reasoning: 1920 },
    nanoUsd: 142_500_000, // 1000 x 15000 + 1000 x 7500 + 2000 x 60000
    version: 'openai/o1',
  },
  {
    what: 'GPT-4.1 nano, cached input at a quarter',
    call: 'openai gpt-4.1-nano',
    counts: { input: 8000, cacheRead: 24_000, output: 1000 },
    nanoUsd: 1_800_000, // 8000 x 100 + 24000 x 25 + 1000 x 400
    version: 'openai/gpt-4.1-nano',
  },
  {
    what: 'large embeddings in a batch',
    call: 'openai text-embedding-3-large',
    tier: 'batch',
    counts: { input: 1001 },
    nanoUsd: 65_065, // 1001 x 65
    version: 'openai/text-embedding-3-large+batch',
  },
  {
    what: 'input_tokens 21, cache_creation 188086 (5m), output_tokens 393',
    call: 'anthropic claude-opus-4-5-20251101',
    counts: { input: 21, cacheWrite5m: 188_086, output: 393 },
    nanoUsd: 1_185_467_500, // 21 x 5000 + 188086 x 6250 + 393 x 25000
    version: 'anthropic/claude-opus-4-5',
  },
  {
    what: 'the second call: cache_read 188086',
    call: 'anthropic claude-opus-4-5-20251101',
    counts: { input: 21, cacheRead: 188_086, output: 393 },
    nanoUsd: 103_973_000, // 21 x 5000 + 188086 x 500 + 393 x 25000
    version: 'anthropic/claude-opus-4-5',
  },
  {
    what: 'ephemeral_5m 456 and ephemeral_1h 100 in one call',
    call: 'anthropic claude-haiku-4-5-20251001',
    counts: { input: 2048, cacheRead: 1800, cacheWrite5m: 456, cacheWrite1h: 100, output: 503 },
    nanoUsd: 5_513_000, // 2048 x 1000 + 1800 x 100 + 456 x 1250 + 100 x 2000 + 503 x 5000
    version: 'anthropic/claude-haiku-4-5',
  },
  {
    what: 'the same in a message batch',
    call: 'anthropic claude-haiku-4-5-20251001',
    tier: 'batch',
    counts: { input: 2048, cacheRead: 1800, cacheWrite5m: 456, cacheWrite1h: 100, output: 503 },
    nanoUsd: 2_756_500, // the half
    version: 'anthropic/claude-haiku-4-5+batch',
  },
  {
    what: 'promptTokenCount 200000 just within the lower tier, thoughts counted in the output',
    call: 'gcp.gemini gemini-3-pro-preview',
    counts: { input: 200_000, output: 2500, reasoning: 2000 },
    nanoUsd: 430_000_000, // 200000 x 2000 + 2500 x 12000
    version: 'google/gemini-3-pro-preview',
  },
  {
    what: 'one token beyond it',
    call: 'gcp.gemini gemini-3-pro-preview',
    counts: { input: 200_001, output: 2500, reasoning: 2000 },
    nanoUsd: 845_004_000, // 200001 x 4000 + 2500 x 18000
    version: 'google/gemini-3-pro-preview',
  },
  {
    what: 'Gemini 2.5 Pro in a batch, beyond 200,000 tokens',
    call: 'google gemini-2.5-pro',
    tier: 'batch',
    counts: { input: 250_000, cacheRead: 10_000, output: 1000 },
    nanoUsd: 322_500_000, // 250000 x 1250 + 10000 x 250 + 1000 x 7500
    version: 'google/gemini-2.5-pro+batch',
  },
  {
    what: 'Gemini 2.5 Flash-Lite',
    call: 'google gemini-2.5-flash-lite',
    counts: { input: 1234, cacheRead: 5678, output: 90 },
    nanoUsd: 216_180, // 1234 x 100 + 5678 x 10 + 90 x 400
    version: 'google/gemini-2.5-flash-lite',
  },
  {
    what: 'Claude Opus on Bedrock in a region, five-minute writes at 1.25 x',
    call: 'aws.bedrock us.anthropic.claude-opus-4-5-20251101-v1:0',
    counts: { input: 100, cacheRead: 2000, cacheWrite5m: 1000, output: 100 },
    nanoUsd: 11_275_000, // 100 x 5500 + 2000 x 550 + 1000 x 6875 + 100 x 27500
    version: 'aws/regional.anthropic.claude-opus-4-5-v1:0',
  },
  {
    what: 'Llama on Bedrock, whose input and output cost the same',
    call: 'bedrock meta.llama3-3-70b-instruct-v1:0',
    counts: { input: 1000, output: 1000 },
    nanoUsd: 1_440_000, // 2000 x 720
    version: 'aws/meta.llama3-3-70b-instruct-v1:0',
  },
  {
    what: 'Nova Lite on Bedrock',
    call: 'amazon-bedrock amazon.nova-lite-v1:0',
    counts: { input: 333, cacheRead: 667, output: 50 },
    nanoUsd: 41_985, // 333 x 60 + 667 x 15 + 50 x 240
    version: 'aws/amazon.nova-lite-v1:0',
  },
  {
    what: 'Azure with a cached price of its own list',
    call: 'azure o4-mini',
    counts: { input: 1000, cacheRead: 1000, output: 1000 },
    nanoUsd: 5_780_000, // 1000 x 1100 + 1000 x 280 + 1000 x 4400
    version: 'azure/o4-mini',
  },
  {
    what: 'GPT-5 on Azure, cached input at a tenth',
    call: 'azure gpt-5',
    counts: { input: 1000, cacheRead: 9000, output: 500 },
    nanoUsd: 7_375_000, // 1000 x 1250 + 9000 x 125 + 500 x 10000
    version: 'openai/gpt-5',
  },
  {
    what: 'reasoning on Azure, within output',
    call: 'azure o4-mini',
    counts: { input: 500, output: 2000, reasoning: 1500 },
    nanoUsd: 9_350_000, // 500 x 1100 + 2000 x 4400
    version: 'azure/o4-mini',
  },
  {
    what: 'Mistral Small',
    call: 'mistral mistral-small-latest',
    counts: { input: 1500, output: 500 },
    nanoUsd: 300_000, // 1500 x 100 + 500 x 300
    version: 'mistral/mistral-small-latest',
  },
  {
    what: 'Magistral, whose thinking is output',
    call: 'mistral magistral-medium-latest',
    counts: { input: 1000, output: 2000, reasoning: 1500 },
    nanoUsd: 12_000_000, // 1000 x 2000 + 2000 x 5000
    version: 'mistral/magistral-medium',
  },
  {
    what: 'DeepSeek Reasoner in standard hours, cache hits at a quarter',
    call: 'deepseek deepseek-reasoner',
    at: '2025-05-05T12:00:00Z',
    counts: { input: 1000, cacheRead: 1000, output: 1000, reasoning: 800 },
    nanoUsd: 2_880_000, // 1000 x 550 + 1000 x 140 + 1000 x 2190
    version: 'deepseek/deepseek-reasoner@00:30-16:30Z',
  },
  {
    what: 'and in the night, a quarter of the price',
    call: 'deepseek deepseek-reasoner',
    at: '2025-05-05T20:00:00Z',
    counts: { input: 1000, cacheRead: 1000, output: 1000, reasoning: 800 },
    nanoUsd: 720_000, // 1000 x 135 + 1000 x 35 + 1000 x 550
    version: 'deepseek/deepseek-reasoner',
  },
  {
    what: 'long context of Sonnet 4.6 while it had a surcharge',
    call: 'anthropic claude-sonnet-4-6',
    at: '2026-03-12T12:00:00Z',
    counts: { input: 200_001, output: 1000 },
    nanoUsd: 1_222_506_000, // 200001 x 6000 + 1000 x 22500
    version: 'anthropic/claude-sonnet-4-6',
  },
  // Others
  {
    what: "Azure at OpenAI's prices",
    call: 'azure.ai.openai gpt-4.1-2025-04-14',
    counts: { input: 1000, cacheRead: 1000, output: 100 },
    nanoUsd: 3_300_000, // 1000 x 2000 + 1000 x 500 + 100 x 8000
    version: 'openai/gpt-4.1',
  },
  {
    what: 'a Bedrock model of Amazon, through a regional profile',
    call: 'bedrock eu.amazon.nova-pro-v1:0',
    counts: { input: 1000, cacheRead: 1000, output: 100 },
    nanoUsd: 1_320_000, // 1000 x 800 + 1000 x 200 + 100 x 3200
    version: 'aws/amazon.nova-pro-v1:0',
  },
  {
    what: 'an alias that moved to a dearer model',
    call: 'mistral_ai mistral-medium-latest',
    at: '2026-06-15T23:00:00Z',
    counts: { input: 1000, output: 1000 },
    nanoUsd: 2_400_000, // 1000 x 400 + 1000 x 2000
    version: 'mistral/mistral-medium-latest',
  },
  {
    what: 'after it moved',
    call: 'mistral_ai mistral-medium-latest',
    at: '2026-06-16T00:00:00Z',
    counts: { input: 1000, output: 1000 },
    nanoUsd: 9_000_000, // 1000 x 1500 + 1000 x 7500
    version: 'mistral/mistral-medium-latest@2026-06-16',
  },
  {
    what: 'no cache read price: cached tokens cost as much as others',
    call: 'mistral_ai mistral-large-latest',
    counts: { input: 500, cacheRead: 500, output: 100 },
    nanoUsd: 2_600_000, // 1000 x 2000 + 100 x 6000
    version: 'mistral/mistral-large',
  },
  {
    what: 'xAI, 200,000 tokens being long context already',
    call: 'x_ai grok-4.3',
    counts: { input: 100_000, cacheRead: 100_000, output: 1000 },
    nanoUsd: 295_000_000, // 100000 x 2500 + 100000 x 400 + 1000 x 5000
    version: 'x-ai/grok-4.3',
  },
  {
    what: 'xAI under its old name',
    call: 'xai grok-4',
    counts: { input: 1000, cacheRead: 1000, output: 1000 },
    nanoUsd: 18_750_000, // 1000 x 3000 + 1000 x 750 + 1000 x 15000
    version: 'x-ai/grok-4-0709',
  },
  {
    what: 'Groq, whose flex tier costs the same',
    call: 'groq llama-3.3-70b-versatile',
    tier: 'flex',
    counts: { input: 1000, output: 1000 },
    nanoUsd: 1_380_000, // 1000 x 590 + 1000 x 790
    version: 'groq/llama-3.3-70b-versatile+flex',
  },
  {
    what: 'Cohere',
    call: 'cohere command-a-03-2025',
    counts: { input: 1000, output: 1000 },
    nanoUsd: 12_500_000, // 1000 x 2500 + 1000 x 10000
    version: 'cohere/command-a',
  },
  {
    what: 'a fee for the request beside the tokens',
    call: 'perplexity sonar',
    counts: { input: 1000, output: 1000 },
    nanoUsd: 14_000_000, // 1000 x 1000 + 1000 x 1000 + 12000000
    version: 'perplexity/sonar',
  },
  {
    what: 'reasoning with a price of its own is taken out of output',
    call: 'perplexity sonar-deep-research',
    counts: { input: 1000, output: 5000, reasoning: 3000 },
    nanoUsd: 27_000_000, // 1000 x 2000 + 2000 x 8000 + 3000 x 3000
    version: 'perplexity/sonar-deep-research',
  },
  {
    what: 'Moonshot',
    call: 'moonshot_ai kimi-k2-0905-preview',
    counts: { input: 1000, cacheRead: 1000, output: 1000 },
    nanoUsd: 3_250_000, // 1000 x 600 + 1000 x 150 + 1000 x 2500
    version: 'moonshotai/kimi-k2-0905-preview',
  },
  {
    what: 'nothing used costs nothing',
    call: 'openai gpt-4o',
    counts: {},
    nanoUsd: 0,
    version: 'openai/gpt-4o',
  },
];

const BOOKS = [
  ['the price list', listSource(genaiPriceBook())],
  ['the price book of the database', bundledBook()],
] as const;

test('there are at least 60 worked examples', () => {
  expect(examples.length).toBeGreaterThanOrEqual(60);
});

/** What makes a price more than tokens times a rate. */
const KINDS = {
  'cached input': ({ counts }) => (counts.cacheRead ?? 0) > 0,
  'writes kept five minutes': ({ counts }) => (counts.cacheWrite5m ?? 0) > 0,
  'writes kept an hour': ({ counts }) => (counts.cacheWrite1h ?? 0) > 0,
  reasoning: ({ counts }) => (counts.reasoning ?? 0) > 0,
  batch: ({ tier }) => tier === 'batch',
  flex: ({ tier }) => tier === 'flex',
  'long context': (example) => partsOf(example).overInputTokens !== null,
  'a price that changed': ({ version }) => /@\d{4}-\d\d-\d\d/.test(version),
  'hours of the day': ({ version }) => /\d\d:\d\d-\d\d:\d\dZ$/.test(version),
  'a fee for the request': (example) => partsOf(example).parts.some(({ kind }) => kind === 'request'),
  'reasoning apart': (example) => partsOf(example).parts.some(({ kind }) => kind === 'reasoning'),
} satisfies Record<string, (example: Example) => boolean>;
type Kind = keyof typeof KINDS;

const listPricer = createPricer(listSource(genaiPriceBook()));
function partsOf({ call, counts, at, tier }: Example): PriceParts {
  const parts = listPricer.parts(
    request(call, counts, { ...(at !== undefined && { at }), tier: tier ?? null }),
  );
  if (parts.costNanoUsd === null) throw new Error(`${call} has no price.`);
  return parts;
}

// By the names that calls are sent with, not by whose list the price is of: Azure bills at OpenAI's prices, Vertex AI at Anthropic's.
test.each<[string, RegExp, readonly Kind[]]>([
  ['OpenAI', /^openai/, ['cached input', 'writes kept five minutes', 'reasoning', 'batch', 'flex', 'long context', 'a price that changed']],
  ['Anthropic', /^anthropic /, ['cached input', 'writes kept five minutes', 'writes kept an hour', 'batch', 'long context', 'a price that changed']],
  ['Google', /^(?:gcp\.|google|gemini)/, ['cached input', 'reasoning', 'batch', 'long context', 'a price that changed']],
  ['Bedrock', /^(?:aws|bedrock|amazon)/, ['cached input', 'writes kept five minutes', 'writes kept an hour']],
  ['Azure', /^azure/, ['cached input', 'reasoning']],
  ['Mistral', /^mistral/, ['cached input', 'reasoning', 'a price that changed']],
  ['DeepSeek', /^deepseek/, ['cached input', 'reasoning', 'hours of the day', 'a price that changed']],
  ['others', /^perplexity/, ['a fee for the request', 'reasoning apart']],
])('%s is worked through in all that it prices', (_provider, pattern, kinds) => {
  const ofProvider = examples.filter(({ call }) => pattern.test(call));
  expect(ofProvider.length).toBeGreaterThanOrEqual(2);
  expect(kinds.filter((kind) => !ofProvider.some((example) => KINDS[kind](example)))).toEqual([]);
}); // prettier-ignore

describe.each(BOOKS)('worked examples, to the nano-dollar, by %s', (_name, book) => {
  const pricer = createPricer(book);
  test.each(examples)('$call: $what', ({ call, counts, at, tier, nanoUsd, version }) => {
    const result = pricer.price(
      request(call, counts, { ...(at !== undefined && { at }), tier: tier ?? null }),
    );
    expect(result).toEqual({
      costNanoUsd: nanoUsd,
      priceId: expect.any(Number),
      discountId: null,
      priceSource: 'genai-prices',
      priceVersion: expect.stringMatching(/^\d+\.\d+\.\d+#/),
    });
    if (result.costNanoUsd !== null) expect(result.priceVersion.replace(/^[^#]+#/, '')).toBe(version);
  });
});
