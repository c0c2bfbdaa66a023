import type { Queryable } from '../database/pool.ts';
import { clip } from './clip.ts';
import type { UnknownShape, UnknownShapes } from './unknown-shapes.ts';

/** Kinds that are kept of a tenant; what comes after is counted as one. */
const MAX_KINDS = 1_000;

const COUNT = `
  WITH told AS (
    SELECT emitter, reason, min(example) AS example, sum(items)::bigint AS items FROM (
      SELECT CASE WHEN is_kept THEN emitter ELSE 'other' END AS emitter,
             CASE WHEN is_kept THEN reason ELSE 'more kinds than are told apart' END AS reason, example, items
      FROM (
        SELECT t.*, EXISTS (SELECT FROM unknown_telemetry u WHERE u.tenant_id = $1 AND u.emitter = t.emitter AND u.reason = t.reason)
                    OR (SELECT count(*) FROM unknown_telemetry u WHERE u.tenant_id = $1) < ${MAX_KINDS} AS is_kept
        FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) AS t (emitter, reason, example, items)
      ) asked
    ) named GROUP BY emitter, reason
  )
  INSERT INTO unknown_telemetry (tenant_id, emitter, reason, example, items)
  SELECT $1, emitter, reason, example, items FROM told ORDER BY emitter, reason
  ON CONFLICT (tenant_id, emitter, reason) DO UPDATE SET items = unknown_telemetry.items + excluded.items, last_seen = now()`;

/** Adds up what no mapping could read. */
export async function countUnknown(
  database: Queryable,
  tenantId: string,
  unknown: UnknownShapes,
): Promise<void> {
  const shapes = unknown.list();
  if (shapes.length === 0) return;
  await database.query(COUNT, [
    tenantId,
    shapes.map(({ emitter }) => clean(emitter)),
    shapes.map(({ reason }) => clean(reason)),
    shapes.map(({ example }) => clean(example)),
    shapes.map(({ count }) => count),
  ]);
}

const clean = (text: string): string => clip(text.toWellFormed(), 500);

export interface UnknownTelemetry extends UnknownShape {
  firstSeen: Date;
  lastSeen: Date;
}

/** The most frequent first. */
export async function listUnknown(database: Queryable, tenantId: string): Promise<UnknownTelemetry[]> {
  const { rows } = await database.query<UnknownTelemetry>(
    `SELECT emitter, reason, example, items AS count, first_seen AS "firstSeen", last_seen AS "lastSeen"
     FROM unknown_telemetry WHERE tenant_id = $1 ORDER BY items DESC, emitter, reason LIMIT 200`,
    [tenantId],
  );
  return rows;
}
