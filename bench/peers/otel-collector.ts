/**
 * The OpenTelemetry Collector as the ceiling of 'parse and drop': the calls of `bench/ingest.ts` as OTLP protobuf spans with GenAI attributes,
 * written to a file, or to nowhere. `OTELCOL_COMMAND=…/otelcol-bench node bench/peers/otel-collector.ts [--exporter file|nop] [--gzip off|on]
 * [--seconds 60] [--connections 64] [--batch 100]`. The program is built from `otel-collector.yaml` (see README.md). The collector answers 200 once the
 * spans are in the exporter's buffer, which is written every second and never synced: they survive neither a crash nor a power cut.
 */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { freePort } from '../../collector/src/database/embedded-postgres.ts';
import { measurePeer } from './measure-peer.ts';
import { readPeerOptions } from './peer-options.ts';
import { startPeer } from './peer-process.ts';
import { SpanBodies } from './span-bodies.ts';
import { SpanFile } from './span-file.ts';

const options = readPeerOptions(
  'OpenTelemetry Collector: OTLP spans into a file (--exporter file) or nowhere (--exporter nop).',
  {
    commandVariable: 'OTELCOL_COMMAND',
    own: { exporter: 'file', gzip: 'off' },
  },
);
const [exporter, gzip] = [options.own['exporter'] ?? 'file', options.own['gzip'] === 'on'];
const directory = await mkdtemp(join(tmpdir(), 'otelcol-bench-'));
const [port, metricsPort] = [await freePort(), await freePort()];
const url = `http://127.0.0.1:${port}`;
const path = join(directory, 'spans.bin');
const configuration = {
  receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
  exporters: exporter === 'nop' ? { nop: {} } : { file: { path, format: 'proto' } },
  service: {
    telemetry: {
      logs: { level: 'warn' },
      metrics: {
        readers: [{ pull: { exporter: { prometheus: { host: '127.0.0.1', port: metricsPort } } } }],
      },
    },
    pipelines: { traces: { receivers: ['otlp'], exporters: [exporter] } },
  },
};
// YAML has all of JSON in it.
await writeFile(join(directory, 'collector.yaml'), JSON.stringify(configuration));
const collector = await startPeer({
  command: options.command,
  args: ['--config', `file:${join(directory, 'collector.yaml')}`],
  readyUrl: `http://127.0.0.1:${metricsPort}/metrics`,
  verbose: options.verbose,
});
try {
  const bodies = new SpanBodies({
    batch: options.batch,
    dialect: 'gen_ai',
    spansPerTrace: options.spansPerTrace,
  });
  // Compressing each request anew would measure the load; the collector does not look at ids, so these may come again.
  const compressed = Array.from({ length: gzip ? 64 : 0 }, () => gzipSync(bodies.take()));
  let next = 0;
  const spans = new SpanFile(path);
  await measurePeer(
    `OpenTelemetry Collector, ${exporter} exporter, gzip ${gzip ? 'on' : 'off'}, ${options.batch} spans (${Math.round(bodies.bytesPerEvent)} B each) a request, ${options.connections} connections`,
    {
      url: `${url}/v1/traces`,
      headers: { 'content-type': 'application/x-protobuf', ...(gzip ? { 'content-encoding': 'gzip' } : {}) },
      take: () => ({ body: compressed[next++ % compressed.length] ?? bodies.take(), events: options.batch }),
      countStored: exporter === 'nop' ? acceptedSpans : () => spans.count(),
      process: collector,
    },
    options,
  );
  if (exporter === 'file')
    console.log(
      `bytes an event in its file: ${((await stat(path)).size / (await spans.count())).toFixed(0)}`,
    );
} finally {
  await collector.stop();
  await rm(directory, { recursive: true, force: true });
}
process.exit(0);

/** With nothing kept there is only the collector's own word. */
async function acceptedSpans(): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  return Number(/^otelcol_receiver_accepted_spans\S* (\S+)$/m.exec(metrics)?.[1] ?? 0);
}
