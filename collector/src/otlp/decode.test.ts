import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Attributes } from './attributes.ts';
import { EMITTERS, requestsOf } from './captures.ts';
import { decodeLogsJson, decodeMetricsJson, decodeTracesJson } from './decode-json.ts';
import { decodeLogs, decodeMetrics, decodeTraces } from './decode-protobuf.ts';
import { MalformedOtlp } from './malformed-otlp.ts';
import { encode } from './otlp-encoder.ts';
import type { DataPoint, LogRecord, Origin, Span } from './telemetry.ts';

type Json = Record<string, unknown>;

// Messages as OTLP JSON has them, but for ids, which are bytes until they are written as hex or put into protobuf.

const key = fc.oneof(
  fc.constantFrom('gen_ai.request.model', 'http.status_code', 'x', '__proto__', 'naïve.clé'),
  fc.string({ minLength: 1, maxLength: 40 }),
);
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'value' },
    fc.string().map((stringValue) => ({ stringValue })),
    fc.boolean().map((boolValue) => ({ boolValue })),
    fc.maxSafeInteger().map((intValue) => ({ intValue })),
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map((doubleValue) => ({ doubleValue: doubleValue + 0 })),
    fc.array(tie('value'), { maxLength: 4 }).map((values) => ({ arrayValue: { values } })),
    fc
      .array(fc.record({ key, value: tie('value') }), { maxLength: 4 })
      .map((values) => ({ kvlistValue: { values } })),
  ),
}));
const attributes = fc.array(fc.record({ key, value }), { maxLength: 8 });
const id = (length: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes));
const nanos = fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n });
const text = fc.string({ maxLength: 60, unit: 'grapheme' });

const span = fc.record({
  traceId: id(16),
  spanId: id(8),
  parentSpanId: fc.oneof(id(8), fc.constant(Buffer.alloc(0)), fc.constant(Buffer.alloc(8))),
  name: text,
  kind: fc.integer({ min: 0, max: 5 }),
  startTimeUnixNano: nanos,
  endTimeUnixNano: nanos,
  attributes,
  events: fc.array(fc.record({ timeUnixNano: nanos, name: text, attributes }), { maxLength: 3 }),
  links: fc.array(fc.record({ traceId: id(16), spanId: id(8) }), { maxLength: 2 }),
  status: fc.record({ code: fc.integer({ min: 0, max: 2 }), message: text }),
  flags: fc.nat(),
  unknownText: text,
  unknownNumber: fc.double({ noNaN: true }),
  unknownMessage: fc.record({ name: text }),
});
const record = fc.record({
  timeUnixNano: nanos,
  observedTimeUnixNano: nanos,
  severityNumber: fc.integer({ min: 0, max: 24 }),
  severityText: text,
  body: value,
  attributes,
  traceId: id(16),
  spanId: id(8),
  eventName: text,
});
const numberPoint = fc.record({
  attributes,
  startTimeUnixNano: nanos,
  timeUnixNano: nanos,
  asDouble: fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
});
const histogramPoint = fc.record({
  attributes,
  startTimeUnixNano: nanos,
  timeUnixNano: nanos,
  count: fc.nat(),
  sum: fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
  bucketCounts: fc.array(fc.nat(), { maxLength: 3 }),
  explicitBounds: fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 3 }),
});
const points = <Point>(point: fc.Arbitrary<Point>) => fc.array(point, { maxLength: 3 });
const metric = fc.oneof(
  fc.record({ name: text, unit: text, gauge: fc.record({ dataPoints: points(numberPoint) }) }),
  fc.record({
    name: text,
    unit: text,
    sum: fc.record({
      dataPoints: points(numberPoint),
      aggregationTemporality: fc.integer({ min: 0, max: 2 }),
      isMonotonic: fc.boolean(),
    }),
  }),
  fc.record({
    name: text,
    unit: text,
    histogram: fc.record({
      dataPoints: points(histogramPoint),
      aggregationTemporality: fc.integer({ min: 0, max: 2 }),
    }),
  }),
);
const scope = fc.record({ name: text, version: text });
const request = (
  resources: string,
  scopes: string,
  itemsName: string,
  item: fc.Arbitrary<Json>,
): fc.Arbitrary<Json> =>
  fc
    .array(
      fc.record({
        resource: fc.record({ attributes }),
        [scopes]: fc.array(fc.record({ scope, [itemsName]: fc.array(item, { maxLength: 4 }) }), {
          maxLength: 3,
        }),
      }),
      { maxLength: 3 },
    )
    .map((list) => ({ [resources]: list }));

