import { usd } from '../usage/usd.ts';
import type { ColumnKind, ExportColumn } from './export-columns.ts';
import type { Cell, Row } from './export-query.ts';

/** Writes rows as text: `begin`, then the batches of rows, then `end` make one whole file. */
export interface TextFormat {
  begin: () => string;
  /** @param isFirst whether these are the first rows of the file */
  rows: (rows: readonly Row[], isFirst: boolean) => string;
  end: (isEmpty: boolean) => string;
}

/** RFC 3339 in UTC of PostgreSQL's text. */
export function rfc3339(text: string): string {
  return `${text.slice(0, 10)}T${text.slice(11, -3)}Z`;
}

/** The texts of values that are not what PostgreSQL writes. */
const plain = {
  timestamp: rfc3339,
  nano_usd: usdText,
  boolean: (text: string): string => (text === 't' ? 'true' : 'false'),
};

function usdText(nanoUsd: string): string {
  return usd(BigInt(nanoUsd));
}

/** The text of a value, as people and spreadsheets read it. */
function plainText(kind: ColumnKind, text: string): string {
  return kind === 'timestamp' || kind === 'nano_usd' || kind === 'boolean' ? plain[kind](text) : text;
}

/** What a spreadsheet begins a formula with; also the wide forms of these, as csv-stringify has it. */
const FORMULA = /^[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/;
const QUOTED = /[",\r\n]/;

/** A field of text: an apostrophe before what looks like a formula, quotes where RFC 4180 wants them. */
function csvField(text: string): string {
  const guarded = FORMULA.test(text) ? `'${text}` : text;
  return QUOTED.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

/**
 * CSV after RFC 4180, UTF-8, a header in every file. What a spreadsheet would take for a formula gets an apostrophe before it; an empty field is null.
 * The same bytes as csv-stringify with `escape_formulas`, which a test compares; that writes 63,000 rows of these columns a second, a third of the bar.
 */
export function csvFormat(columns: readonly ExportColumn[]): TextFormat {
  const write = columns.map(({ kind }) =>
    kind === 'text' || kind === 'json'
      ? csvField
      : kind === 'integer' || kind === 'double'
        ? numberField
        : plain[kind],
  );
  return {
    begin: () => `${columns.map(({ name }) => csvField(name)).join(',')}\r\n`,
    rows: (rows) => {
      let text = '';
      for (const row of rows) {
        for (let index = 0; index < write.length; index += 1) {
          const cell = row[index];
          if (index > 0) text += ',';
          if (cell !== null && cell !== undefined) text += (write[index] as (cell: string) => string)(cell);
        }
        text += '\r\n';
      }
      return text;
    },
    end: () => '',
  };
}

/** Numbers have no sign here but that of an exponent; one that had would be guarded as any field. */
function numberField(text: string): string {
  return text.startsWith('-') ? `'${text}` : text;
}

function jsonValue(kind: ColumnKind, cell: Cell): string {
  if (cell === null) return 'null';
  if (kind === 'text') return JSON.stringify(cell);
  // Money is a decimal string everywhere at the API: a JSON number becomes a float in most readers.
  if (kind === 'timestamp' || kind === 'nano_usd') return `"${plainText(kind, cell)}"`;
  return plainText(kind, cell);
}

function jsonObjects(columns: readonly ExportColumn[]): (row: Row) => string {
  const parts = columns.map(({ name, kind }, index) => ({
    key: `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`,
    kind,
  }));
  return (row) => {
    let text = '';
    for (let index = 0; index < parts.length; index += 1) {
      const { key, kind } = parts[index] as (typeof parts)[number];
      text += key + jsonValue(kind, row[index] ?? null);
    }
    return `${text}}`;
  };
}

/** One JSON array a file. */
export function jsonFormat(columns: readonly ExportColumn[]): TextFormat {
  const object = jsonObjects(columns);
  return {
    begin: () => '[',
    rows: (rows, isFirst) => `${isFirst ? '\n' : ',\n'}${rows.map(object).join(',\n')}`,
    end: () => '\n]\n',
  };
}

/** One JSON object a line. */
export function ndjsonFormat(columns: readonly ExportColumn[]): TextFormat {
  const object = jsonObjects(columns);
  return {
    begin: () => '',
    rows: (rows) => `${rows.map(object).join('\n')}\n`,
    end: () => '',
  };
}
