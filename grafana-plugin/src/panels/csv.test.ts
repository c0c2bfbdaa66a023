import { expect, test } from '@jest/globals';
import { csvOf } from './csv.ts';

const columns = [
  { header: 'Prompt', value: (row: [string, string | number | null]) => row[0] },
  { header: 'Cost, USD', value: (row: [string, string | number | null]) => row[1] },
];

test('texts with commas, quotes and lines are one field, and what is not known is empty', () => {
  expect(csvOf(columns, [['a "b", c\nd', null]])).toBe('Prompt,"Cost, USD"\r\n"a ""b"", c\nd",\r\n');
});

test('a text that a spreadsheet would run is no formula, a negative amount stays a number', () => {
  expect(csvOf(columns, [['=cmd()', '-1.5']])).toContain("'=cmd(),-1.5\r\n");
});
