/*
 * Answers of OTLP/HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response): in the content type of the request; a failure is
 * a google.rpc.Status. Both are small enough to be written by hand.
 */

export type OtlpFormat = 'protobuf' | 'json';

export const MEDIA_TYPE: Readonly<Record<OtlpFormat, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

/** Name of the count of what was refused, by the kind of request. */
export const REJECTED_FIELD = {
  traces: 'rejectedSpans',
  logs: 'rejectedLogRecords',
  metrics: 'rejectedDataPoints',
} as const;
export type OtlpSignal = keyof typeof REJECTED_FIELD;

/** Export…ServiceResponse: empty when all was taken. A message with nothing rejected is a warning. */
export function successBody(
  format: OtlpFormat,
  signal: OtlpSignal,
  rejected: number,
  message: string,
): Buffer {
  if (rejected === 0 && message === '') return Buffer.from(format === 'json' ? '{}' : '');
  if (format === 'json') {
    // int64 is text in protobuf's JSON.
    const partialSuccess = {
      ...(rejected > 0 ? { [REJECTED_FIELD[signal]]: String(rejected) } : {}),
      errorMessage: message,
    };
    return Buffer.from(JSON.stringify({ partialSuccess }));
  }
  return delimited(
    1,
    Buffer.concat([
      rejected > 0 ? Buffer.concat([varint(8), varint(rejected)]) : Buffer.alloc(0),
      delimited(2, Buffer.from(message)),
    ]),
  );
}

/** Codes of gRPC that say what an HTTP status says (google/rpc/code.proto). */
const RPC_CODES: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  405: 12,
  413: 8,
  415: 3,
  422: 3,
  429: 8,
  503: 14,
};

/** google.rpc.Status. */
export function failureBody(format: OtlpFormat, httpStatus: number, message: string): Buffer {
  const code = RPC_CODES[httpStatus] ?? 13;
  if (format === 'json') return Buffer.from(JSON.stringify({ code, message }));
  return Buffer.concat([varint(8), varint(code), delimited(2, Buffer.from(message))]);
}

function delimited(field: number, content: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
}

function varint(number: number): Buffer {
  const bytes: number[] = [];
  let rest = number;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
