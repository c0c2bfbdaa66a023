import { Attributes, UndecodedText, type AttributeValue } from './attributes.ts';
import { AttributeBuilder, readAnyValue } from './decode-attributes.ts';
import { MalformedOtlp } from './malformed-otlp.ts';
import type { DataPoint, LogRecord, Origin, Span, SpanEvent, Temporality } from './telemetry.ts';
import { WireReader } from './wire-reader.ts';

/*
 * Reads ExportTraceServiceRequest, ExportLogsServiceRequest and ExportMetricsServiceRequest
 * (opentelemetry/proto/collector/*). A tag below is field number * 8 + wire type. Fields that no mapping looks at are passed
 * over, and so is what later versions of the protocol add.
 */

/** Events of a span that are kept: exceptions and first tokens come among the first or at the end. */
const MAX_EVENTS = 128;

/** @throws MalformedOtlp */
export function decodeTraces(body: Buffer): Span[] {
  const spans: Span[] = [];
  eachResource(body, (reader, origin) => spans.push(readSpan(reader, origin)));
  return spans;
}

/** @throws MalformedOtlp */
export function decodeLogs(body: Buffer): LogRecord[] {
  const records: LogRecord[] = [];
  eachResource(body, (reader, origin) => records.push(readLogRecord(reader, origin)));
  return records;
}

/** @throws MalformedOtlp */
export function decodeMetrics(body: Buffer): DataPoint[] {
  const points: DataPoint[] = [];
  eachResource(body, (reader, origin) => readMetric(reader, origin, points));
  return points;
}

type ReadItem = (reader: WireReader, origin: Origin) => void;

/** The three requests have one shape: resources (1) of scopes (2) of items (2). */
function eachResource(body: Buffer, readItem: ReadItem): void {
  const reader = new WireReader(body);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag !== 10) {
      reader.skip(tag);
      continue;
    }
    // The resource may stand behind the scopes that it is of, so these are visited in a second pass.
    const outer = reader.enter();
    const start = reader.position;
    let resource = new Attributes();
    for (let inner = reader.tag(); inner !== 0; inner = reader.tag()) {
      if (inner === 10) resource = readAttributesMessage(reader, 10);
      else reader.skip(inner);
    }
    reader.position = start;
    for (let inner = reader.tag(); inner !== 0; inner = reader.tag()) {
      if (inner === 18) readScope(reader, resource, readItem);
      else reader.skip(inner);
    }
    reader.leave(outer);
  }
}

function readScope(reader: WireReader, resource: Attributes, readItem: ReadItem): void {
  const outer = reader.enter();
  const start = reader.position;
  const origin: Origin = { resource, scopeName: '', scopeVersion: '', schemaUrl: '' };
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) {
      const scope = reader.enter();
      for (let inner = reader.tag(); inner !== 0; inner = reader.tag()) {
        if (inner === 10) origin.scopeName = reader.text();
        else if (inner === 18) origin.scopeVersion = reader.text();
        else reader.skip(inner);
      }
      reader.leave(scope);
    } else if (tag === 26) origin.schemaUrl = reader.text();
    else reader.skip(tag);
  }
  reader.position = start;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 18) readItem(reader, origin);
    else reader.skip(tag);
  }
  reader.leave(outer);
}

/** A message of which only its attributes are kept. */
function readAttributesMessage(reader: WireReader, attributesTag: number): Attributes {
  const outer = reader.enter();
  const attributes = new AttributeBuilder();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === attributesTag) attributes.add(reader);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return attributes.build();
}

function readSpan(reader: WireReader, origin: Origin): Span {
  reader.countThing();
  const outer = reader.enter();
  const attributes = new AttributeBuilder();
  const events: SpanEvent[] = [];
  let traceId = '';
  let spanId = '';
  let parentSpanId = '';
  let name = '';
  let kind = 0;
  let startUs = 0;
  let endUs = 0;
  let statusCode = 0;
  let statusMessage = '';
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10:
        traceId = readId(reader);
        break;
      case 18:
        spanId = readId(reader);
        break;
      case 34:
        parentSpanId = readId(reader);
        break;
      case 42:
        name = reader.text();
        break;
      case 48:
        kind = reader.varint();
        break;
      case 57:
        startUs = reader.nanosAsMicros();
        break;
      case 65:
        endUs = reader.nanosAsMicros();
        break;
      case 74:
        attributes.add(reader);
        break;
      case 90:
        if (events.length < MAX_EVENTS) events.push(readEvent(reader));
        else reader.skip(tag);
        break;
      case 122: {
        const status = reader.enter();
        for (let inner = reader.tag(); inner !== 0; inner = reader.tag()) {
          if (inner === 18) statusMessage = reader.text();
          else if (inner === 24) statusCode = reader.varint();
          else reader.skip(inner);
        }
        reader.leave(status);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return {
    origin, traceId, spanId, parentSpanId, name, kind, startUs, endUs, statusCode, statusMessage,
    attributes: attributes.build(), events,
  }; // prettier-ignore
}

const ZEROES = /^0*$/;

/** An id; all zeroes mean none. */
function readId(reader: WireReader): string {
  const at = reader.position;
  const id = reader.hex();
  if (id.length > 64) throw new MalformedOtlp('an id is longer than 32 bytes', at);
  return ZEROES.test(id) ? '' : id;
}

function readEvent(reader: WireReader): SpanEvent {
  reader.countThing();
  const outer = reader.enter();
  const attributes = new AttributeBuilder();
  let name = '';
  let timeUs = 0;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 9) timeUs = reader.nanosAsMicros();
    else if (tag === 18) name = reader.text();
    else if (tag === 26) attributes.add(reader);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { name, timeUs, attributes: attributes.build() };
}