const traces = request('resourceSpans', 'scopeSpans', 'spans', span);
const logs = request('resourceLogs', 'scopeLogs', 'logRecords', record);
const metrics = request('resourceMetrics', 'scopeMetrics', 'metrics', metric);

/** Numbers of 64 bits as protobufjs and OTLP JSON take them, ids as asked for. */
function written(message: unknown, ids: 'bytes' | 'hex' | 'base64'): unknown {
  if (typeof message === 'bigint') return message.toString();
  if (Buffer.isBuffer(message)) return ids === 'bytes' ? message : message.toString(ids);
  if (Array.isArray(message)) return message.map((one) => written(one, ids));
  if (typeof message !== 'object' || message === null) return message;
  return Object.fromEntries(Object.entries(message).map(([name, one]) => [name, written(one, ids)]));
}

const asJson = (message: Json, ids: 'hex' | 'base64'): Buffer =>
  Buffer.from(JSON.stringify(written(message, ids)));
const asProtobuf = (type: 'Traces' | 'Logs' | 'Metrics', message: Json): Buffer =>
  encode(type, written(message, 'bytes') as object);

// What must come out, made from the message by rules that are not those of the decoder.

const micros = (ns: unknown): number => Number((ns as bigint) / 1000n);
const hex = (bytes: unknown): string =>
  (bytes as Buffer).every((byte) => byte === 0) ? '' : (bytes as Buffer).toString('hex');

function plain(any: Json): unknown {
  const [name, inner] = Object.entries(any)[0] ?? [];
  if (name === 'arrayValue') return (inner as { values: Json[] }).values.map(plain);
  if (name === 'kvlistValue') {
    return Object.fromEntries(
      (inner as { values: { key: string; value: Json }[] }).values.map((pair) => [
        pair.key,
        plain(pair.value),
      ]),
    );
  }
  return inner;
}

