import { parentPort, workerData } from 'node:worker_threads';
import { createPool } from '../database/pool.ts';
import { openStore } from './export-store.ts';
import { writeExport } from './write-export.ts';
import { ABORT, type FromThread, type ThreadData } from './write-in-thread.ts';

/** The thread that `writeInThread` starts: one export, and its end. */

const TELL_EVERY_MS = 250;

const { places, job } = workerData as ThreadData;
const aborted = new AbortController();
const tell = (message: FromThread): void => parentPort?.postMessage(message);
parentPort?.on('message', (message) => {
  if (message === ABORT) aborted.abort();
});

// Without a statement timeout: an export may take an hour.
const pool = createPool({
  connectionString: places.connectionString,
  max: 1,
  applicationName: 'promptops-exports',
  settings: { ...places.settings, jit: 'off' },
});
let toldAt = 0;
try {
  const written = await writeExport(pool, openStore(places.store), {
    ...job,
    signal: aborted.signal,
    onProgress: (rows, bytes) => {
      const now = performance.now();
      if (now - toldAt < TELL_EVERY_MS) return;
      toldAt = now;
      tell({ kind: 'progress', rows, bytes });
    },
  });
  tell({ kind: 'written', written });
} catch (error) {
  const { name, message, code } = error as Error & { code?: string };
  tell({ kind: 'failed', name, message, code });
} finally {
  await pool.end();
  parentPort?.close();
}
