import { expect, test } from '@jest/globals';
import { sqlAddress, sqlConnectionString } from './connection.ts';

const connectionOf = (url: string, address?: string): string =>
  sqlConnectionString(sqlAddress(url, address), 'po_sql_1', 'secret');

test.each([
  ['postgres://u:p@db.example:6000/usage', undefined, 'postgresql://po_sql_1:secret@db.example:6000/usage'],
  ['postgres://u:p@db/usage?sslmode=require', undefined, 'postgresql://po_sql_1:secret@db:5432/usage?sslmode=require'],
  ['postgres://u:p@database:5433/usage', 'sql.example.org', 'postgresql://po_sql_1:secret@sql.example.org:5432/usage'],
  ['postgres://u:p@database/usage', 'sql.example.org:15432', 'postgresql://po_sql_1:secret@sql.example.org:15432/usage'],
  ['postgres://u:p@[::1]:5433/usage', undefined, 'postgresql://po_sql_1:secret@[::1]:5433/usage'],
])('people of %s (SQL_ADDRESS %s) connect with %s', (url, address, expected) => {
  expect(connectionOf(url, address)).toBe(expected);
}); // prettier-ignore
