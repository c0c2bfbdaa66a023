import { describe, expect, test } from '@jest/globals';
import { GroupCommit, type GroupCommitOptions, type Submission } from './group-commit.ts';
import { normalise } from './normalise.ts';
import type { UsageRow } from './usage-row.ts';
import { AmbiguousCommit } from './commit.ts';
import type { RowOutcome, WriteExtras } from './write-extras.ts';
import type { Writer } from './writer.ts';

type Write = (rows: UsageRow[], extras: WriteExtras) => Promise<RowOutcome[]>;

/** A writer that keeps what it was given, unless `before` throws. */
class FakeWriter implements Writer<UsageRow> {
  readonly commits: string[][] = [];
  readonly extras: WriteExtras[] = [];
  readonly #before: (rows: UsageRow[], attempt: number) => Promise<void> | void;
  #attempts = 0;
  constructor(before: (rows: UsageRow[], attempt: number) => Promise<void> | void = () => undefined) {
    this.#before = before;
  }
  write: Write = async (rows, extras) => {
    this.#attempts += 1;
    await this.#before(rows, this.#attempts);
    this.commits.push(rows.map(({ eventId }) => eventId));
    this.extras.push(extras);
    return rows.map(() => 'accepted');
  };
}

const row = (eventId: string): UsageRow =>
  normalise(
    { event_id: eventId, timestamp: '2026-01-01T00:00:00Z', model_provider: 'p', model_name: 'm' },
    { tenantId: 't', nowMs: Date.now(), maxFutureMs: 0, fallbackIdentity: null },
  ) as UsageRow;
const submission = (...ids: string[]): Submission<UsageRow> => ({
  tenantId: 't',
  rows: ids.map(row),
  rejected: [],
  idempotencyKey: null,
});
const group = (writer: FakeWriter, options: Partial<GroupCommitOptions> = {}): GroupCommit<UsageRow> =>
  new GroupCommit(writer, {
    commitRows: 100, commitDelayMs: 5, timeoutMs: 2_000, concurrency: 1, log: { warn: () => undefined, error: () => undefined }, ...options,
  }); // prettier-ignore
const failure = (code: string, message = code): Error => Object.assign(new Error(message), { code });

describe('grouping', () => {
  test('joins requests that come together into one commit', async () => {
    const writer = new FakeWriter();
    const commit = group(writer);
    const outcomes = await Promise.all([commit.submit(submission('a', 'b')), commit.submit(submission('c'))]);
    expect(outcomes).toEqual([['accepted', 'accepted'], ['accepted']]);
    expect(writer.commits).toEqual([['a', 'b', 'c']]);
  });

  test('commits at once when there are enough rows, and never splits a request', async () => {
    const writer = new FakeWriter();
    const commit = group(writer, { commitRows: 3, commitDelayMs: 60_000 });
    await Promise.all([
      commit.submit(submission('a', 'b')),
      commit.submit(submission('c', 'd', 'e', 'f', 'g')),
    ]);
    expect(writer.commits).toEqual([
      ['a', 'b'],
      ['c', 'd', 'e', 'f', 'g'],
    ]);
  });

  test('lets the next group grow while all connections are busy', async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((done) => (open = done));
    const writer = new FakeWriter((_rows, attempt) => (attempt === 1 ? gate : undefined));
    const commit = group(writer, { commitDelayMs: 0 });
    const all = ['a', 'b', 'c', 'd'].map((id) => commit.submit(submission(id)));
    open();
    await Promise.all(all);
    expect(writer.commits).toEqual([['a'], ['b', 'c', 'd']]);
  });

  test('drains: what was submitted is committed', async () => {
    const writer = new FakeWriter();
    const commit = group(writer);
    const one = commit.submit(submission('a'));
    await commit.drain();
    await one;
    expect(writer.commits).toEqual([['a']]);
  });
});

describe('faults', () => {
  test.each(['40001', '40P01', '57P01', '08006', 'ECONNRESET', '53100'])(
    '%s is tried again until it succeeds',
    async (code) => {
      const writer = new FakeWriter((_rows, attempt) => {
        if (attempt < 3) throw failure(code);
      });
      expect(await group(writer).submit(submission('a'))).toEqual(['accepted']);
      expect(writer.commits).toEqual([['a']]);
    },
  );

  test('a database that stays away is told as 503 with Retry-After once the time is up', async () => {
    const writer = new FakeWriter(() => {
      throw failure('ECONNREFUSED');
    });
    await expect(group(writer, { timeoutMs: 60 }).submit(submission('a'))).rejects.toMatchObject({
      status: 503,
      retryAfterSeconds: 2,
    });
  });

  test('what was turned away so is in the ledger once the database is back', async () => {
    const writer = new FakeWriter((_rows, attempt) => {
      if (attempt === 1) throw failure('ECONNREFUSED');
    });
    const commit = group(writer, { timeoutMs: 0 });
    await expect(commit.submit(submission('a', 'b'))).rejects.toMatchObject({ status: 503 });
    await commit.writeLedger();
    expect(writer.extras.map(({ throttled }) => [...throttled])).toEqual([[['t', 2]]]);
  });

  test('a commit of which nobody knows whether it happened is not tried again', async () => {
    let attempts = 0;
    const writer = new FakeWriter(() => {
      attempts += 1;
      throw new AmbiguousCommit('unknown');
    });
    await expect(group(writer).submit(submission('a'))).rejects.toMatchObject({ status: 503 });
    expect(attempts).toBe(1);
  });

  test('an unexpected error is neither tried again nor taken for an outage', async () => {
    const writer = new FakeWriter(() => {
      throw failure('42P01', 'relation does not exist');
    });
    await expect(group(writer).submit(submission('a'))).rejects.toThrow('relation does not exist');
  });

  test('a row that the database refuses is found, and only that one is rejected', async () => {
    const writer = new FakeWriter((rows) => {
      if (rows.some(({ eventId }) => eventId.startsWith('bad'))) throw failure('22P05');
    });
    const commit = group(writer);
    const ids = Array.from({ length: 40 }, (_, index) =>
      index === 7 || index === 33 ? `bad-${index}` : `good-${index}`,
    );
    const outcome = await commit.submit(submission(...ids));
    expect(outcome.map((result) => (typeof result === 'string' ? result : 'refused'))).toEqual(
      ids.map((id) => (id.startsWith('bad') ? 'refused' : 'accepted')),
    );
    expect(writer.commits.flat().sort()).toEqual(ids.filter((id) => id.startsWith('good')).sort());
    expect(writer.extras.flatMap(({ rejected }) => rejected).map(({ itemIndex }) => itemIndex)).toEqual([
      7, 33,
    ]);
  });

  test('throttled counts reach the ledger with the next commit, and survive one that fails', async () => {
    const writer = new FakeWriter((_rows, attempt) => {
      if (attempt === 1) throw failure('42P01');
    });
    const commit = group(writer);
    commit.noteThrottled('t', 3);
    await expect(commit.submit(submission('a'))).rejects.toThrow();
    commit.noteThrottled('t', 2);
    await commit.writeLedger();
    expect(writer.extras.map(({ throttled }) => [...throttled])).toEqual([[['t', 5]]]);
  });
});
