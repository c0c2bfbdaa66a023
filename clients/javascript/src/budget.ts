import {
  BudgetExceeded,
  type BudgetState,
  type BudgetVerdict,
  describeBudget,
  readVerdict,
} from './budget-answer.ts';
import { describeProblem } from './answer.ts';
import type { UsageEvent } from './event.ts';
import { describe } from './notices.ts';
import type { FetchLike } from './options.ts';
import { monotonicMs, unrefTimer } from './platform.ts';

export const BUDGET_PATH = '/v1/analytics/budgets/check';

/** How calls are guarded. Times are milliseconds. */
export interface BudgetOptions {
  /** `warn` (default) lets every call go and tells; `block` throws `BudgetExceeded` where a budget blocks. */
  mode?: 'warn' | 'block';
  /** Longest time that a call waits for the collector; after it, the call goes. Default 50. */
  timeoutMs?: number;
  /** How long an answer is used. Default 5000. */
  cacheMs?: number;
  /** Told when a budget warns, or blocks in the mode `warn`. Default: `console.warn`, once a budget and period. */
  onWarning?: (budget: BudgetState, verdict: BudgetVerdict) => unknown;
}

/** The options after checking. `endpoint` is undefined where there is no `baseUrl` to ask. */
export interface BudgetSettings {
  mode: 'warn' | 'block';
  timeoutMs: number;
  cacheMs: number;
  onWarning: BudgetOptions['onWarning'];
  endpoint: string | undefined;
}

/** What became of the questions. `checks = answers from memory or the collector + failedOpen`. */
export interface BudgetStats {
  /** Calls that were asked about. */
  checks: number;
  /** Requests to the collector. */
  requests: number;
  /** Checks that were let go because nothing (recent) was known. */
  failedOpen: number;
  /** Guarded calls that a budget warned about. */
  warned: number;
  /** Guarded calls that were not made. */
  blocked: number;
}

/** The fields that budgets can be about; metadata is flat. */
const MEMBERS = [
  ...['project_id', 'prompt_id', 'prompt_version', 'endpoint', 'model_provider', 'model_name'],
  ...['environment', 'user_id', 'session_id', 'service_tier', 'stream'],
];
/** A request that has not ended by then is given up; its answer would be late for many calls already. */
const REQUEST_TIMEOUT_MS = 5_000;
/** An answer that could not be renewed decides for so long. */
const MAX_STALE_MS = 60_000;
const MAX_KEYS = 1_000;
const MAX_FIRST_TAGS = 20;
/** Of `metadata.` and a key; no budget can be about a longer one. */
const MAX_NAME_LENGTH = 109;

interface Entry {
  verdict: BudgetVerdict | undefined;
  /** When it was asked for, monotonic. */
  readAt: number;
  /** Until when the collector is not asked again. */
  freshUntil: number;
  asking: { startedAt: number; done: Promise<void> } | undefined;
  failure: string;
}

/**
 * Asks the collector, before a call, whether its budgets allow it. Answers are kept for some seconds. A collector that is slow, away or
 * confused never holds up a call for longer than `timeoutMs`, and never stops one.
 */
export class BudgetGuard {
  readonly #settings: BudgetSettings;
  readonly #apiKey: string;
  readonly #fetch: FetchLike | undefined;
  readonly #defaults: Readonly<Record<string, unknown>>;
  readonly #entries = new Map<string, Entry>();
  readonly #told = new Set<string>();
  /** What budgets are filtered by, once an answer has told: other fields would only keep answers from being used again. */
  #dimensions: ReadonlySet<string> | undefined;
  readonly #stats: BudgetStats = { checks: 0, requests: 0, failedOpen: 0, warned: 0, blocked: 0 };

  constructor(
    settings: BudgetSettings,
    client: { apiKey: string; fetch: FetchLike | undefined; defaults: Readonly<Record<string, unknown>> },
  ) {
    this.#settings = settings;
    this.#apiKey = client.apiKey;
    this.#fetch = client.fetch;
    this.#defaults = client.defaults;
  }

  /**
   * What the budgets say about a call with these fields (those of an event; the client's `defaults` are added). Never rejects, and
   * takes `timeoutMs` at most.
   */
  async check(call: UsageEvent = {}): Promise<BudgetVerdict> {
    this.#stats.checks += 1;
    let verdict: BudgetVerdict;
    try {
      verdict = await this.#verdictOf(membersOf({ ...this.#defaults, ...call }, this.#dimensions));
    } catch (error) {
      verdict = unknown(describe(error));
    }
    if (!verdict.known) this.#stats.failedOpen += 1;
    return verdict;
  }

  /**
   * Checks a call and acts by the mode: tells of budgets that warn, throws where one blocks.
   * Rejects with BudgetExceeded, in the mode `block` only.
   */
  async guard(call: UsageEvent = {}): Promise<BudgetVerdict> {
    const verdict = await this.check(call);
    if (verdict.decision === 'allow') return verdict;
    const [strictest] = verdict.budgets.filter(({ decision }) => decision === verdict.decision);
    if (!strictest) return verdict;
    if (verdict.decision === 'block' && this.#settings.mode === 'block') {
      this.#stats.blocked += 1;
      throw new BudgetExceeded(strictest, verdict.asOf);
    }
    this.#stats.warned += 1;
    for (const budget of verdict.budgets) if (budget.decision !== 'allow') this.#warn(budget, verdict);
    return verdict;
  }