/** Longest text body that is kept; only names of events are looked for in it. */
const LONGEST_BODY = 1_024;

function readLogRecord(reader: WireReader, origin: Origin): LogRecord {
  reader.countThing();
  const outer = reader.enter();
  const attributes = new AttributeBuilder();
  const record = {
    origin, traceId: '', spanId: '', timeUs: 0, observedTimeUs: 0, eventName: '', severityNumber: 0, body: null as AttributeValue,
  }; // prettier-ignore
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 9:
        record.timeUs = reader.nanosAsMicros();
        break;
      case 89:
        record.observedTimeUs = reader.nanosAsMicros();
        break;
      case 16:
        record.severityNumber = reader.varint();
        break;
      case 42: {
        const body = readAnyValue(reader, true);
        if (!(body instanceof UndecodedText)) record.body = body;
        else if (body.end - body.start <= LONGEST_BODY) record.body = body.toString();
        break;
      }
      case 50:
        attributes.add(reader);
        break;
      case 74:
        record.traceId = readId(reader);
        break;
      case 82:
        record.spanId = readId(reader);
        break;
      case 98:
        record.eventName = reader.text();
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return { ...record, attributes: attributes.build() };
}

/** Field of Metric → what it holds. Summaries have no sum over time that could be added. */
const METRIC_DATA: Readonly<Record<number, DataPoint['kind']>> = {
  42: 'gauge',
  58: 'sum',
  74: 'histogram',
  82: 'histogram',
};
const EXPONENTIAL = 82;

function readMetric(reader: WireReader, origin: Origin, points: DataPoint[]): void {
  const outer = reader.enter();
  const start = reader.position;
  let metric = '';
  let unit = '';
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) metric = reader.text();
    else if (tag === 26) unit = reader.text();
    else reader.skip(tag);
  }
  reader.position = start;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    const kind = METRIC_DATA[tag];
    if (kind === undefined) reader.skip(tag);
    else readPoints(reader, { origin, metric, unit, kind }, tag === EXPONENTIAL, points);
  }
  reader.leave(outer);
}

function readPoints(
  reader: WireReader,
  about: Pick<DataPoint, 'origin' | 'metric' | 'unit' | 'kind'>,
  isExponential: boolean,
  points: DataPoint[],
): void {
  const outer = reader.enter();
  const start = reader.position;
  let temporality: Temporality = 'unspecified';
  let isMonotonic = false;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 16) temporality = temporalityOf(reader.varint());
    else if (tag === 24) isMonotonic = reader.varint() !== 0;
    else reader.skip(tag);
  }
  reader.position = start;
  const attributesTag = about.kind === 'histogram' ? (isExponential ? 10 : 74) : 58;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) points.push(readPoint(reader, { ...about, temporality, isMonotonic }, attributesTag));
    else reader.skip(tag);
  }
  reader.leave(outer);
}

export function temporalityOf(number: number): Temporality {
  return number === 1 ? 'delta' : number === 2 ? 'cumulative' : 'unspecified';
}

/** Number, histogram and exponential histogram points share the fields of times, sum and count. */
function readPoint(
  reader: WireReader,
  about: Pick<DataPoint, 'origin' | 'metric' | 'unit' | 'kind' | 'temporality' | 'isMonotonic'>,
  attributesTag: number,
): DataPoint {
  reader.countThing();
  const outer = reader.enter();
  const attributes = new AttributeBuilder();
  const isNumber = about.kind !== 'histogram';
  let startUs = 0;
  let timeUs = 0;
  let value: number | null = null;
  let sum: number | null = null;
  let count: number | null = null;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === attributesTag) attributes.add(reader);
    else if (tag === 17) startUs = reader.nanosAsMicros();
    else if (tag === 25) timeUs = reader.nanosAsMicros();
    else if (isNumber && tag === 33) value = reader.double();
    else if (isNumber && tag === 49) value = reader.sfixed64();
    else if (!isNumber && tag === 33) count = reader.fixed64();
    else if (!isNumber && tag === 41) sum = reader.double();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { ...about, attributes: attributes.build(), startUs, timeUs, value, sum, count };
}
