import { describe, expect, test } from '@jest/globals';
import { splitTokens } from '../../ingest/normalise.ts';
import type { PostedEvent } from '../../ingest/event-schema.ts';
import { fixture } from '../test-files.ts';
import { SourceRecord } from '../source-record.ts';
import { IMPORT_FORMATS, type ImportFormatName } from './registry.ts';

const map = (format: ImportFormatName, fields: Record<string, unknown>): Record<string, unknown> => {
  const mapped = IMPORT_FORMATS[format].map(new SourceRecord(fields));
  if (mapped === 'skipped' || 'reason' in mapped) throw new Error(`no event: ${JSON.stringify(mapped)}`);
  return mapped.event;
};
/** [uncached, cache read, cache write 5m, 1h, output, reasoning] as stored. */
const stored = (event: Record<string, unknown>): (number | null)[] => {
  const usage = splitTokens(event as PostedEvent);
  return [
    usage.inputTokens,
    usage.cacheReadTokens,
    usage.cacheWrite5mTokens,
    usage.cacheWrite1hTokens,
    usage.outputTokens,
    usage.reasoningTokens,
  ];
};
const records = async (name: string): Promise<Record<string, unknown>[]> =>
  JSON.parse((await fixture(name)).toString()) as Record<string, unknown>[];
const by = async (name: string, key: string, value: string): Promise<Record<string, unknown>> => {
  const record = (await records(name)).find((one) => one[key] === value);
  if (!record) throw new Error(`${name} has no ${value}`);
  return record;
};

describe('cached tokens are billed once and at their own price (field-pains 1)', () => {
  test.each([
    ['an OpenAI row, whose input includes them', 'chatcmpl-CTx1', [300, 900, null, null, 310, 120]],
    ['a Claude row of today, whose input includes them, with both lifetimes of writes', 'chatcmpl-CTx2', [1000, 8000, 600, 400, 500, null]],
    ['an older Claude row, whose input leaves them out: more were cached than came in', 'chatcmpl-CTx3', [1000, 8000, 0, 0, 500, null]],
    ['an older Claude row, whose input leaves them out: all of it is uncached text', 'chatcmpl-CTx4', [5000, 2000, 0, 0, 200, null]],
  ])('LiteLLM: %s', async (_name, id, tokens) => {
    expect(stored(map('litellm', await by('litellm-spend-logs.json', 'request_id', id)))).toEqual(tokens);
  }); // prettier-ignore

  test('LiteLLM: text tokens that are all of the input say nothing for other makers (Gemini counts cached text too)', () => {
    const event = map('litellm', {
      request_id: 'g', model: 'gemini-2.5-pro', custom_llm_provider: 'gemini', startTime: '2026-03-10T09:00:00Z',
      prompt_tokens: 1000, completion_tokens: 10, total_tokens: 1010,
      metadata: { usage_object: { prompt_tokens: 1000, completion_tokens: 10, prompt_tokens_details: { cached_tokens: 600, text_tokens: 1000 } } },
    }); // prettier-ignore
    expect(stored(event)).toEqual([400, 600, null, null, 10, null]);
  });

  test.each([
    ['usage by kind, as Langfuse splits what OpenAI sends', 'obs-1', [300, 900, null, null, 310, 120]],
    [
      'input that still includes them, told by the total (LiteLLM callback)',
      'obs-2',
      [300, 900, 0, 0, 310, null],
    ],
    [
      'the kinds of an Anthropic answer, whose input leaves them out',
      'obs-3',
      [1000, 8000, 1000, null, 500, null],
    ],
  ])('Langfuse: %s', async (_name, id, tokens) => {
    expect(stored(map('langfuse', await by('langfuse-observations.json', 'id', id)))).toEqual(tokens);
  });

  test.each([
    ['as OpenAI’s chat API names them', { prompt_tokens: 1200, completion_tokens: 310, total_tokens: 1510, prompt_tokens_details: { cached_tokens: 900 } }, [300, 900, null, null, 310, null]],
    ['as Anthropic’s API names them', { input_tokens: 1000, output_tokens: 500, cache_read_input_tokens: 8000, cache_creation_input_tokens: 0 }, [1000, 8000, 0, 0, 500, null]],
    ['by kind with audio, which is input and output like any', { input: 100, input_audio_tokens: 40, output: 10, output_audio_tokens: 30, total: 180 }, [140, null, null, null, 40, null]],
    ['by kind without a total: each token stands in one', { input: 100, input_cached_tokens: 40, output: 10 }, [100, 40, null, null, 10, null]],
    ['with a total that includes reasoning in the output', { input: 100, output: 50, output_reasoning_tokens: 20, total: 150 }, [100, null, null, null, 50, 20]],
  ])('Langfuse: raw details %s', (_name, usageDetails, tokens) => {
    const event = map('langfuse', { id: 'x', type: 'GENERATION', model: 'm', startTime: '2026-03-10T09:00:00Z', usageDetails });
    expect(stored(event)).toEqual(tokens);
  }); // prettier-ignore

  test.each([
    [
      'an OpenAI request, whose cached and reasoning tokens Helicone takes off',
      '5a1b2c3d-0000-4000-8000-000000000001',
      [300, 900, null, null, 310, 120],
    ],
    [
      'an Anthropic request, whose input leaves them out by itself',
      '5a1b2c3d-0000-4000-8000-000000000002',
      [1000, 8000, 1000, null, 500, null],
    ],
  ])('Helicone: %s', async (_name, id, tokens) => {
    expect(stored(map('helicone', await by('helicone-requests.json', 'request_id', id)))).toEqual(tokens);
  });

  test('ours: input includes them, as posted', async () => {
    const [first = {}, second = {}] = await records('promptops-events.json');
    expect(stored(map('promptops', first))).toEqual([300, 900, 0, 0, 310, 120]);
    expect(stored(map('promptops', second))).toEqual([1000, 8000, 600, 400, 500, null]);
  });
});

