import { randomUUID } from 'node:crypto';
import type { Pool } from '../database/pool.ts';
import { inTransaction } from '../database/pool.ts';
import { Repeating } from '../repeating.ts';
import type { Budget } from './budget.ts';
import { recordCrossings, type Crossing } from './crossings.ts';
import type { DayHistory } from './day-history.ts';
import { evaluate } from './evaluation.ts';
import { closePeriods, mendPeriods, readLatestPeriods } from './past-periods.ts';
import { writeStatuses } from './status-store.ts';
import { listEnabledBudgets } from './store.ts';

export const EVALUATE_EVERY_MS = 15_000;
/** A round that has not ended by then is taken for dead. */
const TAKE_OVER_AFTER_MS = 120_000;
const MEND_EVERY_MS = 5 * 60_000;
const MENDED = { periods: 2, withinDays: 45 };

export interface EvaluatorOptions {
  /** For statements that write, and for the budgets themselves. */
  pool: Pool;
  /** For the spend. */
  readPool: Pool;
  history: DayHistory;
  log: {
    info: (details: object, message: string) => void;
    error: (details: object, message: string) => void;
  };
  everyMs?: number;
  /** Epoch milliseconds; decides which window is the current one. */
  clock?: () => number;
}

/**
 * Evaluates all tenants' budgets in rounds: status, crossings of thresholds, past periods. Every replica ticks, and for each round
 * the database lets one act; a round whose replica died is taken over.
 */
export class BudgetEvaluator {
  readonly #options: Required<EvaluatorOptions>;
  readonly #id = randomUUID();
  readonly #rounds: Repeating;
  #mendedAt = -Infinity;

  constructor(options: EvaluatorOptions) {
    this.#options = { everyMs: EVALUATE_EVERY_MS, clock: Date.now, ...options };
    this.#rounds = new Repeating(
      () => this.round(),
      (err) => options.log.error({ err }, 'budgets could not be evaluated; trying again'),
    );
  }

  start(): void {
    this.#rounds.start(this.#options.everyMs);
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /**
   * One round, if the database grants it.
   * @returns the crossings that are new; undefined when another replica has this round
   */
  async round(): Promise<Crossing[] | undefined> {
    const { pool, everyMs } = this.#options;
    // By the database's clock alone, so that replicas' clocks do not matter. A little less than the interval, or ticks of one
    // timer that fall a millisecond short would be skipped every other time.
    const { rowCount } = await pool.query(
      `UPDATE budget_evaluation SET claimed_by = $1, claimed_at = clock_timestamp()
       WHERE claimed_at <= clock_timestamp() - $2::float8 * interval '1 ms'
         AND (finished_at >= claimed_at OR claimed_at <= clock_timestamp() - $3::float8 * interval '1 ms')
       RETURNING claimed_at`,
      [this.#id, everyMs * 0.9, TAKE_OVER_AFTER_MS],
    );
    if (rowCount !== 1) return undefined;
    try {
      return await this.#evaluateAll();
    } finally {
      await pool.query('UPDATE budget_evaluation SET finished_at = clock_timestamp() WHERE claimed_by = $1', [
        this.#id,
      ]);
    }
  }

  async #evaluateAll(): Promise<Crossing[]> {
    const { pool, log, clock } = this.#options;
    const budgets = Map.groupBy(await listEnabledBudgets(pool), ({ tenantId }) => tenantId);
    const isMending = performance.now() - this.#mendedAt >= MEND_EVERY_MS;
    if (isMending) this.#mendedAt = performance.now();
    const crossings: Crossing[] = [];
    for (const [tenantId, ofTenant] of budgets) {
      try {
        crossings.push(...(await this.#evaluateTenant(tenantId, ofTenant, clock(), isMending)));
      } catch (err) {
        // One tenant's trouble is not the others'.
        log.error({ err, tenantId }, "a tenant's budgets could not be evaluated");
      }
    }
    return crossings;
  }

  async #evaluateTenant(
    tenantId: string,
    budgets: readonly Budget[],
    nowMs: number,
    isMending: boolean,
  ): Promise<Crossing[]> {
    const { pool, readPool, history, log } = this.#options;
    const evaluations = await evaluate(readPool, tenantId, budgets, nowMs, history);
    const crossings = await inTransaction(pool, async (client) => {
      await writeStatuses(client, evaluations);
      return recordCrossings(client, tenantId, evaluations, nowMs);
    });
    for (const { message, crossing_id } of crossings) log.info({ tenantId, crossing_id }, message);
    await closePeriods(pool, readPool, tenantId, budgets, nowMs);
    if (isMending)
      await mendPeriods(
        pool,
        readPool,
        tenantId,
        await readLatestPeriods(pool, tenantId, nowMs, MENDED),
        nowMs,
      );
    return crossings;
  }
}
