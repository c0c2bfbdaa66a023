/**
 * Ingest over HTTP: priced, de-duplicated, acknowledged after the commit. `node bench/ingest.ts [--seconds 20] [--runs 3] [--batches 1,10,100,1000]
 * [--connections 16] [--rate 0]`. In the same run, as the limit: the same rows by COPY straight into the table, and by COPY into a
 * staging table with `INSERT … ON CONFLICT`. With `--rate` events a second come in an open loop, for latencies that waiting cannot hide.
 */
import { parseArgs } from 'node:util';
import { CollectorProcess } from './collector-process.ts';
import { measureCopy } from './copy-limit.ts';
import { createBenchDatabase, describeEnvironment, grouped, quantile } from './environment.ts';
import { Bodies } from './load.ts';
import { closedLoop, openLoop, type Run } from './loops.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    runs: { type: 'string', default: '3' },
    batches: { type: 'string', default: '1,10,100,1000' },
    connections: { type: 'string', default: '16' },
    rate: { type: 'string', default: '0' },
    'copy-rows': { type: 'string', default: '500000' },
  },
});
const WARM_UP_MS = 4_000;
const seconds = Number(values.seconds);

const database = await createBenchDatabase();
console.log(await describeEnvironment(database.connectionString));
const collector = await CollectorProcess.start(database.connectionString);
const { door } = collector;
try {
  const limit = await measureCopy(database.connectionString, Number(values['copy-rows']));
  console.log(
    `COPY into the table ${grouped(limit.copy)} rows/s; staged with ON CONFLICT ${grouped(limit.staged)} rows/s`,
  );
  for (const batch of values.batches.split(',').map(Number)) {
    const bodies = new Bodies(batch);
    const once = (ms: number): Promise<Run> =>
      Number(values.rate) > 0
        ? openLoop(door, bodies, batch, Number(values.rate), ms)
        : closedLoop(door, bodies, Number(values.connections), ms);
    await once(WARM_UP_MS);
    const runs: Run[] = [];
    for (let run = 0; run < Number(values.runs); run += 1) runs.push(await once(seconds * 1000));
    const of = (pick: (run: Run) => number): string =>
      [0, 0.5, 1].map((q) => grouped(quantile(runs.map(pick), q))).join(' / ');
    const share = quantile(runs.map((run) => run.eventsPerSecond), 0.5) / limit.staged; // prettier-ignore
    console.log(
      `batch ${batch} (${Math.round(bodies.bytesPerEvent)} B an event): events/s min/median/max ${of((run) => run.eventsPerSecond)}; ` +
        `requests/s ${of((run) => run.requestsPerSecond)}; p50 ${of((run) => run.p50)} ms; p99 ${of((run) => run.p99)} ms; ` +
        `${Math.round(share * 100)} % of staged COPY; refused ${runs.reduce((sum, { refused }) => sum + refused, 0)}; ` +
        `collector ${await collector.residentMegabytes()} MB RSS`,
    );
  }
} finally {
  await collector.stop();
  await database.drop();
}
process.exit(0);
