import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { ColumnKind, ExportColumn } from './export-columns.ts';
import type { Row } from './export-query.ts';

/** Rows of a group: what a reader may skip by its statistics. */
const ROW_GROUP_ROWS = 20_000;
/** A group is held in memory: one of long metadata ends earlier, at so many characters. */
const ROW_GROUP_CHARACTERS = 16 * 1024 * 1024;

/** What a column is in the file. Costs are DECIMAL(18, 9), whose integer is the nano-USD of storage. */
const TYPES: Record<ColumnKind, Omit<SchemaElement, 'name' | 'repetition_type'>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  json: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  integer: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  nano_usd: {
    type: 'INT64',
    converted_type: 'DECIMAL',
    scale: 9,
    precision: 18,
    logical_type: { type: 'DECIMAL', scale: 9, precision: 18 },
  },
  timestamp: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  },
};

/** Epoch microseconds of PostgreSQL's text in UTC. */
function epochMicroseconds(text: string): bigint {
  const point = text.indexOf('.');
  const ms = Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`);
  const us = point < 0 ? 0 : Number(text.slice(point + 1, -3).padEnd(6, '0'));
  return BigInt(ms * 1000 + us);
}

const READ: Record<ColumnKind, (text: string) => unknown> = {
  text: (text) => text,
  json: (text) => text,
  integer: BigInt,
  double: Number,
  boolean: (text) => text === 't',
  nano_usd: BigInt,
  timestamp: epochMicroseconds,
};

/** Bytes gathered in memory until they are handed to `write`. */
class SinkWriter extends ByteWriter {
  readonly #write: (bytes: Uint8Array) => Promise<void>;

  constructor(write: (bytes: Uint8Array) => Promise<void>) {
    super(1024 * 1024);
    this.#write = write;
  }

  /** Awaited by ParquetWriter after each row group. */
  flush(): Promise<void> {
    const bytes = this.getBytes().slice();
    this.index = 0;
    return this.#write(bytes);
  }

  // The library awaits it; the class that it is of says void.
  // eslint-disable-next-line @typescript-eslint/no-misused-promises
  override finish(): Promise<void> {
    return this.flush();
  }
}

/** One Parquet file, snappy, with dictionaries where they pay and statistics of every column in every row group. */
export class ParquetFile {
  readonly #columns: readonly ExportColumn[];
  readonly #writer: ParquetWriter;
  /** Values of the row group, by columns. */
  #values: unknown[][];
  #rows = 0;
  #characters = 0;

  constructor(columns: readonly ExportColumn[], write: (bytes: Uint8Array) => Promise<void>) {
    this.#columns = columns;
    this.#values = columns.map(() => []);
    this.#writer = new ParquetWriter({
      writer: new SinkWriter(write),
      createdBy: 'PromptOps Analytics',
      schema: [
        { name: 'root', num_children: columns.length },
        ...columns.map(({ name, kind, required }): SchemaElement => ({
          name,
          ...TYPES[kind],
          repetition_type: required ? 'REQUIRED' : 'OPTIONAL',
        })),
      ],
    });
  }

  /** Unknown until a row group is encoded: a file may be larger than asked for by one group. */
  readonly pendingBytes = 0;

  async add(rows: readonly Row[]): Promise<void> {
    for (const [index, { kind }] of this.#columns.entries()) {
      const values = this.#values[index] as unknown[];
      const read = READ[kind];
      for (const row of rows) {
        const cell = row[index] ?? null;
        values.push(cell === null ? null : read(cell));
        this.#characters += cell === null ? 0 : cell.length;
      }
    }
    this.#rows += rows.length;
    if (this.#rows >= ROW_GROUP_ROWS || this.#characters >= ROW_GROUP_CHARACTERS) await this.#writeGroup();
  }

  async end(): Promise<void> {
    if (this.#rows > 0) await this.#writeGroup();
    await this.#writer.finish();
  }

  async #writeGroup(): Promise<void> {
    const columnData = this.#columns.map(({ name }, index) =>
      // Without an index of the pages, which would be kept in memory until the file ends.
      ({ name, data: this.#values[index] as unknown[], offsetIndex: false }),
    );
    const rowGroupSize = this.#rows;
    this.#values = this.#columns.map(() => []);
    this.#rows = 0;
    this.#characters = 0;
    await this.#writer.write({ columnData, rowGroupSize });
  }
}
