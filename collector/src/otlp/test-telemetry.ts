import type { CallReport } from './call-report.ts';
import { decodeLogsJson, decodeMetricsJson, decodeTracesJson } from './decode-json.ts';
import { reportsOfLogs, reportsOfSpans } from './map-call.ts';
import { metricPoints, type MetricPoint } from './metric-points.ts';
import { UnknownShapes } from './unknown-shapes.ts';

/*
 * Spans and log records for tests, by way of OTLP JSON.
 */

type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };
export type Attributes = Readonly<Record<string, Value>>;

export interface TestSpan {
  scope?: string;
  version?: string;
  name?: string;
  trace?: number;
  id?: number;
  parent?: number;
  kind?: number;
  /** Milliseconds after a fixed moment. */
  start?: number;
  end?: number;
  error?: string;
  attributes?: Attributes;
  events?: { name: string; at?: number; attributes?: Attributes }[];
  resource?: Attributes;
}

const EPOCH_MS = Date.UTC(2026, 5, 1);
const nanos = (ms: number): string => `${EPOCH_MS + ms}000000`;
const hexId = (length: number, number: number | undefined): string =>
  number === undefined ? '' : number.toString(16).padStart(length, '0');

function anyValue(value: Value): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: (value as readonly Value[]).map(anyValue) } };
  return { kvlistValue: { values: keyValues(value as Attributes) } };
}

const keyValues = (attributes: Attributes): object[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));

let nextId = 1;

/** What spans tell; those of one call share a resource, but each has a scope of its own. */
export function reportsFrom(spans: readonly TestSpan[], unknown = new UnknownShapes()): CallReport[] {
  return spans.flatMap((span) => {
    const body = {
      resourceSpans: [
        {
          resource: { attributes: keyValues(span.resource ?? { 'service.name': 'test' }) },
          scopeSpans: [
            {
              scope: { name: span.scope ?? '', version: span.version ?? '' },
              spans: [
                {
                  traceId: hexId(32, span.trace ?? 1),
                  spanId: hexId(16, span.id ?? 1_000_000 + nextId++),
                  parentSpanId: hexId(16, span.parent),
                  name: span.name ?? 'test',
                  kind: span.kind ?? 3,
                  startTimeUnixNano: nanos(span.start ?? 0),
                  endTimeUnixNano: nanos(span.end ?? 1000),
                  status: span.error === undefined ? {} : { code: 2, message: span.error },
                  attributes: keyValues(span.attributes ?? {}),
                  events: (span.events ?? []).map(({ name, at, attributes }) => ({
                    name,
                    timeUnixNano: nanos(at ?? 0),
                    attributes: keyValues(attributes ?? {}),
                  })),
                },
              ],
            },
          ],
        },
      ],
    };
    return reportsOfSpans(decodeTracesJson(Buffer.from(JSON.stringify(body))), unknown);
  });
}

/** What one span tells of a call. */
export function reportFrom(span: TestSpan): CallReport {
  const [report] = reportsFrom([span]);
  if (!report) throw new Error('The span told nothing.');
  return report;
}

export interface TestRecord {
  scope?: string;
  event?: string;
  body?: string;
  trace?: number;
  span?: number;
  at?: number;
  attributes?: Attributes;
  resource?: Attributes;
}

export function reportsFromLogs(records: readonly TestRecord[], unknown = new UnknownShapes()): CallReport[] {
  return records.flatMap((record) => {
    const logRecord = {
      timeUnixNano: nanos(record.at ?? 1000),
      traceId: hexId(32, record.trace),
      spanId: hexId(16, record.span),
      eventName: record.event,
      body: record.body === undefined ? undefined : { stringValue: record.body },
      attributes: keyValues(record.attributes ?? {}),
    };
    const body = {
      resourceLogs: [
        {
          resource: { attributes: keyValues(record.resource ?? { 'service.name': 'test' }) },
          scopeLogs: [{ scope: { name: record.scope ?? '' }, logRecords: [logRecord] }],
        },
      ],
    };
    return reportsOfLogs(decodeLogsJson(Buffer.from(JSON.stringify(body))), unknown);
  });
}

export interface TestMetric {
  name: string;
  /** A sum of this value, or a histogram of sum and count. */
  value?: number;
  sum?: number;
  count?: number;
  temporality?: 1 | 2;
  start?: number;
  at?: number;
  attributes?: Attributes;
  scope?: string;
}

export function pointsFrom(metrics: readonly TestMetric[], unknown = new UnknownShapes()): MetricPoint[] {
  return metrics.flatMap((metric) => {
    const point = {
      attributes: keyValues(metric.attributes ?? {}),
      startTimeUnixNano: nanos(metric.start ?? 0),
      timeUnixNano: nanos(metric.at ?? 60_000),
      ...(metric.value === undefined
        ? { sum: metric.sum, count: String(metric.count ?? 0) }
        : { asDouble: metric.value }),
    };
    const data = { dataPoints: [point], aggregationTemporality: metric.temporality ?? 2, isMonotonic: true };
    const body = {
      resourceMetrics: [
        {
          resource: { attributes: keyValues({ 'service.name': 'test' }) },
          scopeMetrics: [
            {
              scope: { name: metric.scope ?? 'meter' },
              metrics: [
                {
                  name: metric.name,
                  unit: '1',
                  ...(metric.value === undefined ? { histogram: data } : { sum: data }),
                },
              ],
            },
          ],
        },
      ],
    };
    return metricPoints(decodeMetricsJson(Buffer.from(JSON.stringify(body))), unknown);
  });
}
