import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startTestCollector, type TestCollector } from '../testing/test-collector.ts';
import { openApiText } from './document.ts';

const ROOT = join(import.meta.dirname, '../../..');
const DOCUMENT = join(ROOT, 'docs/openapi.json');
const TYPES = join(ROOT, 'grafana-plugin/src/api/schema.ts');
const HOW = 'Run: npm run generate:api';

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector();
});
afterAll(() => collector.close());

test('docs/openapi.json is what a running collector serves', async () => {
  const served = (await collector.app.inject('/docs/json')).json<object>();
  expect({ HOW, ...(JSON.parse(await readFile(DOCUMENT, 'utf8')) as object) }).toEqual({ HOW, ...served });
});

test('docs/openapi.json is written as the command writes it', async () => {
  expect((await readFile(DOCUMENT, 'utf8')) === openApiText(collector.app)).toBe(true);
});

test("the plugin's types are those of docs/openapi.json", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'promptops-schema-'));
  try {
    const output = join(folder, 'schema.ts');
    // The program itself, and not its library, so that the same flags and the same heading are compared.
    await promisify(execFile)(
      process.execPath,
      [join(ROOT, 'node_modules/openapi-typescript/bin/cli.js'), DOCUMENT, '-o', output],
      { cwd: ROOT },
    );
    expect({ HOW, isSame: (await readFile(TYPES, 'utf8')) === (await readFile(output, 'utf8')) }).toEqual({
      HOW,
      isSame: true,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);

test('a client that is typed by them asks and reads as the collector answers', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'promptops-client-'));
  const file = join(folder, 'client.ts');
  const client = (groupBy: string, field: string): string => `
    import type { components, operations } from ${JSON.stringify(TYPES)};
    type Query = NonNullable<operations['getUsageOverview']['parameters']['query']>;
    type Answer = operations['getUsageOverview']['responses'][200]['content']['application/json'];
    export const query: Query = {
      group_by: '${groupBy}', 'not.model_name': ['o3'], environment: 'production', tags: { 'metadata.team': 'search' },
    };
    export const cost = (answer: Answer): string | null => answer.summary.${field};
    export const freshness = (answer: Answer): components['schemas']['Freshness'] => answer.freshness;
  `;
  const check = async (source: string): Promise<string> => {
    await writeFile(file, source);
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const flags =
      '--noEmit --strict --skipLibCheck --allowImportingTsExtensions --module esnext --moduleResolution bundler'.split(
        ' ',
      );
    return promisify(execFile)(process.execPath, [tsc, ...flags, file], { cwd: folder }).then(
      () => '',
      (error: unknown) => (error as { stdout: string }).stdout,
    );
  };
  try {
    expect(await check(client('day', 'total_cost_usd'))).toBe('');
    expect(await check(client('fortnight', 'total_cost_usd'))).toMatch(/fortnight/);
    expect(await check(client('day', 'cost'))).toMatch(/'cost' does not exist/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);
