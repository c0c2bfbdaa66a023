import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../collector/src/database/embedded-postgres.ts';
import { generateApiKey } from '../collector/src/tenants/api-key.ts';
import type { Door } from './load.ts';

/** A collector in a process of its own, started as `npm start` does. */
export class CollectorProcess {
  readonly door: Door;
  readonly #process: ChildProcess;

  private constructor(process_: ChildProcess, door: Door) {
    this.#process = process_;
    this.door = door;
  }

  /** Starts one on a database, and waits until it is ready. */
  static async start(
    connectionString: string,
    environment: Record<string, string> = {},
  ): Promise<CollectorProcess> {
    const port = await freePort();
    const door: Door = { url: `http://127.0.0.1:${port}`, apiKey: generateApiKey() };
    const process_ = spawn(
      process.execPath,
      [...process.execArgv, join(import.meta.dirname, '../collector/src/main.ts')],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: {
          ...process.env,
          DATABASE_URL: connectionString,
          PORT: String(port),
          BOOTSTRAP_API_KEY: door.apiKey,
          LOG_LEVEL: 'warn',
          ...environment,
        },
      },
    );
    while (
      !(await fetch(`${door.url}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      ))
    ) {
      // prettier-ignore
      if (process_.exitCode !== null) throw new Error('The collector did not start.');
      await new Promise((done) => setTimeout(done, 100));
    }
    return new CollectorProcess(process_, door);
  }

  /** Resident memory in MB. */
  async residentMegabytes(): Promise<number> {
    const status = await readFile(`/proc/${this.#process.pid ?? 0}/status`, 'utf8').catch(() => '');
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1024);
  }

  async stop(): Promise<void> {
    const closed = new Promise((done) => this.#process.once('close', done));
    this.#process.kill('SIGTERM');
    await closed;
  }
}
