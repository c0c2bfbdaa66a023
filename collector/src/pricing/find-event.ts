import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { checkedByRoute } from '../http/checked-by-route.ts';
import { Problem } from '../http/errors.ts';
import { eventUuidOf } from '../ingest/event-id.ts';
import { rowFromDatabase } from '../ingest/stored-row.ts';
import type { UsageRow } from '../ingest/usage-row.ts';

const PLACE = `
  SELECT coalesce(event_uuid, identity) AS event_uuid, event_timestamp::text AS at
  FROM event_identities WHERE tenant_id = $1 AND identity = $2 AND event_timestamp > '-infinity'`;
const EVENT = `
  SELECT (extract(epoch FROM l."timestamp") * 1000000)::bigint AS timestamp_us, l.* FROM client_usage_logs l
  WHERE l.tenant_id = $1 AND l."timestamp" BETWEEN $2::timestamptz AND $3::timestamptz AND l.event_uuid = $4 LIMIT 1`;

/** How a route about one event is asked. */
export const EventParams = Type.Object({ event_id: Type.String({ minLength: 1, maxLength: 200 }) });
export const EventQuery = Type.Object(
  {
    timestamp: Type.Optional(
      Type.String({
        maxLength: 40,
        ...checkedByRoute({ format: 'date-time' }),
        description:
          'When the call started, to the millisecond: finds events that were sent without an id, or long ago',
      }),
    ),
  },
  { additionalProperties: false },
);

/**
 * A stored event by its id, with when the collector first knew of it. Where it is, is known from its identity; of an event without one (sent
 * without an id, or so long ago that its identity is gone) only around a time that the caller names.
 * @param timestamp when the call started, RFC 3339, to the millisecond
 * @throws Problem not-found, or invalid-request for what is no time
 */
export async function findEvent(
  pool: Pool,
  tenantId: string,
  eventId: string,
  timestamp: string | undefined,
): Promise<{ row: UsageRow; receivedAt: Date }> {
  const timestampMs = readInstant(timestamp);
  const eventUuid = eventUuidOf(eventId);
  const { rows: places } = await pool.query<{ event_uuid: string; at: string }>(PLACE, [tenantId, eventUuid]);
  const place = places[0];
  const span =
    place !== undefined
      ? ([place.at, place.at] as const)
      : timestampMs !== undefined
        ? ([new Date(timestampMs - 1), new Date(timestampMs + 1)] as const)
        : undefined;
  if (span === undefined) throw notFound(eventId);
  const { rows } = await pool.query<Record<string, unknown> & { received_at: Date }>(EVENT, [
    tenantId,
    ...span,
    place?.event_uuid ?? eventUuid,
  ]);
  const [row] = rows;
  if (row === undefined) throw notFound(eventId);
  return { row: rowFromDatabase(row), receivedAt: row.received_at };
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/i;

function readInstant(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = INSTANT.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(ms)) {
    throw new Problem(
      'invalid-request',
      'timestamp: must be an RFC 3339 time such as 2026-11-24T06:00:00.123Z.',
    );
  }
  return ms;
}

function notFound(eventId: string): Problem {
  return new Problem(
    'not-found',
    `There is no event "${eventId}". If it is old, or was sent without an id, say when it was: ?timestamp=…`,
  );
}
