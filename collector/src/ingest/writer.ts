import type { Engine } from '../database/engine.ts';
import { isDatabaseAway, isMissingPartition } from '../database/errors.ts';
import type { Client, Pool } from '../database/pool.ts';
import { commit } from './commit.ts';
import { complete } from './merge.ts';
import { WeeklyPartitions } from './partitions.ts';
import { identityKey, StoredEvents, type Stored } from './stored-events.ts';
import type { UsageRow } from './usage-row.ts';
import { writeExtras, type RowOutcome, type WriteExtras } from './write-extras.ts';

/** Stores the rows of a transaction; what a `GroupCommit` groups for. */
export interface Writer<Row> {
  /**
   * Stores rows and what belongs to them in one transaction. When it returns, they are committed; when it throws, nothing is.
   * @returns what became of each row, in order
   */
  write(rows: Row[], extras: WriteExtras): Promise<RowOutcome[]>;
}

/** Writes events: one transaction a call, on a pool of its own. */
export class UsageWriter implements Writer<UsageRow> {
  readonly #pool: Pool;
  readonly #events: StoredEvents;
  readonly #partitions: WeeklyPartitions | undefined;
  readonly #price: (row: UsageRow) => void;
  readonly #resolveCommitMs: number;

  /**
   * @param pool must have two connections a concurrent `write`: one may be needed to ask what became of the other's commit
   * @param resolveCommitMs how long that may take
   */
  constructor(pool: Pool, engine: Engine['kind'], price: (row: UsageRow) => void, resolveCommitMs: number) {
    this.#pool = pool;
    this.#events = new StoredEvents(engine);
    this.#partitions = engine === 'postgresql' ? new WeeklyPartitions(pool) : undefined;
    this.#price = price;
    this.#resolveCommitMs = resolveCommitMs;
  }

  async write(rows: UsageRow[], extras: WriteExtras): Promise<RowOutcome[]> {
    const { distinct, firstOf } = this.#mergeWithin(rows);
    await this.#partitions?.ensure(distinct);
    return inWriteTransaction(this.#pool, this.#partitions, (client) =>
      this.#transaction(client, rows, distinct, firstOf, extras),
    );
  }

  async #transaction(
    client: Client,
    rows: UsageRow[],
    distinct: UsageRow[],
    firstOf: number[],
    extras: WriteExtras,
  ): Promise<RowOutcome[]> {
    await this.#events.prepare(client);
    await client.query('BEGIN');
    const { transactionId, known } = await this.#events.append(client, distinct);
    if (known.size > 0)
      await this.#completeStored(
        client,
        distinct.filter((_, ordinal) => known.has(ordinal)),
      );
    const outcomes = rows.map((_, index): RowOutcome => {
      const first = firstOf[index] ?? 0;
      return first < 0 || known.has(first) ? 'duplicate' : 'accepted';
    });
    await writeExtras(
      client,
      rows.map(({ tenantId }, index) => ({ tenantId, outcome: outcomes[index] ?? 'accepted' })),
      extras,
    );
    await commit(client, this.#pool, transactionId, this.#resolveCommitMs);
    return outcomes;
  }

  /** Makes several reports of one event in one batch a single row. `firstOf` has the ordinal of each row, or -1 for a repeat. */
  #mergeWithin(rows: UsageRow[]): { distinct: UsageRow[]; firstOf: number[] } {
    const distinct: UsageRow[] = [];
    const ordinals = new Map<string, number>();
    const firstOf = rows.map((row) => {
      if (row.identity === null) return distinct.push(row) - 1;
      const key = identityKey(row);
      const ordinal = ordinals.get(key);
      if (ordinal === undefined) {
        ordinals.set(key, distinct.push(row) - 1);
        return distinct.length - 1;
      }
      const stored = distinct[ordinal];
      const completed = stored && complete(stored, row);
      if (completed) {
        this.#price(completed);
        distinct[ordinal] = completed;
      }
      return -1;
    });
    return { distinct, firstOf };
  }

  /** Completes stored events with what the new reports of them know more. Usually nothing: a re-send tells the same. */
  async #completeStored(client: Client, told: UsageRow[]): Promise<void> {
    const storedBy = await this.#events.read(client, told);
    const replacements: Stored[] = [];
    for (const row of told) {
      const stored = storedBy.get(identityKey(row));
      const completed = stored && complete(stored, row);
      if (!completed) continue;
      this.#price(completed);
      replacements.push({ row: completed, storedTimestampUs: stored.timestampUs });
    }
    await this.#events.replace(client, replacements);
  }
}

/** Runs `work`, which begins and commits a transaction by itself, on a connection; rolls back when it throws. */
export async function inWriteTransaction<Result>(
  pool: Pool,
  partitions: WeeklyPartitions | undefined,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    const result = await work(client);
    return result;
  } catch (error) {
    if (isMissingPartition(error)) partitions?.forget();
    if (isDatabaseAway(error)) broken = error as Error;
    else await client.query('ROLLBACK').catch((rollbackError: unknown) => (broken = rollbackError as Error));
    throw error;
  } finally {
    client.release(broken);
  }
}
