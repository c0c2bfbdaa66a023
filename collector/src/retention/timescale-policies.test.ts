import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestCollector, type TestCollector } from '../testing/test-collector.ts';
import { TEST_ENGINE } from '../testing/test-database.ts';
import { syncTimescalePolicies } from './timescale-policies.ts';

(TEST_ENGINE === 'timescaledb' ? describe : describe.skip)('policies of TimescaleDB', () => {
  let collector: TestCollector;
  beforeAll(async () => {
    collector = await startTestCollector();
  });
  afterAll(() => collector.close());

  const jobs = async (name: string): Promise<Record<string, unknown>[]> => {
    const { rows } = await collector.pool.query<Record<string, unknown>>(
      `SELECT coalesce(c.view_name, j.hypertable_name) AS relation, j.config ->> 'drop_after' AS drop_after, j.config ->> 'start_offset' AS start_offset
       FROM timescaledb_information.jobs j
       LEFT JOIN timescaledb_information.continuous_aggregates c ON c.materialization_hypertable_name = j.hypertable_name
       WHERE j.proc_name = $1 ORDER BY 1`,
      [name],
    );
    return rows;
  };

  test('follow the default retention, and raw rows are not dropped before they are archived', async () => {
    expect(await syncTimescalePolicies(collector.pool)).not.toEqual([]);
    const drops = await jobs('policy_retention');
    expect(drops.map(({ relation, drop_after }) => [relation, drop_after])).toEqual([
      ['usage_rollup_day', '1095 days'],
      ['usage_rollup_hour', '400 days'],
      ['usage_rollup_hour_by_model', '400 days'],
      ['usage_rollup_latency', '400 days'],
      ['usage_rollup_latency_day', '1095 days'],
      ['usage_rollup_latency_total', '1095 days'],
      ['usage_rollup_quarter_hour', '400 days'],
      ['usage_rollup_total', '1095 days'],
    ]);
  });

  test('stay as they are when nothing changed', async () => {
    expect(await syncTimescalePolicies(collector.pool)).toEqual([]);
  });

  test('follow a change, and never refresh further back than raw rows are kept', async () => {
    await collector.pool.query(
      `UPDATE data_retention_policies SET retention_period_days = 30, archive_before_delete = false WHERE table_name = 'client_usage_logs'`,
    );
    await syncTimescalePolicies(collector.pool);
    expect(await jobs('policy_retention')).toContainEqual(
      expect.objectContaining({ relation: 'client_usage_logs', drop_after: '30 days' }),
    );
    for (const job of await jobs('policy_refresh_continuous_aggregate'))
      expect(job).toMatchObject({ start_offset: '30 days' });
    await collector.pool.query(
      `UPDATE data_retention_policies SET is_active = false WHERE table_name = 'client_usage_logs'`,
    );
    await syncTimescalePolicies(collector.pool);
    expect((await jobs('policy_retention')).map(({ relation }) => relation)).not.toContain(
      'client_usage_logs',
    );
  });
});
