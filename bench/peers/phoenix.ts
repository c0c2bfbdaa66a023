/**
 * Arize Phoenix taking the calls of `bench/ingest.ts` as OTLP protobuf spans with OpenInference attributes into PostgreSQL:
 * `PHOENIX_COMMAND=…/bin/phoenix node bench/peers/phoenix.ts [--seconds 60] [--connections 64] [--batch 100]`. Needs the database server of
 * the other benchmarks. Phoenix answers 200 when the spans are in a queue in its memory; they are inserted afterwards.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../collector/src/database/embedded-postgres.ts';
import { grouped } from '../environment.ts';
import { measurePeer } from './measure-peer.ts';
import { createPeerDatabase } from './peer-database.ts';
import { readPeerOptions } from './peer-options.ts';
import { startPeer } from './peer-process.ts';
import { SpanBodies } from './span-bodies.ts';

const options = readPeerOptions('Arize Phoenix: OTLP spans with OpenInference attributes into PostgreSQL.', {
  commandVariable: 'PHOENIX_COMMAND',
  // A warm-up by time would fill the queue, which takes minutes to empty.
  own: { 'warm-up-requests': '20' },
});
const database = await createPeerDatabase();
const directory = await mkdtemp(join(tmpdir(), 'phoenix-bench-'));
const [port, grpcPort] = [await freePort(), await freePort()];
const url = `http://127.0.0.1:${port}`;
const phoenix = await startPeer({
  command: options.command,
  args: ['serve'],
  cwd: directory,
  env: {
    PHOENIX_SQL_DATABASE_URL: database.connectionString.replace(/^postgres:/, 'postgresql:'),
    PHOENIX_WORKING_DIR: directory,
    PHOENIX_HOST: '127.0.0.1',
    PHOENIX_PORT: String(port),
    PHOENIX_GRPC_PORT: String(grpcPort),
    PHOENIX_TELEMETRY_ENABLED: 'false',
    PHOENIX_ALLOW_EXTERNAL_RESOURCES: 'false',
  },
  readyUrl: `${url}/healthz`,
  verbose: options.verbose,
});
try {
  const bodies = new SpanBodies({
    batch: options.batch,
    dialect: 'openinference',
    spansPerTrace: options.spansPerTrace,
  });
  await measurePeer(
    `Phoenix, ${options.batch} spans (${Math.round(bodies.bytesPerEvent)} B each, ${options.spansPerTrace} a trace) a request, ${options.connections} connections`,
    {
      url: `${url}/v1/traces`,
      headers: { 'content-type': 'application/x-protobuf' },
      take: () => ({ body: bodies.take(), events: options.batch }),
      countStored: () => database.count('spans'),
      process: phoenix,
    },
    { ...options, warmUpRequests: Number(options.own['warm-up-requests']) },
  );
  const stored = await database.count('spans');
  console.log(`bytes an event in its database: ${grouped((await database.size()) / stored)}`);
} finally {
  await phoenix.stop();
  await database.drop();
  await rm(directory, { recursive: true, force: true });
}
process.exit(0);
