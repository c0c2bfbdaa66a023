import { randomUUID } from 'node:crypto';
import type { Pool } from '../database/pool.ts';
import { deleteExpiredLinks } from './download-links.ts';
import {
  claimExport,
  completeExport,
  expireExports,
  failExport,
  holdExport,
  knownFiles,
  releaseExport,
  type ClaimedExport,
} from './export-job.ts';
import { exportIdOf, type ExportStore } from './export-store.ts';
import { TooManyRows, type WriteOptions, type WrittenExport } from './write-export.ts';

const LOOK_EVERY_MS = 1_000;
const HOLD_EVERY_MS = 3_000;
const TIDY_EVERY_MS = 60_000;

export interface ExportLimits {
  keepHours: number;
  maxFileBytes: number;
  maxRows: number;
  /** Written at once by this process. */
  concurrency: number;
}

export interface ExportRunnerOptions {
  pool: Pool;
  /** Writes an export to the store. */
  write: (options: WriteOptions) => Promise<WrittenExport>;
  store: ExportStore;
  limits: ExportLimits;
  log: {
    info: (details: object, message: string) => void;
    warn: (details: object, message: string) => void;
    error: (details: object, message: string) => void;
  };
  holdEveryMs?: number;
}

/** The claim was lost: the export was cancelled or deleted, or another collector has begun it anew. */
class ClaimLost extends Error {}
/** The collector stops. */
class Stopping extends Error {}

/** Looks for exports and writes them. Every replica looks; a claim in the database lets one write each. */
export class ExportRunner {
  readonly #options: ExportRunnerOptions;
  readonly #running = new Set<Promise<unknown>>();
  readonly #stopping = new AbortController();
  #looking: NodeJS.Timeout | undefined;
  #tidying: NodeJS.Timeout | undefined;

  constructor(options: ExportRunnerOptions) {
    this.#options = options;
  }

  start(everyMs = LOOK_EVERY_MS): void {
    const { log } = this.#options;
    this.#looking = setInterval(() => {
      this.wake();
    }, everyMs).unref();
    this.#tidying = setInterval(() => {
      this.tidy(new Date()).catch((err: unknown) => log.warn({ err }, 'old exports could not be deleted'));
    }, TIDY_EVERY_MS).unref();
  }

  /** Looks for work at once. */
  wake(): void {
    if (this.#stopping.signal.aborted || this.#running.size >= this.#options.limits.concurrency) return;
    const run = this.runNext()
      .then((exportId) => exportId !== undefined)
      .catch((err: unknown) => {
        this.#options.log.error({ err }, 'exports could not go on; trying again');
        return false;
      })
      .then((ran) => {
        this.#running.delete(run);
        if (ran) this.wake();
      });
    this.#running.add(run);
  }

  /** Gives back what is under way: another replica begins it anew, or this one at its next start. */
  async stop(): Promise<void> {
    clearInterval(this.#looking);
    clearInterval(this.#tidying);
    this.#stopping.abort(new Stopping('The collector stops.'));
    await Promise.all(this.#running);
  }

  /**
   * Writes the next export, if there is one.
   * @returns its id
   */
  async runNext(): Promise<number | undefined> {
    const { pool, log } = this.#options;
    const claimant = randomUUID();
    const job = await claimExport(pool, claimant);
    if (!job) return undefined;
    const { exportId, tenantId: tenant } = job;
    log.info({ exportId, tenant, type: job.exportType, attempt: job.attempts }, 'export begins');
    try {
      const written = await this.#write(job, claimant);
      await this.#complete(job, claimant, written);
    } catch (err) {
      if (err instanceof Stopping) await releaseExport(pool, exportId, claimant);
      else if (err instanceof ClaimLost) log.info({ exportId }, 'export was cancelled or taken over');
      else {
        log.error({ err, exportId }, 'export failed');
        await failExport(pool, exportId, claimant, explain(err)).catch(
          () => undefined, // the database is away: the claim runs out, and the export is begun anew
        );
      }
    }
    return exportId;
  }

  async #write(job: ClaimedExport, claimant: string): Promise<WrittenExport> {
    const { pool, write, limits, log, holdEveryMs = HOLD_EVERY_MS } = this.#options;
    const lost = new AbortController();
    let progress = { rows: 0, bytes: 0 };
    const hold = setInterval(() => {
      holdExport(pool, job.exportId, claimant, progress)
        .then((isMine) => {
          if (!isMine) lost.abort(new ClaimLost());
        })
        .catch((err: unknown) => log.warn({ err, exportId: job.exportId }, 'a claim could not be held'));
    }, holdEveryMs);
    try {
      return await write({
        exportId: job.exportId,
        attempt: claimant,
        exportType: job.exportType,
        question: job.question,
        maxFileBytes: limits.maxFileBytes,
        maxRows: limits.maxRows,
        signal: AbortSignal.any([lost.signal, this.#stopping.signal]),
        onProgress: (rows, bytes) => (progress = { rows, bytes }),
      });
    } finally {
      clearInterval(hold);
    }
  }

  async #complete(job: ClaimedExport, claimant: string, written: WrittenExport): Promise<void> {
    const { pool, store, limits, log } = this.#options;
    const isKnown = await completeExport(pool, job.exportId, claimant, written, limits.keepHours);
    if (isKnown) log.info({ exportId: job.exportId, rows: written.rows }, 'export completed');
    else for (const { name } of written.files) await store.remove(name);
  }

  /** Deletes what has expired, and files that nobody knows of: those of attempts that a crash ended. */
  async tidy(now: Date): Promise<void> {
    const { pool, store } = this.#options;
    await deleteExpiredLinks(pool, now);
    for (const name of await expireExports(pool, now)) await store.remove(name);
    const names = await store.list();
    const ids = [...new Set(names.map(exportIdOf).filter((id) => id !== undefined))];
    if (ids.length === 0) return;
    const { storedNames, attempts } = await knownFiles(pool, ids);
    for (const name of names) {
      const [, id = '', attempt = ''] = name.split('-');
      if (!storedNames.has(name) && !attempts.has(`${id}-${attempt}`)) await store.remove(name);
    }
  }
}

/** What a client is told of a failure; the log has the rest. */
function explain(error: unknown): string {
  if (error instanceof TooManyRows) return error.message;
  const { code } = error as { code?: string };
  if (code === 'ENOSPC') return 'There is no room left in EXPORT_DIR.';
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM')
    return 'The collector may not write to EXPORT_DIR.';
  return 'The collector failed at it; its log has the reason.';
}
