import type { Attributes, AttributeValue } from './attributes.ts';

/**
 * OTLP as this collector reads it: only what a mapping may need, the same for protobuf and JSON. Times are microseconds since 1970
 * (what is stored is no finer), 0 where there is none; ids are lower-case hex, '' where there is none.
 */
export interface Origin {
  /** Attributes of the process that sent it. */
  resource: Attributes;
  scopeName: string;
  scopeVersion: string;
  schemaUrl: string;
}

export interface Span {
  origin: Origin;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: number;
  startUs: number;
  endUs: number;
  /** 0 not set, 1 ok, 2 error. */
  statusCode: number;
  statusMessage: string;
  attributes: Attributes;
  events: SpanEvent[];
}

export interface SpanEvent {
  name: string;
  timeUs: number;
  attributes: Attributes;
}

export interface LogRecord {
  origin: Origin;
  traceId: string;
  spanId: string;
  timeUs: number;
  observedTimeUs: number;
  eventName: string;
  severityNumber: number;
  body: AttributeValue;
  attributes: Attributes;
}

/** 'unspecified' is also said of gauges, which have no temporality. */
export type Temporality = 'delta' | 'cumulative' | 'unspecified';

/** One data point of a metric: of a number (`value`) or of a distribution (`sum` and `count`). */
export interface DataPoint {
  origin: Origin;
  metric: string;
  unit: string;
  kind: 'gauge' | 'sum' | 'histogram';
  temporality: Temporality;
  isMonotonic: boolean;
  attributes: Attributes;
  startUs: number;
  timeUs: number;
  value: number | null;
  sum: number | null;
  count: number | null;
}
