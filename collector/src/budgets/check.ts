import { inSnapshot, type Pool } from '../database/pool.ts';
import { readRollupEdge } from '../usage/answer-parts.ts';
import { formatInZone } from '../usage/buckets.ts';
import type { DimensionName } from '../usage/dimensions.ts';
import { filteredDimensions, isInside } from '../usage/filters.ts';
import { formatAmount, hasReached, percentOf, type BudgetMeasure } from './amount.ts';
import type { Budget } from './budget.ts';
import { windowAt, type Window } from './period.ts';
import { isLowerBound, readWindows, spentOf } from './spent.ts';
import { listEnabledBudgets } from './store.ts';

export const DECISIONS = ['allow', 'warn', 'block'] as const;
export type Decision = (typeof DECISIONS)[number];

/** How often what is known of each tenant that asks is read anew. */
export const CHECK_REFRESH_MS = 2_000;
/** Figures older than this decide nothing: what is not known does not stop a call. */
export const CHECK_MAX_STALE_MS = 60_000;
/** A tenant that has not asked for so long is no longer read. */
const FORGET_AFTER_MS = 5 * 60_000;
/** How long a tenant's first question waits for its figures. */
const FIRST_ANSWER_MS = 250;
const MAX_TENANTS = 10_000;

export interface CheckedBudget {
  budget_id: number;
  name: string;
  decision: Decision;
  enforcement: Budget['enforcement'];
  measure: BudgetMeasure;
  percent: number;
  spent: string;
  limit: string;
  period_start: string;
  period_end: string;
  /** When the period ends; null for a rolling window, which empties as time goes. */
  resets_at: string | null;
  is_lower_bound: boolean;
}

export interface CheckAnswer {
  decision: Decision;
  budgets: CheckedBudget[];
  /** What any of the tenant's budgets is filtered by: calls that are alike in these get the same answer. */
  dimensions: string[];
  /** When the figures were read from the database; null: nothing is known. */
  as_of: string | null;
  stale_seconds: number | null;
  /** true when nothing, or nothing recent enough, is known: the decision is allow then. */
  stale: boolean;
}

interface CachedBudget {
  budget: Budget;
  window: Window;
  answer: CheckedBudget;
}

interface Known {
  asOf: string;
  readAt: number;
  budgets: readonly CachedBudget[];
  dimensions: string[];
}

interface Entry {
  askedAt: number;
  known: Known | undefined;
  reading: Promise<void> | undefined;
  /** Counts up when a budget changed here, so that what was read before is not taken for the newest. */
  generation: number;
}

/** Members that a call will have unless it says otherwise: it is asked about before it fails or is answered from a cache. */
const BEFORE_A_CALL: Partial<Record<DimensionName, string>> = { status: 'success', cache_hit: 'false' };

/**
 * Answers whether a call may be made, from memory. The enabled budgets and their spend are read in the background every few seconds for
 * each tenant that asks; every answer says how old they are.
 */
