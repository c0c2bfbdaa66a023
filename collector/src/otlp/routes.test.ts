import { promisify } from 'node:util';
import { gzip, zstdCompress } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { Problem } from '../http/errors.ts';
import { ByteBudget } from '../ingest/byte-budget.ts';
import { EMITTERS, requestsOf, type CapturedRequest } from './captures.ts';
import { decode, encode } from './otlp-encoder.ts';
import { otlpRoutes, type OtlpBatch, type OtlpOutcome } from './routes.ts';

const KEY = 'po_abcdefgh_secret';
const MAX_BODY = 64 * 1024;
const MAX_DECOMPRESSED = 256 * 1024;

let app: FastifyInstance;
let batches: OtlpBatch[] = [];
let throttled = 0;
let outcome: () => Promise<OtlpOutcome>;
const budget = new ByteBudget(300 * 1024);

const require = (
  request: FastifyRequest,
): Promise<{ tenantId: string; keyId: string; scopes: never[]; isOperator: boolean }> => {
  const { authorization, 'x-api-key': key } = request.headers;
  if (authorization !== `Bearer ${KEY}` && key !== KEY)
    return Promise.reject(new Problem('unauthorized', 'Send a key.'));
  return Promise.resolve({ tenantId: 'acme', keyId: 'abcdefgh', scopes: [], isOperator: false });
};

beforeAll(async () => {
  app = fastify();
  await app.register(otlpRoutes, {
    configuration: { INGEST_MAX_BODY_BYTES: MAX_BODY, INGEST_MAX_DECOMPRESSED_BYTES: MAX_DECOMPRESSED },
    authenticator: { require },
    budget,
    submit: (batch) => {
      batches.push(batch);
      return outcome();
    },
    noteThrottled: () => (throttled += 1),
  });
  await app.ready();
});
afterAll(() => app.close());
beforeEach(() => {
  batches = [];
  throttled = 0;
  outcome = () => Promise.resolve({ rejected: 0, message: '' });
});

interface Sent {
  path?: string;
  type?: string;
  body?: Buffer | string;
  headers?: Record<string, string>;
}

async function send({
  path = '/v1/traces',
  type = 'application/x-protobuf',
  body = Buffer.alloc(0),
  headers = {},
}: Sent) {
  const withKey =
    headers['authorization'] === undefined && headers['x-api-key'] === undefined
      ? { authorization: `Bearer ${KEY}` }
      : {};
  return app.inject({
    method: 'POST',
    url: path,
    payload: body,
    headers: { 'content-type': type, ...withKey, ...headers },
  });
}

function capture(emitter: string, signal: CapturedRequest['signal']): CapturedRequest {
  const found = requestsOf(emitter).find((request) => request.signal === signal);
  if (!found) throw new Error(`${emitter} sent no ${signal}`);
  return found;
}

describe('what exporters send is taken', () => {
  test.each(EMITTERS)('every capture of %s, answered in its content type', async (emitter) => {
    for (const { signal, contentType, body } of requestsOf(emitter)) {
      const answer = await send({ path: `/v1/${signal}`, type: contentType, body });
      expect([answer.statusCode, answer.headers['content-type'], answer.body]).toEqual([
        200,
        contentType,
        contentType === 'application/json' ? '{}' : '',
      ]);
    }
    expect(batches.every(({ tenantId }) => tenantId === 'acme')).toBe(true);
    expect(batches.flatMap(({ reports }) => reports).length).toBeGreaterThan(0);
  });

  test('compressed with gzip or zstd', async () => {
    const { body } = capture('litellm', 'traces');
    for (const [encoding, compress] of [
      ['gzip', gzip],
      ['zstd', zstdCompress],
    ] as const) {
      const answer = await send({
        body: await promisify(compress as typeof gzip)(body),
        headers: { 'content-encoding': encoding },
      });
      expect(answer.statusCode).toBe(200);
    }
    expect(batches.map(({ received }) => received)).toEqual([2, 2]);
  });

  test('an empty request, in both forms', async () => {
    expect((await send({})).statusCode).toBe(200);
    expect((await send({ type: 'application/json; charset=utf-8', body: '{}' })).statusCode).toBe(200);
    expect(batches.map(({ received }) => received)).toEqual([0, 0]);
  });

  test('spans that are about something else are counted as received and told nothing of', async () => {
    const body = encode('Traces', {
      resourceSpans: [
        { scopeSpans: [{ scope: { name: 'http' }, spans: [{ spanId: Buffer.alloc(8, 1), name: 'GET /' }] }] },
      ],
    });
    await send({ body });
    expect(batches[0]).toMatchObject({ received: 1, reports: [] });
    expect(batches[0]?.unknown.total).toBe(0);
  });

  test('the path of the Langfuse SDK with its Basic credentials', async () => {
    const { body } = capture('langfuse-v3', 'traces');
    const basic = Buffer.from(`pk-lf-1:${KEY}`).toString('base64');
    const answer = await send({
      path: '/api/public/otel/v1/traces',
      body,
      headers: { authorization: `Basic ${basic}` },
    });
    expect(answer.statusCode).toBe(200);
    expect(batches[0]?.reports.length).toBeGreaterThan(0);
  });

  test('the path of the exporter in PostHog’s SDK', async () => {
    const { body } = capture('openlit', 'traces');
    const answer = await send({ path: '/i/v0/ai/otel', body });
    expect(answer.statusCode).toBe(200);
    expect(batches[0]?.reports.length).toBeGreaterThan(0);
  });
});

