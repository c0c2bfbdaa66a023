import { to as copyTo } from 'pg-copy-streams';
import type { Client } from '../database/pool.ts';
import type { Row } from './export-query.ts';

const NEWLINE = 0x0a;
/** A file is ended between two batches, so that none is longer than it should be by more than one. */
const BATCH_ROWS = 100;
const ESCAPES: Record<string, string> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/**
 * The rows of a SELECT by `COPY … TO STDOUT`, in batches of what the socket brings: a reader that is slower than the database holds the database up,
 * and memory stays at some chunks.
 * @throws what the server says
 */
export async function* copyRows(client: Client, select: string): AsyncGenerator<Row[], void, undefined> {
  const stream = client.query(copyTo(`COPY (${select}) TO STDOUT`));
  let rest: Buffer | undefined;
  for await (const read of stream) {
    const chunk = rest ? Buffer.concat([rest, read as Buffer]) : (read as Buffer);
    // A newline inside a value is written as \n, so that each one here ends a row.
    const end = chunk.lastIndexOf(NEWLINE);
    rest = end + 1 === chunk.length ? undefined : chunk.subarray(end + 1);
    if (end < 0) continue;
    const lines = chunk.toString('utf8', 0, end).split('\n');
    for (let from = 0; from < lines.length; from += BATCH_ROWS)
      yield lines.slice(from, from + BATCH_ROWS).map(readRow);
  }
}

function readRow(line: string): Row {
  const cells: Row = line.split('\t');
  for (let index = 0; index < cells.length; index += 1) {
    const cell = cells[index] as string;
    if (cell === '\\N') cells[index] = null;
    else if (cell.includes('\\')) {
      cells[index] = cell.replace(/\\(.)/g, (_, escaped: string) => ESCAPES[escaped] ?? escaped);
    }
  }
  return cells;
}
