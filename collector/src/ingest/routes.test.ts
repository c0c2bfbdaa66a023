import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';

interface Answer {
  received: number;
  accepted: number;
  duplicate: number;
  rejected: number;
  duplicates: number[];
  errors: { index: number; event_id: string | null; field: string | null; reason: string }[];
}
interface ProblemBody {
  type: string;
  status: number;
  detail: string;
}

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector({
    INGEST_MAX_DECOMPRESSED_BYTES: 1024 * 1024,
    INGEST_MAX_BATCH_EVENTS: 500,
  });
});
afterAll(() => collector.close());

const count = async (where: string, values: unknown[] = []): Promise<number> =>
  Number(
    (
      await collector.pool.query<{ n: number }>(
        `SELECT count(*) AS n FROM client_usage_logs WHERE ${where}`,
        values,
      )
    ).rows[0]?.n,
  );
const stored = async (eventId: unknown): Promise<Record<string, unknown>> => {
  const { rows } = await collector.pool.query<Record<string, unknown>>(
    'SELECT * FROM client_usage_logs WHERE event_id = $1',
    [eventId],
  );
  expect(rows).toHaveLength(1);
  return rows[0] ?? {};
};

describe('what is taken', () => {
  const [a, b] = [testEvent(), testEvent()];
  test.each<[string, () => unknown, Record<string, string>, number]>([
    ['one event', () => testEvent(), {}, 1],
    ['an array', () => [testEvent(), testEvent()], {}, 2],
    ['an envelope', () => ({ events: [testEvent(), testEvent(), testEvent()] }), {}, 3],
    [
      'NDJSON',
      () => `${JSON.stringify(a)}\n\n${JSON.stringify(b)}\r\n`,
      { 'content-type': 'application/x-ndjson' },
      2,
    ],
    ['gzip', () => gzipSync(JSON.stringify([testEvent()])), { 'content-encoding': 'gzip' }, 1],
    ['zstd', () => zstdCompressSync(JSON.stringify([testEvent()])), { 'content-encoding': 'zstd' }, 1],
  ])('%s', async (_name, body, headers, accepted) => {
    const answer = await collector.post(body(), { headers });
    expect(answer.json()).toEqual({
      received: accepted,
      accepted,
      duplicate: 0,
      rejected: 0,
      duplicates: [],
      errors: [],
    });
    expect(answer.statusCode).toBe(200);
  });

  test('the event of the documentation, with its tokens split, priced and its claim kept', async () => {
    const event = {
      event_id: '0193-documentation', timestamp: '2026-03-24T06:00:00.123Z',
      project_id: 'checkout', prompt_id: 'summarise-order', prompt_version: '7', endpoint: '/v1/chat/completions',
      model_provider: 'openai', model_name: 'gpt-4o', service_tier: 'default', environment: 'production',
      user_id: 'u-17', session_id: 's-9', stream: true,
      input_tokens: 1200, cache_read_tokens: 900, cache_write_5m_tokens: 0, cache_write_1h_tokens: 0,
      output_tokens: 310, reasoning_tokens: 120, tokens_requested: 2000,
      response_time_ms: 1840.5, time_to_first_token_ms: 410,
      status: 'success', status_code: 200, error_type: null, cache_hit: false,
      cost_usd: '0.004', metadata: { team: 'search' },
    }; // prettier-ignore
    expect((await collector.post(event)).statusCode).toBe(200);
    expect(await stored(event.event_id)).toMatchObject({
      tenant_id: 'default', timestamp: new Date(event.timestamp), project_id: 'checkout', user_id: 'u-17', stream: true,
      input_tokens: 300, cache_read_tokens: 900, output_tokens: 310, reasoning_tokens: 120, tokens_used: 1510, tokens_requested: 2000,
      // 300 x $2.50 + 900 x $1.25 + 310 x $10.00, per million tokens
      cost_nano_usd: 300 * 2_500 + 900 * 1_250 + 310 * 10_000, price_id: expect.any(Number), discount_id: null, reported_cost_nano_usd: 4_000_000,
      response_time_ms: 1840.5, status: 'success', usage_note: null, metadata: { team: 'search' },
    }); // prettier-ignore
  });

  test('what is not told stays unknown, and null says the same', async () => {
    const told = testEvent({ input_tokens: null, output_tokens: undefined, user_id: null });
    await collector.post(told);
    expect(await stored(told['event_id'])).toMatchObject({
      input_tokens: null, output_tokens: null, tokens_used: null, cost_nano_usd: null, user_id: null, status: 'success', cache_hit: false,
    }); // prettier-ignore
  });

  test("an answer of the application's own cache costs nothing, a model without a price is unpriced and not free", async () => {
    const cached = testEvent({ cache_hit: true });
    const unpriced = testEvent({ model_provider: 'vllm', model_name: 'acme-llama-ft-7b' });
    const failed = testEvent({
      input_tokens: undefined,
      output_tokens: undefined,
      error_type: 'rate_limit',
      status_code: 429,
    });
    await collector.post([cached, unpriced, failed]);
    expect((await stored(cached['event_id']))['cost_nano_usd']).toBe(0);
    expect((await stored(unpriced['event_id']))['cost_nano_usd']).toBeNull();
    expect(await stored(failed['event_id'])).toMatchObject({ cost_nano_usd: 0, status: 'error' });
  });

  test('text in any script, with tabs, line breaks and backslashes', async () => {
    const text = 'Zusammenfassung\t«数据»\n\\N \\. 🎉 \u2028';
    const event = testEvent({
      prompt_id: text,
      metadata: { [text]: text, nested: { list: [1, 'a\\b', null] } },
    });
    await collector.post(event);
    expect(await stored(event['event_id'])).toMatchObject({ prompt_id: text, metadata: event['metadata'] });
  });

  test('microseconds and other offsets of a time', async () => {
    const event = testEvent({ timestamp: '2026-03-10T12:00:00.123456789+05:30' });
    await collector.post(event);
    const { rows } = await collector.pool.query(
      `SELECT "timestamp" = '2026-03-10T06:30:00.123456Z' AS same FROM client_usage_logs WHERE event_id = $1`,
      [event['event_id']],
    );
    expect(rows).toEqual([{ same: true }]);
  });
});

