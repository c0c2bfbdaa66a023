import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { detectEngine } from '../database/engine.ts';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import { examine, type Finding } from './doctor.ts';

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector();
  await collector.post([testEvent(), testEvent()]);
});
afterAll(() => collector.close());

const found = async (subject: string): Promise<Finding | undefined> =>
  (await examine(collector.pool, await detectEngine(collector.pool))).find(
    (finding) => finding.subject === subject,
  );

test('a server that may lose what was acknowledged is a problem', async () => {
  // The tests' embedded server runs without fsync; a real one must not.
  const { rows } = await collector.pool.query<{ fsync: string }>(`SELECT current_setting('fsync') AS fsync`);
  const durability = await found('durability');
  if (rows[0]?.fsync === 'off')
    expect(durability).toMatchObject({
      level: 'problem',
      text: expect.stringContaining('fsync is off'),
    });
  else expect(durability).toBeUndefined();
});

test('the clock, the connections and the rollups are told', async () => {
  expect(await found('clock')).toMatchObject({ level: 'ok' });
  expect(await found('connections')).toMatchObject({ level: 'ok' });
  expect((await found('usage_rollup_day'))?.text).toContain('1 rows for 2 events, 1 to 2.0');
});

test('late events that nobody takes in are a problem', async () => {
  expect(await found('late events')).toMatchObject({ level: 'ok' });
  await collector.app.close();
  await collector.pool.query(
    `INSERT INTO usage_refresh_queue (range_start, range_end, queued_at) VALUES (now(), now(), now() - interval '1 hour')`,
  );
  expect(await found('late events')).toMatchObject({
    level: 'problem',
    text: expect.stringContaining('60 minutes'),
  });
});
