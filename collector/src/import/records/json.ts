import { JSONParser } from '@streamparser/json';
import { isFields, MalformedFile, MAX_RECORD_BYTES, tooLong, type SourceItem } from './source-item.ts';

/** Bytes given to the parser at once: it hands out all records of a piece before they can be taken. */
const PIECE_BYTES = 64 * 1024;
/** An answer of an API or an export in which the records stand under a name: {"data": […]}. */
const ENVELOPE = /^\{\s*"(data|observations|events|requests|logs|items|results|records)"\s*:\s*\[/;
/** Enough of a file to see which form it has. */
const SNIFFED_BYTES = 256;

/**
 * The records of JSON: an array, an array under a name that stands first ({"data": […]}), or objects one after the other, a single
 * one included. Records are handed out as they end, and only one is held (chosen parser: @streamparser/json, which takes bytes
 * piece by piece and keeps nothing that was handed out).
 * @throws MalformedFile where it is not JSON, or ends too early
 */
export async function* readJson(source: AsyncIterable<Buffer>): AsyncGenerator<SourceItem> {
  let head = Buffer.alloc(0);
  let reader: JsonReader | undefined;
  for await (const chunk of source) {
    let rest = chunk;
    if (!reader) {
      head = Buffer.concat([head, chunk]);
      const form = formOf(head, false);
      if (!form) continue;
      reader = new JsonReader(form);
      rest = head;
    }
    for (let start = 0; start < rest.length; start += PIECE_BYTES)
      yield* reader.read(rest.subarray(start, start + PIECE_BYTES));
  }
  if (!reader) {
    const form = formOf(head, true);
    if (!form) return;
    reader = new JsonReader(form);
    yield* reader.read(head);
  }
  reader.end();
}

type Form = { paths: string[]; separator?: string; isSequence: boolean };

/** Which form a file has, by its beginning; undefined while that is too short to tell, or empty. */
function formOf(head: Buffer, isWhole: boolean): Form | undefined {
  const text = withoutBom(head).toString('latin1').trimStart();
  const isPartOfBom = head.length < BOM.length && head.equals(BOM.subarray(0, head.length));
  if (
    text === '' ||
    (isPartOfBom && !isWhole) ||
    (text.startsWith('{') && text.length < SNIFFED_BYTES && !isWhole)
  )
    return undefined;
  if (text.startsWith('[')) return { paths: ['$.*'], isSequence: false };
  const name = ENVELOPE.exec(text)?.[1];
  if (name !== undefined) return { paths: [`$.${name}.*`], isSequence: false };
  return { paths: ['$'], separator: '', isSequence: true };
}

const BOM = Buffer.from('\ufeff');

const withoutBom = (head: Buffer): Buffer =>
  head.subarray(0, BOM.length).equals(BOM) ? head.subarray(BOM.length) : head;

class JsonReader {
  readonly #parser: JSONParser;
  readonly #isSequence: boolean;
  #ready: SourceItem[] = [];
  #record = 0;
  #bytes = 0;
  #bytesSinceRecord = 0;
  #error: Error | undefined;

  constructor({ paths, separator, isSequence }: Form) {
    this.#isSequence = isSequence;
    this.#parser = new JSONParser({
      paths,
      keepStack: false,
      ...(separator === undefined ? {} : { separator }),
    });
    this.#parser.onError = (error) => (this.#error = error);
    this.#parser.onValue = ({ value }) => {
      this.#record += 1;
      this.#bytesSinceRecord = 0;
      const record = this.#record;
      this.#ready.push(
        isFields(value) ? { record, fields: value } : { record, unreadable: 'is not an object' },
      );
    };
  }

  *read(bytes: Buffer): Generator<SourceItem> {
    const piece = this.#bytes === 0 ? withoutBom(bytes) : bytes;
    const before = this.#bytes + bytes.length - piece.length;
    this.#bytesSinceRecord += piece.length;
    // After the end of an array only white space may follow.
    if (!this.#parser.isEnded) this.#write(piece);
    else if (!/^\s*$/.test(piece.toString('latin1'))) this.#error ??= new Error('text after the end');
    this.#bytes += bytes.length;
    yield* this.#ready.splice(0);
    if (this.#error) throw this.#malformed(this.#error, before);
    if (this.#bytesSinceRecord > MAX_RECORD_BYTES)
      throw new MalformedFile(`record ${this.#record + 1}: it ${tooLong()}; is a quotation mark missing?`);
  }

  end(): void {
    // A sequence may end after any object; the parser then waits for a next one and knows of no half one.
    if (this.#isSequence) {
      if (!this.#parser.isEnded) this.#close();
    } else if (!this.#parser.isEnded) {
      throw new MalformedFile(
        `record ${this.#record + 1}: the file ends after ${this.#bytes} bytes in the middle of the list; it is cut off`,
      );
    }
  }

  #write(piece: Buffer): void {
    try {
      this.#parser.write(piece);
    } catch (error) {
      this.#error ??= error as Error;
    }
  }

  #close(): void {
    try {
      this.#parser.end();
    } catch (error) {
      this.#error ??= error as Error;
    }
    if (this.#error)
      throw new MalformedFile(
        `record ${this.#record + 1}: the file ends after ${this.#bytes} bytes in the middle of an object; it is cut off`,
        { cause: this.#error },
      );
  }

  /** @param before bytes ahead of the piece, in which the parser counts from 0 */
  #malformed(error: Error, before: number): MalformedFile {
    const position = /position "?(\d+)"?/.exec(error.message)?.[1];
    const place =
      position === undefined ? `before byte ${this.#bytes}` : `at byte ${before + Number(position)}`;
    return new MalformedFile(`record ${this.#record + 1}, ${place}: it is not JSON`, { cause: error });
  }
}