describe('a re-send', () => {
  test('of the same events is counted once, whatever it is wrapped in', async () => {
    const events = [testEvent(), testEvent(), testEvent()];
    await collector.post(events);
    const again = (await collector.post({ events: [...events, testEvent()] })).json<Answer>();
    expect(again).toMatchObject({
      received: 4,
      accepted: 1,
      duplicate: 3,
      rejected: 0,
      duplicates: [0, 1, 2],
    });
    expect(await count('event_id = ANY($1)', [events.map((event) => event['event_id'])])).toBe(3);
  });

  test('within one batch is counted once', async () => {
    const event = testEvent();
    expect((await collector.post([event, event])).json()).toMatchObject({
      accepted: 1,
      duplicate: 1,
      duplicates: [1],
    });
  });

  test('by another tenant is another event', async () => {
    await collector.makeTenant('resend-other');
    const key = await collector.makeKey('resend-other', ['ingest']);
    const event = testEvent();
    await collector.post(event);
    expect((await collector.post(event, { key })).json()).toMatchObject({ accepted: 1, duplicate: 0 });
  });

  test('under one Idempotency-Key protects events without an id; another body is refused', async () => {
    const events = [
      testEvent({ event_id: undefined, user_id: 'idem' }),
      testEvent({ event_id: undefined, user_id: 'idem' }),
    ];
    const headers = { 'idempotency-key': 'batch-1' };
    expect((await collector.post(events, { headers })).json()).toMatchObject({ accepted: 2 });
    expect((await collector.post(events, { headers })).json()).toMatchObject({ accepted: 0, duplicate: 2 });
    expect(await count(`user_id = 'idem'`)).toBe(2);
    const other = await collector.post([testEvent()], { headers });
    expect(other.statusCode).toBe(422);
    expect(other.json<ProblemBody>().type).toBe('urn:promptops:problem:idempotency-key-reused');
  });

  test('without any id is counted again', async () => {
    const event = testEvent({ event_id: undefined, user_id: 'no-id' });
    await collector.post(event);
    expect((await collector.post(event)).json()).toMatchObject({ accepted: 1 });
    expect(await count(`user_id = 'no-id'`)).toBe(2);
  });

  test.each(['first', 'last'])('that knows more completes the event, told %s', async (order) => {
    const id = `completed-${order}`;
    const poor = testEvent({
      event_id: id,
      timestamp: '2026-03-11T00:00:00.050Z',
      input_tokens: undefined,
      output_tokens: undefined,
      metadata: { a: 1 },
    });
    const rich = testEvent({
      event_id: id,
      timestamp: '2026-03-10T23:59:59.900Z',
      user_id: 'u-1',
      response_time_ms: 700,
      metadata: { b: 2 },
    });
    for (const event of order === 'first' ? [rich, poor] : [poor, rich]) await collector.post(event);
    expect(await stored(id)).toMatchObject({
      timestamp: new Date('2026-03-10T23:59:59.900Z'), input_tokens: 1000, output_tokens: 100, user_id: 'u-1', cost_nano_usd: 3_500_000, metadata: { a: 1, b: 2 },
    }); // prettier-ignore
    expect((await collector.post([poor, rich])).json()).toMatchObject({ accepted: 0, duplicate: 2 });
  });
});

