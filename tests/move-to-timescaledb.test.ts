import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createPool, type Pool } from '../collector/src/database/pool.ts';
import { moveToTimescale } from '../collector/src/engine-move/move.ts';
import {
  startTestCollector,
  testEvent,
  type TestCollector,
} from '../collector/src/testing/test-collector.ts';
import { createTestDatabase, type TestDatabase } from '../collector/src/testing/test-database.ts';

const url = process.env['TIMESCALE_DATABASE_URL'];
if (url === undefined)
  console.warn('Skipped: nothing is moved to TimescaleDB, since TIMESCALE_DATABASE_URL names no server.');

(url === undefined ? describe.skip : describe)('moving from PostgreSQL to TimescaleDB', () => {
  let source: TestCollector;
  let database: TestDatabase;
  let target: Pool;
  const events = Array.from({ length: 400 }, (_, index) =>
    testEvent({
      timestamp: new Date(Date.UTC(2026, 1, 1) + index * 3_600_000).toISOString(), user_id: `user\t${index}`, response_time_ms: index + 0.5,
      metadata: { text: 'a\\b\n«c»' }, ...(index % 7 === 0 ? { model_provider: 'vllm' } : {}),
    }),
  ); // prettier-ignore

  beforeAll(async () => {
    source = await startTestCollector({}, 'postgresql');
    await source.makeTenant('acme');
    const key = await source.makeKey('acme', ['ingest']);
    await source.post(events.slice(0, 300));
    await source.post(events.slice(200), { key });
    database = await createTestDatabase({ engine: 'timescaledb' });
    target = createPool({ connectionString: database.connectionString, max: 3, applicationName: 'test' });
  });
  afterAll(async () => {
    await target.end();
    await database.drop();
    await source.close();
  });

  test('can be broken off and goes on where it was', async () => {
    let days = 0;
    const breakOff = moveToTimescale({
      source: source.pool,
      target,
      onProgress: () => {
        days += 1;
        if (days === 5) throw new Error('broken off');
      },
    });
    await expect(breakOff).rejects.toThrow('broken off');
    const result = await moveToTimescale({ source: source.pool, target });
    expect(result).toMatchObject({ rows: 500, daysSkipped: 5 });
    expect(result.tenantDaysCompared).toBeGreaterThan(15);
  });

  test('takes over every row as it was, identities and keys too', async () => {
    const rows = async (pool: Pool, table: string): Promise<object[]> =>
      (
        await pool.query<{ row: object }>(
          `SELECT to_jsonb(t) AS row FROM ${table} t ORDER BY to_jsonb(t)::text`,
        )
      ).rows;
    for (const table of [
      'client_usage_logs',
      'event_identities',
      'api_keys',
      'tenants',
      'model_prices',
      'usage_analytics_daily',
      'usage_latency_hourly',
    ]) {
      const moved = await rows(target, table);
      expect(moved.length).toBeGreaterThan(1);
      expect({ table, rows: moved }).toEqual({ table, rows: await rows(source.pool, table) });
    }
  });

  test('refuses what cannot be moved, with the way out', async () => {
    await source.pool.query(`DELETE FROM client_usage_logs WHERE "timestamp" < '2026-02-05Z'`);
    await expect(moveToTimescale({ source: source.pool, target })).rejects.toThrow(
      /rollups of 4 days .* --without-old-rollups/,
    );
    await expect(moveToTimescale({ source: target, target })).rejects.toThrow('on TimescaleDB already');
    await expect(
      moveToTimescale({ source: source.pool, target: source.pool, withoutOldRollups: true }),
    ).rejects.toThrow(/no TimescaleDB Community/);
  });
});
