import { Attributes, isContentKey, type AttributeValue } from './attributes.ts';
import { temporalityOf } from './decode-protobuf.ts';
import { MalformedOtlp } from './malformed-otlp.ts';
import type { DataPoint, LogRecord, Origin, Span, SpanEvent } from './telemetry.ts';
import { MAX_DEPTH } from './wire-reader.ts';

/*
 * OTLP JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): ids in hex, 64-bit numbers as text or number, enums
 * as numbers (their names are taken too), lowerCamelCase (snake_case is taken too). Unknown fields are ignored; a field of another
 * kind than it should be is as if it were not there, but the lists that hold everything must be lists.
 */

type Json = Record<string, unknown>;

/** @throws MalformedOtlp */
export function decodeTracesJson(body: Buffer): Span[] {
  return items(
    body,
    ['resourceSpans', 'resource_spans'],
    ['scopeSpans', 'scope_spans', 'instrumentationLibrarySpans'],
    'spans',
    readSpan,
  );
}

/** @throws MalformedOtlp */
export function decodeLogsJson(body: Buffer): LogRecord[] {
  return items(
    body,
    ['resourceLogs', 'resource_logs'],
    ['scopeLogs', 'scope_logs'],
    'logRecords',
    readLogRecord,
  );
}

/** @throws MalformedOtlp */
export function decodeMetricsJson(body: Buffer): DataPoint[] {
  const names = [
    ['resourceMetrics', 'resource_metrics'],
    ['scopeMetrics', 'scope_metrics'],
  ] as const;
  return items(body, names[0], names[1], 'metrics', readMetric).flat();
}

function items<Item>(
  body: Buffer,
  resourceField: readonly string[],
  scopeField: readonly string[],
  itemField: string,
  read: (item: Json, origin: Origin) => Item,
): Item[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new MalformedOtlp(`the body is not valid JSON: ${(error as Error).message}`, 0, { cause: error });
  }
  if (!isObject(parsed)) throw new MalformedOtlp('the body is not a JSON object', 0);
  const found: Item[] = [];
  for (const resourceItem of list(parsed, ...resourceField)) {
    const resource = readAttributes(object(resourceItem, 'resource')['attributes']);
    for (const scopeItem of list(resourceItem, ...scopeField)) {
      const scope = object(scopeItem, 'scope');
      const origin: Origin = {
        resource,
        scopeName: text(scope['name']),
        scopeVersion: text(scope['version']),
        schemaUrl: text(field(scopeItem, 'schemaUrl')),
      };
      for (const item of list(scopeItem, itemField, snake(itemField))) found.push(read(item, origin));
    }
  }
  return found;
}

function readSpan(span: Json, origin: Origin): Span {
  const status = object(span, 'status');
  return {
    origin,
    traceId: id(field(span, 'traceId')),
    spanId: id(field(span, 'spanId')),
    parentSpanId: id(field(span, 'parentSpanId')),
    name: text(span['name']),
    kind: enumNumber(span['kind'], SPAN_KINDS),
    startUs: micros(field(span, 'startTimeUnixNano')),
    endUs: micros(field(span, 'endTimeUnixNano')),
    statusCode: enumNumber(status['code'], STATUS_CODES),
    statusMessage: text(status['message']),
    attributes: readAttributes(span['attributes']),
    events: list(span, 'events').slice(0, MAX_EVENTS).map(readEvent),
  };
}

const MAX_EVENTS = 128;

function readEvent(event: Json): SpanEvent {
  return {
    name: text(event['name']),
    timeUs: micros(field(event, 'timeUnixNano')),
    attributes: readAttributes(event['attributes']),
  };
}

function readLogRecord(record: Json, origin: Origin): LogRecord {
  const body = readAnyValue(record['body'], 0);
  return {
    origin,
    traceId: id(field(record, 'traceId')),
    spanId: id(field(record, 'spanId')),
    timeUs: micros(field(record, 'timeUnixNano')),
    observedTimeUs: micros(field(record, 'observedTimeUnixNano')),
    eventName: text(field(record, 'eventName')),
    severityNumber: number(field(record, 'severityNumber')) ?? 0,
    body: typeof body === 'string' && body.length > LONGEST_BODY ? null : body,
    attributes: readAttributes(record['attributes']),
  };
}

const LONGEST_BODY = 1_024;

const METRIC_DATA = [
  ['gauge', 'gauge'],
  ['sum', 'sum'],
  ['histogram', 'histogram'],
  ['exponentialHistogram', 'histogram'],
] as const;

function readMetric(metric: Json, origin: Origin): DataPoint[] {
  return METRIC_DATA.flatMap(([name, kind]) => {
    const data = field(metric, name);
    if (!isObject(data)) return [];
    const temporality = temporalityOf(enumNumber(field(data, 'aggregationTemporality'), TEMPORALITIES));
    return list(data, 'dataPoints', 'data_points').map((point) => ({
      origin,
      metric: text(metric['name']),
      unit: text(metric['unit']),
      kind,
      temporality,
      isMonotonic: field(data, 'isMonotonic') === true,
      attributes: readAttributes(point['attributes']),
      startUs: micros(field(point, 'startTimeUnixNano')),
      timeUs: micros(field(point, 'timeUnixNano')),
      value:
        kind === 'histogram'
          ? null
          : (number(field(point, 'asDouble')) ?? number(field(point, 'asInt')) ?? null),
      sum: kind === 'histogram' ? (number(point['sum']) ?? null) : null,
      count: kind === 'histogram' ? (number(point['count']) ?? null) : null,
    }));
  });
}

