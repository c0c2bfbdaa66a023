/**
 * `node tests/emitters/record.ts claude-code codex …`: runs drivers as run.ts does, but keeps what they export as JSON in
 * tests/fixtures/otlp-agents, beside what the stub server billed, for tests that need nothing installed.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { runDriver } from './driver.ts';
import { EMITTERS } from './emitters.ts';
import { driverEnvironment } from './environment.ts';
import { install } from './installation.ts';
import { scrubbed } from './scrub.ts';
import { startStubServer } from './stub-server.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/otlp-agents');

interface Received {
  signal: string;
  body: object;
}

for (const name of process.argv.slice(2)) {
  const emitter = EMITTERS.find((one) => one.name === name);
  if (!emitter) throw new Error(`There is no emitter ${name}.`);
  const stub = await startStubServer();
  const received: Received[] = [];
  const sink = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const raw = Buffer.concat(chunks);
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
      if (request.headers['content-type'] !== 'application/json')
        throw new Error(`${name} sends ${String(request.headers['content-type'])}, not JSON.`);
      received.push({
        signal: (request.url ?? '').split('/').at(-1) ?? '',
        body: JSON.parse(body.toString()) as object,
      });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    })();
  });
  await new Promise<void>((done) => sink.listen(0, '127.0.0.1', done));
  const installation = await install(emitter);
  const failure = await runDriver(
    installation,
    {
      ...driverEnvironment(emitter, {
        collectorUrl: `http://127.0.0.1:${(sink.address() as AddressInfo).port}`,
        apiKey: 'key',
        stubUrl: stub.url(name),
      }),
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    },
    false,
  );
  sink.close();
  if (failure !== undefined) throw new Error(failure);

  const folder = join(FIXTURES, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [index, { signal, body }] of received.entries()) {
    const text = JSON.stringify(scrubbed(body));
    await writeFile(join(folder, `${String(index + 1).padStart(2, '0')}.${signal}.json`), `${text}\n`);
  }
  const calls = { version: installation.version, calls: stub.billed(name) };
  await writeFile(join(folder, 'calls.json'), `${JSON.stringify(calls, undefined, 1)}\n`);
  console.log(`${name} ${installation.version}: ${received.length} requests, ${calls.calls.length} calls`);
  await stub.close();
}
