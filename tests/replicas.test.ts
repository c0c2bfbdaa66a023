import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createPool, type Pool } from '../collector/src/database/pool.ts';
import { createTestDatabase, type TestDatabase } from '../collector/src/testing/test-database.ts';
import { startCollector, temporaryFolder, type CollectorProcess } from './collector-process.ts';

/** Several collectors on one database, as behind a balancer: on PostgreSQL, and on TimescaleDB where there is one. */
const ENGINES = (['postgresql', 'timescaledb'] as const).filter(
  (engine) => engine === 'postgresql' || process.env['TIMESCALE_DATABASE_URL'] !== undefined,
);

describe.each(ENGINES)('three collectors on one %s', (engine) => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let database: TestDatabase;
  let collectors: CollectorProcess[];
  let pool: Pool;
  beforeAll(async () => {
    folder = await temporaryFolder();
    database = await createTestDatabase({ engine, template: 'template0' });
    const first = await startCollector({
      dataDir: folder.path,
      env: { DATABASE_URL: database.connectionString },
    });
    const others = [0, 1].map(() =>
      startCollector({
        dataDir: folder.path,
        apiKey: first.apiKey,
        env: { DATABASE_URL: database.connectionString },
      }),
    );
    collectors = [first, ...(await Promise.all(others))];
    pool = createPool({ connectionString: database.connectionString, max: 1, applicationName: 'test' });
  });
  afterAll(async () => {
    await Promise.all(collectors.map((collector) => collector.end()));
    await pool.end();
    await database.drop();
    await folder.remove();
  });

  const post = async (
    collector: CollectorProcess,
    events: object[],
  ): Promise<{ accepted: number; duplicate: number }> => {
    const answer = await fetch(`${collector.url}/v1/client/usage/log`, {
      method: 'POST',
      headers: { authorization: `Bearer ${collector.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(events),
    });
    expect(answer.status).toBe(200);
    return (await answer.json()) as { accepted: number; duplicate: number };
  };

  test('count each event once, whichever of them it reaches, and however often at once', async () => {
    const events = Array.from({ length: 600 }, (_, index) => ({
      event_id: `replica-${index}`, timestamp: new Date().toISOString(), prompt_id: `p${index % 5}`, model_provider: 'openai', model_name: 'gpt-4o', input_tokens: 10, output_tokens: 1,
    })); // prettier-ignore
    // Every event goes to all three at the same time, in overlapping batches that are cut and ordered differently.
    const posts = collectors.flatMap((collector, index) => {
      const own = index === 1 ? events.toReversed() : events;
      const size = [50, 70, 90][index] ?? 50;
      return Array.from({ length: Math.ceil(own.length / size) }, (_, batch) =>
        post(collector, own.slice(batch * size, (batch + 1) * size)),
      );
    });
    const answers = await Promise.all(posts);
    expect(answers.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(600);
    expect(answers.reduce((sum, { duplicate }) => sum + duplicate, 0)).toBe(1200);
    const { rows } = await pool.query(
      `SELECT (SELECT count(*)::int FROM client_usage_logs) AS events, (SELECT count(DISTINCT event_id)::int FROM client_usage_logs) AS ids,
              (SELECT sum(request_count)::int FROM usage_analytics_hourly) AS in_rollup, (SELECT sum(received)::int FROM ingest_ledger) AS received`,
    );
    expect(rows).toEqual([{ events: 600, ids: 600, in_rollup: 600, received: 1800 }]);
  });

  test('go on when one of them is killed', async () => {
    const [killed, ...left] = collectors;
    await killed?.end('SIGKILL');
    for (const [index, collector] of left.entries()) {
      const event = {
        event_id: `after-${index}`,
        timestamp: new Date().toISOString(),
        model_provider: 'openai',
        model_name: 'gpt-4o',
      };
      expect(await post(collector, [event])).toMatchObject({ accepted: 1 });
    }
  });
});
