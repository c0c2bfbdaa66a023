import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  startTestCollector,
  testEvent,
  type TestCollector,
} from '../collector/src/testing/test-collector.ts';

const ROOT = join(import.meta.dirname, '..');

async function blocks(file: string, language: string): Promise<string[]> {
  const text = await readFile(join(ROOT, file), 'utf8');
  const fence = new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...text.matchAll(fence)].map((match) => match[1] ?? '');
}

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector();
  await collector.post([
    testEvent({
      timestamp: new Date(Date.now() - 60_000).toISOString(),
      prompt_id: 'p',
      response_time_ms: 5,
    }),
  ]);
});
afterAll(() => collector.close());

// The SQL blocks of docs/sql.md: collector/src/sql-access/documented-queries.test.ts, on both engines.

test('the event of docs/api.md is accepted, and an answer has the fields shown there', async () => {
  const [event = '', answer = ''] = await blocks('docs/api.md', 'json');
  const posted = await collector.post([
    JSON.parse(event.replace('2026-11-24', '2026-03-24')),
    testEvent({ input_tokens: -1 }),
  ]);
  expect(posted.json()).toMatchObject({ accepted: 1, rejected: 1 });
  const shown = JSON.parse(answer) as { errors: object[] };
  expect(Object.keys(posted.json<object>())).toEqual(Object.keys(shown));
  expect(Object.keys(posted.json<{ errors: object[] }>().errors[0] ?? {})).toEqual(
    Object.keys(shown.errors[0] ?? {}),
  );
});

test('the event that README sends by curl is accepted and priced', async () => {
  const [, , curl = ''] = await blocks('README.md', 'sh').then((all) => [
    '',
    '',
    all.find((block) => block.includes('usage/log')),
  ]);
  const body =
    /-d '(\{[\s\S]*\})'\s*$/.exec(curl)?.[1]?.replace(/'"\$\(date[^)]*\)"'/, '2026-03-24T06:00:00Z') ?? '';
  expect((await collector.post(body)).json()).toMatchObject({ accepted: 1 });
  const { rows } = await collector.pool.query(
    `SELECT cost_nano_usd FROM client_usage_logs WHERE event_id = 'my-first-call'`,
  );
  expect(rows).toEqual([{ cost_nano_usd: 300 * 2_500 + 900 * 1_250 + 310 * 10_000 }]);
});

test('every link between the documents leads to a file', async () => {
  const files = [
    'README.md',
    'bench/README.md',
    'bench/peers/README.md',
    'sql/README.md',
    'grafana-plugin/README.md',
  ];
  for (const folder of ['docs', 'clients'])
    for (const entry of await readdir(join(ROOT, folder), { recursive: true }))
      if (entry.endsWith('.md') && !entry.includes('node_modules')) files.push(join(folder, entry));
  for (const file of files) {
    const text = await readFile(join(ROOT, file), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      await expect(readFile(join(ROOT, file, '..', target)).then(() => target)).resolves.toBe(target);
    }
  }
});
