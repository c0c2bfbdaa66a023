import type { Drop, DropReason } from './notices.ts';

/** An event as recorded: when (Unix milliseconds), and its fields, not yet looked at. */
export interface QueuedEvent {
  recordedMs: number;
  fields: Readonly<Record<string, unknown>>;
}

/**
 * What became of the events of this client. Always `recorded = accepted + duplicate + rejected + dropped + queued`.
 */
export interface Stats {
  /** Calls of `record()`, and finished tracked calls. */
  recorded: number;
  /** Stored by the collector. */
  accepted: number;
  /** The collector knew them already (a re-send after a lost answer). */
  duplicate: number;
  /** Refused by the collector one by one, each with a reason. */
  rejected: number;
  /** Never delivered; see `Drop`. */
  dropped: number;
  /** Waiting, or on their way. */
  queued: number;
  /** Requests sent again. */
  retries: number;
}

/** A bounded first-in, first-out queue that refuses the newest events when full, and the ledger of what became of each. */
export class EventQueue {
  readonly #maxSize: number;
  #items: QueuedEvent[] = [];
  #head = 0;
  #untold = new Map<DropReason, Drop>();
  #waiters = new Set<{ target: number; done: () => void }>();
  #turnedAway = 0;
  #accepted = 0;
  #duplicate = 0;
  #rejected = 0;
  #dropped = 0;
  #retries = 0;
  #enqueued = 0;
  #settled = 0;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /** Events waiting to be taken. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** How many events ever entered; the target that a flush waits for. */
  get enqueued(): number {
    return this.#enqueued;
  }

  /** How many of them have met their end. */
  get settled(): number {
    return this.#settled;
  }

  /** Whether there are drops that the application was not told about. */
  get hasUntold(): boolean {
    return this.#untold.size > 0;
  }

  /** Appends an event. False when the queue is full: then it is counted as dropped. */
  put(event: QueuedEvent): boolean {
    if (this.#enqueued - this.#settled >= this.#maxSize) {
      this.refuse('queue_full', `${this.#maxSize} events were waiting`);
      return false;
    }
    this.#enqueued += 1;
    this.#items.push(event);
    return true;
  }

  /** Counts something recorded that never enters the queue. */
  refuse(reason: DropReason, detail: string): void {
    this.#turnedAway += 1;
    this.#countDrop(1, reason, detail);
  }

  /** Removes up to `limit` of the oldest events; the taker owes a `settle` or `drop` for each. */
  take(limit: number): QueuedEvent[] {
    const taken = this.#items.slice(this.#head, this.#head + limit);
    this.#head += taken.length;
    // Moving the rest on every take would cost the square of a long queue.
    if (this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  /** Counts what the collector answered about events taken before. */
  settle(accepted: number, duplicate: number, rejected: number): void {
    this.#accepted += accepted;
    this.#duplicate += duplicate;
    this.#rejected += rejected;
    this.#advance(accepted + duplicate + rejected);
  }

  /** Gives up `count` events taken before. */
  drop(count: number, reason: DropReason, detail: string): void {
    if (count === 0) return;
    this.#countDrop(count, reason, detail);
    this.#advance(count);
  }

  countRetry(): void {
    this.#retries += 1;
  }

  /** Calls `done` once `target` entered events are settled. Returns a function that withdraws the wish. */
  whenSettled(target: number, done: () => void): () => void {
    const waiter = { target, done };
    this.#waiters.add(waiter);
    this.#advance(0);
    return () => void this.#waiters.delete(waiter);
  }

  /** Drops since the last call, by reason; the caller tells the application. */
  takeUntold(): Drop[] {
    const untold = [...this.#untold.values()];
    this.#untold.clear();
    return untold;
  }

  stats(): Stats {
    return {
      recorded: this.#enqueued + this.#turnedAway,
      accepted: this.#accepted,
      duplicate: this.#duplicate,
      rejected: this.#rejected,
      dropped: this.#dropped,
      queued: this.#enqueued - this.#settled,
      retries: this.#retries,
    };
  }

  #advance(count: number): void {
    this.#settled += count;
    for (const waiter of this.#waiters) {
      if (this.#settled < waiter.target) continue;
      this.#waiters.delete(waiter);
      waiter.done();
    }
  }

  #countDrop(count: number, reason: DropReason, detail: string): void {
    this.#dropped += count;
    const untold = this.#untold.get(reason);
    if (untold) untold.count += count;
    else this.#untold.set(reason, { count, reason, detail });
  }
}
