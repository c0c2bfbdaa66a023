import { from as copyFrom } from 'pg-copy-streams';
import type { Client } from './pool.ts';

/** Large writes: each chunk becomes one CopyData message, and small ones cost more than their bytes. */
const CHUNK_CHARACTERS = 64 * 1024;

/**
 * Sends lines (each with its newline, in COPY text format) to `COPY … FROM STDIN`.
 * @throws what the server says, as for a query
 */
export async function copyLines(
  client: Client,
  copyStatement: string,
  lines: Iterable<string>,
): Promise<void> {
  const stream = client.query(copyFrom(copyStatement));
  const finished = new Promise<void>((done, fail) => {
    stream.once('finish', done);
    stream.once('error', fail);
  });
  // A failure while a write waits is seen by `finished` below; it must not count as unhandled until then.
  finished.catch(() => undefined);
  let chunk = '';
  for (const line of lines) {
    chunk += line;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    if (!stream.write(chunk))
      await Promise.race([new Promise<void>((done) => stream.once('drain', done)), finished]);
    chunk = '';
  }
  stream.end(chunk);
  await finished;
}
