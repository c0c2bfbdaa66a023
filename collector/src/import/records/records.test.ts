import { describe, expect, test } from '@jest/globals';
import { readRecords, fileTypeOfMedia, fileTypeOfName, type FileType } from './file-type.ts';
import { MAX_RECORD_BYTES, type SourceItem } from './source-item.ts';

async function* inPieces(text: string | Buffer, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += size)
    yield await Promise.resolve(bytes.subarray(start, start + size));
}
const read = async (type: FileType, text: string | Buffer, size = 7): Promise<SourceItem[]> => {
  const items: SourceItem[] = [];
  for await (const item of readRecords(inPieces(text, size), type)) items.push(item);
  return items;
};
/** What could be read before a file broke, and why it broke. */
const readUntilBroken = async (type: FileType, text: string): Promise<{ read: number; message: string }> => {
  let count = 0;
  try {
    for await (const item of readRecords(inPieces(text, 16), type)) count = item.record;
  } catch (error) {
    return { read: count, message: (error as Error).message };
  }
  throw new Error('It was read to the end.');
};

const ROWS = [
  { a: 1, t: 'Größe «x» 🎉' },
  { a: 2, t: 'line\nbreak, "quoted"' },
];
const CSV = 'a,t\r\n1,Größe «x» 🎉\r\n2,"line\nbreak, ""quoted"""\r\n';

describe.each([1, 3, 1000])('in pieces of %i bytes', (size) => {
  test.each<[string, FileType, string]>([
    ['an array', 'json', JSON.stringify(ROWS, null, 2)],
    ['an array under a name', 'json', JSON.stringify({ data: ROWS, meta: { page: 1 } })],
    ['objects one after the other', 'json', ROWS.map((row) => JSON.stringify(row, null, 2)).join('\n')],
    ['NDJSON', 'ndjson', `\n${ROWS.map((row) => JSON.stringify(row)).join('\r\n\n')}`],
    [
      'NDJSON with a byte order mark',
      'ndjson',
      `\ufeff${ROWS.map((row) => JSON.stringify(row)).join('\n')}\n`,
    ],
    ['an array with a byte order mark', 'json', `\ufeff${JSON.stringify(ROWS)}\n`],
  ])('%s gives its records', async (_name, type, text) => {
    const items = await read(type, text, size);
    expect(items.map((item) => ('fields' in item ? item.fields : item))).toEqual(ROWS);
    expect(items.map(({ record }) => record)).toEqual([1, 2]);
  });

  test('CSV gives its records as text, quoted line breaks and all', async () => {
    const items = await read('csv', CSV, size);
    expect(items.map((item) => ('fields' in item ? { ...item.fields } : item))).toEqual(
      ROWS.map(({ a, t }) => ({ a: String(a), t })),
    );
    expect(items.map(({ line }) => line)).toEqual([2, 4]);
  });
});

test.each<[FileType, string]>([
  ['json', ''],
  ['json', '[]'],
  ['json', ' \n'],
  ['json', '{"data":[]}'],
  ['ndjson', '\n\n'],
  ['csv', 'a,b\n'],
  ['csv', ''],
])('an empty %s has no records: %j', async (type, text) => {
  expect(await read(type, text)).toEqual([]);
});

test('a bad line of NDJSON is one unreadable record with its line, and is not quoted', async () => {
  const items = await read(
    'ndjson',
    Buffer.concat([
      Buffer.from('{"a":1}\n{"secret\n[1]\n'),
      Buffer.from([0xff, 0x0a]),
      Buffer.from('{"a":5}'),
    ]),
  );
  expect(items).toEqual([
    { record: 1, line: 1, fields: { a: 1 } },
    { record: 2, line: 2, unreadable: 'is not valid JSON' },
    { record: 3, line: 3, unreadable: 'is not an object' },
    { record: 4, line: 4, unreadable: 'is not valid UTF-8' },
    { record: 5, line: 5, fields: { a: 5 } },
  ]);
});

test('a line that is too long is passed over', async () => {
  const items = await read('ndjson', `{"a":"${'x'.repeat(MAX_RECORD_BYTES)}"}\n{"a":2}\n`, 1024 * 1024);
  expect(items).toEqual([
    { record: 1, line: 1, unreadable: 'is larger than 16 MiB' },
    { record: 2, line: 2, fields: { a: 2 } },
  ]);
});

test('a CSV row with too few values is one unreadable record', async () => {
  const items = await read('csv', 'a,b\n1,2\n3\n5,6\n');
  expect(items.map((item) => 'unreadable' in item)).toEqual([false, true, false]);
});

describe('a file that breaks tells where, after what could be read', () => {
  test.each<[string, FileType, string, number, RegExp]>([
    ['a cut-off array', 'json', '[{"a":1},{"a":2},{"a"', 2, /record 3: .* ends after 21 bytes .* cut off/],
    ['an array that is not closed', 'json', '[{"a":1},{"a":2}', 2, /record 3: .* cut off/],
    ['a cut-off object', 'json', '{"a":1}\n{"a":', 1, /record 2: .* cut off/],
    ['an array with a wrong sign', 'json', '[{"a":1},{"a":2}, oops]', 2, /record 3, at byte 18: it is not JSON/],
    ['what is no JSON at all', 'json', 'request_id,model\n1,2\n', 0, /record 1, at byte 0: it is not JSON/],
    ['an open quotation mark', 'csv', 'a,b\n1,2\n3,"4\n5,6\n', 1, /record 2, line \d+: a quotation mark is opened and never closed/],
    ['a quotation mark inside', 'csv', 'a,b\n1,2\n3,"4"x\n', 1, /record 2, line 3: a quotation mark stands where none may be/],
  ])('%s', async (_name, type, text, count, message) => {
    const broken = await readUntilBroken(type, text);
    expect(broken.message).toMatch(message);
    expect(broken.read).toBe(count);
  }); // prettier-ignore

  test('a record without an end does not fill the memory', async () => {
    const endless = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('[{"a":"');
      for (;;) yield await Promise.resolve(Buffer.alloc(1024 * 1024, 0x78));
    };
    const run = async (): Promise<void> => {
      for await (const item of readRecords(endless(), 'json')) throw new Error(`read ${item.record}`);
    };
    await expect(run()).rejects.toThrow(/record 1: it is larger than 16 MiB/);
  });
});

test('types are known by media type and by name', () => {
  expect(fileTypeOfMedia('text/csv; charset=utf-8')).toBe('csv');
  expect(fileTypeOfMedia('application/x-ndjson')).toBe('ndjson');
  expect(fileTypeOfMedia('image/png')).toBeUndefined();
  expect(fileTypeOfName('a.b.JSONL.gz')).toBe('ndjson');
  expect(fileTypeOfName('export.json')).toBe('json');
  expect(fileTypeOfName('export.xlsx')).toBeUndefined();
});
