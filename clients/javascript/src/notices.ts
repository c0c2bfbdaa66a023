/** Why events were lost. */
export type DropReason =
  /** More than `maxQueueSize` waiting. */
  | 'queue_full'
  /** Recorded after `shutdown()`. */
  | 'closed'
  /** Not an object of fields, or one that throws when read. */
  | 'invalid'
  /** Recorded by a client whose configuration is wrong; `initialize()` says what. */
  | 'misconfigured'
  /** Holds what JSON cannot: a cycle, a bigint in its metadata. */
  | 'not_serialisable'
  /** Refused alone with 413. */
  | 'too_large'
  /** The collector answered 4xx. */
  | 'refused'
  /** A 2xx that is not the collector's. */
  | 'bad_answer'
  /** `retryForMs` is over. */
  | 'retries_exhausted'
  /** Left when the deadline of `shutdown()`, or of the process's end, passed. */
  | 'shutdown'
  /** A fault of this client. */
  | 'internal_error';

/** Events that will not be delivered. Each counts once in `stats().dropped`. */
export interface Drop {
  count: number;
  reason: DropReason;
  detail: string;
}

/** An event that the collector refused, and why. `index` is its place in the request. */
export interface RejectedEvent {
  index?: number;
  event_id?: string;
  field?: string;
  reason: string;
}

/** A request that did not deliver all of its events. */
export interface DeliveryError {
  /**
   * `network`: no answer (refused, reset, timed out); `http`: an error status; `rejected`: the collector took the batch and
   * refused single events; `answer`: a 2xx that is not the collector's.
   */
  kind: 'network' | 'http' | 'rejected' | 'answer';
  message: string;
  /** How many events are concerned. */
  events: number;
  /** Whether the same events, with the same ids, are sent again. */
  willRetry: boolean;
  status?: number;
  /** The refused events, as many as the collector names. */
  rejected?: RejectedEvent[];
}

const REPEAT_AFTER_MS = 60_000;

/** Calls the application's callbacks; without one, writes to the console. Nothing that a callback throws escapes. */
export class Notifier {
  readonly #onDrop: ((drop: Drop) => unknown) | undefined;
  readonly #onError: ((error: DeliveryError) => unknown) | undefined;
  #failing = false;
  #warned = '';
  #warnedMs = 0;

  constructor(
    onDrop: ((drop: Drop) => unknown) | undefined,
    onError: ((error: DeliveryError) => unknown) | undefined,
  ) {
    this.#onDrop = onDrop;
    this.#onError = onError;
  }

  dropped(drops: Iterable<Drop>): void {
    for (const drop of drops) {
      if (this.#onDrop) guarded(this.#onDrop, drop);
      else warn(`${drop.count} event(s) dropped (${drop.reason}): ${drop.detail}`);
    }
  }

  failed(error: DeliveryError): void {
    if (this.#onError) {
      guarded(this.#onError, error);
      return;
    }
    // One line for an outage, not one for each attempt; the same refusal of every batch once a minute.
    const { message } = error;
    const isKnown = message === this.#warned && Date.now() - this.#warnedMs < REPEAT_AFTER_MS;
    if (!isKnown && !(error.willRetry && this.#failing)) {
      this.#warned = message;
      this.#warnedMs = Date.now();
      warn(message + (error.willRetry ? ' (will be sent again)' : ''));
    }
    this.#failing ||= error.willRetry;
  }

  delivered(): void {
    if (this.#failing) warn('the collector takes events again');
    this.#failing = false;
  }
}

function guarded<T>(callback: (value: T) => unknown, value: T): void {
  try {
    const result = callback(value);
    // An async callback that fails must not become an unhandled rejection.
    if (result instanceof Promise) result.catch(() => undefined);
  } catch (error) {
    warn(`a callback threw: ${describe(error)}`);
  }
}

function warn(message: string): void {
  console.warn(`promptops: ${message}`);
}

/** A thrown value in a few words, with the cause that `fetch` hides behind 'fetch failed'. Never throws. */
export function describe(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return String(thrown).slice(0, 200);
    const { cause } = thrown;
    const code = cause instanceof Error ? ((cause as { code?: unknown }).code ?? cause.message) : undefined;
    const why = typeof code === 'string' && code ? ` (${code})` : '';
    return `${thrown.name}: ${thrown.message}${why}`.slice(0, 200);
  } catch {
    return 'something that cannot be described';
  }
}
