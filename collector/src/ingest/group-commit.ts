import { setTimeout } from 'node:timers/promises';
import { isBadData, isMissingPartition, mayPass } from '../database/errors.ts';
import { Problem } from '../http/errors.ts';
import { FairQueue } from './fair-queue.ts';
import { AmbiguousCommit } from './commit.ts';
import type { RejectedItem, RowOutcome, WriteExtras } from './write-extras.ts';
import type { Writer } from './writer.ts';

/** What one request wants stored. */
export interface Submission<Row> {
  tenantId: string;
  rows: Row[];
  rejected: RejectedItem[];
  idempotencyKey: { key: string; bodySha256: Buffer } | null;
}

/** Per row of a submission; a row that the database refused has the reason. */
export type SubmissionOutcome = (RowOutcome | { refused: string })[];

export interface GroupCommitOptions {
  commitRows: number;
  commitDelayMs: number;
  /** Longest time that a submission waits for its commit. */
  timeoutMs: number;
  /** Transactions under way at once. */
  concurrency: number;
  log: {
    warn: (details: object, message: string) => void;
    error: (details: object, message: string) => void;
  };
}

interface Pending<Row> extends Submission<Row> {
  outcome: SubmissionOutcome;
  queuedAt: number;
  deadline: number;
  resolve: (outcome: SubmissionOutcome) => void;
  reject: (error: Error) => void;
}

interface PendingRow<Row> {
  pending: Pending<Row>;
  index: number;
  row: Row;
}

/**
 * Joins the rows of many requests into one transaction: by count, or after a few milliseconds, whichever comes first; while all
 * connections are busy the next group grows, so groups are as large as the load needs. Tenants take turns. A request is answered when its rows are committed, never before.
 */
