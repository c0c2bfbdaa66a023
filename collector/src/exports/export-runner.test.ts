import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postRandomCalls, RANDOM_CALLS_PERIOD } from '../testing/random-calls.ts';
import { startTestCollector, type TestCollector } from '../testing/test-collector.ts';
import { findExport, findFile, removeExport, type ExportAnswer } from './export-job.ts';
import { ExportRunner, type ExportLimits } from './export-runner.ts';
import { FolderStore, type ExportStore } from './export-store.ts';
import { writeExport } from './write-export.ts';
import { writeInThread } from './write-in-thread.ts';

const PERIOD = new URLSearchParams(RANDOM_CALLS_PERIOD).toString();
const CALLS = 900;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

let folder: string;
let collector: TestCollector;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promptops-exports-'));
  collector = await startTestCollector({
    EXPORT_DIR: folder,
    EXPORT_MAX_ROWS: CALLS - 1,
    EXPORT_MAX_OPEN: 1,
  });
  await collector.makeTenant('other');
  await postRandomCalls(collector, { seed: 5, count: CALLS });
});
afterAll(async () => {
  await collector.close();
  await rm(folder, { recursive: true });
});

/** An export as it is when a collector has asked for it, or has died over it. */
async function makeExport(
  fields: { tenant?: string; type?: string; status?: string; claimedUntil?: string; attempts?: number } = {},
): Promise<number> {
  const {
    tenant = 'default',
    type = 'ndjson',
    status = 'queued',
    claimedUntil = null,
    attempts = 0,
  } = fields;
  const { rows } = await collector.pool.query<{ export_id: number }>(
    `INSERT INTO exports (tenant_id, status, export_type, format, range_start, range_end, time_zone, requested_by, estimated_rows, estimate_basis, claimed_until, claimed_by, attempts)
     VALUES ($1, $2, $3, 'full', '2026-03-01', '2026-11-11', 'UTC', 'test', $4, 'exact', $5::timestamptz, $6, $7) RETURNING export_id`,
    [tenant, status, type, CALLS, claimedUntil, status === 'running' ? randomUUID() : null, attempts],
  );
  return rows[0]?.export_id ?? NaN;
}

describe('before an export begins', () => {
  const ask = (path: string) =>
    collector.call({ method: 'POST', url: `/v1/analytics/exports${path}?${PERIOD}` });
  afterAll(() => collector.pool.query('DELETE FROM exports'));

  test('one that would have too many rows is refused with both numbers, and the estimate says so', async () => {
    const answer = await ask('');
    expect([answer.statusCode, answer.json()]).toEqual([
      422,
      expect.objectContaining({
        type: 'urn:promptops:problem:range-too-long',
        estimated_rows: CALLS,
        max_rows: CALLS - 1,
        detail: expect.stringMatching(/EXPORT_MAX_ROWS/),
      }),
    ]);
    expect((await ask('/estimate')).json()).toMatchObject({
      estimated_rows: CALLS,
      allowed: false,
      reason: expect.stringMatching(/EXPORT_MAX_ROWS/),
    });
  });

  test('a tenant waits when as many are open as may be', async () => {
    await makeExport({ status: 'running', claimedUntil: 'infinity' });
    const answer = await collector.call({
      method: 'POST',
      url: '/v1/analytics/exports?start_date=2020-01-01&end_date=2020-01-01',
    });
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([429, '30']);
  });
});

