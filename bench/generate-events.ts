import type { Pool } from '../collector/src/database/pool.ts';
import { grouped } from './environment.ts';

export interface GeneratedShape {
  events: number;
  days: number;
  tenants: number;
  /** Where the days end, epoch milliseconds on a full hour; default: the last one. */
  endMs?: number;
}

const HOUR_MS = 3_600_000;

/**
 * Fills client_usage_logs inside the database, so that it takes minutes: `tenants` tenants of which each is half as busy again as
 * the next, five projects of fifty prompts each; a prompt lives in one project and uses one or two models. Ids, users, sessions and
 * latencies are as scattered as in real traffic, since they decide what compression can do. In slices of hours, so that chunks fill in order.
 */
export async function generateEvents(
  pool: Pool,
  { events, days, tenants, endMs }: GeneratedShape,
  log: (line: string) => void,
): Promise<void> {
  await pool.query(
    `INSERT INTO tenants (tenant_id, name) SELECT 'tenant-' || t, 'Tenant ' || t FROM generate_series(1, $1::int) t ON CONFLICT DO NOTHING`,
    [tenants],
  );
  const end = endMs ?? Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const slices = Math.min(days * 24, Math.max(days, Math.ceil(events / 500_000)));
  const perSlice = Math.ceil(events / slices);
  const sliceMs = (days * 24 * HOUR_MS) / slices;
  const started = performance.now();
  for (let slice = 0; slice < slices; slice += 1) {
    const from = end - days * 24 * HOUR_MS + slice * sliceMs;
    await pool.query(GENERATE, [new Date(from), perSlice, sliceMs / perSlice, tenants]);
    if (slice % Math.ceil(slices / 10) === 0) {
      const done = (slice + 1) * perSlice;
      log(`  ${grouped(done)} events, ${grouped((done / (performance.now() - started)) * 1000)} a second`);
    }
  }
}

const GENERATE = `
INSERT INTO client_usage_logs (tenant_id, "timestamp", event_uuid, project_id, prompt_id, prompt_version, endpoint, model_provider, model_name,
  service_tier, environment, user_id, session_id, stream, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
  output_tokens, reasoning_tokens, tokens_requested, tokens_used, response_time_us, time_to_first_token_us, latency_bucket, status,
  status_code, error_type, cache_hit, cost_nano_usd, price_id, metadata, received_at)
SELECT 'tenant-' || tenant, at, uuidv7(at - now()), 'project-' || prompt / 50, 'prompt-' || prompt,
  (1 + extract(doy FROM at)::int / 30)::text, CASE WHEN prompt % 3 = 0 THEN '/v1/messages' ELSE '/v1/chat/completions' END,
  CASE WHEN prompt % 3 = 0 THEN 'anthropic' ELSE 'openai' END,
  CASE WHEN prompt % 3 = 0 THEN 'claude-sonnet-4-5' WHEN prompt % 3 = 1 OR r4 < 0.1 THEN 'gpt-4o-mini' ELSE 'gpt-4o' END,
  'default', CASE WHEN r4 < 0.95 THEN 'production' ELSE 'staging' END, 'user-' || (r2 * r2 * 20000)::int, 'session-' || (r3 * 1e6)::int, prompt % 2 = 0,
  input, cached, 0, 0, output, 0, 2000, input + cached + output,
  (latency * 1000)::bigint, CASE WHEN prompt % 2 = 0 THEN (latency * 250)::bigint END, (ceil(ln(latency) / ln(2) * 8) - 1)::int,
  CASE WHEN r5 < 0.01 THEN 'error' ELSE 'success' END, CASE WHEN r5 < 0.01 THEN 429 ELSE 200 END, CASE WHEN r5 < 0.01 THEN 'rate_limit_exceeded' END,
  false, CASE WHEN r5 > 0.998 THEN NULL ELSE input * 2500 + cached * 1250 + output * 10000 END, CASE WHEN r5 > 0.998 THEN NULL ELSE price_id END, NULL, date_bin('50 ms', at, '2000-01-01Z')
FROM (
  SELECT $1::timestamptz + make_interval(secs => (n + r1) * $3::float8 / 1000) AS at, r2, r3, r4, r5,
    least($4::int, 1 + (-ln(1 - r1 * 0.9999) / ln(1.5))::int) AS tenant,
    least(249, (r2 * r4 * 250)::int) AS prompt,
    (200 + r3 * 3000)::int AS input, CASE WHEN r4 < 0.4 THEN (r2 * 2000)::int ELSE 0 END AS cached, (20 + r5 * 800)::int AS output,
    round(exp(5.5 + 2.5 * (r2 + r3 + r5) / 3 * 1.6)::numeric, 3)::float8 AS latency
  FROM (SELECT n, random() AS r1, random() AS r2, random() AS r3, random() AS r4, random() AS r5 FROM generate_series(0, $2::int - 1) n) randoms
) events
-- One row stands for all, as the cost above has one formula.
CROSS JOIN (SELECT max(price_id) AS price_id FROM model_prices WHERE provider_id = 'openai' AND list_model_id = 'gpt-4o' AND service_tier = 'standard') list`;
