/**
 * OTLP/HTTP spans in protobuf, each a model call: decoded, matched with what is known, priced, acknowledged after the commit.
 * `node bench/otlp.ts [--seconds 20] [--runs 3] [--batches 100] [--connections 32] [--rate 0]`. The OpenTelemetry Collector, which writes the same spans to a
 * file, is measured by bench/peers/otel-collector.ts.
 */
import { parseArgs } from 'node:util';
import { CollectorProcess } from './collector-process.ts';
import { createBenchDatabase, describeEnvironment, grouped, quantile } from './environment.ts';
import { closedLoop, openLoop, type Run } from './loops.ts';
import { SpanBodies } from './peers/span-bodies.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    runs: { type: 'string', default: '3' },
    batches: { type: 'string', default: '100' },
    connections: { type: 'string', default: '32' },
    rate: { type: 'string', default: '0' },
  },
});
const WARM_UP_MS = 4_000;
const database = await createBenchDatabase();
console.log(await describeEnvironment(database.connectionString));
const collector = await CollectorProcess.start(database.connectionString);
try {
  for (const batch of values.batches.split(',').map(Number)) {
    const bodies = new SpanBodies({ batch, dialect: 'gen_ai' });
    const door = {
      ...collector.door,
      target: { path: '/v1/traces', contentType: 'application/x-protobuf', items: batch },
    };
    const once = (ms: number): Promise<Run> =>
      Number(values.rate) > 0
        ? openLoop(door, bodies, batch, Number(values.rate), ms)
        : closedLoop(door, bodies, Number(values.connections), ms);
    await once(WARM_UP_MS);
    const runs: Run[] = [];
    for (let run = 0; run < Number(values.runs); run += 1)
      runs.push(await once(Number(values.seconds) * 1000));
    const of = (pick: (run: Run) => number): string =>
      [0, 0.5, 1].map((q) => grouped(quantile(runs.map(pick), q))).join(' / ');
    console.log(
      `spans, ${batch} a request (${Math.round(bodies.bytesPerEvent)} B a span): spans/s min/median/max ${of((run) => run.eventsPerSecond)}; ` +
        `p50 ${of((run) => run.p50)} ms; p99 ${of((run) => run.p99)} ms; refused ${runs.reduce((sum, { refused }) => sum + refused, 0)}; ` +
        `collector ${await collector.residentMegabytes()} MB RSS`,
    );
  }
} finally {
  await collector.stop();
  await database.drop();
}
process.exit(0);
