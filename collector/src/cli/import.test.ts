import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sendRecords } from '../import/sender.ts';
import type { SourceItem } from '../import/records/source-item.ts';
import type { ImportAnswer } from '../import/tally.ts';
import { fixturePath } from '../import/test-files.ts';
import { startTestCollector, type TestCollector } from '../testing/test-collector.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
let collector: TestCollector;
let url: string;
let folder: string;
let tenants = 0;
let tenantId: string;
let key: string;
beforeAll(async () => {
  collector = await startTestCollector();
  url = await collector.app.listen({ port: 0, host: '127.0.0.1' });
  folder = await mkdtemp(join(tmpdir(), 'promptops-import-'));
});
afterAll(async () => {
  await collector.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  tenantId = `cli-${(tenants += 1)}`;
  await collector.makeTenant(tenantId);
  key = await collector.makeKey(tenantId, ['admin']);
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}
/** `npm run promptops -- import …` as a process of its own. */
const run = (
  args: string[],
  options: { env?: Record<string, string>; stdin?: string } = {},
): Promise<Ended> =>
  new Promise((done) => {
    const child = spawn(process.execPath, [MAIN, 'import', ...args], {
      env: { PATH: process.env['PATH'], PROMPTOPS_URL: url, PROMPTOPS_API_KEY: key, ...options.env },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdin.end(options.stdin ?? '');
    child.once('close', (code) => done({ code, stdout, stderr }));
  });
const stored = async (): Promise<number> =>
  Number(
    (
      await collector.pool.query<{ n: number }>(
        'SELECT count(*) AS n FROM client_usage_logs WHERE tenant_id = $1',
        [tenantId],
      )
    ).rows[0]?.n,
  );
const ownLines = (count: number): string[] =>
  Array.from({ length: count }, (_, n) =>
    JSON.stringify({
      event_id: `line-${n}`,
      timestamp: '2026-03-10T12:00:00Z',
      model_provider: 'openai',
      model_name: 'gpt-4o',
      input_tokens: 10,
      output_tokens: 1,
      cost_usd: '0.25',
    }),
  );

test('a file is imported, told with its sums, and changes nothing the second time', async () => {
  const first = await run(['--format', 'litellm', fixturePath('litellm-spend-logs.csv')]);
  expect(first).toMatchObject({ code: 0 });
  expect(first.stdout).toMatch(
    /^9 records\n {2}new +8\n {2}known already 0\n {2}rejected +0\n {2}skipped +1 /,
  );
  expect(first.stdout).toContain('calls from 2026-03-10T09:00:00.100Z to 2026-03-10T09:07:00.000Z');
  expect(first.stdout).toContain('cost: 0.05647516 USD by the source');
  expect(first.stderr).toContain('litellm-spend-logs.csv: ');
  const again = await run(['--format', 'litellm', fixturePath('litellm-spend-logs.json')]);
  expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/new +0\n {2}known already 8/) });
  expect(await stored()).toBe(8);
});

test('several files are one sum; gzip and standard input are read', async () => {
  const lines = ownLines(40);
  const [a, b] = [join(folder, 'a.jsonl.gz'), join(folder, 'b.json')];
  await writeFile(a, gzipSync(lines.slice(0, 25).join('\n')));
  await writeFile(b, `[${lines.slice(20).join(',\n')}]`);
  const files = await run(['--format', 'promptops', a, b]);
  expect(files).toMatchObject({ code: 0, stdout: expect.stringMatching(/^45 records\n {2}new +40\n {2}known already 5\n/) });
  expect(files.stdout).toContain('cost: 11.25 USD by the source');
  const piped = await run(['--format', 'promptops', '--type', 'ndjson', '-'], { stdin: lines.join('\n') });
  expect(piped).toMatchObject({ code: 0, stdout: expect.stringMatching(/known already 40/) });
}); // prettier-ignore

test('a dry run stores nothing', async () => {
  const answer = await run(['--format', 'helicone', '--dry-run', fixturePath('helicone-requests.jsonl')]);
  expect(answer).toMatchObject({ code: 0, stdout: expect.stringContaining('dry run: nothing was stored') });
  expect(answer.stdout).toMatch(/would be new +6/);
  expect(await stored()).toBe(0);
});

test('refused records are told with their place in the file, the others are stored, and the exit code is 2', async () => {
  const lines = ownLines(6_000);
  lines[5_400] = '{"event_id": "broken';
  lines[5_500] = JSON.stringify({ ...(JSON.parse(lines[5_500] ?? '') as object), input_tokens: 1.5 });
  const file = join(folder, 'mixed.ndjson');
  await writeFile(file, lines.join('\n'));
  const answer = await run(['--format', 'promptops', file]);
  expect(answer).toMatchObject({ code: 2, stdout: expect.stringMatching(/new +5,998\n[^]*rejected +2\n/) });
  expect(answer.stdout).toContain('rejected record 5401, line 5401: it is not valid JSON');
  expect(answer.stdout).toContain('rejected record 5501, line 5501, line-5500: input_tokens must be a whole number');
  expect(await stored()).toBe(5_998);
}); // prettier-ignore

