import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { PriceAnswer } from '../pricing/price-answer.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { pricesCommand } from './prices.ts';

let database: TestDatabase;
let folder: string;
const before = process.env['DATABASE_URL'];
beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'promptops-prices-'));
  process.env['DATABASE_URL'] = database.connectionString;
});
afterAll(async () => {
  if (before === undefined) delete process.env['DATABASE_URL'];
  else process.env['DATABASE_URL'] = before;
  await database.drop();
  await rm(folder, { recursive: true });
});

/** What `promptops prices …` prints. */
async function run(...args: string[]): Promise<string> {
  let text = '';
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    await pricesCommand.run(args);
    return text;
  } finally {
    write.mockRestore();
  }
}

const own = async (): Promise<PriceAnswer[]> =>
  JSON.parse(await run('list', '--own', '--json')) as PriceAnswer[];

test('the list can be looked at, for a model and a day', async () => {
  const lines = (await run('list', '--provider', 'OpenAI', '--model', 'o3', '--at', '2025-06-09'))
    .trim()
    .split('\n');
  expect(lines.map((line) => line.split('\t').slice(1, 6))).toEqual([
    ['list', 'openai', expect.stringContaining('o3'), 'standard', 'ever'],
    ['list', 'openai', expect.stringContaining('o3'), 'batch', '2024-04-15T00:00:00.000Z'],
    ['list', 'openai', expect.stringContaining('o3'), 'flex', '2025-04-17T00:00:00.000Z'],
  ]);
  expect(lines[0]).toContain('input=10 cache_read=0.5');
});

test('a price and a discount are added, refused where they overlap, and ended', async () => {
  expect(await run('add', 'vllm', 'acme-7b', '--input', '0.25', '--output', '1', '--from', 'ever')).toMatch(
    /^Added \d+\tdefault\tvllm\tacme-7b/,
  );
  await run('add', 'openai', '*', '--discount', '12.5', '--from', '2026-01-01', '--note', 'contract');
  const [price, discount] = await own();
  expect(price).toMatchObject({ input_per_mtok: '0.25', effective_from: null, created_by: 'cli' });
  expect(discount).toMatchObject({
    discount_percent: '12.5',
    effective_from: '2026-01-01T00:00:00.000Z',
    note: 'contract',
  });
  const id = price?.price_id ?? 0;
  await expect(run('add', 'vllm', 'acme-7b', '--input', '1', '--output', 'null')).rejects.toThrow(
    `end it first: promptops prices end ${id}`,
  );
  expect(await run('end', String(id), '--at', '2026-07-01')).toContain('2026-07-01T00:00:00.000Z');
  await expect(run('end', String(id), '--at', '2027-07-01')).rejects.toThrow('never moved later');
  await expect(run('end', '100')).rejects.toThrow('has no price 100');
  await expect(run('end', '100', '--all-tenants')).rejects.toThrow('Add a price of your own');
});

test('a file is imported in full or not at all', async () => {
  const csv = join(folder, 'prices.csv');
  await writeFile(csv, 'model_provider,model_name,input_per_mtok,output_per_mtok\nvllm,a,1,2\nvllm,b,1,\n');
  const count = (await own()).length;
  await expect(run('import', csv)).rejects.toThrow('row 2, output_per_mtok');
  expect(await own()).toHaveLength(count);
  await writeFile(
    csv,
    'model_provider,model_name,input_per_mtok,output_per_mtok\nvllm,a,1,2\nvllm,b,1,null\n',
  );
  expect(await run('import', csv, '--dry-run')).toContain('All 2 prices can be added');
  await run('import', csv);
  expect(await own()).toHaveLength(count + 2);
  const json = join(folder, 'prices.json');
  await writeFile(json, '{');
  await expect(run('import', json)).rejects.toThrow('is no JSON');
  await expect(run('import', csv, '--tenant', 'nobody')).rejects.toThrow('There is no tenant "nobody"');
});

test('the price list is taken in once', async () => {
  expect(await run('update')).toContain('Nothing to do');
  expect(await run('update', '--dry-run', '--correct-history')).toContain('0 prices added, 0 ended');
});