function plainAttributes(list: unknown): [string, unknown][] {
  const map = new Map((list as { key: string; value: Json }[]).map((pair) => [pair.key, plain(pair.value)]));
  return [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function read(decoded: Attributes): [string, unknown][] {
  return [...decoded.keys()]
    .map((name): [string, unknown] => [name, decoded.get(name)])
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

const readOrigin = ({ resource, scopeName, scopeVersion }: Origin): unknown => ({
  resource: read(resource),
  scopeName,
  scopeVersion,
});

function eachItem(
  message: Json,
  resources: string,
  scopes: string,
  itemsName: string,
): { item: Json; origin: unknown }[] {
  return (message[resources] as Json[]).flatMap((resourceItem) =>
    (resourceItem[scopes] as Json[]).flatMap((scopeItem) =>
      (scopeItem[itemsName] as Json[]).map((item) => {
        const { name, version } = scopeItem['scope'] as { name: string; version: string };
        const resource = plainAttributes((resourceItem['resource'] as Json)['attributes']);
        return { item, origin: { resource, scopeName: name, scopeVersion: version } };
      }),
    ),
  );
}

const readSpan = ({ origin, attributes: own, events, ...rest }: Span): unknown => ({
  ...rest,
  origin: readOrigin(origin),
  attributes: read(own),
  events: events.map((event) => ({ ...event, attributes: read(event.attributes) })),
});
const expectedSpans = (message: Json): unknown[] =>
  eachItem(message, 'resourceSpans', 'scopeSpans', 'spans').map(({ item, origin }) => ({
    origin,
    traceId: hex(item['traceId']),
    spanId: hex(item['spanId']),
    parentSpanId: hex(item['parentSpanId']),
    name: item['name'],
    kind: item['kind'],
    startUs: micros(item['startTimeUnixNano']),
    endUs: micros(item['endTimeUnixNano']),
    statusCode: (item['status'] as Json)['code'],
    statusMessage: (item['status'] as Json)['message'],
    attributes: plainAttributes(item['attributes']),
    events: (item['events'] as Json[]).map((event) => ({
      name: event['name'],
      timeUs: micros(event['timeUnixNano']),
      attributes: plainAttributes(event['attributes']),
    })),
  }));

const readRecord = ({ origin, attributes: own, ...rest }: LogRecord): unknown => ({
  ...rest,
  origin: readOrigin(origin),
  attributes: read(own),
});
const expectedRecords = (message: Json): unknown[] =>
  eachItem(message, 'resourceLogs', 'scopeLogs', 'logRecords').map(({ item, origin }) => ({
    origin,
    traceId: hex(item['traceId']),
    spanId: hex(item['spanId']),
    timeUs: micros(item['timeUnixNano']),
    observedTimeUs: micros(item['observedTimeUnixNano']),
    eventName: item['eventName'],
    severityNumber: item['severityNumber'],
    body: plain(item['body'] as Json),
    attributes: plainAttributes(item['attributes']),
  }));

const readPoint = ({ origin, attributes: own, ...rest }: DataPoint): unknown => ({
  ...rest,
  origin: readOrigin(origin),
  attributes: read(own),
});
const TEMPORALITIES = ['unspecified', 'delta', 'cumulative'];
const expectedPoints = (message: Json): unknown[] =>
  eachItem(message, 'resourceMetrics', 'scopeMetrics', 'metrics').flatMap(({ item, origin }) => {
    const kind = ['gauge', 'sum', 'histogram'].find((name) => name in item) ?? '';
    const data = item[kind] as Json;
    return (data['dataPoints'] as Json[]).map((point) => ({
      origin,
      metric: item['name'],
      unit: item['unit'],
      kind,
      temporality: TEMPORALITIES[(data['aggregationTemporality'] as number | undefined) ?? 0],
      isMonotonic: data['isMonotonic'] ?? false,
      attributes: plainAttributes(point['attributes']),
      startUs: micros(point['startTimeUnixNano']),
      timeUs: micros(point['timeUnixNano']),
      value: point['asDouble'] ?? null,
      sum: point['sum'] ?? null,
      count: point['count'] ?? null,
    }));
  });

// -0 is written as 0 in JSON.
const same = (got: unknown, wanted: unknown): void => {
  expect(JSON.parse(JSON.stringify(got))).toEqual(JSON.parse(JSON.stringify(wanted)));
};

describe('a request of any content decodes to what was written', () => {
  test('traces, from protobuf and from JSON', () => {
    fc.assert(
      fc.property(traces, (message) => {
        const wanted = expectedSpans(message);
        same(decodeTraces(asProtobuf('Traces', message)).map(readSpan), wanted);
        same(decodeTracesJson(asJson(message, 'hex')).map(readSpan), wanted);
        same(decodeTracesJson(asJson(message, 'base64')).map(readSpan), wanted);
      }),
    );
  });

  test('logs, from protobuf and from JSON', () => {
    fc.assert(
      fc.property(logs, (message) => {
        const wanted = expectedRecords(message);
        same(decodeLogs(asProtobuf('Logs', message)).map(readRecord), wanted);
        same(decodeLogsJson(asJson(message, 'hex')).map(readRecord), wanted);
      }),
    );
  });

  test('metrics, from protobuf and from JSON', () => {
    fc.assert(
      fc.property(metrics, (message) => {
        const wanted = expectedPoints(message);
        same(decodeMetrics(asProtobuf('Metrics', message)).map(readPoint), wanted);
        same(decodeMetricsJson(asJson(message, 'hex')).map(readPoint), wanted);
      }),
    );
  });
});

const DECODERS = [
  decodeTraces,
  decodeLogs,
  decodeMetrics,
  decodeTracesJson,
  decodeLogsJson,
  decodeMetricsJson,
];

function malformed(decode: (body: Buffer) => unknown, body: Buffer): MalformedOtlp | undefined {
  try {
    decode(body);
    return undefined;
  } catch (error) {
    if (error instanceof MalformedOtlp) return error;
    throw error;
  }
}

describe('a damaged body is refused, and nothing worse', () => {
  test('a request that is cut off at any byte', () => {
    for (const emitter of ['litellm', 'openlit']) {
      const found = requestsOf(emitter).find(({ signal, isJson }) => signal === 'traces' && !isJson);
      const body = found?.body ?? Buffer.alloc(0);
      expect(body.length).toBeGreaterThan(500);
      expect(malformed(decodeTraces, body)).toBeUndefined();
      for (let length = 1; length < body.length; length += 1) {
        const error = malformed(decodeTraces, body.subarray(0, length));
        expect(error?.offset).toBeLessThanOrEqual(length);
        expect(error).toBeDefined();
      }
    }
  });

  test('a capture with some bytes changed, read as any of the requests', () => {
    const bodies = EMITTERS.flatMap((emitter) =>
      requestsOf(emitter)
        .slice(0, 2)
        .map(({ body }) => body),
    ).filter((body) => body.length < 4_000);
    fc.assert(
      fc.property(
        fc.constantFrom(...bodies),
        fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 8,
        }),
        fc.constantFrom(...DECODERS),
        (body, changes, decode) => {
          const damaged = Buffer.from(body);
          for (const [place, byte] of changes) damaged[Math.floor(place * damaged.length)] = byte;
          malformed(decode, damaged);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...DECODERS), (bytes, decode) => {
        malformed(decode, Buffer.from(bytes));
      }),
      { numRuns: 2_000 },
    );
  });

  test('values nested without end', () => {
    let value: Buffer = Buffer.from([0x0a, 0x00]);
    for (let depth = 0; depth < 5_000; depth += 1) {
      const array = lengthDelimited(1, value);
      value = lengthDelimited(5, array);
    }
    const attribute = Buffer.concat([lengthDelimited(1, Buffer.from('deep')), lengthDelimited(2, value)]);
    const body = lengthDelimited(1, lengthDelimited(2, lengthDelimited(2, lengthDelimited(9, attribute))));
    expect(malformed(decodeTraces, body)?.message).toMatch(/nest deeper/);
    const deep = '{"arrayValue":{"values":['.repeat(200) + '{"intValue":1}' + ']}}'.repeat(200);
    const json = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"a","value":${deep}}]}]}]}]}`;
    expect(malformed(decodeTracesJson, Buffer.from(json))?.message).toMatch(/nest deeper/);
  });

  test.each([
    ['a length past the end', [0x0a, 0x7f]],
    ['a number without an end', [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
    ['a field number of 0', [0x02, 0x00]],
    ['a wire type that does not exist', [0x0f]],
    ['a group that does not end', [0x0b, 0x08, 0x01]],
    ['the end of a group that did not begin', [0x0c]],
  ])('%s', (_name, bytes) => {
    expect(malformed(decodeTraces, Buffer.from(bytes))).toBeInstanceOf(MalformedOtlp);
  });

  test.each([
    '',
    '[]',
    'null',
    '3',
    '{"resourceSpans":{}}',
    '{"resourceSpans":[1]}',
    '{"resourceSpans":[{"scopeSpans":[{"spans":"x"}]}]}',
    '{"resourceSpans":[',
  ])('JSON that is no request: %s', (body) => {
    expect(malformed(decodeTracesJson, Buffer.from(body))).toBeInstanceOf(MalformedOtlp);
  });
});

function lengthDelimited(field: number, content: Buffer): Buffer {
  const head: number[] = [];
  for (let number of [field * 8 + 2, content.length]) {
    while (number > 127) {
      head.push((number & 127) | 128);
      number = Math.floor(number / 128);
    }
    head.push(number);
  }
  return Buffer.concat([Buffer.from(head), content]);
}

describe('what senders write differently is read alike', () => {
  const one = (attributes: unknown[], more: Json = {}): Buffer =>
    Buffer.from(
      JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ name: 's', attributes, ...more }] }] }] }),
    );

  test('whole numbers as text or number, enums as names, fields that are not known', () => {
    const [found] = decodeTracesJson(
      one(
        [
          { key: 'a', value: { intValue: '9007199254740991' } },
          { key: 'b', value: { intValue: 7 } },
          { key: 'c', value: { doubleValue: '0.5' } },
        ],
        {
          kind: 'SPAN_KIND_CLIENT',
          status: { code: 'STATUS_CODE_ERROR' },
          whatIsThis: { deep: [1] },
          startTimeUnixNano: 1_795_503_711_849_418_000,
        },
      ),
    );
    expect(found).toMatchObject({ kind: 3, statusCode: 2, startUs: 1_795_503_711_849_418 });
    expect([found?.attributes.get('a'), found?.attributes.get('b'), found?.attributes.get('c')]).toEqual([
      9_007_199_254_740_991, 7, 0.5,
    ]);
  });

  test('names in snake_case', () => {
    const body = {
      resource_spans: [
        {
          scope_spans: [
            {
              spans: [
                {
                  trace_id: 'AB'.repeat(16),
                  start_time_unix_nano: '1000',
                  attributes: [{ key: 'x', value: { string_value: 'y' } }],
                },
              ],
            },
          ],
        },
      ],
    };
    const [found] = decodeTracesJson(Buffer.from(JSON.stringify(body)));
    expect(found).toMatchObject({ traceId: 'ab'.repeat(16), startUs: 1 });
    expect(found?.attributes.get('x')).toBe('y');
  });

  test('a resource behind the spans that it is of', () => {
    const resource = lengthDelimited(
      1,
      lengthDelimited(
        1,
        Buffer.concat([
          lengthDelimited(1, Buffer.from('k')),
          lengthDelimited(2, lengthDelimited(1, Buffer.from('v'))),
        ]),
      ),
    );
    const spans = lengthDelimited(2, lengthDelimited(2, lengthDelimited(5, Buffer.from('name'))));
    const [found] = decodeTraces(lengthDelimited(1, Buffer.concat([spans, resource])));
    expect(found?.origin.resource.get('k')).toBe('v');
  });

  test('what was said to and by the model is passed over', () => {
    const said = [
      'gen_ai.input.messages',
      'gen_ai.output.messages',
      'gen_ai.prompt.0.content',
      'gen_ai.completion.0.content',
      'llm.input_messages.0.message.content',
      'ai.prompt.messages',
      'ai.response.text',
      'traceloop.entity.input',
      'gen_ai.tool.call.arguments',
    ];
    const list = said.map((name) => ({ key: name, value: { stringValue: 'secret' } }));
    expect([...(decodeTracesJson(one(list))[0]?.attributes.keys() ?? [])]).toEqual([]);
    const body = asProtobuf('Traces', {
      resourceSpans: [{ scopeSpans: [{ spans: [{ name: 's', attributes: list }] }] }],
    });
    expect([...(decodeTraces(body)[0]?.attributes.keys() ?? [])]).toEqual([]);
  });
});
