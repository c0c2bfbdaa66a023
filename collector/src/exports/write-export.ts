import type { Pool } from '../database/pool.ts';
import { CollectorError } from '../http/errors.ts';
import { copyRows } from './copy-rows.ts';
import type { ExportColumn } from './export-columns.ts';
import { prepareExport, type ExportQuestion, type Row } from './export-query.ts';
import { storedName, type ExportStore, type FileSink, type StoredFile } from './export-store.ts';
import { ParquetFile } from './parquet-format.ts';
import { csvFormat, jsonFormat, ndjsonFormat, type TextFormat } from './text-formats.ts';

export const EXPORT_TYPES = ['csv', 'json', 'ndjson', 'parquet'] as const;
export type ExportType = (typeof EXPORT_TYPES)[number];

export interface WriteOptions {
  exportId: number;
  /** Of this attempt alone. */
  attempt: string;
  exportType: ExportType;
  question: ExportQuestion;
  /** A file is ended, and another begun, once it has as many bytes. */
  maxFileBytes: number;
  maxRows: number;
  signal: AbortSignal;
  onProgress: (rows: number, bytes: number) => void;
}

export interface WrittenFile extends StoredFile {
  rows: number;
}

export interface WrittenExport {
  files: WrittenFile[];
  rows: number;
  snapshotAt: Date;
}

/** The export would have more rows than it may: it is ended, never cut short. */
export class TooManyRows extends CollectorError {
  override name = 'TooManyRows';
}

/**
 * Writes all rows of an export, as they are at one moment, to files of the store. Memory stays flat at any number of rows. Either all files are
 * there in the end, or none.
 * @throws the signal's reason when it is aborted
 */
export async function writeExport(
  pool: Pool,
  store: ExportStore,
  options: WriteOptions,
): Promise<WrittenExport> {
  const { signal, maxRows, maxFileBytes, onProgress } = options;
  const client = await pool.connect();
  let isDone = false;
  let current: OpenFile | undefined;
  const files: WrittenFile[] = [];
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { rows: moments } = await client.query<{ now: Date }>('SELECT clock_timestamp() AS now');
    const { columns, select, finish } = await prepareExport(client, options.question);
    const begin = async (): Promise<OpenFile> => {
      const name = storedName(options.exportId, options.attempt, files.length + 1, options.exportType);
      return OpenFile.begin(await store.create(name), options.exportType, columns);
    };
    let rows = 0;
    let endedBytes = 0;
    current = await begin();
    for await (const batch of copyRows(client, select)) {
      signal.throwIfAborted();
      if (current.bytes >= maxFileBytes) {
        endedBytes += current.bytes;
        files.push(await current.commit());
        current = undefined;
        current = await begin();
      }
      rows += batch.length;
      if (rows > maxRows) {
        throw new TooManyRows(
          `The export has more than ${maxRows} rows by now (EXPORT_MAX_ROWS). Ask for a shorter period or more filters.`,
        );
      }
      await current.add(batch.map(finish));
      onProgress(rows, endedBytes + current.bytes);
    }
    await client.query('COMMIT');
    isDone = true;
    signal.throwIfAborted();
    files.push(await current.commit());
    current = undefined;
    return { files, rows, snapshotAt: moments[0]?.now ?? new Date() };
  } catch (error) {
    await current?.abort();
    for (const { name } of files) await store.remove(name);
    throw error;
  } finally {
    // In the middle of COPY a connection can do nothing else: it is closed, and the server ends the statement.
    client.release(!isDone);
  }
}

/** A file of whatever type while rows are added to it. */
class OpenFile {
  readonly #sink: FileSink;
  readonly #body: ParquetFile | TextBody;
  #rows = 0;

  private constructor(sink: FileSink, body: ParquetFile | TextBody) {
    this.#sink = sink;
    this.#body = body;
  }

  static begin(sink: FileSink, type: ExportType, columns: readonly ExportColumn[]): OpenFile {
    const write = (bytes: Uint8Array): Promise<void> => sink.write(bytes);
    return new OpenFile(
      sink,
      type === 'parquet' ? new ParquetFile(columns, write) : new TextBody(FORMATS[type](columns), write),
    );
  }

  get bytes(): number {
    return this.#sink.bytes + this.#body.pendingBytes;
  }

  async add(rows: readonly Row[]): Promise<void> {
    this.#rows += rows.length;
    await this.#body.add(rows);
  }

  async commit(): Promise<WrittenFile> {
    await this.#body.end();
    return { ...(await this.#sink.commit()), rows: this.#rows };
  }

  abort(): Promise<void> {
    return this.#sink.abort();
  }
}

const FORMATS = { csv: csvFormat, json: jsonFormat, ndjson: ndjsonFormat };
/** Characters gathered before they are written. */
const TEXT_CHUNK = 256 * 1024;

class TextBody {
  readonly #format: TextFormat;
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  #text: string;
  #isFirst = true;

  constructor(format: TextFormat, write: (bytes: Uint8Array) => Promise<void>) {
    this.#format = format;
    this.#write = write;
    this.#text = format.begin();
  }

  /** Of what is not yet written; a character counts as a byte. */
  get pendingBytes(): number {
    return this.#text.length;
  }

  async add(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    this.#text += this.#format.rows(rows, this.#isFirst);
    this.#isFirst = false;
    if (this.#text.length >= TEXT_CHUNK) await this.#flush();
  }

  async end(): Promise<void> {
    this.#text += this.#format.end(this.#isFirst);
    await this.#flush();
  }

  async #flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    await this.#write(Buffer.from(text));
  }
}
