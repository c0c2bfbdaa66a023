import { CsvError, parse, type InfoRecord, type Parser } from 'csv-parse';
import { isFields, MalformedFile, MAX_RECORD_BYTES, tooLong, type SourceItem } from './source-item.ts';

/** Bytes given to the parser at once: it hands out all records of a piece before they can be taken. */
const PIECE_BYTES = 64 * 1024;

/**
 * The records of a CSV file whose first line has the names (RFC 4180, quoted line breaks included; chosen parser: csv-parse, which
 * takes bytes piece by piece and knows its position). A row with too many or too few values is one unreadable record.
 * @throws MalformedFile where quotation marks do not match: what follows cannot be told apart
 */
export async function* readCsv(source: AsyncIterable<Buffer>): AsyncGenerator<SourceItem> {
  const ready: SourceItem[] = [];
  let record = 0;
  const parser = parse({
    bom: true,
    columns: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: MAX_RECORD_BYTES,
    // Taken here and not from the stream, which drops what it holds when it fails: the records before a broken one count.
    on_record: (row: unknown, info: InfoRecord) => {
      record += 1;
      const place = { record, line: info.lines };
      // Its type says always; it is there for such rows only.
      if ((info as { error?: CsvError }).error)
        ready.push({ ...place, unreadable: 'has another number of values than the first line has names' });
      else if (isFields(row)) ready.push({ ...place, fields: row });
      return null;
    },
  });
  let failure: Error | undefined;
  parser.on('error', (error) => (failure = error)).resume();
  try {
    for await (const chunk of source) {
      for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
        await write(parser, chunk.subarray(start, start + PIECE_BYTES));
        yield* ready.splice(0);
        if (failure) throw malformed(failure, record);
      }
    }
    await end(parser);
    yield* ready.splice(0);
    if (failure) throw malformed(failure, record);
  } finally {
    parser.destroy();
  }
}

const write = (parser: Parser, piece: Buffer): Promise<void> =>
  new Promise((done) => parser.write(piece, () => done()));
const end = (parser: Parser): Promise<void> => new Promise((done) => parser.end(() => done()));

function malformed(error: Error, record: number): Error {
  if (!(error instanceof CsvError)) return error;
  const { lines } = error as CsvError & { lines?: number };
  return new MalformedFile(
    `record ${record + 1}${lines === undefined ? '' : `, line ${lines}`}: ${explain(error.code)}`,
    { cause: error },
  );
}

function explain(code: string): string {
  switch (code) {
    case 'CSV_MAX_RECORD_SIZE':
      return `the record ${tooLong()}; is a quotation mark missing?`;
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'a quotation mark is opened and never closed; is the file cut off?';
    case 'CSV_INVALID_CLOSING_QUOTE':
    case 'INVALID_OPENING_QUOTE':
      return 'a quotation mark stands where none may be';
    default:
      return `it is not CSV (${code})`;
  }
}