test('a file that breaks off fails with the place, and keeps what was stored', async () => {
  const file = join(folder, 'cut.json');
  await writeFile(file, `[${ownLines(5_100).join(',')}`);
  const answer = await run(['--format', 'promptops', file]);
  expect(answer.code).toBe(1);
  expect(answer.stderr).toMatch(/cut\.json cannot be read further: record 5101: .*cut off\. Of the 5,100 records before, 5,100 are new/);
  expect(await stored()).toBe(5_100);
}); // prettier-ignore

describe('what cannot be imported fails with one sentence and exit code 1', () => {
  test.each<[string, string[], RegExp]>([
    ['no format', [fixturePath('promptops-events.json')], /Say what wrote the files: --format litellm\|langfuse\|helicone\|promptops/],
    ['an unknown format', ['--format', 'opik', 'x.json'], /--format takes .*, not "opik"/],
    ['no file', ['--format', 'litellm'], /Name the files to import/],
    ['a file that is not there', ['--format', 'litellm', 'no-such.json'], /no-such\.json cannot be read: ENOENT/],
    ['a name without a type', ['--format', 'litellm', 'export.bin'], /export\.bin: say its type with --type/],
    ['another format than was told', ['--format', 'litellm', fixturePath('langfuse-observations.json')], /langfuse-observations\.json: None of the first 7 record\(s\) could be taken as litellm/],
    ['a wrong key', ['--format', 'promptops', '--key', 'po_wrong', fixturePath('promptops-events.json')], /unknown, revoked or expired/],
    ['an option that does not exist', ['--format', 'litellm', '--fast', 'x.json'], /Unknown option '--fast'/],
  ])('%s', async (_name, args, message) => {
    const answer = await run(args);
    expect(answer.code).toBe(1);
    expect(answer.stderr).toMatch(message);
    expect(answer.stderr).not.toContain('    at ');
  }); // prettier-ignore

  test('no key', async () => {
    const answer = await run(['--format', 'litellm', fixturePath('litellm-spend-logs.json')], {
      env: { PROMPTOPS_API_KEY: '' },
    });
    expect(answer).toMatchObject({ code: 1, stderr: expect.stringContaining('Give an API key') });
  });
});

test('the help of the command names every format', async () => {
  const answer = await run(['--help']);
  expect(answer).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('litellm|langfuse|helicone|promptops'),
  });
});

test('a large file over a real socket, chunked, is answered when all is committed', async () => {
  const usual = collector.app.server.requestTimeout;
  let during: number | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(`${ownLines(3_000).join('\n')}\n`));
    },
    async pull(controller) {
      // The sending of the rest waits until the first batches are stored.
      while ((await stored()) === 0) await new Promise((done) => setTimeout(done, 5));
      during = collector.app.server.requestTimeout;
      controller.close();
    },
  });
  const answer = await fetch(`${url}/v1/import?format=promptops`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' },
    body,
    duplex: 'half',
  });
  expect({ status: answer.status, ...((await answer.json()) as ImportAnswer) }).toMatchObject({ status: 200, accepted: 3_000 });
  // A body may come for as long as the database takes; other requests keep their limit.
  expect([during, collector.app.server.requestTimeout]).toEqual([0, usual]);
}); // prettier-ignore

describe('a collector that is away for a while', () => {
  const records = async function* (): AsyncGenerator<SourceItem> {
    for (const [index, line] of ownLines(3).entries())
      yield await Promise.resolve({ record: index + 1, fields: JSON.parse(line) as Record<string, unknown> });
  };
  const send = async (baseUrl: string, waits: number[]): Promise<ImportAnswer[]> => {
    const answers: ImportAnswer[] = [];
    const wait = (milliseconds: number): Promise<void> => {
      waits.push(milliseconds);
      return Promise.resolve();
    };
    for await (const answer of sendRecords(records(), { baseUrl, apiKey: key, format: 'promptops', isDryRun: false, wait }))
      answers.push(answer);
    return answers;
  }; // prettier-ignore

  test('is sent the same part again, after the time that it asks for', async () => {
    let requests = 0;
    const busy: Server = createServer((request, response) => {
      requests += 1;
      request.resume();
      if (requests === 1) response.writeHead(503).end('no JSON');
      else if (requests === 2)
        response.writeHead(429, { 'retry-after': '5' }).end('{"detail":"An import is under way."}');
      else response.writeHead(200).end(JSON.stringify({ read: 3, rejections: [] }));
    });
    await new Promise<void>((done) => busy.listen(0, '127.0.0.1', done));
    const waits: number[] = [];
    try {
      expect(await send(`http://127.0.0.1:${(busy.address() as AddressInfo).port}`, waits)).toHaveLength(1);
    } finally {
      busy.close();
    }
    expect(requests).toBe(3);
    expect(waits[0]).toBeLessThanOrEqual(250);
    expect(waits[1]).toBe(5_000);
  });

  test('and stays away ends with what to do', async () => {
    const waits: number[] = [];
    await expect(send('http://127.0.0.1:1', waits)).rejects.toThrow(/did not take the records in 10 attempts: .*import again/);
    expect(waits).toHaveLength(9);
  }); // prettier-ignore
});

test('docs/import.md names every option', async () => {
  const docs = await readFile(join(import.meta.dirname, '../../../docs/import.md'), 'utf8');
  for (const option of [
    '--format',
    '--dry-run',
    '--type',
    '--url',
    '--key',
    'PROMPTOPS_API_KEY',
    'PROMPTOPS_URL',
  ])
    expect(docs).toContain(option);
});
