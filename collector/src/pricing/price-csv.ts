import { CSV_COLUMNS, InvalidPrice } from './price-input.ts';

/**
 * A CSV file of prices (RFC 4180: quotes around what has commas, doubled quotes inside) as the objects that JSON would have had. Empty
 * fields are left out; "null" is null; context_tiers and daily_windows are JSON.
 * @throws InvalidPrice on a header with an unknown column, a row of another length or a quote without its end
 */
export function readPriceCsv(text: string): Record<string, unknown>[] {
  const [header = [], ...rows] = readCsv(text.startsWith('\uFEFF') ? text.slice(1) : text);
  const columns = header.map((name) => name.trim());
  const unknown = columns.find((name) => !CSV_COLUMNS.includes(name));
  if (unknown !== undefined)
    throw new InvalidPrice(unknown, `is no column of a price file; they are ${CSV_COLUMNS.join(', ')}`);
  const repeated = columns.find((name, index) => columns.indexOf(name) < index);
  if (repeated !== undefined) throw new InvalidPrice(repeated, 'is in the header more than once');
  return rows.map((fields, index) => {
    if (fields.length !== columns.length)
      throw new InvalidPrice(
        `row ${index + 1}`,
        `has ${fields.length} fields where the header has ${columns.length}`,
      );
    return Object.fromEntries(
      columns.flatMap((name, column) => {
        const value = fields[column]?.trim() ?? '';
        return value === '' ? [] : [[name, readField(name, value, index)]];
      }),
    );
  });
}

function readField(name: string, value: string, index: number): unknown {
  if (value === 'null') return null;
  if (name === 'all_tenants') return value === 'true' ? true : value === 'false' ? false : value;
  if (name !== 'context_tiers' && name !== 'daily_windows') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    throw new InvalidPrice(name, `row ${index + 1}: must be a JSON array`);
  }
}

/** The fields of each row; empty lines are none. */
export function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const plain = /[^,\r\n]*/y;
  let at = 0;
  while (at < text.length) {
    let field = '';
    if (text[at] === '"') {
      for (;;) {
        const end = text.indexOf('"', at + 1);
        if (end < 0) throw new InvalidPrice(`row ${rows.length}`, 'has a quote without its end');
        field += text.slice(at + 1, end);
        at = end + 1;
        if (text[at] !== '"') break;
        field += '"';
      }
      if (at < text.length && !/[,\r\n]/.test(text[at] ?? ''))
        throw new InvalidPrice(`row ${rows.length}`, 'has text after a closing quote');
    } else {
      plain.lastIndex = at;
      field = plain.exec(text)?.[0] ?? '';
      at += field.length;
    }
    row.push(field);
    const separator = text[at];
    at += separator === '\r' && text[at + 1] === '\n' ? 2 : 1;
    if (separator !== ',') {
      if (row.length > 1 || row[0] !== '') rows.push(row);
      row = [];
    } else if (at >= text.length) row.push('');
  }
  if (row.length > 0) rows.push(row);
  return rows;
}
