import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { PROBLEM_TYPE_PREFIX, PROBLEMS, type ProblemKind } from './errors.ts';

/** What Node could not read, by its code: no request has come of it, so that there is nobody else to answer. */
const PROBLEMS_OF_HTTP: Readonly<Record<string, { kind: ProblemKind; detail: string }>> = {
  HPE_HEADER_OVERFLOW: {
    kind: 'request-line-too-long',
    detail: 'They may be 16 KiB together. Ask with fewer or shorter filters.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: { kind: 'request-timeout', detail: 'Send the request again.' },
};
const MALFORMED = { kind: 'invalid-http', detail: 'The first line or a header cannot be read.' } as const;

/** Answers what Node could not read as HTTP, as a problem too. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  // The other side is gone, or nothing can be written any more.
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const { kind, detail } = PROBLEMS_OF_HTTP[error.code ?? ''] ?? MALFORMED;
  const { status, title } = PROBLEMS[kind];
  const body = JSON.stringify({
    type: PROBLEM_TYPE_PREFIX + kind,
    title,
    status,
    detail,
    instance: randomUUID(),
  });
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'Content-Type: application/problem+json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
