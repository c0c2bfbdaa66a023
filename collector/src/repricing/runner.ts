import { randomUUID } from 'node:crypto';
import type { Pool } from '../database/pool.ts';
import { Repeating } from '../repeating.ts';
import { claimJob, finishJob } from './job.ts';
import type { Repricing } from './reprice.ts';

const LOOK_EVERY_MS = 2_000;

export interface RunnerOptions {
  pool: Pool;
  repricing: Repricing;
  /** Brings the price book up to date; a job must not run on an older one than it was asked for. */
  refreshPrices: () => Promise<void>;
  log: {
    info: (details: object, message: string) => void;
    error: (details: object, message: string) => void;
  };
}

/** Looks for repricing jobs and runs them, one at a time. Every replica looks; a claim in the database lets one run each. */
export class RepricingRunner {
  readonly #options: RunnerOptions;
  readonly #id = randomUUID();
  readonly #looking: Repeating;
  #isStopping = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#looking = new Repeating(
      () => this.runNext(),
      (err) => options.log.error({ err }, 'repricing could not go on; trying again'),
    );
  }

  start(everyMs = LOOK_EVERY_MS): void {
    this.#looking.start(everyMs);
  }

  /** Lets the window under way commit; the rest is taken up by another replica, or at the next start. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#looking.stop();
  }

  /**
   * Runs the next job to its end, if there is one.
   * @returns its id
   */
  async runNext(): Promise<number | undefined> {
    const { pool, repricing, refreshPrices, log } = this.#options;
    const job = await claimJob(pool, this.#id);
    if (!job) return undefined;
    const { jobId, tenantId, dryRun } = job;
    log.info({ jobId, tenant: tenantId, dryRun }, 'repricing');
    await refreshPrices();
    try {
      if (await repricing.run(job, this.#id, () => this.#isStopping)) {
        await finishJob(pool, jobId, this.#id, null);
        log.info({ jobId }, 'repriced');
      }
    } catch (err) {
      log.error({ err, jobId }, 'repricing failed');
      await finishJob(pool, jobId, this.#id, 'The collector failed at it; its log has the reason.').catch(
        () => undefined, // the database is away: the claim runs out, and the job is taken up again
      );
    }
    return jobId;
  }
}
