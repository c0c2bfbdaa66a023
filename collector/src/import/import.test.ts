import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { LightMyRequestResponse } from 'fastify';
import type { Overview } from '../usage/overview.ts';
import { startTestCollector, type TestCollector } from '../testing/test-collector.ts';
import type { ImportAnswer } from './tally.ts';
import { fixture } from './test-files.ts';

let collector: TestCollector;
let tenants = 0;
/** Each test has a tenant of its own, and an admin key of it. */
let tenantId: string;
let key: string;
beforeAll(async () => {
  collector = await startTestCollector({ IMPORT_MAX_BYTES: 64 * 1024 * 1024 });
});
afterAll(() => collector.close());
beforeEach(async () => {
  tenantId = `import-${(tenants += 1)}`;
  await collector.makeTenant(tenantId);
  key = await collector.makeKey(tenantId, ['admin']);
});

const TYPES: Record<string, string> = {
  json: 'application/json',
  jsonl: 'application/x-ndjson',
  csv: 'text/csv',
};
const send = (
  format: string,
  payload: string | Buffer | Readable,
  options: { type?: string; dryRun?: boolean; key?: string; headers?: Record<string, string> } = {},
): Promise<LightMyRequestResponse> =>
  collector.call({
    key: options.key ?? key,
    method: 'POST',
    url: `/v1/import?format=${format}${options.dryRun ? '&dry_run=true' : ''}`,
    headers: { 'content-type': options.type ?? 'application/json', ...options.headers },
    payload,
  });
const sendFile = async (format: string, name: string): Promise<ImportAnswer> => {
  const answer = await send(format, await fixture(name), { type: TYPES[name.split('.').at(-1) ?? ''] ?? '' });
  expect({ status: answer.statusCode, body: answer.statusCode === 200 ? '' : answer.body }).toEqual({
    status: 200,
    body: '',
  });
  return answer.json<ImportAnswer>();
};
const stored = async (tenant = tenantId): Promise<Record<string, unknown>[]> =>
  (
    await collector.pool.query<Record<string, unknown>>(
      'SELECT * FROM client_usage_logs WHERE tenant_id = $1 ORDER BY "timestamp", event_id',
      [tenant],
    )
  ).rows;
const sums = async (): Promise<Record<string, unknown>> =>
  (
    await collector.pool.query<Record<string, unknown>>(
      `SELECT count(*)::int AS events, sum(tokens_used)::int AS tokens, sum(reported_cost_nano_usd)::bigint AS claimed, sum(cost_nano_usd)::bigint AS priced
       FROM client_usage_logs WHERE tenant_id = $1`,
      [tenantId],
    )
  ).rows[0] ?? {};

/** What the files of a format hold, counted by hand. */
const FORMATS = [
  { format: 'litellm', files: ['litellm-spend-logs.json', 'litellm-spend-logs.jsonl', 'litellm-spend-logs.csv'],
    read: 9, events: 8, skipped: 1, tokens: 1510 + 10500 + 9500 + 7200 + 1510 + 8 + 625, claimed: '0.05647516' },
  { format: 'langfuse', files: ['langfuse-observations.json', 'langfuse-observations.jsonl', 'langfuse-observations.csv', 'langfuse-api.json', 'langfuse-blob-observations_v2.jsonl'],
    read: 7, events: 6, skipped: 1, tokens: 1510 + 1510 + 10500 + 150 + 8, claimed: '0.02664516' },
  { format: 'helicone', files: ['helicone-requests.json', 'helicone-requests.jsonl', 'helicone-requests.csv', 'helicone-api.json'],
    read: 7, events: 6, skipped: 1, tokens: 1510 + 10500 + 50, claimed: '0.021625' },
  { format: 'promptops', files: ['promptops-events.json', 'promptops-events.jsonl', 'promptops-events.csv'],
    read: 3, events: 3, skipped: 0, tokens: 1510 + 10500, claimed: '0.004' },
]; // prettier-ignore