describe('bad input is told clearly and leaves the good items stored', () => {
  test.each<[string, Record<string, unknown>, string | null, RegExp]>([
    ['no timestamp', { timestamp: undefined }, 'timestamp', /is required/],
    ['no provider', { model_provider: undefined }, 'model_provider', /is required/],
    ['no model', { model_name: null }, 'model_name', /must be a string/],
    ['an empty model', { model_name: '' }, 'model_name', /an empty string/],
    [
      'a number for a string',
      { prompt_id: 7 },
      'prompt_id',
      /must be a string of 1 to 200 characters, not 7/,
    ],
    ['a string for a number', { input_tokens: '7' }, 'input_tokens', /must be a whole number from 0/],
    ['negative tokens', { output_tokens: -1 }, 'output_tokens', /not -1/],
    ['part of a token', { output_tokens: 1.5 }, 'output_tokens', /whole number/],
    ['too many tokens', { output_tokens: 2_000_000_000 }, 'output_tokens', /1000000000/],
    [
      'an unknown field',
      { tokens: 5 },
      'tokens',
      /is not a field of an event; put data of your own under "metadata"/,
    ],
    ['a local time', { timestamp: '2026-03-10T12:00:00' }, 'timestamp', /RFC 3339/],
    [
      'a day that does not exist',
      { timestamp: '2026-02-30T12:00:00Z' },
      'timestamp',
      /not a time that exists/,
    ],
    ['the far future', { timestamp: '2126-02-01T12:00:00Z' }, 'timestamp', /in the future/],
    ['the far past', { timestamp: '1970-02-01T12:00:00Z' }, 'timestamp', /before 2015/],
    ['a NUL character', { user_id: 'a\0b' }, 'user_id', /NUL/],
    ['a NUL character in metadata', { metadata: { a: ['x', { b: '\0' }] } }, 'metadata', /NUL/],
    ['a long string', { user_id: 'x'.repeat(201) }, 'user_id', /not a string of 201 characters/],
    ['a wrong status', { status: 'ok' }, 'status', /must be "success" or "error", not "ok"/],
    ['a wrong cost', { cost_usd: 0.004 }, 'cost_usd', /decimal number in a string/],
    ['a negative cost', { cost_usd: '-1' }, 'cost_usd', /decimal number in a string/],
    ['large metadata', { metadata: { a: 'x'.repeat(9000) } }, 'metadata', /larger than 8192 bytes/],
    [
      'deep metadata',
      { metadata: JSON.parse('{"a":'.repeat(2000) + '1' + '}'.repeat(2000)) as unknown },
      'metadata',
      /nested deeper/,
    ],
    ['a list as metadata', { metadata: [1] }, 'metadata', /must be an object/],
  ])('%s', async (_name, fields, field, reason) => {
    const good = [testEvent(), testEvent()];
    const answer = await collector.post([good[0], testEvent(fields), good[1]]);
    expect(answer.statusCode).toBe(200);
    const { errors, ...counts } = answer.json<Answer>();
    expect(counts).toMatchObject({ received: 3, accepted: 2, duplicate: 0, rejected: 1 });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ index: 1, field });
    expect(errors[0]?.reason).toMatch(reason);
    expect(await count('event_id = ANY($1)', [good.map((event) => event['event_id'])])).toBe(2);
  });

  test.each([5, 'text', null, [testEvent()]])('an item that is no event: %j', async (item) => {
    expect((await collector.post([testEvent(), item])).json()).toMatchObject({
      accepted: 1,
      rejected: 1,
      errors: [{ index: 1, reason: 'is not an object' }],
    });
  });

  test('__proto__ as a field and inside metadata', async () => {
    const good = JSON.stringify(testEvent());
    const answer = await collector.post(
      `[${good}, ${good.replace('{', '{"__proto__": {"a": 1},')}, ${good.replace('{', '{"metadata": {"__proto__": {"a": 1}},')}]`,
    );
    expect(answer.json()).toMatchObject({
      accepted: 1,
      rejected: 2,
      errors: [{ field: '__proto__' }, { field: 'metadata' }],
    });
    expect(({} as { a?: number }).a).toBeUndefined();
  });

  test('bytes that are not UTF-8 spoil their own item only, in JSON and in NDJSON', async () => {
    const bad = Buffer.from(JSON.stringify(testEvent({ user_id: 'XX' })));
    bad[bad.indexOf('XX')] = 0xff;
    const good = JSON.stringify(testEvent());
    const array = Buffer.concat([Buffer.from('['), bad, Buffer.from(`,${good}]`)]);
    expect((await collector.post(array)).json()).toMatchObject({
      accepted: 1,
      rejected: 1,
      errors: [{ index: 0, reason: 'is not valid UTF-8' }],
    });
    const lines = Buffer.concat([bad, Buffer.from(`\n${JSON.stringify(testEvent())}\n{"cut":`)]);
    expect(
      (await collector.post(lines, { headers: { 'content-type': 'application/x-ndjson' } })).json(),
    ).toMatchObject({ accepted: 1, rejected: 2 });
  });

  test('a refused text that is cut in the middle of a character is kept, and spoils nothing else', async () => {
    // Cut for what is kept (payload), for the sentence about it (V8 quotes ten characters on each side), and for a name.
    const lines = [
      `${'a'.repeat(4095)}\u{1f600}`,
      '\u{28191}\u{1f600}\u{1f600}aaaaaaa\u{1f600}\u{1f600}',
      JSON.stringify({ ...testEvent(), [`${'n'.repeat(99)}\u{1f600}`]: 1 }),
      JSON.stringify(testEvent()),
    ];
    const answer = await collector.post(lines.join('\n'), {
      headers: { 'content-type': 'application/x-ndjson' },
    });
    expect([answer.statusCode, answer.json()]).toMatchObject([200, { accepted: 1, rejected: 3 }]);
  });

  test('half a surrogate pair is repaired, for the event is worth more', async () => {
    const event = testEvent();
    const body = JSON.stringify(event).replace('"openai"', '"openai","user_id":"cut \\ud83d"');
    expect((await collector.post(body)).json()).toMatchObject({ accepted: 1 });
    expect((await stored(event['event_id']))['user_id']).toBe('cut \ufffd');
  });

  const problem = async (
    body: unknown,
    headers: Record<string, string>,
    status: number,
    type: string,
  ): Promise<string> => {
    const answer = await collector.post(body, { headers });
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({ status, type: `urn:promptops:problem:${type}` });
    expect(answer.statusCode).toBe(status);
    return answer.json<ProblemBody>().detail;
  };

  test.each<[string, () => unknown, Record<string, string>, number, string]>([
    ['a single bad event', () => testEvent({ input_tokens: -1 }), {}, 422, 'events-rejected'],
    ['an empty array', () => [], {}, 400, 'empty-batch'],
    ['an empty envelope', () => ({ events: [] }), {}, 400, 'empty-batch'],
    ['an empty body', () => '', {}, 400, 'empty-batch'],
    ['NDJSON of blank lines', () => '\n\n', { 'content-type': 'application/x-ndjson' }, 400, 'empty-batch'],
    ['cut-off JSON', () => JSON.stringify([testEvent()]).slice(0, -5), {}, 400, 'invalid-body'],
    [
      'gzip that is none',
      () => JSON.stringify(testEvent()),
      { 'content-encoding': 'gzip' },
      400,
      'invalid-body',
    ],
    [
      'cut-off gzip',
      () => gzipSync(JSON.stringify([testEvent()])).subarray(0, -12),
      { 'content-encoding': 'gzip' },
      400,
      'invalid-body',
    ],
    [
      'a decompression bomb',
      () => gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20)),
      { 'content-encoding': 'gzip' },
      413,
      'payload-too-large',
    ],
    ['a huge body', () => ' '.repeat(9 * 1024 * 1024), {}, 413, 'payload-too-large'],
    ['too many events', () => Array.from({ length: 501 }, () => testEvent()), {}, 413, 'payload-too-large'],
    ['an unknown encoding', () => testEvent(), { 'content-encoding': 'lzma' }, 415, 'unsupported-media-type'],
    [
      'an unknown type',
      () => 'a=b',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported-media-type',
    ],
  ])('%s', async (_name, body, headers, status, type) => {
    const detail = await problem(body(), headers, status, type);
    expect(detail).not.toMatch(/node_modules|\.ts:|at Object/);
  });

  test('what was refused is kept to look at', async () => {
    await collector.post([testEvent(), testEvent({ event_id: 'kept', input_tokens: -5 })]);
    const { rows } = await collector.pool.query(
      `SELECT tenant_id, item_index, field, payload FROM rejected_events WHERE payload LIKE '%"kept"%'`,
    );
    expect(rows).toMatchObject([{ tenant_id: 'default', item_index: 1, field: 'input_tokens' }]);
  });

  test('the ledger adds up', async () => {
    await collector.makeTenant('ledger');
    const key = await collector.makeKey('ledger', ['ingest']);
    const event = testEvent();
    await collector.post([event, testEvent(), { bad: 1 }], { key });
    await collector.post([event, { bad: 1 }], { key });
    const { rows } = await collector.pool.query(
      `SELECT sum(received) AS received, sum(accepted) AS accepted, sum(duplicate) AS duplicate, sum(rejected) AS rejected, sum(throttled) AS throttled
       FROM ingest_ledger WHERE tenant_id = 'ledger'`,
    );
    expect(
      rows.map((row) => Object.fromEntries(Object.entries(row as object).map(([k, v]) => [k, Number(v)]))),
    ).toEqual([{ received: 5, accepted: 2, duplicate: 1, rejected: 2, throttled: 0 }]);
  });
});

describe('a contradictory usage report', () => {
  test('of a source whose input excludes cached tokens is read that way and noted', async () => {
    const event = testEvent({ input_tokens: 226, cache_read_tokens: 4096, output_tokens: 134 });
    await collector.post(event);
    expect(await stored(event['event_id'])).toMatchObject({
      input_tokens: 226, cache_read_tokens: 4096, tokens_used: 226 + 4096 + 134, usage_note: 'input_tokens excluded cached tokens',
    }); // prettier-ignore
  });
});
