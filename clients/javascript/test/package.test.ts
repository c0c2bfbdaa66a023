import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const source = join(import.meta.dirname, '..');
let folder: string;
let installed: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'promptops-package-'));
  installed = join(folder, 'node_modules', '@promptops', 'client');
  mkdirSync(installed, { recursive: true });
  execFileSync(process.execPath, [join(source, 'build.ts'), join(installed, 'dist')]);
  cpSync(join(source, 'package.json'), join(installed, 'package.json'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const use = `
  const client = new PromptOpsClient({ baseUrl: 'http://127.0.0.1:9', apiKey: 'k', enableTelemetry: false });
  client.initialize().then(() => client.track({}, () => 42)).then((answer) =>
    console.log(answer, usageFrom({ usage: { prompt_tokens: 3 } }).input_tokens));`;

function run(name: string, program: string): string {
  const file = join(folder, name);
  writeFileSync(file, program);
  return execFileSync(process.execPath, [file], { encoding: 'utf8' }).trim();
}

test('the built package works with import', () => {
  const program = `import { PromptOpsClient, usageFrom } from '@promptops/client';${use}`;
  expect(run('use.mjs', program)).toBe('42 3');
});

test('the built package works with require', () => {
  const program = `const { PromptOpsClient, usageFrom } = require('@promptops/client');${use}`;
  expect(run('use.cjs', program)).toBe('42 3');
});

test('the built package has types for both, which need neither Node nor a browser', () => {
  const program = `
    import { PromptOpsClient, type Stats } from '@promptops/client';
    const client = new PromptOpsClient({ baseUrl: 'http://127.0.0.1:9', apiKey: 'k' });
    const answer: Promise<number> = client.track({ model_name: 'm' }, async () => 42);
    const stats: Stats = client.stats();
    // @ts-expect-error not a field of an event
    client.record({ model: 'm' });
    export { answer, stats };`;
  const files = ['types.mts', 'types.cts'].map((name) => join(folder, name));
  for (const file of files) writeFileSync(file, program);
  const compiler = join(source, '..', '..', 'node_modules', 'typescript', 'bin', 'tsc');
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--lib', 'es2022'];
  expect(
    execFileSync(process.execPath, [compiler, ...flags, ...files], { cwd: folder, encoding: 'utf8' }),
  ).toBe('');
});

test('the built package depends on nothing', () => {
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as object;
  expect(manifest).not.toHaveProperty('dependencies');
});
