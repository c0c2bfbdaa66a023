import type { Pool } from '../database/pool.ts';

/** How long each table keeps its rows unless a tenant or an operator says otherwise, in days. */
const DEFAULT_RETENTION_DAYS = {
  client_usage_logs: 90,
  usage_analytics_hourly: 400,
  usage_analytics_daily: 1095,
  rejected_events: 30,
};

/** Writes the default policies that are missing; policies that were changed stay as they are. */
export async function seedDefaultRetentionPolicies(pool: Pool): Promise<void> {
  await pool.query(
    `INSERT INTO data_retention_policies (table_name, retention_period_days, archive_before_delete)
     SELECT key, value::int, key = 'client_usage_logs' FROM jsonb_each_text($1::jsonb)
     ON CONFLICT (table_name, tenant_id) DO NOTHING`,
    [JSON.stringify(DEFAULT_RETENTION_DAYS)],
  );
}
