import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CollectorError } from '../http/errors.ts';
import type { StoreDescription } from './export-store.ts';
import { TooManyRows, type WriteOptions, type WrittenExport } from './write-export.ts';

/** Where the thread of an export reads from and writes to. */
export interface ThreadPlaces {
  connectionString: string;
  settings: Record<string, string>;
  store: StoreDescription;
}

/** What the thread is given: everything that can be copied to it. */
export interface ThreadData {
  places: ThreadPlaces;
  job: Omit<WriteOptions, 'signal' | 'onProgress'>;
}

export type FromThread =
  | { kind: 'progress'; rows: number; bytes: number }
  | { kind: 'written'; written: WrittenExport }
  | { kind: 'failed'; name: string; message: string; code: string | undefined };
export const ABORT = 'abort';

/**
 * A row group in JavaScript's memory takes some 60 MB. A thread that needs more than this dies alone: the export fails, the collector goes on.
 */
const MEMORY = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32 };
/** Time to undo what was written, after an abort. */
const UNDO_MS = 10_000;

/**
 * `writeExport` in a thread of its own: encoding a row group of Parquet takes half a second, in which no event could be acknowledged.
 * @throws the signal's reason when it is aborted
 */
export async function writeInThread(
  places: ThreadPlaces,
  { signal, onProgress, ...job }: WriteOptions,
): Promise<WrittenExport> {
  signal.throwIfAborted();
  const worker = new Worker(join(import.meta.dirname, 'export-thread.ts'), {
    workerData: { places, job } satisfies ThreadData,
    resourceLimits: MEMORY,
    name: 'export',
  });
  let undoing: NodeJS.Timeout | undefined;
  const abort = (): void => {
    worker.postMessage(ABORT);
    undoing = setTimeout(() => void worker.terminate(), UNDO_MS).unref();
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await new Promise<WrittenExport>((done, fail) => {
      worker.on('message', (message: FromThread) => {
        if (message.kind === 'progress') onProgress(message.rows, message.bytes);
        else if (message.kind === 'failed') fail(errorOf(message));
        else {
          const files = message.written.files.map((file) => ({ ...file, sha256: Buffer.from(file.sha256) }));
          done({ ...message.written, files });
        }
      });
      worker.once('error', fail);
      worker.once('exit', () => {
        fail(new CollectorError('The thread of an export ended without an answer.'));
      });
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
    clearTimeout(undoing);
  }
}

function errorOf({ name, message, code }: Extract<FromThread, { kind: 'failed' }>): Error {
  return name === 'TooManyRows'
    ? new TooManyRows(message)
    : Object.assign(new Error(message), { name, ...(code === undefined ? {} : { code }) });
}