describe('LiteLLM', () => {
  test('a call keeps who, when, how long and which team', async () => {
    expect(map('litellm', await by('litellm-spend-logs.json', 'request_id', 'chatcmpl-CTx2'))).toMatchObject({
      event_id: 'litellm:chatcmpl-CTx2', timestamp: '2026-03-10T09:01:00.000Z', model_provider: 'anthropic', model_name: 'claude-sonnet-4-20250514',
      endpoint: '/v1/chat/completions', user_id: 'u-17', session_id: '5f0c7a9e-1d1c-4a6b-8b39-0f3b7c1c1a11', stream: true, response_time_ms: 4000, time_to_first_token_ms: 750,
      status: 'success', cache_hit: false, cost_usd: '0.0172',
      metadata: { team_id: 'team-7', team_alias: 'payments', key_alias: 'checkout-prod', feature: 'order-summary', tags: ['job:nightly', 'User-Agent: curl'] },
    }); // prettier-ignore
  });

  test('without a stream there is no first token: LiteLLM writes the end there', async () => {
    const event = map('litellm', await by('litellm-spend-logs.json', 'request_id', 'chatcmpl-CTx1'));
    expect(event).not.toHaveProperty('time_to_first_token_ms');
    expect(event).not.toHaveProperty('stream');
    expect(event).toMatchObject({ response_time_ms: 1840 });
  });

  test('a hit in its own cache costs nothing and has an id of its own', async () => {
    const event = map('litellm', await by('litellm-spend-logs.json', 'cache_hit', 'True'));
    expect(event).toMatchObject({
      event_id: 'litellm:chatcmpl-CTx1_cache_hit1773133200.25',
      cache_hit: true,
      cost_usd: '0',
    });
  });

  test('a failed call has its kind and status, and no invented zeros', async () => {
    const event = map('litellm', await by('litellm-spend-logs.json', 'status', 'failure'));
    expect(event).toMatchObject({ status: 'error', error_type: 'RateLimitError', status_code: 429 });
    expect(event).not.toHaveProperty('input_tokens');
  });

  test('the provider’s prefix of a model is taken off, and a cost with an exponent is read', async () => {
    expect(map('litellm', await by('litellm-spend-logs.json', 'request_id', 'chatcmpl-CTx8'))).toMatchObject({
      model_provider: 'azure.ai.openai',
      model_name: 'gpt-4o',
    });
    expect(map('litellm', await by('litellm-spend-logs.json', 'request_id', 'emb-1'))).toMatchObject({
      cost_usd: '0.00000016',
      endpoint: '/v1/embeddings',
    });
  });

  test('PostgreSQL’s ways to write a time with a zone are read', () => {
    const time = (startTime: string): unknown =>
      map('litellm', { request_id: 'r', model: 'gpt-4o', startTime })['timestamp'];
    expect(time('2026-03-10 09:00:00.123')).toBe('2026-03-10T09:00:00.123Z');
    expect(time('2026-03-10 09:00:00.123456+00')).toBe('2026-03-10T09:00:00.123456+00:00');
    expect(time('2026-03-10 14:30:00+0530')).toBe('2026-03-10T14:30:00+05:30');
  });

  test('a key is never kept, its hash is', () => {
    const tags = (api_key: string): unknown =>
      map('litellm', { request_id: 'r', model: 'gpt-4o', startTime: '2026-03-10T09:00:00Z', api_key })[
        'metadata'
      ];
    expect(tags('sk-1234567890')).toBeUndefined();
    expect(tags('ab'.repeat(32))).toEqual({ key_hash: 'ab'.repeat(32) });
  });
});