const SPAN_KINDS = ['SPAN_KIND_UNSPECIFIED', 'SPAN_KIND_INTERNAL', 'SPAN_KIND_SERVER', 'SPAN_KIND_CLIENT', 'SPAN_KIND_PRODUCER', 'SPAN_KIND_CONSUMER']; // prettier-ignore
const STATUS_CODES = ['STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'];
const TEMPORALITIES = ['AGGREGATION_TEMPORALITY_UNSPECIFIED', 'AGGREGATION_TEMPORALITY_DELTA', 'AGGREGATION_TEMPORALITY_CUMULATIVE']; // prettier-ignore

function enumNumber(value: unknown, names: readonly string[]): number {
  if (typeof value === 'string' && names.includes(value)) return names.indexOf(value);
  return number(value) ?? 0;
}

const MAX_ATTRIBUTES = 2_048;

function readAttributes(value: unknown): Attributes {
  if (!Array.isArray(value) || value.length === 0) return new Attributes();
  const values = new Map<string, AttributeValue>();
  for (const pair of value.slice(0, MAX_ATTRIBUTES) as unknown[]) {
    if (!isObject(pair) || typeof pair['key'] !== 'string' || pair['key'] === '' || isContentKey(pair['key']))
      continue;
    const read = readAnyValue(pair['value'], 0);
    if (read !== null) values.set(pair['key'], read);
  }
  return new Attributes(values);
}

const MAX_LIST_VALUES = 256;

function readAnyValue(value: unknown, depth: number): AttributeValue {
  if (!isObject(value)) return null;
  if (depth > MAX_DEPTH) throw new MalformedOtlp(`attribute values nest deeper than ${MAX_DEPTH} levels`, 0);
  const told = field(value, 'stringValue') ?? field(value, 'boolValue');
  if (typeof told === 'string' || typeof told === 'boolean') return told;
  const numeric = number(field(value, 'intValue')) ?? number(field(value, 'doubleValue'));
  if (numeric !== undefined) return numeric;
  const bytes = field(value, 'bytesValue');
  if (typeof bytes === 'string') return bytes;
  const array = field(value, 'arrayValue');
  if (isObject(array))
    return list(array, 'values')
      .slice(0, MAX_LIST_VALUES)
      .map((one) => readAnyValue(one, depth + 1));
  const map = field(value, 'kvlistValue');
  if (!isObject(map)) return null;
  return Object.fromEntries(
    list(map, 'values')
      .slice(0, MAX_LIST_VALUES)
      .map((pair) => [text(pair['key']), readAnyValue(pair['value'], depth + 1)]),
  );
}

const HEX = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/;
const ZEROES = /^0*$/;

/** Hex as the specification has it; base64, as protobuf's own JSON writes bytes, is taken too. */
function id(value: unknown): string {
  if (typeof value !== 'string' || value === '') return '';
  const lower = value.toLowerCase();
  if (HEX.test(lower)) return ZEROES.test(lower) ? '' : lower;
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length !== 8 && bytes.length !== 16) return value.slice(0, 64);
  const hex = bytes.toString('hex');
  return ZEROES.test(hex) ? '' : hex;
}

/** Microseconds of nanoseconds that came as text or as a number. */
function micros(value: unknown): number {
  if (typeof value === 'number') return Number.isFinite(value) && value > 0 ? Math.floor(value / 1000) : 0;
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value)) return 0;
  return value.length <= 3 ? 0 : Number(value.slice(0, -3));
}

function number(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value === '') return undefined;
  const parsed = Number(value);
  return Number.isNaN(parsed) ? undefined : parsed;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function object(holder: Json, name: string): Json {
  const value = holder[name];
  return isObject(value) ? value : {};
}

/** A field under its lowerCamelCase name, or under its name in the .proto file. */
function field(holder: Json, name: string): unknown {
  return holder[name] ?? holder[snake(name)];
}

const SNAKE = new Map<string, string>();
function snake(name: string): string {
  let snaked = SNAKE.get(name);
  if (snaked === undefined)
    SNAKE.set(name, (snaked = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)));
  return snaked;
}

/** The objects of a list under the first of the names that is there. */
function list(holder: Json, ...names: string[]): Json[] {
  for (const name of names) {
    const value = holder[name];
    if (value == null) continue;
    if (!Array.isArray(value)) throw new MalformedOtlp(`"${name}" is not a list`, 0);
    return (value as unknown[]).map((item) => {
      if (!isObject(item)) throw new MalformedOtlp(`"${name}" holds something that is not an object`, 0);
      return item;
    });
  }
  return [];
}
