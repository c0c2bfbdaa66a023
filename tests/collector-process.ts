import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../collector/src/database/embedded-postgres.ts';
import { generateApiKey } from '../collector/src/tenants/api-key.ts';

const MAIN = join(import.meta.dirname, '../collector/src/main.ts');

export interface CollectorProcess {
  url: string;
  apiKey: string;
  child: ChildProcess;
  /** Everything it wrote so far. */
  output(): string;
  /** Exit code, or null when a signal ended it. */
  exited: Promise<number | null>;
  /** Ends it with a signal and waits for it. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface ProcessOptions {
  dataDir: string;
  port?: number;
  apiKey?: string | undefined;
  env?: Record<string, string>;
}

/** Starts the collector as `npm start` does and waits until it is ready. */
export async function startCollector(options: ProcessOptions): Promise<CollectorProcess> {
  const apiKey = options.apiKey ?? generateApiKey();
  const port = options.port ?? (await freePort());
  const collector = spawnCollector({ ...options, port, apiKey });
  const deadline = performance.now() + 60_000;
  for (;;) {
    const isReady = await fetch(`${collector.url}/health/ready`).then(({ ok }) => ok, () => false); // prettier-ignore
    if (isReady) return collector;
    if (collector.child.exitCode !== null || performance.now() > deadline)
      throw new Error(`The collector did not start:\n${collector.output()}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Starts the collector without waiting for it. */
export function spawnCollector({ dataDir, port = 0, apiKey, env = {} }: ProcessOptions): CollectorProcess {
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      DATA_DIR: dataDir,
      PORT: String(port),
      LOG_LEVEL: 'info',
      ...(apiKey === undefined ? {} : { BOOTSTRAP_API_KEY: apiKey }),
      ...env,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<number | null>((done) => child.once('close', done));
  return {
    url: `http://127.0.0.1:${port}`,
    apiKey: apiKey ?? '',
    child,
    output: () => output,
    exited,
    end: (signal = 'SIGTERM') => {
      child.kill(signal);
      return exited;
    },
  };
}

export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'promptops-system-'));
  return {
    path,
    remove: async () => {
      // As root the cluster lives elsewhere, and `postgres` is a link to it.
      const cluster = await realpath(join(path, 'postgres')).catch(() => path);
      await rm(cluster, { recursive: true, force: true });
      await rm(path, { recursive: true, force: true });
    },
  };
}
