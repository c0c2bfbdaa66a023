import { describe, expect, test } from '@jest/globals';
import { usageFrom, usageFromAnthropic, usageFromGemini, usageFromOpenAI } from '../src/index.ts';

const chatCompletion = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'gpt-4o-2024-08-06',
  service_tier: 'default',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: {
    prompt_tokens: 1200,
    completion_tokens: 310,
    total_tokens: 1510,
    prompt_tokens_details: { cached_tokens: 900, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 120, accepted_prediction_tokens: 0 },
  },
};
const response = {
  id: 'resp_1',
  object: 'response',
  model: 'gpt-5',
  service_tier: 'priority',
  usage: {
    input_tokens: 500,
    input_tokens_details: { cached_tokens: 400 },
    output_tokens: 80,
    output_tokens_details: { reasoning_tokens: 64 },
    total_tokens: 580,
  },
};
const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5',
  content: [{ type: 'text', text: 'Hello' }],
  usage: {
    input_tokens: 50,
    cache_creation_input_tokens: 300,
    cache_read_input_tokens: 2000,
    cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
    output_tokens: 40,
    service_tier: 'standard',
  },
};
const gemini = {
  candidates: [{ content: { role: 'model', parts: [{ text: 'Hello' }] } }],
  modelVersion: 'gemini-2.5-pro',
  usageMetadata: {
    promptTokenCount: 1000,
    cachedContentTokenCount: 600,
    toolUsePromptTokenCount: 50,
    candidatesTokenCount: 200,
    thoughtsTokenCount: 300,
    totalTokenCount: 1550,
  },
};

describe('OpenAI', () => {
  test('Chat Completions: cached and reasoning tokens are parts, never added', () => {
    expect(usageFromOpenAI(chatCompletion)).toEqual({
      input_tokens: 1200,
      cache_read_tokens: 900,
      output_tokens: 310,
      reasoning_tokens: 120,
      model_name: 'gpt-4o-2024-08-06',
      service_tier: 'default',
    });
  });

  test('Responses, and the event that ends their stream', () => {
    const expected = {
      input_tokens: 500,
      cache_read_tokens: 400,
      output_tokens: 80,
      reasoning_tokens: 64,
      model_name: 'gpt-5',
      service_tier: 'priority',
    };
    expect(usageFromOpenAI(response)).toEqual(expected);
    expect(usageFrom({ type: 'response.completed', response })).toEqual(expected);
  });

  test('embeddings have no output', () => {
    const embeddings = {
      object: 'list',
      model: 'text-embedding-3-small',
      data: [],
      usage: { prompt_tokens: 8, total_tokens: 8 },
    };
    expect(usageFromOpenAI(embeddings)).toEqual({ input_tokens: 8, model_name: 'text-embedding-3-small' });
  });

  test('services that keep reasoning beside the completion (xAI) or name the cache otherwise (DeepSeek)', () => {
    const xai = {
      usage: {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 45,
        completion_tokens_details: { reasoning_tokens: 30 },
      },
    };
    expect(usageFromOpenAI(xai)).toEqual({ input_tokens: 10, output_tokens: 35, reasoning_tokens: 30 });
    const deepseek = { usage: { prompt_tokens: 10, completion_tokens: 5, prompt_cache_hit_tokens: 4 } };
    expect(usageFromOpenAI(deepseek)).toMatchObject({ input_tokens: 10, cache_read_tokens: 4 });
  });
});

describe('Anthropic', () => {
  test('input is what was read, written and neither; writes are kept by lifetime', () => {
    expect(usageFromAnthropic(message)).toEqual({
      input_tokens: 2350,
      cache_read_tokens: 2000,
      cache_write_5m_tokens: 100,
      cache_write_1h_tokens: 200,
      output_tokens: 40,
      model_name: 'claude-sonnet-4-5',
      service_tier: 'standard',
    });
  });

  test('writes whose lifetime is not told count as 5 minutes', () => {
    const usage = { input_tokens: 1, cache_creation_input_tokens: 30, output_tokens: 2 };
    expect(usageFromAnthropic({ ...message, usage })).toMatchObject({
      input_tokens: 31,
      cache_write_5m_tokens: 30,
    });
    const partly = { ...usage, cache_creation: { ephemeral_1h_input_tokens: 10 } };
    expect(usageFromAnthropic(partly)).toMatchObject({
      input_tokens: 31,
      cache_write_5m_tokens: 20,
      cache_write_1h_tokens: 10,
    });
  });

  test('usage without a cache, and with its nulls', () => {
    const usage = {
      input_tokens: 9,
      cache_creation_input_tokens: null,
      cache_read_input_tokens: null,
      output_tokens: 2,
    };
    expect(usageFrom({ ...message, usage })).toEqual({
      input_tokens: 9,
      output_tokens: 2,
      model_name: 'claude-sonnet-4-5',
    });
  });
});

describe('Gemini', () => {
  test('tool use comes on top of the prompt, thoughts on top of the candidates', () => {
    expect(usageFromGemini(gemini)).toEqual({
      input_tokens: 1050,
      cache_read_tokens: 600,
      output_tokens: 500,
      reasoning_tokens: 300,
      model_name: 'gemini-2.5-pro',
    });
  });

  test('what is not counted yet is not 0, and the total tells it when it can', () => {
    expect(usageFromGemini({ usageMetadata: { promptTokenCount: 7, totalTokenCount: 7 } })).toEqual({
      input_tokens: 7,
    });
    expect(usageFromGemini({ usageMetadata: { promptTokenCount: 7, totalTokenCount: 10 } })).toEqual({
      input_tokens: 7,
      output_tokens: 3,
    });
  });
});

describe('usageFrom', () => {
  test('knows each format, from the answer and from the usage alone', () => {
    expect(usageFrom(chatCompletion)).toEqual(usageFromOpenAI(chatCompletion));
    expect(usageFrom(response)).toEqual(usageFromOpenAI(response));
    expect(usageFrom(message)).toEqual(usageFromAnthropic(message));
    expect(usageFrom(gemini)).toEqual(usageFromGemini(gemini));
    expect(usageFrom(message.usage)).toMatchObject({ input_tokens: 2350 });
    expect(usageFrom(chatCompletion.usage)).toMatchObject({ input_tokens: 1200, output_tokens: 310 });
    expect(usageFrom(gemini.usageMetadata)).toMatchObject({ input_tokens: 1050 });
  });

  const lazy: unknown = new Proxy(() => lazy, { get: () => lazy });
  const throwing = new Proxy(
    {},
    {
      get: () => {
        throw new Error('no');
      },
    },
  );
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['text', 'Hello'],
    ['an empty answer', {}],
    ['a mock', lazy],
    ['an object that throws', throwing],
    ['counts that are none', { usage: { prompt_tokens: 'many', completion_tokens: -1, input_tokens: 1.5 } }],
  ])('finds nothing in %s, and does not throw', (_name, answer) => {
    expect(usageFrom(answer)).toEqual({});
    expect(usageFromOpenAI(answer)).toEqual({});
    expect(usageFromAnthropic(answer)).toEqual({});
    expect(usageFromGemini(answer)).toEqual({});
  });
});
