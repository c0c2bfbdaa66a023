import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../collector/src/database/embedded-postgres.ts';
import { startCollector, temporaryFolder } from '../collector-process.ts';
import { createTenant } from './collector-client.ts';
import type { Emitter } from './emitters.ts';
import { driverEnvironment } from './environment.ts';
import { differences, expectedUsage } from './expectation.ts';
import { CACHE, install, InstallationFailed } from './installation.ts';
import type { StubServer } from './stub-server.ts';

const HERE = join(import.meta.dirname, 'otel-collector');
const TIMEOUT_MS = 90_000;

/**
 * The OpenTelemetry Collector in front, with fan-out.yaml of the guide: calls are made while our collector is down, then the OpenTelemetry
 * Collector is killed, then both come back. Every call must be there once, and the other receiver must have had the spans, too.
 * @returns what is wrong, one line each
 * @throws InstallationFailed where there is no OpenTelemetry Collector (OTELCOL) and no Go to build one
 */
export async function tryFanOut(emitter: Emitter, stub: StubServer): Promise<string[]> {
  const program = process.env['OTELCOL'] ?? (await build());
  const { command, args, cwd } = await install(emitter);
  const folder = await temporaryFolder();
  const traces = await startTraceSink();
  const children: ChildProcess[] = [];
  let collector = await startCollector({ dataDir: folder.path });
  try {
    const { url, apiKey } = collector;
    const tenant = await createTenant(url, apiKey, 'fan-out');
    await collector.end();

    const endpoint = `127.0.0.1:${await freePort()}`;
    const quiet = join(folder.path, 'quiet.yaml'); // its own metrics would want a port
    await writeFile(quiet, 'service: {telemetry: {metrics: {level: none}}}\n');
    const startFront = async (): Promise<ChildProcess> => {
      const front = spawn(program, ['--config', join(HERE, 'fan-out.yaml'), '--config', quiet], {
        stdio: 'ignore',
        env: {
          PATH: process.env['PATH'],
          OTLP_ENDPOINT: endpoint,
          QUEUE_DIRECTORY: join(folder.path, 'queue'),
          PROMPTOPS_URL: url,
          PROMPTOPS_API_KEY: tenant.ingestKey,
          TRACES_URL: traces.url,
        },
      });
      children.push(front);
      await until('the OpenTelemetry Collector listens', () =>
        fetch(`http://${endpoint}/`).then(() => true, () => false)); // prettier-ignore
      return front;
    };

    const front = await startFront();
    const addresses = {
      collectorUrl: `http://${endpoint}`,
      apiKey: 'none-is-needed-here',
      stubUrl: stub.url('fan-out'),
    };
    const driver = spawn(command, args, {
      cwd,
      stdio: 'ignore',
      env: { PATH: process.env['PATH'], PYTHONPATH: cwd, ...driverEnvironment(emitter, addresses) },
    });
    children.push(driver);
    const [code] = (await once(driver, 'close')) as [number | null];
    if (code !== 0) return [`the driver ended with ${String(code)}`];
    await until('the other receiver has spans', () => Promise.resolve(traces.requests() > 0));
    front.kill('SIGKILL');
    await once(front, 'close');

    collector = await startCollector({ dataDir: folder.path, port: Number(new URL(url).port), apiKey });
    await startFront();
    const expected = expectedUsage(stub.billed('fan-out'), emitter);
    const calls = [...expected.values()].reduce((sum, usage) => sum + usage.calls, 0);
    await until('the calls are recorded', async () => (await tenant.recorded()).total.calls >= calls);
    return differences(expected, (await tenant.recorded()).models);
  } catch (error) {
    if (error instanceof TimedOut) return [error.message];
    throw error;
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await collector.end();
    traces.close();
    await folder.remove();
  }
}

/** Builds build.yaml once; the builder's own module handling asks for what only tests need, so only its sources are taken. */
async function build(): Promise<string> {
  const manifest = await readFile(join(HERE, 'build.yaml'), 'utf8');
  const version = /version: (\S+)/.exec(manifest)?.[1] ?? '';
  const folder = join(CACHE, `otelcol-${version}`);
  const program = join(folder, 'otelcol-fan-out');
  if (await access(program).then(() => true, () => false)) return program; // prettier-ignore
  await mkdir(join(folder, 'source'), { recursive: true });
  const source = join(folder, 'source');
  await writeFile(join(folder, 'build.yaml'), manifest.replace('dist:', `dist:\n  output_path: ${source}`));
  const run = (cwd: string, command: string, args: string[], env: Record<string, string> = {}): void => {
    const { status, stderr, error } = spawnSync(command, args, {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
    if (status !== 0)
      throw new InstallationFailed(error?.message ?? stderr.trim().split('\n').at(-1) ?? command);
  };
  run(folder, 'go', ['install', `go.opentelemetry.io/collector/cmd/builder@v${version}`], { GOBIN: folder });
  run(folder, join(folder, 'builder'), ['--config', 'build.yaml', '--skip-get-modules', '--skip-compilation']); // prettier-ignore
  run(source, 'sh', ['-c', 'rm -f go.mod go.sum && go mod init otelcol-fan-out']);
  const modules = [...manifest.matchAll(/gomod: (\S+) (v\S+)/g)].map(([, name, at]) => `${name}@${at}`);
  for (const module of [`go.opentelemetry.io/collector/otelcol@v${version}`, ...modules])
    run(source, 'go', ['mod', 'edit', `-require=${module}`]);
  run(source, 'go', ['build', '-buildvcs=false', '-o', program, '.'], { GOFLAGS: '-mod=mod' });
  return program;
}

class TimedOut extends Error {}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new TimedOut(`waited in vain until ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** Takes whatever comes, in place of a user's trace store. */
async function startTraceSink(): Promise<{ url: string; requests: () => number; close: () => void }> {
  let requests = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      if (request.url === '/v1/traces') requests += 1;
      response.writeHead(200, { 'content-type': request.headers['content-type'] ?? '' }).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    close: () => server.close(),
  };
}
