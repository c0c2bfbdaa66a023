import { Counter, Gauge, Registry } from 'prom-client';
import type { Pool } from '../database/pool.ts';
import type { Principal } from '../tenants/authenticator.ts';

/** Tenants with series of their own in one scrape; those past it are one, `other`. */
const MAX_ALERT_TENANTS = 200;

interface EvaluationRow {
  lag_seconds: number | null;
  duration_seconds: number | null;
  rules: number;
  failed_rules: number;
  failed_rounds: number;
  waiting: number;
}

/**
 * Alerts that are firing, by severity, as every replica would tell them, and how the evaluation goes. The operator's key sees all tenants, another key
 * its own.
 */
export function alertMetrics(pool: Pool): (principal: Principal) => Promise<string> {
  return async ({ tenantId, isOperator }) => {
    const registry = new Registry();
    const { rows } = await pool.query<{
      tenant_id: string;
      severity: string;
      acknowledged: boolean;
      alerts: number;
    }>(
      `WITH open AS (
         SELECT tenant_id, severity, acknowledged_at IS NOT NULL AS acknowledged, count(*)::int AS alerts
         FROM alerts WHERE status = 'firing' AND ($1::text IS NULL OR tenant_id = $1) GROUP BY 1, 2, 3
       ), most AS (
         SELECT tenant_id FROM open GROUP BY 1 ORDER BY sum(alerts) DESC, 1 LIMIT ${MAX_ALERT_TENANTS}
       )
       SELECT coalesce(m.tenant_id, 'other') AS tenant_id, severity, acknowledged, sum(alerts)::int AS alerts
       FROM open LEFT JOIN most m USING (tenant_id) GROUP BY 1, 2, 3`,
      [isOperator ? null : tenantId],
    );
    const firing = new Gauge({
      name: 'promptops_alerts_firing',
      help: `Alerts that are firing; past ${MAX_ALERT_TENANTS} tenants the others are one`,
      labelNames: ['tenant', 'severity', 'acknowledged'],
      registers: [registry],
    });
    for (const { tenant_id, severity, acknowledged, alerts } of rows)
      firing.set({ tenant: tenant_id, severity, acknowledged: String(acknowledged) }, alerts);
    if (isOperator) {
      const { rows: evaluations } = await pool.query<EvaluationRow>(
        `SELECT extract(epoch FROM now() - evaluated_until)::float8 AS lag_seconds, duration_seconds, rules, failed_rules, failed_rounds,
                (SELECT count(*)::int FROM alert_outbox WHERE routed_at IS NULL) AS waiting
         FROM alert_evaluation`,
      );
      if (evaluations[0]) tellEvaluation(registry, evaluations[0]);
    }
    return registry.metrics();
  };
}

function tellEvaluation(registry: Registry, row: EvaluationRow): void {
  const gauge = (name: string, help: string, value: number | null): void => {
    const metric = new Gauge({ name, help, registers: [registry] });
    if (value !== null) metric.set(value);
  };
  gauge(
    'promptops_alert_evaluation_lag_seconds',
    'Seconds since the time until which the last whole evaluation knew everything',
    row.lag_seconds,
  );
  gauge(
    'promptops_alert_evaluation_duration_seconds',
    'How long the last whole evaluation took',
    row.duration_seconds,
  );
  gauge('promptops_alert_rules', 'Enabled alert rules of all tenants', row.rules);
  gauge(
    'promptops_alert_rules_failed',
    'Rules that the last evaluation could not evaluate',
    row.failed_rules,
  );
  gauge('promptops_alert_outbox_waiting', 'Notifications that delivery has not taken yet', row.waiting);
  const failures = new Counter({
    name: 'promptops_alert_evaluation_failures_total',
    help: 'Evaluations of all rules that failed',
    registers: [registry],
  });
  failures.inc(row.failed_rounds);
}
