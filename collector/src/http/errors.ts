/**
 * The one hierarchy of expected errors. Each has a sentence for the person who reads it; what is not one of these is a bug
 * and is answered with a plain 500.
 */
export class CollectorError extends Error {
  override name = 'CollectorError';
}

/** An error that an HTTP client is told, as RFC 9457 problem+json. `type` is stable and part of the API. */
export class Problem extends CollectorError {
  override name = 'Problem';
  readonly status: number;
  readonly type: string;
  readonly title: string;
  /** Seconds after which a retry may succeed; sent as Retry-After. */
  readonly retryAfterSeconds: number | undefined;
  /** Further members of the problem document. */
  readonly extensions: Record<string, unknown>;

  constructor(
    kind: ProblemKind,
    detail: string,
    options: { retryAfterSeconds?: number; extensions?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(detail, { cause: options.cause });
    const { status, title } = PROBLEMS[kind];
    this.status = status;
    this.title = title;
    this.type = PROBLEM_TYPE_PREFIX + kind;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.extensions = options.extensions ?? {};
  }
}

export const PROBLEM_TYPE_PREFIX = 'urn:promptops:problem:';

/** Every problem type that the API answers with. */
export const PROBLEMS = {
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'invalid-body': { status: 400, title: 'The body could not be read' },
  'empty-batch': { status: 400, title: 'There is no event in the body' },
  unauthorized: { status: 401, title: 'A valid API key or session is needed' },
  forbidden: { status: 403, title: 'The request may not do this' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  conflict: { status: 409, title: 'The state does not allow this' },
  'payload-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The content type or encoding is not supported' },
  'range-not-satisfiable': { status: 416, title: 'The file has no such bytes' },
  'events-rejected': { status: 422, title: 'No event of the batch could be accepted' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key was used for another body' },
  'range-too-long': { status: 422, title: 'The period is too long for this question' },
  'too-many-members': { status: 422, title: 'The answer would have too many members' },
  'too-many-requests': { status: 429, title: 'The collector takes no more right now' },
  'invalid-http': { status: 400, title: 'This is not a request of HTTP/1.1' },
  'request-timeout': { status: 408, title: 'The request did not come to its end in time' },
  'request-line-too-long': { status: 431, title: 'The line and the headers of the request are too long' },
  'internal-error': { status: 500, title: 'Something went wrong in the collector' },
  'question-too-slow': { status: 503, title: 'The answer took too long' },
  'database-unavailable': { status: 503, title: 'The database cannot be reached' },
} as const satisfies Record<string, { status: number; title: string }>;
export type ProblemKind = keyof typeof PROBLEMS;
