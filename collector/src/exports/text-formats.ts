import { stringify } from 'csv-stringify/sync';
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

/** The text of a value, as people and spreadsheets read it. */
function plainText(kind: ColumnKind, text: string): string {
  if (kind === 'timestamp') return rfc3339(text);
  if (kind === 'nano_usd') return usd(BigInt(text));
  if (kind === 'boolean') return text === 't' ? 'true' : 'false';
  return text;
}

/**
 * CSV after RFC 4180, UTF-8, a header in every file. What a spreadsheet would take for a formula gets an apostrophe before it; an empty field is null.
 */
export function csvFormat(columns: readonly ExportColumn[]): TextFormat {
  const changed = columns.flatMap(({ kind }, index) =>
    kind === 'timestamp' || kind === 'nano_usd' || kind === 'boolean' ? [{ index, kind }] : [],
  );
  const options = { record_delimiter: '\r\n', escape_formulas: true } as const;
  return {
    begin: () => stringify([columns.map(({ name }) => name)], options),
    rows: (rows) => {
      for (const row of rows) {
        for (const { index, kind } of changed) {
          const cell = row[index];
          if (cell !== null && cell !== undefined) row[index] = plainText(kind, cell);
        }
      }
      return stringify(rows as Row[], options);
    },
    end: () => '',
  };
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