  stats(): BudgetStats {
    return { ...this.#stats };
  }

  async #verdictOf(members: URLSearchParams): Promise<BudgetVerdict> {
    const key = members.toString();
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = {
        verdict: undefined,
        readAt: -Infinity,
        freshUntil: -Infinity,
        asking: undefined,
        failure: '',
      };
      // The oldest question makes room: a map keeps the order of insertion.
      const [oldest] = this.#entries.keys();
      if (this.#entries.size >= MAX_KEYS && oldest !== undefined) this.#entries.delete(oldest);
      this.#entries.set(key, entry);
    }
    const now = monotonicMs();
    if (now >= entry.freshUntil) {
      entry.asking ??= { startedAt: now, done: this.#ask(key, entry) };
      // Those who come while a question is overdue do not wait for it all over again.
      const patience = entry.asking.startedAt + this.#settings.timeoutMs - now;
      if (patience > 0) await atMost(patience, entry.asking.done);
    }
    const { verdict } = entry;
    if (!verdict || monotonicMs() - entry.readAt > Math.max(MAX_STALE_MS, this.#settings.cacheMs)) {
      return unknown(entry.failure || `the collector did not answer within ${this.#settings.timeoutMs} ms`);
    }
    return withoutEnded(verdict);
  }

  /** Asks the collector; whatever comes, the entry is settled. Never rejects. */
  async #ask(query: string, entry: Entry): Promise<void> {
    const askedAt = monotonicMs();
    const abort = new AbortController();
    const stop = unrefTimer(() => abort.abort(), REQUEST_TIMEOUT_MS);
    try {
      const { endpoint } = this.#settings;
      if (endpoint === undefined) throw new Error('there is no baseUrl to ask');
      const fetcher = this.#fetch ?? globalThis.fetch;
      this.#stats.requests += 1;
      const response = await fetcher(query === '' ? endpoint : `${endpoint}?${query}`, {
        method: 'GET',
        headers: {
          Authorization: `Bearer ${this.#apiKey}`,
          Accept: 'application/json, application/problem+json',
        },
        signal: abort.signal,
        redirect: 'manual',
      });
      const body = await response.text();
      if (response.status !== 200)
        throw new Error(describeProblem(response.status, response.headers.get('location'), body));
      const verdict = readVerdict(body);
      if (!verdict) throw new Error('the answer is not that of a collector');
      entry.verdict = verdict;
      if (verdict.known) this.#dimensions = new Set(verdict.dimensions);
      entry.readAt = askedAt;
    } catch (error) {
      entry.failure = describe(error);
    } finally {
      stop();
      entry.asking = undefined;
      // After a failure too, or a collector that is away would be asked before every call.
      entry.freshUntil = monotonicMs() + this.#settings.cacheMs;
    }
  }

  #warn(budget: BudgetState, verdict: BudgetVerdict): void {
    const { onWarning } = this.#settings;
    if (onWarning) {
      try {
        const result = onWarning(budget, verdict);
        if (result instanceof Promise) result.catch(() => undefined);
      } catch (error) {
        console.warn(`promptops: the callback onWarning threw: ${describe(error)}`);
      }
      return;
    }
    // Of a rolling window the period is new with every quarter of an hour.
    const key = `${budget.budgetId} ${budget.decision} ${budget.resetsAt ?? ''}`;
    if (this.#told.has(key)) return;
    if (this.#told.size >= MAX_KEYS) this.#told.clear();
    this.#told.add(key);
    console.warn(`promptops: ${describeBudget(budget, verdict.asOf)}`);
  }
}

function unknown(reason: string): BudgetVerdict {
  return {
    decision: 'allow',
    budgets: [],
    dimensions: [],
    asOf: null,
    staleSeconds: null,
    known: false,
    reason,
  };
}

/** What a verdict says after a budget's period has ended: about that budget, nothing. */
function withoutEnded(verdict: BudgetVerdict): BudgetVerdict {
  const now = Date.now();
  const budgets = verdict.budgets.filter(
    ({ resetsAt }) => resetsAt === null || !(Date.parse(resetsAt) <= now),
  );
  if (budgets.length === verdict.budgets.length) return verdict;
  const decisions = budgets.map(({ decision }) => decision);
  const decision = decisions.includes('block') ? 'block' : decisions.includes('warn') ? 'warn' : 'allow';
  return { ...verdict, budgets, decision };
}

function membersOf(
  fields: Readonly<Record<string, unknown>>,
  dimensions: ReadonlySet<string> | undefined,
): URLSearchParams {
  const members = new URLSearchParams();
  const add = (name: string, value: unknown): void => {
    if (dimensions ? !dimensions.has(name) : name.length > MAX_NAME_LENGTH) return;
    if (value == null || value === '' || typeof value === 'object') return;
    // eslint-disable-next-line @typescript-eslint/no-base-to-string -- objects are out
    members.append(name, String(value).slice(0, 500));
  };
  for (const name of MEMBERS) add(name, fields[name]);
  const { metadata } = fields;
  if (typeof metadata === 'object' && metadata !== null) {
    const tags = Object.entries(metadata);
    // The first question asks with all fields; an URL that a server refuses would be no question.
    for (const [name, value] of dimensions ? tags : tags.slice(0, MAX_FIRST_TAGS))
      add(`metadata.${name}`, value);
  }
  members.sort();
  return members;
}

async function atMost(timeoutMs: number, work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([work, new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)))]);
  clearTimeout(timer);
}