describe.each(FORMATS)('$format', ({ format, files, read, events, skipped, tokens, claimed }) => {
  test.each(files)('%s is taken: every call once, tokens and claimed cost to the digit', async (name) => {
    const answer = await sendFile(format, name);
    expect(answer).toMatchObject({ format, dry_run: false, read, accepted: events, duplicate: 0, rejected: 0, skipped });
    expect(answer.cost.claimed_usd).toBe(claimed);
    expect(await sums()).toMatchObject({ events, tokens });
    const { claimed: nanoUsd } = await sums();
    expect(Number(nanoUsd) / 1e9).toBeCloseTo(Number(claimed), 12);
  }); // prettier-ignore

  test('the same history in every file type, twice, is counted once', async () => {
    await sendFile(format, files[0] ?? '');
    const before = await sums();
    for (const name of [...files, ...files])
      expect(await sendFile(format, name)).toMatchObject({ accepted: 0, duplicate: events, rejected: 0 });
    expect(await sums()).toEqual(before);
  });

  test('a dry run tells the same and stores nothing; after the import it tells that all is known', async () => {
    const file = await fixture(files[0] ?? '');
    const foreseen = (await send(format, file, { dryRun: true })).json<ImportAnswer>();
    expect(await stored()).toEqual([]);
    const told = (await send(format, file)).json<ImportAnswer>();
    expect(foreseen).toEqual({ ...told, dry_run: true });
    expect((await send(format, file, { dryRun: true })).json()).toMatchObject({ accepted: 0, duplicate: events });
  }); // prettier-ignore
});

test('the tokens and costs that were imported are those of the overview', async () => {
  await sendFile('litellm', 'litellm-spend-logs.csv');
  await sendFile('langfuse', 'langfuse-observations.csv');
  await collector.complete();
  const answer = await collector.call({
    key,
    method: 'GET',
    url: '/v1/analytics/usage/overview?start_date=2026-03-01&end_date=2026-04-01',
  });
  const { events, priced } = await sums();
  const { summary } = answer.json<Overview>() as unknown as { summary: Record<string, unknown> };
  expect(summary).toMatchObject({ total_requests: events });
  expect(Number(summary['total_cost_usd'] ?? summary['total_cost'])).toBeCloseTo(Number(priced) / 1e9, 9);
});

test('the sum of our prices, the period and what has no price are told', async () => {
  const answer = await sendFile('helicone', 'helicone-requests.json');
  const { priced } = await sums();
  expect(Number(answer.cost.priced_usd)).toBeCloseTo(Number(priced) / 1e9, 12);
  expect(answer.period).toEqual({ first: '2026-03-12T11:01:00.000Z', last: '2026-03-12T11:07:00.000Z' });
  // acme-llama-ft-7b of a provider that nobody told
  expect(answer.cost).toMatchObject({ unpriced: 1, without_claim: 0 });
});

test('cached tokens are priced as cached, whichever way the source counts them', async () => {
  await sendFile('litellm', 'litellm-spend-logs.json');
  await sendFile('langfuse', 'langfuse-observations.json');
  await sendFile('helicone', 'helicone-requests.json');
  const rows = await stored();
  const costs = (model: string, tokens: number): unknown[] =>
    rows
      .filter(
        (row) => row['model_name'] === model && row['tokens_used'] === tokens && row['cache_hit'] === false,
      )
      .map((row) => row['cost_nano_usd']);
  // 300 x $2.50 + 900 x $1.25 + 310 x $10.00, per million: one LiteLLM, two Langfuse, one Helicone
  expect(costs('gpt-4o', 1510)).toEqual(Array(4).fill(300 * 2_500 + 900 * 1_250 + 310 * 10_000));
});

