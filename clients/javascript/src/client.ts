import { BudgetGuard } from './budget.ts';
import { type ClientOptions, resolveOptions, type Settings } from './options.ts';
import type { UsageEvent } from './event.ts';
import { describe } from './notices.ts';
import type { Stats } from './queue.ts';
import { type FlushResult, Sender } from './sender.ts';
import { type Call, trackCall } from './track.ts';

const FLUSH_TIMEOUT_MS = 10_000;
const WEEK_MS = 7 * 24 * 3_600_000;

/**
 * Records LLM calls for PromptOps Analytics.
 *
 * ```ts
 * const client = new PromptOpsClient({ baseUrl: 'https://promptops.example.com', apiKey: 'po_…' });
 * await client.initialize();
 * client.record({ model_provider: 'openai', model_name: 'gpt-4o', input_tokens: 1200, output_tokens: 310 });
 * ```
 *
 * One client for a process or page. Recording costs the caller some microseconds and never throws; encoding, compression and
 * sending happen later. Delivery is at least once with the same event ids, so that the collector counts each event once.
 */
export class PromptOpsClient {
  readonly #settings: Settings;
  readonly #mistakes: string[];
  readonly #sender: Sender;
  readonly #defaultMetadata: object | undefined;
  /** Asks the collector whether its budgets allow a call; only when used. */
  readonly budget: BudgetGuard;

  /** Does no I/O and never throws; `initialize()` says what is wrong with the options. */
  constructor(options: ClientOptions) {
    const { settings, mistakes } = resolveOptions(options);
    this.#settings = settings;
    this.#mistakes = mistakes;
    this.#sender = new Sender(settings);
    const { metadata } = settings.defaults;
    this.#defaultMetadata = typeof metadata === 'object' && metadata !== null ? { ...metadata } : undefined;
    this.budget = new BudgetGuard(settings.budget, settings);
  }

  /**
   * Checks the options, and starts the timer and the hooks for the end of the process or page. Does not call the collector: one
   * that cannot be reached is no error. May be called again. Rejects with one Error that names every mistake in the options.
   */
  initialize(): Promise<this> {
    if (this.#mistakes.length > 0) {
      return Promise.reject(new Error(`PromptOpsClient: ${this.#mistakes.join('; ')}`));
    }
    if (this.#settings.enabled) this.#sender.start();
    return Promise.resolve(this);
  }

  /**
   * Records one LLM call. Required are `model_provider` and `model_name`; null, undefined and '' mean 'not known'.
   *
   * Returns whether the event was queued: false when it was dropped, or telemetry is off. Never throws, does no I/O and never
   * waits. Checking is the collector's: it names wrong fields to `onError`.
   */
  record(event: UsageEvent): boolean {
    return this.#put(event, Date.now());
  }

  /**
   * Runs `work`, which makes one LLM call, and records its duration, its outcome and the usage of the answer that it returns.
   *
   * ```ts
   * const answer = await client.track({ model_provider: 'openai', model_name: 'gpt-4o' }, () =>
   *   openai.chat.completions.create({ … }),
   * );
   * ```
   *
   * Resolves with the same answer. A stream (anything that can be iterated asynchronously) comes back wrapped, with all its
   * members, and is recorded when it ends, fails or is left; the last with `metadata.aborted`. Errors are recorded and go on
   * unchanged. Fields of `meta` win over what is read from the answer.
   */
  track<T>(meta: UsageEvent, work: (call: Call) => T | PromiseLike<T>): Promise<T> {
    return trackCall((fields, startedMs) => this.#put(fields, startedMs), meta, work);
  }

  /**
   * Runs `work` if the budgets that a call with the fields of `meta` counts towards allow it (see the option `budget`).
   *
   * ```ts
   * const answer = await client.withBudget(meta, () => client.track(meta, () => callModel()));
   * ```
   *
   * Rejects with `BudgetExceeded`, before `work` is called, where a budget blocks and the mode is `block`. A collector that is slow or
   * away stops no call.
   */
  async withBudget<T>(meta: UsageEvent, work: () => T | PromiseLike<T>): Promise<T> {
    await this.budget.guard(meta);
    return work();
  }

  /** What became of the events so far. */
  stats(): Stats {
    return this.#sender.stats();
  }

  /**
   * Sends what was recorded before, and waits for the answers, `timeoutMs` at most (default 10000). What could not be sent stays
   * queued. Never rejects.
   */
  flush(options: { timeoutMs?: number } = {}): Promise<FlushResult> {
    return this.#sender.flush(timeoutOf(options, FLUSH_TIMEOUT_MS));
  }

  /**
   * Flushes, then stops for good: later events are dropped, and so is what is left after `timeoutMs` (default
   * `shutdownTimeoutMs`). Await it in a handler of SIGTERM, and before `process.exit()`. Never rejects.
   */
  shutdown(options: { timeoutMs?: number } = {}): Promise<FlushResult> {
    return this.#sender.shutdown(timeoutOf(options, this.#settings.shutdownTimeoutMs));
  }

  /**
   * Wraps a function handler (AWS Lambda, Cloud Functions, Vercel): flushes before it returns or throws, within `timeoutMs`
   * (default `shutdownTimeoutMs`). What could not be sent waits for the next invocation.
   */
  wrapHandler<Args extends unknown[], Result>(
    handler: (...args: Args) => Result | PromiseLike<Result>,
    options: { timeoutMs?: number } = {},
  ): (...args: Args) => Promise<Result> {
    const flush = () => this.#sender.flush(timeoutOf(options, this.#settings.shutdownTimeoutMs));
    return async function (this: unknown, ...args: Args): Promise<Result> {
      try {
        return await handler.apply(this, args);
      } finally {
        await flush();
      }
    };
  }

  #put(event: unknown, recordedMs: number): boolean {
    if (!this.#settings.enabled) return false;
    try {
      if (this.#mistakes.length > 0) {
        this.#sender.refuse('misconfigured', this.#mistakes.join('; '));
        return false;
      }
      if (typeof event !== 'object' || event === null || Array.isArray(event)) {
        this.#sender.refuse('invalid', `an event is an object of fields, not ${kindOf(event)}`);
        return false;
      }
      // A copy, for the caller may go on changing its own.
      const fields: Record<string, unknown> = { ...this.#settings.defaults, ...event };
      const { metadata } = fields;
      if (typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata)) {
        fields.metadata = { ...this.#defaultMetadata, ...metadata };
      }
      return this.#sender.put({ recordedMs, fields });
    } catch (error) {
      this.#sender.refuse('invalid', `reading an event threw ${describe(error)}`);
      return false;
    }
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return value === null ? 'null' : `a ${typeof value}`;
}

/** A timeout that can be waited for, whatever was given: flushing does not reject. */
function timeoutOf(options: unknown, fallback: number): number {
  const { timeoutMs } = (options ?? {}) as { timeoutMs?: unknown };
  if (typeof timeoutMs !== 'number' || Number.isNaN(timeoutMs)) return fallback;
  return Math.min(Math.max(0, timeoutMs), WEEK_MS);
}
