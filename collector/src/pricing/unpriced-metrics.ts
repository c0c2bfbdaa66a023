import { Gauge, Registry } from 'prom-client';
import type { Pool } from '../database/pool.ts';
import type { Principal } from '../tenants/authenticator.ts';

/** Models of one scrape; those past it are one series `other`. Senders choose these names, so they must not make series without end. */
export const MAX_UNPRICED_SERIES = 100;

interface Row {
  tenant_id: string;
  model_provider: string;
  model_name: string;
  requests: number;
  tokens: number;
}

// A tenant at a time: the rollup is kept and indexed by tenant. The hour is taken outwards to quarters, the rollup's grain.
const UNPRICED = `
  SELECT t.tenant_id, u.model_provider, u.model_name, u.requests, u.tokens
  FROM tenants t
  CROSS JOIN LATERAL (
    SELECT q.model_provider, q.model_name, sum(q.unpriced_requests)::float8 AS requests, sum(q.unpriced_tokens)::float8 AS tokens
    FROM usage_analytics_quarter_hourly q
    WHERE q.tenant_id = t.tenant_id AND q."timestamp" >= date_bin('15 minutes', now() - interval '1 hour', '2000-01-01Z') AND q.unpriced_requests > 0
    GROUP BY 1, 2
  ) u
  WHERE $1::text IS NULL OR t.tenant_id = $1
  ORDER BY u.requests DESC, 1, 2, 3`;

/**
 * `promptops_unpriced_usage_requests` and `promptops_unpriced_usage_tokens`: the usage of the last hour whose cost is not known, by model,
 * however it was sent; the same from every replica. The operator's key sees all tenants, another key its own tenant.
 */
export function unpricedMetrics(pool: Pool): (principal: Principal) => Promise<string> {
  return async ({ tenantId, isOperator }) => {
    const { rows } = await pool.query<Row>(UNPRICED, [isOperator ? null : tenantId]);
    if (rows.length === 0) return '';
    const registry = new Registry();
    const gauge = (name: string, what: string) =>
      new Gauge({
        name,
        help: `${what} of the last hour whose cost is not known, by model; past ${MAX_UNPRICED_SERIES} models the others are one series`,
        labelNames: ['tenant', 'model_provider', 'model_name'],
        registers: [registry],
      });
    const requests = gauge('promptops_unpriced_usage_requests', 'Requests');
    const tokens = gauge('promptops_unpriced_usage_tokens', 'Tokens of requests');
    for (const row of rows.slice(0, MAX_UNPRICED_SERIES)) {
      const labels = {
        tenant: row.tenant_id,
        model_provider: row.model_provider,
        model_name: row.model_name,
      };
      requests.set(labels, row.requests);
      tokens.set(labels, row.tokens);
    }
    const rest = rows.slice(MAX_UNPRICED_SERIES);
    if (rest.length > 0) {
      const labels = { tenant: 'other', model_provider: 'other', model_name: 'other' };
      requests.set(
        labels,
        rest.reduce((sum, row) => sum + row.requests, 0),
      );
      tokens.set(
        labels,
        rest.reduce((sum, row) => sum + row.tokens, 0),
      );
    }
    return registry.metrics();
  };
}
