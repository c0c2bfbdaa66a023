/**
 * MLflow's tracking server taking the calls of `bench/ingest.ts` as OTLP protobuf spans with GenAI attributes into PostgreSQL:
 * `MLFLOW_COMMAND=…/bin/mlflow node bench/peers/mlflow.ts [--seconds 60] [--connections 64] [--batch 100] [--workers 4]`. Needs the database
 * server of the other benchmarks. MLflow answers 200 after its transaction has been committed, as our collector does.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from '../../collector/src/database/embedded-postgres.ts';
import { grouped } from '../environment.ts';
import { measurePeer } from './measure-peer.ts';
import { createPeerDatabase } from './peer-database.ts';
import { readPeerOptions } from './peer-options.ts';
import { startPeer } from './peer-process.ts';
import { SpanBodies } from './span-bodies.ts';

const options = readPeerOptions('MLflow tracking server: OTLP spans with GenAI attributes into PostgreSQL.', {
  commandVariable: 'MLFLOW_COMMAND',
  own: { workers: '4' },
});
const database = await createPeerDatabase();
const directory = await mkdtemp(join(tmpdir(), 'mlflow-bench-'));
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const mlflow = await startPeer({
  command: options.command,
  args: [
    'server',
    ...['--backend-store-uri', database.connectionString.replace(/^postgres:/, 'postgresql+psycopg2:')],
    ...['--artifacts-destination', join(directory, 'artifacts')],
    ...['--host', '127.0.0.1', '--port', String(port), '--workers', options.own['workers'] ?? '4'],
  ],
  cwd: directory,
  // It starts its own workers by name.
  env: {
    PATH: `${dirname(options.command)}:${process.env['PATH'] ?? ''}`,
    MLFLOW_DISABLE_TELEMETRY: 'true',
    DO_NOT_TRACK: 'true',
  },
  readyUrl: `${url}/health`,
  verbose: options.verbose,
});
try {
  const bodies = new SpanBodies({
    batch: options.batch,
    dialect: 'gen_ai',
    spansPerTrace: options.spansPerTrace,
  });
  await measurePeer(
    `MLflow with ${options.own['workers'] ?? ''} workers, ${options.batch} spans (${Math.round(bodies.bytesPerEvent)} B each, ${options.spansPerTrace} a trace) a request, ${options.connections} connections`,
    {
      url: `${url}/v1/traces`,
      // Experiment 0 is the one that a new server has.
      headers: { 'content-type': 'application/x-protobuf', 'x-mlflow-experiment-id': '0' },
      take: () => ({ body: bodies.take(), events: options.batch }),
      countStored: () => database.count('spans'),
      process: mlflow,
    },
    options,
  );
  const stored = await database.count('spans');
  console.log(`bytes an event in its database: ${grouped((await database.size()) / stored)}`);
} finally {
  await mlflow.stop();
  await database.drop();
  await rm(directory, { recursive: true, force: true });
}
process.exit(0);
