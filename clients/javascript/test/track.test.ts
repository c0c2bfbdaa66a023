import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { PromptOpsClient } from '../src/index.ts';
import { CALL, Collector, connect } from './collector.ts';

let collector: Collector;
let client: PromptOpsClient;
beforeEach(async () => {
  collector = await new Collector().start();
  ({ client } = connect(collector));
});
afterEach(async () => {
  await client.shutdown();
  await collector.stop();
});

async function recorded(): Promise<Record<string, unknown>[]> {
  await client.flush();
  return [...collector.stored.values()];
}
const only = async (): Promise<Record<string, unknown>> => {
  const events = await recorded();
  expect(events).toHaveLength(1);
  return events[0] ?? {};
};
const chunk = (content: string) => ({
  object: 'chat.completion.chunk',
  model: 'gpt-4o',
  choices: [{ index: 0, delta: { content } }],
  usage: null,
});
const last = {
  object: 'chat.completion.chunk',
  model: 'gpt-4o-2024-08-06',
  choices: [],
  usage: { prompt_tokens: 20, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 5 } },
};
const tick = () => new Promise((resolve) => setImmediate(resolve));

/** A stream as the SDKs have it: a class with private fields, and members beside the iteration. */
class SdkStream {
  readonly controller = new AbortController();
  readonly #pieces: unknown[];
  #listeners = 0;
  constructor(pieces: unknown[]) {
    this.#pieces = pieces;
  }
  get listeners(): number {
    return this.#listeners;
  }
  on(): this {
    this.#listeners += 1;
    return this;
  }
  async finalMessage(): Promise<unknown> {
    await tick();
    return this.#pieces.at(-1);
  }
  tee(): [SdkStream, SdkStream] {
    return [new SdkStream(this.#pieces), new SdkStream(this.#pieces)];
  }
  toReadableStream(): ReadableStream {
    return ReadableStream.from(this as AsyncIterable<unknown>);
  }
  async *[Symbol.asyncIterator](): AsyncGenerator {
    for (const piece of this.#pieces) {
      await tick();
      if (this.controller.signal.aborted) return;
      yield piece;
    }
  }
}

describe('a tracked call', () => {
  test('hands the answer on and records duration, outcome and usage', async () => {
    const answer = { object: 'chat.completion', model: 'gpt-4o-2024-08-06', usage: last.usage };
    const before = Date.now();
    const got = await client.track({ ...CALL, prompt_id: 'hello' }, async () => {
      await tick();
      return answer;
    });
    expect(got).toBe(answer);
    const event = await only();
    expect(event).toMatchObject({
      ...CALL,
      prompt_id: 'hello',
      status: 'success',
      input_tokens: 20,
      cache_read_tokens: 5,
      output_tokens: 2,
    });
    expect(event.response_time_ms).toBeGreaterThan(0);
    expect(Date.parse(String(event.timestamp))).toBeGreaterThanOrEqual(before);
    expect(event).not.toHaveProperty('time_to_first_token_ms');
  });

  test('takes the model from the answer when the call does not say it', async () => {
    await client.track({ model_provider: 'openai' }, () => last);
    expect(await only()).toMatchObject({ model_name: 'gpt-4o-2024-08-06' });
  });

  test('records what call.set, call.usage and call.firstToken say', async () => {
    const text = await client.track(CALL, async (call) => {
      await tick();
      call.firstToken();
      expect(call.usage(last)).toMatchObject({ input_tokens: 20 });
      call.set({ user_id: 'u-17', output_tokens: 99, metadata: { team: 'search' } });
      return 'Hello';
    });
    expect(text).toBe('Hello');
    const event = await only();
    expect(event).toMatchObject({ user_id: 'u-17', input_tokens: 20, output_tokens: 99 });
    expect(event.metadata).toEqual({ team: 'search' });
    expect(event.time_to_first_token_ms).toBeLessThanOrEqual(Number(event.response_time_ms));
  });

  test('lets an error through unchanged and records its class and HTTP status', async () => {
    class RateLimitError extends Error {
      readonly status = 429;
    }
    const error = new RateLimitError('slow down');
    await expect(client.track(CALL, () => Promise.reject(error))).rejects.toBe(error);
    expect(await only()).toMatchObject({ status: 'error', error_type: 'RateLimitError', status_code: 429 });
  });

  test('an error thrown at once, and one that is no Error, are recorded too', async () => {
    const thrown = new TypeError('oops');
    await expect(
      client.track(CALL, () => {
        throw thrown;
      }),
    ).rejects.toBe(thrown);
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what libraries do
    await expect(client.track(CALL, () => Promise.reject('text'))).rejects.toBe('text');
    const events = await recorded();
    expect(events.map(({ error_type: type }) => type)).toEqual(['TypeError', 'string']);
    expect(events.every(({ status }) => status === 'error')).toBe(true);
  });

  test('metadata that is no object does no harm', async () => {
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('trap');
        },
      },
    );
    expect(await client.track(hostile, () => 1)).toBe(1);
    expect(client.stats().recorded).toBe(1);
  });
});

