import type { Pool } from '../database/pool.ts';

/** The rules that every tenant starts with. They can be changed or switched off; setting up again does not bring them back. */
const DEFAULT_ALERT_RULES = [
  {
    name: 'Usage spike',
    description:
      'Requests of the last hour are more than three times those of the same hour in the last weeks.',
    alert_type: 'usage_spike',
    severity: 'medium',
    metric: 'requests',
    operator: '>',
    threshold: 3,
    window_duration: 60,
    baseline: 'same_hour_last_weeks',
    min_requests: 100,
  },
  {
    name: 'Cost of a day',
    description: 'More than $100 within 24 hours.',
    alert_type: 'cost_threshold',
    severity: 'high',
    metric: 'cost_usd',
    operator: '>',
    threshold: 100,
    window_duration: 1440,
    baseline: null,
    min_requests: 0,
  },
  {
    name: 'Error rate',
    description: 'More than 5 % of the requests of the last 15 minutes failed.',
    alert_type: 'error_rate',
    severity: 'high',
    metric: 'error_rate',
    operator: '>',
    threshold: 5,
    window_duration: 15,
    baseline: null,
    min_requests: 20,
  },
  {
    name: 'Slow answers',
    description: 'The 95th percentile of the response time of the last 15 minutes is above 30 seconds.',
    alert_type: 'performance',
    severity: 'medium',
    metric: 'response_time_p95_ms',
    operator: '>',
    threshold: 30_000,
    window_duration: 15,
    baseline: null,
    min_requests: 20,
  },
  {
    name: 'Unpriced usage',
    description: 'Requests of the last hour to a model without a price: the cost shown is too low.',
    alert_type: 'unpriced',
    severity: 'medium',
    metric: 'unpriced_requests',
    operator: '>',
    threshold: 0,
    window_duration: 60,
    baseline: null,
    min_requests: 0,
  },
] as const;

/** Gives the default rules to each tenant that has none at all. Safe to run at any time. */
export async function seedDefaultAlertRules(pool: Pool): Promise<void> {
  await pool.query(
    `INSERT INTO alert_rules (tenant_id, name, description, alert_type, severity, metric, operator, threshold, window_duration, baseline,
       min_requests)
     SELECT t.tenant_id, r.name, r.description, r.alert_type, r.severity, r.metric, r.operator, r.threshold, r.window_duration, r.baseline,
       r.min_requests
     FROM tenants t
     CROSS JOIN jsonb_to_recordset($1::jsonb) AS r (name text, description text, alert_type text, severity text, metric text,
                                                    operator text, threshold double precision, window_duration integer, baseline text,
                                                    min_requests integer)
     WHERE NOT EXISTS (SELECT FROM alert_rules a WHERE a.tenant_id = t.tenant_id)
     ON CONFLICT (tenant_id, name) DO NOTHING`,
    [JSON.stringify(DEFAULT_ALERT_RULES)],
  );
}