describe('a runner', () => {
  let mine: string;
  let store: FolderStore;
  // The collector's own would take the exports of this test.
  beforeAll(() => collector.app.close());
  beforeEach(async () => {
    mine = await mkdtemp(join(tmpdir(), 'promptops-exports-'));
    store = new FolderStore(mine);
  });
  afterEach(async () => {
    await collector.pool.query('DELETE FROM exports');
    await rm(mine, { recursive: true });
  });

  const runner = (limits: Partial<ExportLimits> = {}, to: ExportStore = store) =>
    new ExportRunner({
      pool: collector.pool,
      write: (options) => writeExport(collector.pool, to, options),
      store: to,
      limits: { keepHours: 72, maxFileBytes: 1e9, maxRows: 5_000, concurrency: 1, ...limits },
      log: silent,
      holdEveryMs: 5,
    });
  const find = (id: number): Promise<ExportAnswer> => findExport(collector.pool, 'default', id);

  /** A store whose first write waits until the test lets it go on. */
  function gated(): { store: ExportStore; reached: Promise<unknown>; open: () => void } {
    const reached = Promise.withResolvers<undefined>();
    const gate = Promise.withResolvers<undefined>();
    return {
      reached: reached.promise,
      open: () => gate.resolve(undefined),
      store: {
        create: async (name) => {
          const sink = await store.create(name);
          return {
            get bytes() {
              return sink.bytes;
            },
            write: async (bytes) => {
              reached.resolve(undefined);
              await gate.promise;
              await sink.write(bytes);
            },
            commit: () => sink.commit(),
            abort: () => sink.abort(),
          };
        },
        read: (name, range) => store.read(name, range),
        has: (name, bytes) => store.has(name, bytes),
        remove: (name) => store.remove(name),
        list: () => store.list(),
      },
    };
  }

  async function until(condition: () => Promise<boolean>): Promise<void> {
    while (!(await condition())) await new Promise((done) => setTimeout(done, 5));
  }

  test('begins anew what a dead collector left, and its half of a file is served to nobody', async () => {
    const id = await makeExport({ status: 'running', claimedUntil: '2026-01-01', attempts: 1 });
    const half = `export-${id}-deadbeef-1.ndjson.cafecafe.partial`;
    const unknown = `export-${id}-deadbeef-2.ndjson`;
    for (const name of [half, unknown]) await writeFile(join(mine, name), '{"event_id":"half');
    expect(await runner().runNext()).toBe(id);
    const job = await find(id);
    expect(job).toMatchObject({ status: 'completed', attempts: 2, row_count: CALLS });
    expect(await readdir(mine)).toHaveLength(3);
    await runner().tidy(new Date());
    const { storedName } = await findFile(collector.pool, 'default', id, 1);
    expect(await readdir(mine)).toEqual([storedName]);
    expect((await readFile(join(mine, storedName), 'utf8')).trimEnd().split('\n')).toHaveLength(CALLS);
  });

  test('leaves alone what another is at, and the second export of a tenant until the first has ended', async () => {
    await makeExport({ status: 'running', claimedUntil: 'infinity' });
    await makeExport();
    expect(await runner().runNext()).toBeUndefined();
    const others = await makeExport({ tenant: 'other' });
    expect(await runner().runNext()).toBe(others);
  });

  test('gives an export to one of several collectors that look at once', async () => {
    const id = await makeExport();
    const taken = await Promise.all(Array.from({ length: 4 }, () => runner().runNext()));
    expect(taken.filter((one) => one !== undefined)).toEqual([id]);
    expect(await find(id)).toMatchObject({ status: 'completed', attempts: 1 });
  });

  test('stops when the export is cancelled, and leaves nothing', async () => {
    const id = await makeExport();
    const gate = gated();
    const running = runner({}, gate.store).runNext();
    await gate.reached;
    expect((await removeExport(collector.pool, 'default', id)).answer.status).toBe('cancelled');
    gate.open();
    await running;
    expect(await find(id)).toMatchObject({ status: 'cancelled', files: [], row_count: null });
    expect(await readdir(mine)).toEqual([]);
    await expect(findFile(collector.pool, 'default', id, 1)).rejects.toThrow(/cancelled/);
  });

  test('that was thought dead does not complete what another has begun anew', async () => {
    const id = await makeExport();
    const gate = gated();
    const slow = runner({}, gate.store).runNext();
    await gate.reached;
    await collector.pool.query(
      `UPDATE exports SET claimed_until = now() - interval '1 s', claimed_by = $2 WHERE export_id = $1`,
      [id, randomUUID()],
    );
    expect(await runner().runNext()).toBe(id);
    const { files } = await find(id);
    gate.open();
    await slow;
    expect(await find(id)).toMatchObject({ status: 'completed', attempts: 2, files });
    expect(await readdir(mine)).toHaveLength(1);
  });

  test('in a thread undoes what it wrote when it is aborted', async () => {
    const stop = new AbortController();
    const writing = writeInThread(
      { connectionString: collector.connectionString, settings: {}, store: { folder: mine } },
      {
        exportId: 1,
        attempt: randomUUID(),
        exportType: 'parquet',
        question: {
          tenantId: 'default',
          format: 'full',
          period: {
            startMs: Date.parse('2026-03-01'),
            endMs: Date.parse('2026-11-11'),
            timeZone: 'UTC',
            groupBy: 'day',
          },
          filters: {},
        },
        maxFileBytes: 65_536,
        maxRows: 5_000,
        signal: stop.signal,
        onProgress: () => undefined,
      },
    );
    stop.abort(new Error('enough'));
    await expect(writing).rejects.toThrow('enough');
    expect(await readdir(mine)).toEqual([]);
  });

  test('tells how far it is', async () => {
    const id = await makeExport({ type: 'parquet' });
    const gate = gated();
    const running = runner({}, gate.store).runNext();
    await gate.reached;
    await until(async () => (await find(id)).progress.rows_written > 0);
    expect(await find(id)).toMatchObject({ status: 'running', files: [], row_count: null });
    gate.open();
    await running;
    expect((await find(id)).progress).toMatchObject({ rows_written: CALLS, percent: 100 });
  });

  test('gives back what is under way when it stops, and another writes it at once', async () => {
    const id = await makeExport();
    const gate = gated();
    const stopping = runner({}, gate.store);
    stopping.wake();
    await gate.reached;
    const stopped = stopping.stop();
    gate.open();
    await stopped;
    expect(await find(id)).toMatchObject({ status: 'queued', attempts: 0 });
    expect(await readdir(mine)).toEqual([]);
    expect(await runner().runNext()).toBe(id);
  });

  test('splits a large export into files that are whole each and together have every call once', async () => {
    for (const type of ['csv', 'json', 'ndjson']) {
      const id = await makeExport({ type });
      // Batches are what the socket brings: some 64 KiB.
      await runner({ maxFileBytes: 65_536 }).runNext();
      const job = await find(id);
      expect(job.files.length).toBeGreaterThan(2);
      expect(job.files.reduce((sum, file) => sum + file.row_count, 0)).toBe(CALLS);
      expect(job.files[0]?.filename).toMatch(
        /^promptops-calls-2026-03-01-to-2026-11-10-\d+-part-0?1-of-\d+\./,
      );
      const ids = new Set<string>();
      for (const { file, row_count } of job.files) {
        const text = await readFile(
          join(mine, (await findFile(collector.pool, 'default', id, file)).storedName),
          'utf8',
        );
        const found = [...text.matchAll(/random-5-\d+/g)].map(([one]) => one);
        expect(found).toHaveLength(row_count);
        for (const one of found) ids.add(one);
        if (type === 'json') expect(JSON.parse(text)).toHaveLength(row_count);
        if (type === 'csv') expect(text).toMatch(/^event_id,timestamp/);
      }
      expect(ids.size).toBe(CALLS);
    }
  });

  test('does not cut an export short that has grown beyond its limit: it fails and says so', async () => {
    const id = await makeExport();
    await runner({ maxRows: 10 }).runNext();
    expect(await find(id)).toMatchObject({
      status: 'failed',
      failure: expect.stringMatching(/more than 10 rows/),
      files: [],
    });
    expect(await readdir(mine)).toEqual([]);
  });

  test('says that there is no room, and leaves nothing', async () => {
    const id = await makeExport();
    const full: ExportStore = {
      ...gated().store,
      create: async (name) => ({
        ...(await store.create(name)),
        bytes: 0,
        write: () => Promise.reject(Object.assign(new Error('disk'), { code: 'ENOSPC' })),
      }),
    };
    await runner({}, full).runNext();
    expect(await find(id)).toMatchObject({ status: 'failed', failure: expect.stringMatching(/no room/) });
    expect(await readdir(mine)).toEqual([]);
  });

  test('gives up an export that collectors die over again and again', async () => {
    const id = await makeExport({ status: 'running', claimedUntil: '2026-01-01', attempts: 3 });
    expect(await runner().runNext()).toBeUndefined();
    expect(await find(id)).toMatchObject({
      status: 'failed',
      failure: expect.stringMatching(/3 collectors/),
    });
  });

  test('deletes files when their time is over, and says that they expired', async () => {
    const id = await makeExport();
    await runner({ keepHours: 1 }).runNext();
    const expiresAt = new Date((await find(id)).expires_at ?? NaN);
    expect(expiresAt.getTime() - Date.now()).toBeGreaterThan(3_500_000);
    await runner().tidy(new Date(expiresAt.getTime() - 1));
    expect(await readdir(mine)).toHaveLength(1);
    await runner().tidy(new Date(expiresAt.getTime() + 1));
    expect(await readdir(mine)).toEqual([]);
    expect(await find(id)).toMatchObject({ status: 'expired', files: [] });
    await expect(findFile(collector.pool, 'default', id, 1)).rejects.toThrow(/expired/);
  });

  test('writes what was there when it began: no call that comes or goes meanwhile', async () => {
    const id = await makeExport();
    const gate = gated();
    const running = runner({}, gate.store).runNext();
    await gate.reached;
    const { rowCount } = await collector.pool.query(
      `DELETE FROM client_usage_logs WHERE tenant_id = 'default' AND user_id = 'user-1'`,
    );
    expect(rowCount).toBeGreaterThan(0);
    gate.open();
    await running;
    expect(await find(id)).toMatchObject({ row_count: CALLS });
    await collector.pool.query('DELETE FROM exports');
    const again = await makeExport();
    await runner().runNext();
    expect((await find(again)).row_count).toBe(CALLS - (rowCount ?? NaN));
  });
});

test.each(['../secret', 'export-1-deadbeef-1.csv/../../x', 'export-1-deadbeef-1.exe', '/etc/passwd', ''])(
  'no file is reached by the name %j',
  async (name) => {
    const store = new FolderStore(folder);
    await expect(store.read(name)).rejects.toThrow(/not the name/);
    await expect(store.create(name)).rejects.toThrow(/not the name/);
    await expect(store.remove(name)).rejects.toThrow(/not the name/);
  },
);