describe('the key', () => {
  test.each([
    { authorization: `Bearer ${KEY}` },
    { authorization: `Bearer%20${KEY}` },
    { authorization: encodeURIComponent(`Bearer ${KEY}`) },
    { 'x-api-key': KEY },
    { 'x-api-key': encodeURIComponent(KEY) },
  ])('is taken as %j', async (headers) => {
    expect((await send({ headers })).statusCode).toBe(200);
  });

  test('is asked for in a form that the exporter understands', async () => {
    const answer = await send({ headers: { authorization: 'Bearer nobody%' } });
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="promptops"');
    expect(decode('RpcStatus', answer.rawPayload)).toEqual({ code: 16, message: 'Send a key.' });
  });
});

describe('what is refused is answered as the specification says', () => {
  test('a damaged body: 400 and a Status with the place, in both forms', async () => {
    const { body } = capture('litellm', 'traces');
    const answer = await send({ body: body.subarray(0, 100) });
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([400, 'application/x-protobuf']);
    expect(decode('RpcStatus', answer.rawPayload)).toMatchObject({
      code: 3,
      message: expect.stringMatching(/at byte \d+/) as unknown,
    });
    const json = await send({ type: 'application/json', body: '{"resourceSpans":[' });
    expect([json.statusCode, json.headers['content-type']]).toEqual([400, 'application/json']);
    expect(json.json()).toMatchObject({
      code: 3,
      message: expect.stringMatching(/not valid JSON/) as unknown,
    });
    expect(batches).toEqual([]);
  });

  test('damaged compression: 400', async () => {
    const answer = await send({ body: Buffer.from('no gzip'), headers: { 'content-encoding': 'gzip' } });
    expect(answer.statusCode).toBe(400);
  });

  test('another content type or encoding: 415', async () => {
    expect((await send({ type: 'text/plain', body: 'x' })).statusCode).toBe(415);
    expect(
      (await send({ headers: { 'content-encoding': 'snappy' }, body: Buffer.from('x') })).statusCode,
    ).toBe(415);
  });

  test('a body past the limit, sent or unpacked: 413', async () => {
    expect((await send({ body: Buffer.alloc(MAX_BODY + 1) })).statusCode).toBe(413);
    const bomb = await promisify(gzip)(Buffer.alloc(MAX_DECOMPRESSED + 1));
    const answer = await send({ body: bomb, headers: { 'content-encoding': 'gzip' } });
    expect(answer.statusCode).toBe(413);
    expect(decode('RpcStatus', answer.rawPayload)).toMatchObject({ code: 8 });
  });

  test('items that the store refuses: 200 with partial success', async () => {
    outcome = () => Promise.resolve({ rejected: 2, message: 'two lie in the future' });
    const answer = await send({ body: capture('litellm', 'traces').body });
    expect(answer.statusCode).toBe(200);
    expect(decode('Response', answer.rawPayload)).toEqual({
      partialSuccess: { rejected: 2, errorMessage: 'two lie in the future' },
    });
    const json = await send({ path: '/v1/logs', type: 'application/json', body: '{}' });
    expect(json.json()).toEqual({
      partialSuccess: { rejectedLogRecords: '2', errorMessage: 'two lie in the future' },
    });
  });

  test('no room: 429 with Retry-After, before the body is read', async () => {
    const held = budget.reserve('acme', 150 * 1024);
    const answer = await send({ body: capture('litellm', 'traces').body });
    held?.release();
    expect([answer.statusCode, answer.headers['retry-after'], throttled]).toEqual([429, '1', 1]);
    expect((await send({ body: capture('litellm', 'traces').body })).statusCode).toBe(200);
  });

  test('a database that is away: 503 with Retry-After', async () => {
    outcome = () =>
      Promise.reject(new Problem('database-unavailable', 'The database is away.', { retryAfterSeconds: 2 }));
    const answer = await send({ body: capture('litellm', 'traces').body });
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '2']);
    expect(decode('RpcStatus', answer.rawPayload)).toEqual({ code: 14, message: 'The database is away.' });
  });

  test('a bug: 500 without a word of what it is', async () => {
    outcome = () => Promise.reject(new Error('secret'));
    const answer = await send({ type: 'application/json', body: '{}' });
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain('secret');
  });

  test('room that was taken is given back after every answer', () => {
    expect(budget.used).toBe(0);
  });
});
