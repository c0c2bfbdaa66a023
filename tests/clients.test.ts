import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findEmbeddedPostgres } from '../collector/src/database/embedded-postgres.ts';
import { createPool } from '../collector/src/database/pool.ts';
import { startCollector, temporaryFolder, type CollectorProcess } from './collector-process.ts';

const here = import.meta.dirname;
const python = ['python3', 'python'].find(
  (name) => spawnSync(name, ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0,
);

const CLIENTS: { name: string; command: string | undefined; args: string[]; env: Record<string, string> }[] =
  [
    { name: 'javascript', command: process.execPath, args: [join(here, 'clients/driver.ts')], env: {} },
    {
      name: 'python',
      command: python,
      args: [join(here, 'clients/driver.py')],
      env: { PYTHONPATH: join(here, '../clients/python/src') },
    },
  ];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let collector: CollectorProcess;
beforeEach(async () => {
  folder = await temporaryFolder();
  collector = await startCollector({ dataDir: folder.path });
});
afterEach(async () => {
  await collector.end();
  await folder.remove();
});

/** A client in a process of its own. */
class Driver {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  constructor({ command = '', args, env }: (typeof CLIENTS)[number]) {
    this.#child = spawn(command, [...args, collector.url, collector.apiKey], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    if (!this.#child.stdout) throw new Error('The driver has no output.');
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }
  async say(command: string): Promise<Record<string, number>> {
    this.#child.stdin?.write(`${command}\n`);
    const line = await this.#lines.next();
    if (line.done) throw new Error(`The driver ended at "${command}".`);
    return JSON.parse(line.value) as Record<string, number>;
  }
  async end(): Promise<void> {
    this.#child.stdin?.end();
    if (this.#child.exitCode === null) await once(this.#child, 'close');
  }
}

async function query<Row extends object>(text: string): Promise<Row[]> {
  const connectionString = (await findEmbeddedPostgres(folder.path)) ?? '';
  const pool = createPool({ connectionString, max: 1, applicationName: 'test' });
  try {
    return (await pool.query<Row>(text)).rows;
  } finally {
    await pool.end();
  }
}

async function waitForEvents(count: number): Promise<void> {
  for (;;) {
    const [row] = await query<{ n: number }>('SELECT count(*)::int AS n FROM client_usage_logs');
    if ((row?.n ?? 0) >= count) return;
    await new Promise((done) => setTimeout(done, 50));
  }
}

describe.each(CLIENTS)('the $name client', (client) => {
  const run = client.command === undefined ? test.skip : test;

  run('loses nothing and doubles nothing while the collector is killed and started again', async () => {
    const driver = new Driver(client);
    await driver.say('record 300');
    await waitForEvents(40);
    const { url, apiKey } = collector;
    await collector.end('SIGKILL'); // maybe between a commit and its answer
    await driver.say('record 300');
    collector = await startCollector({ dataDir: folder.path, port: Number(new URL(url).port), apiKey });
    await driver.say('record 300');
    const stats = await driver.say('flush');
    expect(stats).toMatchObject({ remaining: 0, dropped: 0, rejected: 0 });
    expect((stats['accepted'] ?? 0) + (stats['duplicate'] ?? 0)).toBe(900);
    const rows = await query(
      `SELECT count(*)::int AS events, count(DISTINCT event_id)::int AS ids, count(DISTINCT output_tokens)::int AS numbers,
              (SELECT sum(request_count)::int FROM usage_analytics_hourly) AS in_rollup
       FROM client_usage_logs`,
    );
    expect(rows).toEqual([{ events: 900, ids: 900, numbers: 900, in_rollup: 900 }]);
    await driver.end();
  });

  run('tracks calls: usage is read from the answer, errors are told, and both are priced right', async () => {
    const driver = new Driver(client);
    await driver.say('track success');
    await driver.say('track error');
    await driver.say('flush');
    await driver.end();
    const rows = await query(
      `SELECT status, error_type, input_tokens, cache_read_tokens, output_tokens, cost_nano_usd, response_time_ms IS NOT NULL AS is_timed
       FROM client_usage_logs WHERE user_id = 'tracked' ORDER BY status DESC`,
    );
    expect(rows).toEqual([
      // 226 x $3.00 + 4096 x $0.30 + 134 x $15.00, per million tokens
      {
        status: 'success',
        error_type: null,
        input_tokens: 226,
        cache_read_tokens: 4096,
        output_tokens: 134,
        cost_nano_usd: 226 * 3_000 + 4096 * 300 + 134 * 15_000,
        is_timed: true,
      },
      expect.objectContaining({ status: 'error', error_type: 'TimeoutError', is_timed: true }),
    ]);
  });
});
