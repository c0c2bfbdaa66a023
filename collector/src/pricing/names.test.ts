import { describe, expect, test } from '@jest/globals';
import { bundledProviders, genaiPriceBook } from './genai-book.ts';
import { createPricer, listSource } from './price.ts';
import { foldProviderName, resolveProvider } from './providers.ts';
import { request } from './example-requests.ts';

const bookIds = new Map(bundledProviders.map(({ id }) => [foldProviderName(id), id]));
const pricer = createPricer(listSource(genaiPriceBook()));

/** 'provider/model' of the price that a call gets, or why it gets none. */
function priceOf(call: string, tier: string | null = null): string {
  const result = pricer.price(request(call, { input: 1000 }, { tier }));
  return result.costNanoUsd === null
    ? result.reason
    : result.priceVersion.replace(/^[^#]+#([^@+]+).*$/, '$1');
}

describe('provider names', () => {
  test.each([
    ['openai', 'openai'],
    ['OpenAI', 'openai'],
    ['openai.chat', 'openai'],
    ['openai.responses', 'openai'],
    ['openai.embedding', 'openai'],
    ['anthropic', 'anthropic'],
    ['anthropic.messages', 'anthropic'],
    ['aws.bedrock', 'aws'],
    ['bedrock', 'aws'],
    ['amazon-bedrock', 'aws'],
    ['bedrock_converse', 'aws'],
    ['azure', 'azure'],
    ['azure.ai.openai', 'azure'],
    ['azure.ai.inference', 'azure'],
    ['az.ai.openai', 'azure'],
    ['azure-openai.chat', 'azure'],
    ['Azure OpenAI', 'azure'],
    ['gcp.gemini', 'google'],
    ['gcp.vertex_ai', 'google'],
    ['gcp.gen_ai', 'google'],
    ['google', 'google'],
    ['gemini', 'google'],
    ['vertex_ai', 'google'],
    ['google.generative-ai', 'google'],
    ['google.vertex.chat', 'google'],
    ['vertex.anthropic.messages', 'google'],
    ['google-gla', 'google'],
    ['cohere', 'cohere'],
    ['deepseek', 'deepseek'],
    ['groq', 'groq'],
    ['mistral_ai', 'mistral'],
    ['mistral', 'mistral'],
    ['mistralai', 'mistral'],
    ['x_ai', 'x-ai'],
    ['xai', 'x-ai'],
    ['perplexity', 'perplexity'],
    ['moonshot_ai', 'moonshotai'],
    ['together_ai', 'together'],
    ['fireworks', 'fireworks'],
    ['openrouter', 'openrouter'],
    ['github_copilot', 'github-copilot'],
    ['huggingface_cerebras', 'huggingface_cerebras'],
  ])('%s is %s', (name, id) => {
    expect(resolveProvider(name, bookIds)).toEqual({ id });
  });

  test.each(['ollama', 'vllm', 'hosted_vllm', 'lmstudio', 'lm_studio', 'llama.cpp', 'Ollama_Chat'])(
    '%s runs at home',
    (name) => {
      expect(resolveProvider(name, bookIds)).toBe('self_hosted');
    },
  );

  test.each(['', 'my-openai-proxy', 'openai2', 'ibm.watsonx.ai', '_OTHER', '__proto__', 'constructor'])(
    '"%s" is nobody, whatever it resembles',
    (name) => {
      expect(resolveProvider(name, bookIds)).toBe('unknown');
    },
  );

  test('every id of the price list means itself', () => {
    for (const { id } of bundledProviders) expect(resolveProvider(id, bookIds)).toEqual({ id });
  });
});

describe('model names as they are seen', () => {
  test.each([
    ['openai gpt-4o-2024-08-06', 'openai/gpt-4o'],
    ['openai GPT-4o', 'openai/gpt-4o'],
    ['openai  gpt-4o ', 'openai/gpt-4o'],
    ['openai openai/gpt-4o', 'openai/gpt-4o'],
    ['openai gpt-4o-20240806', 'openai/gpt-4o'],
    ['anthropic claude-sonnet-4-5-20250929', 'anthropic/claude-sonnet-4-5'],
    ['anthropic CLAUDE-SONNET-4-5-20250929', 'anthropic/claude-sonnet-4-5'],
    ['anthropic anthropic/claude-sonnet-4-5', 'anthropic/claude-sonnet-4-5'],
    ['anthropic claude-sonnet-4-5@20250929', 'anthropic/claude-sonnet-4-5'],
    ['gcp.gemini models/gemini-2.5-pro', 'google/gemini-2.5-pro'],
    ['vertex_ai publishers/google/models/gemini-2.5-pro', 'google/gemini-2.5-pro'],
    [
      'vertex_ai projects/acme/locations/us-central1/publishers/google/models/gemini-2.5-flash',
      'google/gemini-2.5-flash',
    ],
    ['gemini gemini/gemini-2.5-flash', 'google/gemini-2.5-flash'],
    ['gcp.vertex_ai claude-sonnet-4-5@20250929', 'google/claude-sonnet-4-5'],
    [
      'aws.bedrock us.anthropic.claude-sonnet-4-5-20250929-v1:0',
      'aws/regional.anthropic.claude-sonnet-4-5-20250929-v1:0',
    ],
    [
      'aws.bedrock arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0',
      'aws/regional.anthropic.claude-sonnet-4-5-20250929-v1:0',
    ],
    [
      'aws.bedrock arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-sonnet-5',
      'aws/regional.anthropic.claude-sonnet-5-v1:0',
    ],
    ['bedrock bedrock/us.meta.llama3-3-70b-instruct-v1:0', 'aws/meta.llama3-3-70b-instruct-v1:0'],
    ['azure azure/gpt-4o', 'openai/gpt-4o'],
    ['azure gpt-35-turbo', 'openai/gpt-3.5-turbo'],
    ['groq openai/gpt-oss-120b', 'groq/openai/gpt-oss-120b'],
    ['openrouter anthropic/claude-sonnet-4', 'openrouter/anthropic/claude-sonnet-4'],
    ['litellm openai/gpt-4o', 'openai/gpt-4o'],
    ['litellm vertex_ai/gemini-2.5-pro', 'google/gemini-2.5-pro'],
    ['gateway anthropic/claude-sonnet-4-5', 'anthropic/claude-sonnet-4-5'],
    ['litellm openrouter/anthropic/claude-sonnet-4', 'openrouter/anthropic/claude-sonnet-4'],
  ])('%s is %s', (call, priced) => {
    expect(priceOf(call)).toBe(priced);
  });

  test.each([
    ['a model that the provider does not have', 'groq gpt-4o'],
    ['a provider that nobody knows', 'acme-proxy gpt-4o'],
    ['a provider that nobody knows, although the model tells one', 'acme-proxy openai/gpt-4o'],
    ['a gateway that does not tell who served', 'litellm gpt-4o'],
    ['a gateway behind a gateway', 'litellm portkey/openai/gpt-4o'],
    ["another provider's prefix", 'anthropic openai/gpt-4o'],
    ['a snapshot that the list does not have', 'openai gpt-4o-2031-01-01'],
    ['an Azure deployment under a name of its own', 'azure my-gpt4o-deployment'],
    ['no name', 'openai '],
    ['a fine-tuned model', 'openai ft:gpt-4o-mini:org::id'],
    ['a fine-tuned model with a prefix', 'openai openai/ft:gpt-4o:org::id'],
    ['a fine-tuned model that a loose match would take for its base', 'azure ft:o4-mini-2025-04-16:org::id'],
    ["Azure's way to write one", 'azure gpt-4o-2024-08-06.ft-0e208cf33a6a466994aff31a08aba678'],
    ['a legacy fine-tuned model', 'openai davinci:ft-acme-2023-01-01'],
    [
      "Bedrock's custom models",
      'bedrock arn:aws:bedrock:us-east-1:1:custom-model/anthropic.claude-3-haiku-20240307-v1:0/x',
    ],
    [
      'a Bedrock profile that hides the model',
      'bedrock arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2c3',
    ],
    ["somebody's own deployment", 'fireworks accounts/acme/models/gpt-oss-120b'],
  ])('%s has no price: %s', (_, call) => {
    expect(priceOf(call)).toBe('unknown_provider_or_model');
  });

  test('a self-hosted model costs neither nothing nor what a provider asks for it', () => {
    expect(priceOf('ollama llama3.2')).toBe('self_hosted');
    expect(priceOf('vllm openai/gpt-oss-120b')).toBe('self_hosted');
    expect(priceOf('litellm ollama/llama3.2')).toBe('self_hosted');
  });

  test.each([
    'openai gpt-realtime',
    'openai gpt-4o-audio-preview',
    'openai gpt-4o-transcribe',
    'google gemini-2.5-flash-image',
  ])('%s sells audio or images dearer than text, which the counts do not tell apart', (call) => {
    expect(priceOf(call)).toBe('modality_unknown');
  });

  test.each([
    'openai whisper-1',
    'mistral mistral-ocr-latest',
    'openrouter deepseek/deepseek-r1:free',
    'google gemma-3-27b-it',
  ])('%s is in the list without a price by the token', (call) => {
    expect(priceOf(call)).toBe('no_price');
  });
});

describe('service tiers', () => {
  test.each(['default', 'standard', 'auto', 'DEFAULT', 'on_demand', ''])('"%s" is the list price', (tier) => {
    expect(priceOf('openai gpt-4o', tier)).toBe('openai/gpt-4o');
  });

  test.each([
    ['openai gpt-4o', 'priority'],
    ['openai gpt-4o', 'scale'],
    ['anthropic claude-sonnet-4-5', 'priority'],
    ['anthropic claude-sonnet-4-5', 'flex'],
    ['google gemini-2.5-flash', 'flex'],
    ['gcp.vertex_ai claude-sonnet-4-5@20250929', 'batch'],
    ['azure gpt-4o', 'batch'],
    ['aws.bedrock us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'flex'],
    ['openai gpt-4o', 'something-new'],
  ])('%s in tier %s has no known price', (call, tier) => {
    expect(priceOf(call, tier)).toBe('unknown_service_tier');
  });

  test('a tier has no price before it existed', () => {
    const before = request('openai gpt-4o', { input: 1 }, { tier: 'batch', at: '2024-04-14T23:59:59Z' });
    expect(pricer.price(before)).toEqual({ costNanoUsd: null, reason: 'unknown_service_tier' });
    expect(pricer.price({ ...before, timestampMs: Date.UTC(2024, 3, 15) }).costNanoUsd).not.toBeNull();
  });
});
