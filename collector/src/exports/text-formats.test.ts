import { expect, test } from '@jest/globals';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { parse } from 'csv-parse/sync';
import { csvFormat } from './text-formats.ts';

const cell = fc.oneof(
  fc.constant(null),
  fc.constantFrom(
    '=1+1',
    '+49',
    '-1',
    '@a',
    '\tx',
    '\rx',
    '＝x',
    '＋x',
    '－x',
    '＠x',
    '"',
    ',',
    '\n',
    '\r\n',
    "'",
    ' a ',
    '\ufeffx',
    '0',
  ),
  fc.string({ minLength: 1, unit: 'binary' }),
  fc.string({ minLength: 1 }),
);

test('CSV is the bytes of csv-stringify with its guard of formulas, and is read back', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1 }), (rows) => {
      const columns = ['a', 'b', 'c'].map((name) => ({ name, kind: 'text' }) as const);
      const format = csvFormat(columns);
      const written =
        format.begin() +
        format.rows(
          rows.map((row) => [...row]),
          true,
        );
      expect(written).toBe(
        stringify([['a', 'b', 'c'], ...rows], {
          record_delimiter: '\r\n',
          escape_formulas: true,
          quoted_match: /[\r\n]/,
        }),
      );
      const read = parse(written, { record_delimiter: '\r\n' });
      expect(read.slice(1)).toEqual(
        rows.map((row) =>
          row.map((one) => (one === null ? '' : /^[=+\-@\t\r＝＋－＠]/.test(one) ? `'${one}` : one)),
        ),
      );
    }),
  );
});