test.each(['the span first', 'the import first'])(
  'a generation of Langfuse that also came as a span is one call: %s',
  async (order) => {
    const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
    const startNs = BigInt(Date.parse('2026-03-11T10:00:00Z')) * 1_000_000n;
    const attribute = (name: string, value: object): object => ({ key: name, value });
    const sendSpan = async (): Promise<void> => {
      const answer = await collector.call({
        key,
        method: 'POST',
        url: '/v1/traces',
        headers: { 'content-type': 'application/json' },
        payload: {
          resourceSpans: [
            {
              scopeSpans: [
                {
                  scope: { name: 'langfuse-sdk' },
                  spans: [
                    {
                      traceId,
                      spanId,
                      name: 'summarise',
                      startTimeUnixNano: String(startNs),
                      endTimeUnixNano: String(startNs + 1_000_000_000n),
                      attributes: [
                        attribute('langfuse.observation.type', { stringValue: 'generation' }),
                        attribute('langfuse.observation.model.name', { stringValue: 'gpt-4o' }),
                        attribute('langfuse.observation.usage_details', {
                          stringValue: '{"input":100,"output":20}',
                        }),
                      ],
                    },
                  ],
                },
              ],
            },
          ],
        },
      });
      expect([answer.statusCode, answer.body]).toEqual([200, '{}']);
    };
    const sendImport = async (): Promise<ImportAnswer> =>
      (
        await send(
          'langfuse',
          JSON.stringify([
            {
              id: spanId,
              traceId,
              type: 'GENERATION',
              startTime: '2026-03-11T10:00:00.000Z',
              endTime: '2026-03-11T10:00:01.000Z',
              model: 'gpt-4o',
              usageDetails: { input: 100, output: 20, total: 120 },
              userId: 'u-17',
            },
          ]),
        )
      ).json<ImportAnswer>();
    if (order === 'the span first') {
      await sendSpan();
      expect(await sendImport()).toMatchObject({ accepted: 0, duplicate: 1 });
    } else {
      expect(await sendImport()).toMatchObject({ accepted: 1, duplicate: 0 });
      await sendSpan();
    }
    expect(await stored()).toMatchObject([{ user_id: 'u-17', input_tokens: 100, output_tokens: 20 }]);
  },
);

test('two overlapping halves are one history', async () => {
  const lines = (await fixture('litellm-spend-logs.jsonl')).toString().trim().split('\n');
  const type = 'application/x-ndjson';
  expect((await send('litellm', lines.slice(0, 6).join('\n'), { type })).json()).toMatchObject({
    accepted: 6,
  });
  expect((await send('litellm', lines.slice(3).join('\n'), { type })).json()).toMatchObject({
    accepted: 2,
    duplicate: 3,
    skipped: 1,
  });
  expect(await stored()).toHaveLength(8);
});

test('what the table of Helicone’s export tool holds is taken, with its JSON quoted twice', async () => {
  expect(await sendFile('helicone', 'helicone-export-tool.csv')).toMatchObject({ read: 3, accepted: 3 });
  expect((await stored())[0]).toMatchObject({
    event_id: 'helicone:7e1b2c3d-0000-4000-8000-000000000001',
    model_provider: 'openai',
    session_id: 's-9',
    metadata: { feature: 'order-summary' },
    response_time_ms: 1500,
  });
});

test('nothing of what was said is stored, of refused records neither', async () => {
  await sendFile('litellm', 'litellm-spend-logs.json');
  await sendFile('langfuse', 'langfuse-observations.json');
  await sendFile('helicone', 'helicone-requests.json');
  const [record] = JSON.parse((await fixture('langfuse-observations.json')).toString()) as object[];
  const bad = [{ ...record, startTime: 'yesterday' }, { ...record, id: null }, record];
  expect((await send('langfuse', JSON.stringify(bad))).json()).toMatchObject({ rejected: 2, duplicate: 1 });
  const { rows } = await collector.pool.query('SELECT * FROM rejected_events WHERE tenant_id = $1', [
    tenantId,
  ]);
  expect(rows).toHaveLength(2);
  expect(JSON.stringify([await stored(), rows])).not.toContain('SECRET');
});

test('two tenants import the same file and never meet', async () => {
  const other = `${tenantId}-other`;
  await collector.makeTenant(other);
  const otherKey = await collector.makeKey(other, ['admin']);
  const file = await fixture('langfuse-observations.json');
  await send('langfuse', file);
  expect((await send('langfuse', file, { key: otherKey, dryRun: true })).json()).toMatchObject({ accepted: 6, duplicate: 0 });
  expect((await send('langfuse', file, { key: otherKey })).json()).toMatchObject({ accepted: 6, duplicate: 0 });
  expect([(await stored()).length, (await stored(other)).length]).toEqual([6, 6]);
}); // prettier-ignore

test.each([
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
])('a %s body is taken', async (encoding, compress) => {
  const answer = await send('promptops', compress(await fixture('promptops-events.json')), {
    headers: { 'content-encoding': encoding },
  });
  expect(answer.json()).toMatchObject({ accepted: 3 });
});

