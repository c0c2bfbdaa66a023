import { inTransaction, type Client, type Pool } from '../database/pool.ts';

/** Raw chunks become columns once late events have become rare; the aggregates once they are seldom refreshed. */
const RAW_COLUMNSTORE_AFTER = '2 days';
const ROLLUP_COLUMNSTORE_AFTER = '14 days';

/** What `data_retention_policies` rules of the relations of TimescaleDB. */
const GOVERNED_BY: Record<string, readonly string[]> = {
  client_usage_logs: ['client_usage_logs'],
  usage_analytics_hourly: [
    'usage_rollup_quarter_hour',
    'usage_rollup_hour',
    'usage_rollup_hour_by_model',
    'usage_rollup_latency',
  ],
  // The totals are few rows, and answer days of every time zone for as long as there are days of UTC.
  usage_analytics_daily: [
    'usage_rollup_day',
    'usage_rollup_latency_day',
    'usage_rollup_latency_total',
    'usage_rollup_total',
  ],
};
const ROLLUPS: readonly { name: string; endOffset: string }[] = [
  { name: 'usage_rollup_quarter_hour', endOffset: '15 minutes' },
  { name: 'usage_rollup_hour', endOffset: '1 hour' },
  { name: 'usage_rollup_day', endOffset: '1 day' },
  { name: 'usage_rollup_hour_by_model', endOffset: '1 hour' },
  { name: 'usage_rollup_total', endOffset: '15 minutes' },
  { name: 'usage_rollup_latency', endOffset: '1 hour' },
  { name: 'usage_rollup_latency_day', endOffset: '1 day' },
  { name: 'usage_rollup_latency_total', endOffset: '1 day' },
];
/** The collector refreshes within a minute; this is for the time in which none runs. */
const REFRESH_EVERY = '30 minutes';

interface Policy {
  relation: string;
  /** The procedure that TimescaleDB's job runs, and the key of its config that holds `value`. */
  job: 'policy_retention' | 'policy_compression' | 'policy_refresh_continuous_aggregate';
  key: 'drop_after' | 'compress_after' | 'start_offset';
  /** null: there is to be no such policy. */
  value: string | null;
  remove: string;
  add: string;
  parameters: string[];
}

/**
 * Brings TimescaleDB's policies in step with `data_retention_policies`: refresh no further back than raw rows are kept, columnstore, and
 * dropping of whole chunks. A table that is to be archived first is not dropped from here: its chunks go when their archive is read
 * back. Policies of single tenants do not drop chunks, since a chunk holds everybody's rows. Safe to run at any time.
 * @returns what was changed, in words
 */
export async function syncTimescalePolicies(pool: Pool): Promise<string[]> {
  return inTransaction(pool, async (client) => {
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('promptops.timescale_policies'))`);
    const changes: string[] = [];
    for (const policy of await wantedPolicies(client)) {
      const { rows } = await client.query<{ value: string; same: boolean }>(
        `SELECT j.config ->> $3 AS value, (j.config ->> $3)::interval = $4::interval AS same
         FROM timescaledb_information.jobs j
         LEFT JOIN timescaledb_information.continuous_aggregates c
           ON c.materialization_hypertable_schema = j.hypertable_schema AND c.materialization_hypertable_name = j.hypertable_name
         WHERE j.proc_name = ANY($2) AND coalesce(c.view_name, j.hypertable_name) = $1`,
        // The columnstore's job has the older name up to some release.
        [
          policy.relation,
          policy.job === 'policy_compression' ? ['policy_compression', 'policy_columnstore'] : [policy.job],
          policy.key,
          policy.value,
        ],
      );
      const [present] = rows;
      if (policy.value === null ? !present : present?.same) continue;
      if (present) await client.query(policy.remove);
      if (policy.value !== null) await client.query(policy.add, policy.parameters);
      changes.push(
        `${policy.relation}: ${policy.key} ${present?.value ?? 'none'} → ${policy.value ?? 'none'}`,
      );
    }
    return changes;
  });
}

async function wantedPolicies(client: Client): Promise<Policy[]> {
  const { rows } = await client.query<{ table_name: string; days: number; archives: boolean }>(
    `SELECT table_name, retention_period_days AS days, archive_before_delete AS archives FROM data_retention_policies
     WHERE tenant_id IS NULL AND is_active`,
  );
  const retention = new Map(rows.map(({ table_name, days, archives }) => [table_name, { days, archives }]));
  const policies: Policy[] = [];
  for (const [table, relations] of Object.entries(GOVERNED_BY)) {
    const rule = retention.get(table);
    for (const relation of relations)
      policies.push(dropPolicy(relation, rule && !rule.archives ? `${rule.days} days` : null));
  }
  policies.push(columnstorePolicy('client_usage_logs', RAW_COLUMNSTORE_AFTER));
  const rawDays = retention.get('client_usage_logs')?.days ?? 36_500;
  for (const { name, endOffset } of ROLLUPS) {
    policies.push(
      refreshPolicy(name, `${Math.max(rawDays, 3)} days`, endOffset),
      columnstorePolicy(name, ROLLUP_COLUMNSTORE_AFTER),
    );
  }
  return policies;
}

const dropPolicy = (relation: string, value: string | null): Policy => ({
  relation,
  job: 'policy_retention',
  key: 'drop_after',
  value,
  remove: `SELECT remove_retention_policy('${relation}')`,
  add: `SELECT add_retention_policy('${relation}', drop_after => $1::interval)`,
  parameters: [value ?? ''],
});

const columnstorePolicy = (relation: string, value: string): Policy => ({
  relation,
  job: 'policy_compression',
  key: 'compress_after',
  value,
  remove: `CALL remove_columnstore_policy('${relation}')`,
  add: `CALL add_columnstore_policy('${relation}', after => $1::interval)`,
  parameters: [value],
});

const refreshPolicy = (relation: string, value: string, endOffset: string): Policy => ({
  relation,
  job: 'policy_refresh_continuous_aggregate',
  key: 'start_offset',
  value,
  remove: `SELECT remove_continuous_aggregate_policy('${relation}')`,
  add: `SELECT add_continuous_aggregate_policy('${relation}', start_offset => $1::interval, end_offset => $2::interval, schedule_interval => $3::interval)`,
  parameters: [value, endOffset, REFRESH_EVERY],
});
