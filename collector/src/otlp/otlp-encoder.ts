import protobuf from 'protobufjs';

/*
 * An encoder of OTLP requests that shares nothing with the decoder under test: protobufjs over descriptors of what the tests use
 * (field numbers: opentelemetry-proto 1.x). For tests only.
 */

const string = 'string';
const message = (
  fields: Record<string, [number, string, 'repeated'?]>,
  oneofs: Record<string, { oneof: string[] }> = {},
): protobuf.IType => ({
  fields: Object.fromEntries(
    Object.entries(fields).map(([name, [id, type, rule]]) => [
      name,
      rule ? { id, type, rule } : { id, type },
    ]),
  ),
  oneofs,
});

const root = protobuf.Root.fromJSON({
  nested: {
    AnyValue: message(
      {
        stringValue: [1, string],
        boolValue: [2, 'bool'],
        intValue: [3, 'int64'],
        doubleValue: [4, 'double'],
        arrayValue: [5, 'ArrayValue'],
        kvlistValue: [6, 'KeyValueList'],
        bytesValue: [7, 'bytes'],
      },
      {
        value: {
          oneof: [
            'stringValue',
            'boolValue',
            'intValue',
            'doubleValue',
            'arrayValue',
            'kvlistValue',
            'bytesValue',
          ],
        },
      },
    ),
    ArrayValue: message({ values: [1, 'AnyValue', 'repeated'] }),
    KeyValueList: message({ values: [1, 'KeyValue', 'repeated'] }),
    KeyValue: message({ key: [1, string], value: [2, 'AnyValue'] }),
    Scope: message({ name: [1, string], version: [2, string], attributes: [3, 'KeyValue', 'repeated'] }),
    Resource: message({ attributes: [1, 'KeyValue', 'repeated'], droppedAttributesCount: [2, 'uint32'] }),
    Status: message({ message: [2, string], code: [3, 'int32'] }),
    Event: message({
      timeUnixNano: [1, 'fixed64'],
      name: [2, string],
      attributes: [3, 'KeyValue', 'repeated'],
    }),
    Link: message({ traceId: [1, 'bytes'], spanId: [2, 'bytes'] }),
    Span: message({
      traceId: [1, 'bytes'],
      spanId: [2, 'bytes'],
      traceState: [3, string],
      parentSpanId: [4, 'bytes'],
      name: [5, string],
      kind: [6, 'int32'],
      startTimeUnixNano: [7, 'fixed64'],
      endTimeUnixNano: [8, 'fixed64'],
      attributes: [9, 'KeyValue', 'repeated'],
      events: [11, 'Event', 'repeated'],
      links: [13, 'Link', 'repeated'],
      status: [15, 'Status'],
      flags: [16, 'fixed32'],
      // Fields that the protocol does not have (yet).
      unknownText: [900, string],
      unknownNumber: [901, 'double'],
      unknownMessage: [902, 'Event'],
    }),
    ScopeSpans: message({ scope: [1, 'Scope'], spans: [2, 'Span', 'repeated'], schemaUrl: [3, string] }),
    ResourceSpans: message({
      resource: [1, 'Resource'],
      scopeSpans: [2, 'ScopeSpans', 'repeated'],
      schemaUrl: [3, string],
    }),
    Traces: message({ resourceSpans: [1, 'ResourceSpans', 'repeated'] }),
    LogRecord: message({
      timeUnixNano: [1, 'fixed64'],
      observedTimeUnixNano: [11, 'fixed64'],
      severityNumber: [2, 'int32'],
      severityText: [3, string],
      body: [5, 'AnyValue'],
      attributes: [6, 'KeyValue', 'repeated'],
      flags: [8, 'fixed32'],
      traceId: [9, 'bytes'],
      spanId: [10, 'bytes'],
      eventName: [12, string],
    }),
    ScopeLogs: message({ scope: [1, 'Scope'], logRecords: [2, 'LogRecord', 'repeated'] }),
    ResourceLogs: message({ resource: [1, 'Resource'], scopeLogs: [2, 'ScopeLogs', 'repeated'] }),
    Logs: message({ resourceLogs: [1, 'ResourceLogs', 'repeated'] }),
    NumberPoint: message(
      {
        attributes: [7, 'KeyValue', 'repeated'],
        startTimeUnixNano: [2, 'fixed64'],
        timeUnixNano: [3, 'fixed64'],
        asDouble: [4, 'double'],
        asInt: [6, 'sfixed64'],
      },
      { value: { oneof: ['asDouble', 'asInt'] } },
    ),
    HistogramPoint: message({
      attributes: [9, 'KeyValue', 'repeated'],
      startTimeUnixNano: [2, 'fixed64'],
      timeUnixNano: [3, 'fixed64'],
      count: [4, 'fixed64'],
      sum: [5, 'double'],
      bucketCounts: [6, 'fixed64', 'repeated'],
      explicitBounds: [7, 'double', 'repeated'],
    }),
    Gauge: message({ dataPoints: [1, 'NumberPoint', 'repeated'] }),
    Sum: message({
      dataPoints: [1, 'NumberPoint', 'repeated'],
      aggregationTemporality: [2, 'int32'],
      isMonotonic: [3, 'bool'],
    }),
    Histogram: message({
      dataPoints: [1, 'HistogramPoint', 'repeated'],
      aggregationTemporality: [2, 'int32'],
    }),
    Metric: message(
      {
        name: [1, string],
        description: [2, string],
        unit: [3, string],
        gauge: [5, 'Gauge'],
        sum: [7, 'Sum'],
        histogram: [9, 'Histogram'],
      },
      { data: { oneof: ['gauge', 'sum', 'histogram'] } },
    ),
    ScopeMetrics: message({ scope: [1, 'Scope'], metrics: [2, 'Metric', 'repeated'] }),
    ResourceMetrics: message({ resource: [1, 'Resource'], scopeMetrics: [2, 'ScopeMetrics', 'repeated'] }),
    Metrics: message({ resourceMetrics: [1, 'ResourceMetrics', 'repeated'] }),
    PartialSuccess: message({ rejected: [1, 'int64'], errorMessage: [2, string] }),
    Response: message({ partialSuccess: [1, 'PartialSuccess'] }),
    RpcStatus: message({ code: [1, 'int32'], message: [2, string] }),
  },
});

export type OtlpMessage = 'Traces' | 'Logs' | 'Metrics' | 'Response' | 'RpcStatus';

/** The protobuf form of a request that is written in the names of OTLP JSON; ids as bytes. */
export function encode(type: OtlpMessage, value: object): Buffer {
  const descriptor = root.lookupType(type);
  return Buffer.from(descriptor.encode(descriptor.fromObject(value)).finish());
}

/** Reads an answer. */
export function decode(type: OtlpMessage, body: Uint8Array): Record<string, unknown> {
  const descriptor = root.lookupType(type);
  return descriptor.toObject(descriptor.decode(body), { longs: Number });
}
