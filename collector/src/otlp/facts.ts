import type { Attributes } from './attributes.ts';
import type { LogRecord, Origin, Span, SpanEvent } from './telemetry.ts';

/** A span or a log record, as the mappings look at it. */
export interface Facts {
  signal: 'span' | 'log';
  origin: Origin;
  /** Name of the span, or of the log event. */
  name: string;
  attributes: Attributes;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  /** Span kind; 0 for log records. */
  kind: number;
  /** Microseconds; a log record has one time, when the call was over. */
  startUs: number;
  endUs: number;
  isError: boolean;
  statusMessage: string;
  events: readonly SpanEvent[];
}

export const CLIENT_SPAN = 3;

export function factsOfSpan(span: Span): Facts {
  return {
    signal: 'span',
    origin: span.origin,
    name: span.name,
    attributes: span.attributes,
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    kind: span.kind,
    startUs: span.startUs === 0 ? span.endUs : span.startUs,
    endUs: Math.max(span.startUs, span.endUs),
    isError: span.statusCode === 2,
    statusMessage: span.statusMessage,
    events: span.events,
  };
}

const EVENT_NAME = /^[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+$/;

/** Rust's tracing bridge fills in the place in the source ("event src/telemetry.rs:803"), beside the application's `event.name`. */
function eventNameOf({ eventName }: LogRecord, attribute: string | undefined): string | undefined {
  return eventName === '' || (attribute !== undefined && /^event .+:\d+$/.test(eventName))
    ? undefined
    : eventName;
}

export function factsOfLog(record: LogRecord): Facts {
  const body = typeof record.body === 'string' && EVENT_NAME.test(record.body) ? record.body : '';
  const timeUs = record.timeUs === 0 ? record.observedTimeUs : record.timeUs;
  const attribute = record.attributes.text('event.name') ?? record.attributes.text('event_name');
  return {
    signal: 'log',
    origin: record.origin,
    // Claude Code: event.name "api_request", body "claude_code.api_request".
    name:
      eventNameOf(record, attribute) ??
      (attribute !== undefined && body.endsWith(`.${attribute}`) ? body : (attribute ?? body)),
    attributes: record.attributes,
    traceId: record.traceId,
    spanId: record.spanId,
    parentSpanId: '',
    kind: 0,
    startUs: timeUs,
    endUs: timeUs,
    isError: false,
    statusMessage: '',
    events: [],
  };
}