export class BudgetCheck {
  readonly #pool: Pool;
  readonly #readPool: Pool;
  readonly #log: { warn: (details: object, message: string) => void };
  readonly #clock: () => number;
  readonly #entries = new Map<string, Entry>();
  #timer: NodeJS.Timeout | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(options: {
    pool: Pool;
    readPool: Pool;
    log: { warn: (details: object, message: string) => void };
    /** Epoch milliseconds; decides which window is the current one. */
    clock?: () => number;
  }) {
    this.#pool = options.pool;
    this.#readPool = options.readPool;
    this.#log = options.log;
    this.#clock = options.clock ?? Date.now;
  }

  start(everyMs = CHECK_REFRESH_MS): void {
    this.#timer = setInterval(() => {
      this.#refreshing ??= this.#refreshAll().finally(() => (this.#refreshing = undefined));
    }, everyMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#refreshing;
    for (const { reading } of this.#entries.values()) await reading;
  }

  /**
   * What the budgets say about a call with these members; a dimension that is not given is taken for one that the call has not.
   * Only a tenant's first question waits, and shortly.
   */
  check(tenantId: string, call: ReadonlyMap<string, string>): CheckAnswer | Promise<CheckAnswer> {
    const entry = this.#entryOf(tenantId);
    if (entry.known) return this.#answer(entry.known, call);
    return this.#firstAnswer(tenantId, entry, call);
  }

  /** Reads a tenant's budgets anew, after one was changed here; if the tenant asks. */
  async refresh(tenantId: string): Promise<void> {
    const entry = this.#entries.get(tenantId);
    if (!entry) return;
    entry.generation += 1;
    await entry.reading;
    await this.#read(tenantId, entry);
  }

  #entryOf(tenantId: string): Entry {
    let entry = this.#entries.get(tenantId);
    if (!entry) {
      if (this.#entries.size >= MAX_TENANTS) this.#forgetOldest();
      entry = { askedAt: 0, known: undefined, reading: undefined, generation: 0 };
      this.#entries.set(tenantId, entry);
    }
    entry.askedAt = performance.now();
    return entry;
  }

  #forgetOldest(): void {
    const [oldest] = [...this.#entries].sort(([, a], [, b]) => a.askedAt - b.askedAt);
    if (oldest) this.#entries.delete(oldest[0]);
  }

  async #firstAnswer(
    tenantId: string,
    entry: Entry,
    call: ReadonlyMap<string, string>,
  ): Promise<CheckAnswer> {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      this.#read(tenantId, entry),
      new Promise<void>((done) => (timer = setTimeout(done, FIRST_ANSWER_MS))),
    ]);
    clearTimeout(timer);
    return this.#answer(entry.known, call);
  }

  #answer(known: Known | undefined, call: ReadonlyMap<string, string>): CheckAnswer {
    if (!known)
      return {
        decision: 'allow',
        budgets: [],
        dimensions: [],
        as_of: null,
        stale_seconds: null,
        stale: true,
      };
    const age = performance.now() - known.readAt;
    const nowMs = this.#clock();
    let stale = age > CHECK_MAX_STALE_MS;
    let decision: Decision = 'allow';
    const budgets: CheckedBudget[] = [];
    const memberOf = (name: DimensionName): string | null => call.get(name) ?? BEFORE_A_CALL[name] ?? null;
    for (const { budget, window, answer } of known.budgets) {
      if (!isInside(budget.filters, memberOf)) continue;
      if (budget.period.type !== 'rolling' && nowMs >= window.endMs) {
        // A new period has begun since the figures were read: they say nothing about it.
        stale = true;
        continue;
      }
      budgets.push(answer);
      if (DECISIONS.indexOf(answer.decision) > DECISIONS.indexOf(decision)) decision = answer.decision;
    }
    return {
      decision: age > CHECK_MAX_STALE_MS ? 'allow' : decision,
      budgets,
      dimensions: known.dimensions,
      as_of: known.asOf,
      stale_seconds: Math.round(age) / 1000,
      stale,
    };
  }

  async #refreshAll(): Promise<void> {
    const now = performance.now();
    for (const [tenantId, entry] of this.#entries) {
      if (now - entry.askedAt > FORGET_AFTER_MS) this.#entries.delete(tenantId);
      else await this.#read(tenantId, entry);
    }
  }

  /** One reading of a tenant at a time. Never throws: what cannot be read stays as old as it is, and the answers say so. */
  #read(tenantId: string, entry: Entry): Promise<void> {
    entry.reading ??= this.#readNow(tenantId, entry)
      .catch((err: unknown) => this.#log.warn({ err, tenantId }, 'budgets could not be read for the check'))
      .finally(() => (entry.reading = undefined));
    return entry.reading;
  }

  async #readNow(tenantId: string, entry: Entry): Promise<void> {
    const { generation } = entry;
    const readAt = performance.now();
    const nowMs = this.#clock();
    const budgets = await listEnabledBudgets(this.#pool, [tenantId]);
    const asked = budgets.map((budget) => ({ budget, window: windowAt(budget.period, nowMs) }));
    const { asOf, spends } = await inSnapshot(this.#readPool, async (client) => ({
      ...(await readRollupEdge(client)),
      spends: await readWindows(client, tenantId, asked),
    }));
    if (entry.generation !== generation) return; // a change came in between; its own reading follows
    entry.known = {
      asOf: asOf.toISOString(),
      readAt,
      dimensions: [...new Set(budgets.flatMap(({ filters }) => filteredDimensions(filters)))].sort(),
      budgets: asked
        .map(({ budget, window }, index) => {
          const spend = spends[index] ?? { costNanoUsd: 0n, requests: 0, unpricedRequests: 0, tokens: 0 };
          const spent = spentOf(spend, budget.measure);
          const { period } = budget;
          const answer: CheckedBudget = {
            budget_id: budget.budgetId,
            name: budget.name,
            decision: decide(budget, spent),
            enforcement: budget.enforcement,
            measure: budget.measure,
            percent: percentOf(spent, budget.amount),
            spent: formatAmount(spent, budget.measure),
            limit: formatAmount(budget.amount, budget.measure),
            period_start: formatInZone(period.timeZone, window.startMs),
            period_end: formatInZone(period.timeZone, window.endMs),
            resets_at: period.type === 'rolling' ? null : new Date(window.endMs).toISOString(),
            is_lower_bound: isLowerBound(spend, budget.measure),
          };
          return { budget, window, answer };
        })
        .sort(
          (a, b) =>
            DECISIONS.indexOf(b.answer.decision) - DECISIONS.indexOf(a.answer.decision) ||
            b.answer.percent - a.answer.percent,
        ),
    };
  }
}

/**
 * block: the amount is used up, and the budget blocks. warn: its lowest actual threshold (100 percent without one) is reached, and it
 * warns or blocks. Else, and for budgets that enforce nothing, allow.
 */
export function decide({ enforcement, amount, thresholds }: Budget, spent: bigint): Decision {
  if (enforcement === 'none') return 'allow';
  if (enforcement === 'block' && hasReached(spent, amount, 100)) return 'block';
  const percents = thresholds.filter(({ kind }) => kind === 'actual').map(({ percent }) => percent);
  return hasReached(spent, amount, Math.min(100, ...percents)) ? 'warn' : 'allow';
}