export class GroupCommit<Row> {
  readonly #writer: Writer<Row>;
  readonly #options: GroupCommitOptions;
  readonly #queue = new FairQueue<Pending<Row>>();
  #active = 0;
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];
  readonly #throttled = new Map<string, number>();

  constructor(writer: Writer<Row>, options: GroupCommitOptions) {
    this.#writer = writer;
    this.#options = options;
  }

  /** Notes items that were refused for lack of room, for the ledger; written with the next commit. */
  noteThrottled(tenantId: string, items: number): void {
    this.#throttled.set(tenantId, (this.#throttled.get(tenantId) ?? 0) + items);
  }

  /**
   * Stores a submission together with others.
   * @returns when it is committed
   * @throws Problem database-unavailable when the database stays away
   */
  submit(submission: Submission<Row>): Promise<SubmissionOutcome> {
    const queuedAt = performance.now();
    return new Promise<SubmissionOutcome>((resolve, reject) => {
      this.#queue.push({
        ...submission,
        outcome: [],
        queuedAt,
        deadline: queuedAt + this.#options.timeoutMs,
        resolve,
        reject,
      });
      this.#schedule();
    });
  }

  /** Resolves when nothing waits or is under way. */
  async drain(): Promise<void> {
    if (this.#queue.length === 0 && this.#active === 0) return;
    await new Promise<void>((done) => this.#idle.push(done));
  }

  /** Writes the throttled counts that no commit has taken along. */
  async writeLedger(): Promise<void> {
    if (this.#throttled.size > 0) await this.#commit([]);
  }

  #schedule(): void {
    const { oldestAt } = this.#queue;
    if (oldestAt === undefined || this.#active >= this.#options.concurrency) return;
    const wait = oldestAt + this.#options.commitDelayMs - performance.now();
    if (this.#queue.rows >= this.#options.commitRows || wait <= 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      void this.#run(this.#queue.take(this.#options.commitRows));
      return;
    }
    this.#timer ??= globalThis.setTimeout(() => {
      this.#timer = undefined;
      this.#schedule();
    }, wait);
  }

  async #run(group: Pending<Row>[]): Promise<void> {
    this.#active += 1;
    try {
      await this.#commit(group);
    } finally {
      this.#active -= 1;
      this.#schedule();
      if (this.#active === 0 && this.#queue.length === 0) for (const done of this.#idle.splice(0)) done();
    }
  }

  async #commit(group: Pending<Row>[]): Promise<void> {
    const rows = group.flatMap((pending) => pending.rows.map((row, index) => ({ pending, index, row })));
    const extras: WriteExtras = {
      rejected: group.flatMap((pending) => pending.rejected),
      idempotencyKeys: group.flatMap(({ tenantId, idempotencyKey }) =>
        idempotencyKey ? [{ tenantId, ...idempotencyKey }] : [],
      ),
      throttled: new Map(this.#throttled),
    };
    this.#throttled.clear();
    try {
      await this.#write(rows, extras, Math.max(performance.now(), ...group.map(({ deadline }) => deadline)));
    } catch (error) {
      for (const [tenantId, count] of extras.throttled) this.noteThrottled(tenantId, count);
      const told = this.#toProblem(error);
      for (const pending of group) {
        // Turned away, to be sent again: part of what was received. After an ambiguous commit nobody knows, so nothing is claimed.
        if (told instanceof Problem && !(error instanceof AmbiguousCommit)) {
          this.noteThrottled(pending.tenantId, pending.rows.length + pending.rejected.length);
        }
        pending.reject(told);
      }
      return;
    }
    for (const pending of group) pending.resolve(pending.outcome);
  }

  /** Writes rows, trying again what may succeed and halving a group that holds a row which the database refuses. */
  async #write(rows: PendingRow<Row>[], extras: WriteExtras, deadline: number): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const outcomes = await this.#writer.write(
          rows.map(({ row }) => row),
          extras,
        );
        for (const [position, { pending, index }] of rows.entries())
          pending.outcome[index] = outcomes[position] ?? 'accepted';
        return;
      } catch (error) {
        if (isMissingPartition(error) && attempt < 5) continue;
        if (isBadData(error)) return this.#isolate(rows, extras, deadline, error as Error);
        if (!mayPass(error) || performance.now() > deadline) throw error;
        this.#options.log.warn({ err: error, attempt, rows: rows.length }, 'commit failed, trying again');
        await setTimeout(Math.random() * Math.min(50 * 2 ** attempt, 1_000));
      }
    }
  }

  /** Finds the rows that the database refuses, in log2(n) steps; the others are stored. */
  async #isolate(
    rows: PendingRow<Row>[],
    extras: WriteExtras,
    deadline: number,
    error: Error,
  ): Promise<void> {
    if (rows.length === 0) throw error;
    if (rows.length > 1) {
      const middle = rows.length >> 1;
      await this.#write(rows.slice(0, middle), extras, deadline);
      await this.#write(
        rows.slice(middle),
        { rejected: [], idempotencyKeys: [], throttled: new Map() },
        deadline,
      );
      return;
    }
    const [{ pending, index, row }] = rows as [PendingRow<Row>];
    const reason = 'holds a value that the database cannot store';
    this.#options.log.error({ err: error, tenant: pending.tenantId, index }, 'the database refused an event');
    const refused: RejectedItem = {
      tenantId: pending.tenantId,
      itemIndex: index,
      field: null,
      reason,
      payload: JSON.stringify(row).slice(0, 4096),
    };
    await this.#write([], { ...extras, rejected: [...extras.rejected, refused] }, deadline);
    pending.outcome[index] = { refused: reason };
  }

  #toProblem(error: unknown): Error {
    if (error instanceof AmbiguousCommit || mayPass(error)) {
      return new Problem(
        'database-unavailable',
        'The database could not take the events in time. Send the batch again: events with an event_id, or under one Idempotency-Key, are counted once.',
        { retryAfterSeconds: 2, cause: error },
      );
    }
    return error as Error;
  }
}
