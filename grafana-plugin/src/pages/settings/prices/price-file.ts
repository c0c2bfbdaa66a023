/** What is wrong with a file, in words. */
export class UnreadableFile extends Error {}

/**
 * A CSV file of prices (RFC 4180) as the JSON that the API takes: empty fields are left out, "null" is null, lists are JSON. Amounts stay text.
 * Whether the columns and values are right is the collector's to say.
 * @throws UnreadableFile
 */
export function readPriceFile(text: string): Record<string, unknown>[] {
  const [header, ...lines] = readRows(text.replace(/^\uFEFF/, ''));
  if (!header || lines.length === 0)
    throw new UnreadableFile(
      'The file needs a header with the names of the columns, and a line for each price.',
    );
  return lines.map((fields, index) => {
    if (fields.length !== header.length)
      throw new UnreadableFile(`Row ${index + 1} has ${fields.length} fields, the header ${header.length}.`);
    return Object.fromEntries(
      header.flatMap((name, column) => {
        const value = fields[column]?.trim() ?? '';
        return value === '' ? [] : [[name.trim(), valueOf(name.trim(), value, index + 1)]];
      }),
    );
  });
}

function valueOf(name: string, value: string, row: number): unknown {
  if (value === 'null') return null;
  if (name === 'all_tenants') return value === 'true' ? true : value === 'false' ? false : value;
  if (name !== 'context_tiers' && name !== 'daily_windows') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    throw new UnreadableFile(`Row ${row}: ${name} must be JSON.`);
  }
}

/** A field: quoted with doubled quotes inside, or plain; then what ends it. */
const FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;

function readRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < text.length) {
    const match = FIELD.exec(text);
    if (!match)
      throw new UnreadableFile(`Row ${rows.length} has a quote that does not end, or text after one.`);
    const [, quoted, plain = '', end] = match;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',') {
      if (FIELD.lastIndex === text.length) row.push('');
      else continue;
    }
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push(row);
  return rows;
}
