import type { Client, Queryable } from '../database/pool.ts';
import { eventUuidOf } from '../ingest/event-id.ts';
import { formatTimestamp } from '../ingest/usage-row.ts';
import { increase, type LastPoint, type MetricPoint } from './metric-points.ts';

const LAST_POINTS = `
  SELECT series, start_us, time_us, sum, count FROM metered_series WHERE tenant_id = $1 AND series = ANY($2::uuid[]) ORDER BY series FOR UPDATE`;
const KEEP_LAST = `
  INSERT INTO metered_series (tenant_id, series, start_us, time_us, sum, count)
  SELECT $1, series, start_us, time_us, sum, count
  FROM jsonb_to_recordset($2::jsonb) AS p (series uuid, start_us bigint, time_us bigint, sum float8, count bigint)
  ORDER BY series
  ON CONFLICT (tenant_id, series) DO UPDATE SET
    start_us = excluded.start_us, time_us = excluded.time_us, sum = excluded.sum, count = excluded.count, seen_at = now()`;
const ADD = `
  INSERT INTO metered_usage (tenant_id, "timestamp", resource_key, service_name, scope_name, metric, measure, token_type, model_provider, model_name, attributes, sum, count)
  SELECT $1, "timestamp", resource_key, service_name, scope_name, metric, measure, token_type, model_provider, model_name, attributes, sum, count
  FROM jsonb_to_recordset($2::jsonb) AS p ("timestamp" timestamptz, resource_key text, service_name text, scope_name text, metric text, measure text,
    token_type text, model_provider text, model_name text, attributes jsonb, sum float8, count bigint)`;

/**
 * Stores what metric points add to their series, in the caller's transaction. A point that comes again, or late, adds nothing.
 * @returns how many added something
 */
export async function writeMetricPoints(
  client: Client,
  tenantId: string,
  points: readonly MetricPoint[],
): Promise<number> {
  if (points.length === 0) return 0;
  const placed = points
    .map((point) => ({ point, series: eventUuidOf(`${point.sourceKey} ${point.seriesKey}`) }))
    .sort((a, b) => a.point.timeUs - b.point.timeUs);
  // New series have no row to lock.
  await client.query(
    `SELECT pg_advisory_xact_lock(hashtextextended('promptops.metered_series ' || $1::text, 0))`,
    [tenantId],
  );
  const { rows } = await client.query<{
    series: string;
    start_us: number;
    time_us: number;
    sum: number | null;
    count: number | null;
  }>(LAST_POINTS, [tenantId, [...new Set(placed.map(({ series }) => series))]]);
  const last = new Map<string, LastPoint>(
    rows.map(({ series, start_us, time_us, sum, count }) => [
      series,
      { startUs: start_us, timeUs: time_us, sum, count },
    ]),
  );
  const added: Record<string, unknown>[] = [];
  const moved = new Map<string, Record<string, unknown>>();
  for (const { point, series } of placed) {
    const grown = increase(point, last.get(series));
    if (!grown) continue;
    const { startUs, timeUs, sum, count } = point;
    last.set(series, { startUs, timeUs, sum, count });
    moved.set(series, { series, start_us: startUs, time_us: timeUs, sum, count });
    // A cumulative series that stood still is no usage.
    if ((grown.sum ?? 0) === 0 && (grown.count ?? 0) === 0) continue;
    added.push({
      timestamp: formatTimestamp(timeUs),
      resource_key: point.resourceKey,
      service_name: point.serviceName,
      scope_name: point.scopeName,
      metric: point.metric,
      measure: point.measure,
      token_type: point.tokenType,
      model_provider: point.provider,
      model_name: point.model,
      attributes: point.attributes,
      ...grown,
    });
  }
  if (moved.size > 0) await client.query(KEEP_LAST, [tenantId, JSON.stringify([...moved.values()])]);
  if (added.length > 0) await client.query(ADD, [tenantId, JSON.stringify(added)]);
  return added.length;
}

/** Notes that processes sent calls, or metrics of calls. */
export async function noteSources(
  database: Queryable,
  tenantId: string,
  resourceKeys: Iterable<string>,
  what: 'events' | 'metrics',
): Promise<void> {
  const keys = [...new Set(resourceKeys)].sort();
  if (keys.length === 0) return;
  await database.query(
    `INSERT INTO telemetry_sources (tenant_id, resource_key, last_${what}_at) SELECT $1, unnest($2::text[]), now()
     ON CONFLICT (tenant_id, resource_key) DO UPDATE SET last_${what}_at = now()`,
    [tenantId, keys],
  );
}
