import { isUtf8 } from 'node:buffer';
import { isFields, MAX_RECORD_BYTES, tooLong, type SourceItem } from './source-item.ts';

const NEWLINE = 0x0a;
const BOM = '\ufeff';

/** The records of NDJSON (JSON Lines). A bad line is one unreadable record; one that is too long is passed over without being held. */
export async function* readNdjson(source: AsyncIterable<Buffer>): AsyncGenerator<SourceItem> {
  let pieces: Buffer[] = [];
  let held = 0;
  let isTooLong = false;
  let line = 0;
  let record = 0;

  const take = (piece: Buffer): void => {
    held += piece.length;
    if (held > MAX_RECORD_BYTES) {
      isTooLong = true;
      pieces = [];
    } else pieces.push(piece);
  };
  const finish = (): SourceItem | undefined => {
    line += 1;
    const bytes = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
    const wasTooLong = isTooLong;
    pieces = [];
    held = 0;
    isTooLong = false;
    const place = { record: record + 1, line };
    const item = wasTooLong ? { ...place, unreadable: tooLong() } : readLine(bytes ?? Buffer.alloc(0), place);
    if (item) record += 1;
    return item;
  };

  for await (const chunk of source) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      take(chunk.subarray(start, end));
      start = end + 1;
      const item = finish();
      if (item) yield item;
    }
    if (start < chunk.length) take(chunk.subarray(start));
  }
  if (held > 0) {
    const item = finish();
    if (item) yield item;
  }
}

function readLine(bytes: Buffer, place: { record: number; line: number }): SourceItem | undefined {
  if (!isUtf8(bytes)) return { ...place, unreadable: 'is not valid UTF-8' };
  const whole = bytes.toString('utf8');
  const text = (place.line === 1 && whole.startsWith(BOM) ? whole.slice(1) : whole).trim();
  if (text === '') return undefined;
  try {
    const fields: unknown = JSON.parse(text);
    return isFields(fields) ? { ...place, fields } : { ...place, unreadable: 'is not an object' };
  } catch {
    // What the parser says quotes the line, which may hold what was said.
    return { ...place, unreadable: 'is not valid JSON' };
  }
}
