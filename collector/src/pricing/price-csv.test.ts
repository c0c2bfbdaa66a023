import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'csv-stringify/sync';
import { readCsv, readPriceCsv } from './price-csv.ts';

describe('a CSV file of prices', () => {
  test('is read as it was written, whatever is in its fields', () => {
    const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'ü'), maxLength: 8 });
    fc.assert(
      fc.property(
        fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 5 }),
        fc.constantFrom('\n', '\r\n'),
        (rows, end) => {
          expect(readCsv(stringify(rows, { record_delimiter: end, quoted: true }))).toEqual(rows);
          const plain = rows.map((row) => row.map((text) => text.replace(/[\r\n]/g, '')));
          expect(readCsv(stringify(plain, { record_delimiter: end }))).toEqual(plain);
        },
      ),
    );
  });

  test('may begin with a byte order mark, end without a line end and have empty lines', () => {
    expect(readPriceCsv('\uFEFFmodel_provider,model_name\n\na,b\r\n\r\nc,')).toEqual([
      { model_provider: 'a', model_name: 'b' },
      { model_provider: 'c' },
    ]);
  });

  test('tells null and true from text', () => {
    expect(readPriceCsv('output_per_mtok,all_tenants,note\nnull,true,true\n')).toEqual([
      { output_per_mtok: null, all_tenants: true, note: 'true' },
    ]);
  });
});
