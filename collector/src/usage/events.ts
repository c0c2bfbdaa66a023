import { inSnapshot, type Client, type Pool } from '../database/pool.ts';
import { rowFromDatabase } from '../ingest/stored-row.ts';
import { readFreshness, type Freshness } from './answer-parts.ts';
import { rangeTexts } from './buckets.ts';
import { NIL_UUID, writeCursor, type EventPosition } from './event-cursor.ts';
import { filterConditions, type Filters } from './filters.ts';
import type { Range } from './period.ts';
import { Parameters } from './rollup-source.ts';
import { storedEvent, timeText, type StoredEvent } from './stored-event.ts';

/**
 * Events that one page looks at, at the most: a filter that few of them pass ends the page with a cursor, instead of reading the whole
 * range. Some 100 ms on two cores.
 */
export const MAX_LOOKED_AT = 50_000;
/** The first step of a filtered page looks at this many times its limit, each further one at four times as many as the one before. */
const FIRST_STEP = 4;
const STEP_GROWTH = 4;

export interface EventPage {
  period: { start: string; end: string; timezone: string };
  events: StoredEvent[];
  next_cursor: string | null;
  searched_back_to: string;
  freshness: Freshness;
}

export interface EventsQuestion {
  tenantId: string;
  range: Range;
  filters: Filters;
  limit: number;
  /** Where the page before ended; undefined for the newest events. */
  after: EventPosition | undefined;
  /** Default MAX_LOOKED_AT. */
  maxLookedAt?: number;
}

/**
 * A page of events, the newest first; of events of one time the one with the greater UUID first. What comes in while pages are read is
 * in none of the later ones unless it belongs there by its time, and nothing is in two.
 */
export function readEvents(pool: Pool, question: EventsQuestion): Promise<EventPage> {
  return inSnapshot(pool, async (client) => {
    const { tenantId, range, filters, limit, maxLookedAt = MAX_LOOKED_AT } = question;
    const startUs = range.startMs * 1000;
    let position = question.after ?? { timestampUs: range.endMs * 1000, eventUuid: NIL_UUID };
    const rows: Row[] = [];
    let left = maxLookedAt;
    // Without filters each event looked at is one of the page.
    let step =
      Object.keys(filters).length === 0 ? limit + 1 : Math.min(FIRST_STEP * (limit + 1), maxLookedAt);
    let isEnd = false;
    while (rows.length <= limit && left > 0 && !isEnd) {
      const floorUs = await floorOf(client, tenantId, startUs, position, Math.min(step, left));
      isEnd = floorUs === undefined;
      const found = await readSlice(client, question, floorUs ?? startUs, position, limit + 1 - rows.length);
      rows.push(...found);
      left -= step;
      step *= STEP_GROWTH;
      position = { timestampUs: floorUs ?? startUs, eventUuid: NIL_UUID };
    }
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    // More rows than the page has: it goes on after its last one. Else everything down to the position was looked at.
    const next =
      rows.length > limit && last
        ? { timestampUs: last.timestamp_us, eventUuid: last.event_uuid }
        : isEnd
          ? undefined
          : position;
    return {
      period: rangeTexts(range),
      events: page.map((row) => storedEvent(rowFromDatabase(row), row.received_at)),
      next_cursor:
        next === undefined
          ? null
          : writeCursor({ ...next, startMs: range.startMs, endMs: range.endMs }, filters),
      searched_back_to: timeText(next?.timestampUs ?? startUs),
      freshness: await readFreshness(client, 'events'),
    };
  });
}

type Row = Record<string, unknown> & { timestamp_us: number; event_uuid: string; received_at: Date };

/**
 * The time of the n-th event before a position, from the index on tenant and time alone: down to it there are n of them, and maybe some of the
 * same microsecond more. undefined where there are fewer than n.
 */
async function floorOf(
  client: Client,
  tenantId: string,
  startUs: number,
  { timestampUs, eventUuid }: EventPosition,
  n: number,
): Promise<number | undefined> {
  const { rows } = await client.query<{ timestamp_us: number }>(
    `SELECT (extract(epoch FROM e."timestamp") * 1000000)::bigint AS timestamp_us FROM client_usage_logs e
     WHERE e.tenant_id = $1 AND e."timestamp" >= $2::timestamptz AND e."timestamp" ${eventUuid === NIL_UUID ? '<' : '<='} $3::timestamptz
     ORDER BY e."timestamp" DESC OFFSET $4 LIMIT 1`,
    [tenantId, timeText(startUs), timeText(timestampUs), n - 1],
  );
  return rows[0]?.timestamp_us;
}

/** The newest events between a time and a position that pass the filters. */
async function readSlice(
  client: Client,
  { tenantId, filters }: EventsQuestion,
  floorUs: number,
  { timestampUs, eventUuid }: EventPosition,
  limit: number,
): Promise<Row[]> {
  const parameters = new Parameters();
  const tenant = parameters.add(tenantId);
  const floor = parameters.add(timeText(floorUs));
  const ceiling = parameters.add(timeText(timestampUs));
  const before =
    eventUuid === NIL_UUID
      ? `e."timestamp" < ${ceiling}::timestamptz`
      : `e."timestamp" <= ${ceiling}::timestamptz AND (e."timestamp" < ${ceiling}::timestamptz OR e.event_uuid < ${parameters.add(eventUuid)}::uuid)`;
  const { rows } = await client.query<Row>(
    `SELECT (extract(epoch FROM e."timestamp") * 1000000)::bigint AS timestamp_us, e.* FROM client_usage_logs e
     WHERE e.tenant_id = ${tenant} AND e."timestamp" >= ${floor}::timestamptz AND ${before}${filterConditions(filters, parameters, 'events')}
     ORDER BY e."timestamp" DESC, e.event_uuid DESC LIMIT ${parameters.add(limit)}`,
    parameters.values,
  );
  return rows;
}