describe('a tracked stream', () => {
  test('is recorded at its end, with time to first token and the usage of its last chunk', async () => {
    const stream = await client.track(CALL, () => new SdkStream([chunk('Hel'), chunk('lo'), last]));
    expect(client.stats().recorded).toBe(0);
    const pieces: unknown[] = [];
    for await (const piece of stream) pieces.push(piece);
    expect(pieces).toEqual([chunk('Hel'), chunk('lo'), last]);
    const event = await only();
    expect(event).toMatchObject({ status: 'success', stream: true, input_tokens: 20, output_tokens: 2 });
    expect(event.time_to_first_token_ms).toBeGreaterThan(0);
    expect(event.time_to_first_token_ms).toBeLessThan(Number(event.response_time_ms));
    expect(event).not.toHaveProperty('metadata');
  });

  test("adds up what Anthropic's events tell in pieces", async () => {
    const start = {
      type: 'message_start',
      message: {
        type: 'message',
        role: 'assistant',
        model: 'claude-sonnet-4-5',
        usage: {
          input_tokens: 10,
          cache_read_input_tokens: 100,
          cache_creation_input_tokens: 0,
          output_tokens: 1,
        },
      },
    };
    const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } };
    const end = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 55 } };
    const stream = await client.track(
      { model_provider: 'anthropic' },
      () => new SdkStream([start, delta, end]),
    );
    for await (const _ of stream);
    expect(await only()).toMatchObject({
      model_name: 'claude-sonnet-4-5',
      input_tokens: 110,
      cache_read_tokens: 100,
      output_tokens: 55,
    });
  });

  test('that its reader leaves is recorded as aborted, not as an error', async () => {
    const stream = await client.track(CALL, () => new SdkStream([chunk('Hel'), chunk('lo'), last]));
    for await (const _ of stream) break;
    expect(await only()).toMatchObject({ status: 'success', metadata: { aborted: true } });
  });

  test('that is aborted through its controller is recorded as aborted', async () => {
    const stream = await client.track(CALL, () => new SdkStream([chunk('Hel'), chunk('lo'), last]));
    for await (const _ of stream) stream.controller.abort();
    expect(await only()).toMatchObject({ status: 'success', metadata: { aborted: true } });
  });

  test('that breaks is recorded as an error and breaks for its reader', async () => {
    const broken = new Error('connection lost');
    async function* pieces(): AsyncGenerator {
      await tick();
      yield chunk('Hel');
      throw broken;
    }
    const stream = await client.track(CALL, () => pieces());
    const read = async () => {
      for await (const _ of stream);
    };
    await expect(read()).rejects.toBe(broken);
    expect(await only()).toMatchObject({ status: 'error', error_type: 'Error', stream: true });
  });

  test('keeps its other members, private state and identity included', async () => {
    const stream = await client.track(CALL, () => new SdkStream([last]));
    expect(stream).toBeInstanceOf(SdkStream);
    expect(stream.on().on()).toBe(stream);
    expect(stream.listeners).toBe(2);
    expect(stream.controller.signal.aborted).toBe(false);
    for await (const _ of stream);
    expect(await recorded()).toHaveLength(1);
  });

  test('that is awaited as a whole (finalMessage) is recorded with its usage', async () => {
    const stream = await client.track(CALL, () => new SdkStream([chunk('Hello'), last]));
    expect(await stream.finalMessage()).toBe(last);
    expect(await only()).toMatchObject({ status: 'success', input_tokens: 20 });
  });

  test('that is split with tee(), or handed on with toReadableStream(), is recorded once', async () => {
    const split = await client.track(CALL, () => new SdkStream([chunk('Hello'), last]));
    for (const branch of split.tee()) for await (const _ of branch);
    const handed = await client.track(CALL, () => new SdkStream([chunk('Hello'), last]));
    for await (const _ of handed.toReadableStream());
    const events = await recorded();
    expect(events.map(({ input_tokens: input }) => input)).toEqual([20, 20]);
  });

  test('of an async generator can be driven by hand', async () => {
    async function* pieces(): AsyncGenerator<unknown, string> {
      await tick();
      yield last;
      return 'done';
    }
    const stream = await client.track(CALL, () => pieces());
    expect(await stream.next()).toEqual({ done: false, value: last });
    expect(await stream.next()).toEqual({ done: true, value: 'done' });
    expect(await only()).toMatchObject({ input_tokens: 20, stream: true });
  });

  test('that is a web stream stays a true one, read or cancelled', async () => {
    const web = () => ReadableStream.from(['a', 'b']);
    const read = await client.track(CALL, web);
    expect(await new Response(read.pipeThrough(new TextEncoderStream())).text()).toBe('ab');
    const cancelled = await client.track(CALL, web);
    await cancelled.cancel();
    const events = await recorded();
    expect(events.map(({ metadata }) => metadata)).toEqual([undefined, { aborted: true }]);
    expect(events[0]?.time_to_first_token_ms).toBeGreaterThanOrEqual(0);
  });
});