describe('Langfuse', () => {
  test('a generation keeps prompt, version, user, session, environment and tags', async () => {
    expect(map('langfuse', await by('langfuse-observations.json', 'id', 'obs-1'))).toMatchObject({
      event_id: 'langfuse:obs-1', timestamp: '2026-03-11T10:00:00.000Z', model_provider: 'openai', model_name: 'gpt-4o',
      prompt_id: 'order-summary', prompt_version: '3', environment: 'production', user_id: 'u-17', session_id: 's-9', stream: true,
      response_time_ms: 1840, time_to_first_token_ms: 410, status: 'success', cost_usd: '0.004975',
      metadata: { name: 'summarise', trace_name: 'checkout', trace_id: 'trace-1', tags: ['beta', 'eu'], feature: 'order-summary' },
    }); // prettier-ignore
  });

  test('spans are passed over, embeddings are not', async () => {
    const mapped = (await records('langfuse-observations.json')).map((one) =>
      IMPORT_FORMATS.langfuse.map(new SourceRecord(one)),
    );
    expect(mapped.filter((one) => one === 'skipped')).toHaveLength(1);
    expect(mapped).toHaveLength(7);
  });

  test('the older usage object and its cost are read; characters are no tokens', async () => {
    const old = await by('langfuse-observations.json', 'id', 'obs-4');
    expect(map('langfuse', old)).toMatchObject({
      input_tokens: 100,
      output_tokens: 50,
      cost_usd: '0.000045',
    });
    const characters = { ...old, usage: { input: 100, output: 50, unit: 'CHARACTERS' } };
    expect(map('langfuse', characters)).not.toHaveProperty('input_tokens');
  });

  test('a failed generation has its kind, not its message', async () => {
    const event = map('langfuse', await by('langfuse-observations.json', 'level', 'ERROR'));
    expect(event).toMatchObject({ status: 'error', error_type: 'RateLimitError', status_code: 429 });
  });

  test('a cost of 0 without details is no claim, one with details is', () => {
    const cost = (fields: object): unknown =>
      map('langfuse', { id: 'x', type: 'GENERATION', model: 'm', startTime: '2026-03-10T09:00:00Z', ...fields })['cost_usd'];
    expect(cost({ total_cost: 0, cost_details: {} })).toBeUndefined();
    expect(cost({ cost_details: { total: 0 } })).toBe('0');
    expect(cost({ cost_details: { input: 0.1, output: 0.2 } })).toBe('0.3');
  }); // prettier-ignore
});

describe('Helicone', () => {
  test('a request keeps user, session, properties, latency and first token', async () => {
    const [first = {}] = await records('helicone-requests.json');
    expect(map('helicone', first)).toMatchObject({
      event_id: 'helicone:5a1b2c3d-0000-4000-8000-000000000001', timestamp: '2026-03-12T11:01:00.000Z', model_provider: 'openai', model_name: 'gpt-4o',
      endpoint: '/v1/chat/completions', user_id: 'u-17', session_id: 's-9', response_time_ms: 1500, time_to_first_token_ms: 410, stream: true,
      status: 'success', status_code: 200, cache_hit: false, cost_usd: '0.004975', metadata: { feature: 'order-summary', target: 'api.openai.com' },
    }); // prettier-ignore
  });

  test('an answer from its cache, a refusal, a cancelled and an unfinished request are told apart', async () => {
    const mapped = (await records('helicone-requests.json')).map((one) =>
      IMPORT_FORMATS.helicone.map(new SourceRecord(one)),
    );
    expect(mapped[2]).toMatchObject({ event: { cache_hit: true, cost_usd: '0' } });
    expect(mapped[3]).toMatchObject({ event: { status: 'error', status_code: 429, cache_hit: false } });
    expect(mapped[4]).toMatchObject({ event: { status: 'error', error_type: 'cancelled' } });
    expect(mapped[5]).toBe('skipped');
    expect(mapped[6]).toMatchObject({ event: { model_provider: 'unknown', model_name: 'acme-llama-ft-7b' } });
  });
});

test.each<[ImportFormatName, string]>([
  ['litellm', 'litellm-spend-logs.json'],
  ['langfuse', 'langfuse-observations.json'],
  ['helicone', 'helicone-requests.json'],
])('%s: nothing of what was said is kept', async (format, name) => {
  const text = (await fixture(name)).toString();
  expect(text).toContain('SECRET');
  const mapped = (JSON.parse(text) as Record<string, unknown>[]).map((one) =>
    IMPORT_FORMATS[format].map(new SourceRecord(one)),
  );
  expect(JSON.stringify(mapped)).not.toContain('SECRET');
});