describe('what cannot be taken', () => {
  test('bad records are told by number, line, id, field and reason; their neighbours are stored', async () => {
    const good = JSON.parse((await fixture('promptops-events.json')).toString()) as Record<string, unknown>[];
    const lines = [
      JSON.stringify(good[0]),
      '{"event_id": "cut',
      JSON.stringify({ ...good[1], input_tokens: -1 }),
      JSON.stringify({ ...good[1], event_id: undefined }),
      JSON.stringify({ ...good[1], timestamp: '2099-01-01T00:00:00Z', event_id: 'later' }),
    ];
    const answer = (await send('promptops', lines.join('\n'), { type: 'application/x-ndjson' })).json<ImportAnswer>();
    expect(answer).toMatchObject({ read: 5, accepted: 1, rejected: 4 });
    expect(answer.rejections).toEqual([
      { record: 2, line: 2, id: null, field: null, reason: 'is not valid JSON' },
      { record: 3, line: 3, id: '0193-own-2', field: 'input_tokens', reason: expect.stringContaining('not -1') },
      { record: 4, line: 4, id: null, field: 'event_id', reason: expect.stringContaining('is missing') },
      { record: 5, line: 5, id: 'later', field: 'timestamp', reason: expect.stringContaining('in the future') },
    ]);
  }); // prettier-ignore

  test('a file of another format is refused as a whole, and says which it is not', async () => {
    for (const [format, name] of [['litellm', 'langfuse-observations.json'], ['langfuse', 'helicone-requests.json'], ['helicone', 'litellm-spend-logs.json'], ['promptops', 'litellm-spend-logs.json']] as const) {
      const answer = await send(format, await fixture(name));
      expect({ format, status: answer.statusCode }).toEqual({ format, status: 422 });
      expect(answer.json()).toMatchObject({ type: 'urn:promptops:problem:events-rejected', detail: expect.stringContaining(`taken as ${format}`) });
    }
    expect(await stored()).toEqual([]);
  }); // prettier-ignore

  test('a file that breaks off keeps what was before, and says how much and where', async () => {
    const records = JSON.parse((await fixture('promptops-events.json')).toString()) as object[];
    const answer = await send('promptops', JSON.stringify(records).slice(0, -20));
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({
      type: 'urn:promptops:problem:invalid-body',
      detail: expect.stringMatching(/record 3: .*cut off.* 2 records before .* 2 stored/),
      import: { read: 2, accepted: 2 },
    });
    expect(await stored()).toHaveLength(2);
    expect((await send('promptops', JSON.stringify(records))).json()).toMatchObject({
      accepted: 1,
      duplicate: 2,
    });
  });

  test('damaged compression keeps what was before', async () => {
    const lines = Array.from({ length: 2_000 }, (_, n) => ownEvent(n)).join('\n');
    const cut = gzipSync(lines, { level: 0 }).subarray(0, 200_000);
    const answer = await send('promptops', cut, {
      type: 'application/x-ndjson',
      headers: { 'content-encoding': 'gzip' },
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({
      detail: expect.stringContaining('gzip data is damaged or cut off'),
    });
    const { import: told } = answer.json<{ import: ImportAnswer }>();
    expect(told.accepted).toBeGreaterThan(500);
    expect(await stored()).toHaveLength(told.accepted);
  });

  test.each([
    ['an unknown format', 'csvfile', 'application/json', '[]', 400, 'invalid-request'],
    ['a type that is none of a file', 'litellm', 'application/pdf', '%PDF', 415, 'unsupported-media-type'],
    ['an empty body', 'litellm', 'application/json', '', 400, 'empty-batch'],
    ['an empty list', 'litellm', 'application/json', '[]', 400, 'empty-batch'],
    ['a CSV file without rows', 'litellm', 'text/csv', 'request_id,model\n', 400, 'empty-batch'],
  ])('%s', async (_name, format, type, body, status, problem) => {
    const answer = await send(format, body, { type });
    expect({ status: answer.statusCode, type: answer.json<{ type: string }>().type }).toEqual({
      status,
      type: `urn:promptops:problem:${problem}`,
    });
  });

  test('a key that may only send events, and none at all', async () => {
    const ingest = await collector.makeKey(tenantId, ['ingest', 'read']);
    expect((await send('promptops', '[]', { key: ingest })).statusCode).toBe(403);
    expect((await send('promptops', '[]', { key: 'po_unknown' })).statusCode).toBe(401);
  });

  test('a second import of a tenant waits for its first', async () => {
    const slow = new Readable({ read: () => undefined });
    slow.push('[');
    const first = send('promptops', slow);
    let second = await send('promptops', await fixture('promptops-events.json'), { dryRun: true });
    // The first may not have been taken up yet.
    while (second.statusCode === 200)
      second = await send('promptops', await fixture('promptops-events.json'), { dryRun: true });
    expect(second.statusCode).toBe(429);
    expect(second.headers['retry-after']).toBe('5');
    slow.push(`${ownEvent(1)}]`);
    slow.push(null);
    expect((await first).json()).toMatchObject({ accepted: 1 });
    expect((await send('promptops', await fixture('promptops-events.json'))).statusCode).toBe(200);
  });
});

const ownEvent = (n: number): string =>
  JSON.stringify({
    event_id: `many-${n}`,
    timestamp: new Date(Date.UTC(2026, 2, 1) + n * 1000).toISOString(),
    model_provider: 'openai',
    model_name: 'gpt-4o',
    input_tokens: 1000,
    output_tokens: 100,
    cost_usd: '0.0035',
  });

describe('a large history', () => {
  test('is committed in batches, and its sums are exact', async () => {
    const answer = (
      await send('promptops', Readable.from(manyLines(3_250)), { type: 'application/x-ndjson' })
    ).json<ImportAnswer>();
    expect(answer).toMatchObject({ read: 3_250, accepted: 3_250, cost: { claimed_usd: '11.375', priced_usd: '11.375' } });
    expect(await sums()).toMatchObject({ events: 3_250, tokens: 3_250 * 1_100 });
  }); // prettier-ignore

  test.each(['application/x-ndjson', 'application/json', 'text/csv'])(
    'of 200,000 records in %s is read in flat memory',
    async (type) => {
      const heap: number[] = [];
      const watched = function* (): Generator<string> {
        let count = 0;
        const piece: string[] = [];
        for (const record of manyRecords(200_000, type)) {
          piece.push(record);
          if ((count += 1) % 400 === 0) yield piece.splice(0).join(''); // about the 64 KiB of a socket
          if (count % 20_000 === 0) heap.push(usedHeap());
        }
        yield piece.join('');
      };
      const answer = await send('promptops', Readable.from(watched()), { type, dryRun: true });
      expect(answer.json()).toMatchObject({ read: 200_000, accepted: 200_000, rejected: 0 });
      const [first = 0] = heap;
      expect(heap).toHaveLength(10);
      // 180,000 further records are 30 MB of text and several times that as objects.
      expect(Math.max(...heap) - first).toBeLessThan(32 * 1024 * 1024);
    },
  );

  test('past the bound is refused, with what was stored before', async () => {
    const endless = function* (): Generator<string> {
      for (let n = 0; ; n += 1) yield `${JSON.stringify({ padding: 'x'.repeat(60_000), ...JSON.parse(ownEvent(n)) as object })}\n`;
    };
    const answer = await send('promptops', Readable.from(endless()), { type: 'application/x-ndjson' });
    expect(answer.statusCode).toBe(413);
    const { import: told } = answer.json<{ import: ImportAnswer }>();
    expect(told.accepted).toBeGreaterThan(1_000);
    expect(await stored()).toHaveLength(told.accepted);
  }); // prettier-ignore
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of the heap in use once garbage is gone. */
function usedHeap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

function* manyLines(count: number): Generator<string> {
  for (let n = 0; n < count; n += 1) yield `${ownEvent(n)}\n`;
}

function* manyRecords(count: number, type: string): Generator<string> {
  if (type === 'text/csv') {
    const names = Object.keys(JSON.parse(ownEvent(0)) as object);
    yield `${names.join(',')}\n`;
    for (let n = 0; n < count; n += 1)
      yield `${Object.values(JSON.parse(ownEvent(n)) as Record<string, unknown>).map((value) => JSON.stringify(value)).join(',')}\n`; // prettier-ignore
  } else if (type === 'application/json') {
    for (let n = 0; n < count; n += 1) yield `${n === 0 ? '[' : ','}${ownEvent(n)}`;
    yield ']';
  } else yield* manyLines(count);
}
