import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { to as copyTo } from 'pg-copy-streams';
import { createPool } from '../collector/src/database/pool.ts';
import { FULL_SELECTED } from '../collector/src/exports/export-columns.ts';
import { openStore } from '../collector/src/exports/export-store.ts';
import type { ExportType } from '../collector/src/exports/write-export.ts';
import { writeInThread } from '../collector/src/exports/write-in-thread.ts';
import { setUp } from '../collector/src/tenants/setup.ts';
import { createBenchDatabase, describeEnvironment, grouped } from './environment.ts';
import { generateEvents } from './generate-events.ts';

/*
 * Rows a second of exports, full, of one tenant, as the collector's runner writes them (a thread, snapshot, COPY, format, SHA-256, fsync), and the memory that they
 * take: the highest RSS while one runs, first over an eighth of the rows, then over all. Beside them the same SELECT by COPY, of which the bytes are only
 * counted: what the database alone gives.
 */
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '600000' },
    types: { type: 'string', default: 'csv,ndjson,parquet' },
    runs: { type: 'string', default: '1' },
    database: { type: 'string' },
  },
});
const rows = Number(values.rows);
const END_MS = Date.parse('2026-03-31T00:00:00Z');
const DAYS = 8;

const database = await createBenchDatabase(values.database);
const folder = await mkdtemp(join(tmpdir(), 'promptops-bench-exports-'));
const places = {
  connectionString: database.connectionString,
  settings: { max_parallel_workers_per_gather: '0' },
  store: { folder },
};
const pool = createPool({
  connectionString: database.connectionString,
  max: 2,
  applicationName: 'bench',
  settings: { jit: 'off', max_parallel_workers_per_gather: '0' },
});
try {
  console.log(await describeEnvironment(database.connectionString));
  if (values.database === undefined) {
    await setUp(pool, undefined);
    await generateEvents(pool, { events: rows, days: DAYS, tenants: 1, endMs: END_MS }, console.log);
    await pool.query('VACUUM ANALYZE client_usage_logs');
  }
  for (let run = 0; run < Number(values.runs); run += 1) {
    await measureCopy();
    for (const type of values.types.split(',') as ExportType[]) {
      await measure(type, 1);
      await measure(type, DAYS);
    }
  }
} finally {
  await pool.end();
  await rm(folder, { recursive: true });
  if (values.database === undefined) await database.drop();
}

async function measureCopy(): Promise<void> {
  const client = await pool.connect();
  const started = performance.now();
  let bytes = 0;
  const counted = new PassThrough();
  counted.on('data', (chunk: Buffer) => (bytes += chunk.length));
  const { rows: counts } = await client.query<{ rows: number }>(
    'SELECT count(*)::int AS rows FROM client_usage_logs',
  );
  const begun = performance.now();
  await pipeline(
    client.query(
      copyTo(
        `COPY (SELECT ${FULL_SELECTED.map(({ sql }) => sql).join(', ')} FROM client_usage_logs e WHERE e.tenant_id = 'tenant-1'
               ORDER BY e."timestamp", e.event_uuid) TO STDOUT`,
      ),
    ),
    counted,
  );
  client.release();
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `COPY alone: ${grouped((counts[0]?.rows ?? 0) / seconds)} rows/s, ${grouped(bytes / 1e6)} MB (${((begun - started) / 1000).toFixed(1)} s to count)`,
  );
}

async function measure(exportType: ExportType, days: number): Promise<void> {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let peak = before;
  let longestWait = 0;
  let last = performance.now();
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
    longestWait = Math.max(longestWait, performance.now() - last - 10);
    last = performance.now();
  }, 10);
  const store = openStore({ folder });
  const started = performance.now();
  const written = await writeInThread(places, {
    exportId: 1,
    attempt: '00000000-0000-4000-8000-000000000000',
    exportType,
    question: {
      tenantId: 'tenant-1',
      format: 'full',
      period: { startMs: END_MS - days * 86_400_000, endMs: END_MS, timeZone: 'UTC', groupBy: 'day' },
      filters: {},
    },
    maxFileBytes: 512 * 1024 * 1024,
    maxRows: Infinity,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  const seconds = (performance.now() - started) / 1000;
  clearInterval(watch);
  const bytes = written.files.reduce((sum, file) => sum + file.bytes, 0);
  console.log(
    `${exportType}: ${grouped(written.rows)} rows in ${seconds.toFixed(2)} s, ${grouped(written.rows / seconds)} rows/s, ${grouped(bytes / 1e6)} MB in ${written.files.length} files; RSS ${grouped(before / 1e6)} -> ${grouped(peak / 1e6)} MB; event loop held ${grouped(longestWait)} ms at the most`,
  );
  for (const { name } of written.files) await store.remove(name);
}
