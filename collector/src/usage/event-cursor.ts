import { createHash } from 'node:crypto';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { Problem } from '../http/errors.ts';
import type { DimensionFilter, Filters } from './filters.ts';

/** Where a page ends: the next one begins with what is older than this event, or has the same time and a smaller UUID. */
export interface EventPosition {
  timestampUs: number;
  /** NIL_UUID: everything of that time was looked at. */
  eventUuid: string;
}

/** Smaller than any event's. */
export const NIL_UUID = '00000000-0000-0000-0000-000000000000';

/** A cursor carries the range that the first page was asked for, so that `now-7d` stays what it was while pages are read. */
export interface EventCursor extends EventPosition {
  startMs: number;
  endMs: number;
}

export function writeCursor(
  { timestampUs, eventUuid, startMs, endMs }: EventCursor,
  filters: Filters,
): string {
  return encodeCursor([timestampUs, eventUuid, startMs, endMs, digestOf(filters)]);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** The last instant of the year 9999. */
const MAX_MS = 253_402_300_799_999;

/** @throws Problem invalid-request when it is none of ours, or one of other filters */
export function readCursor(text: string, filters: Filters): EventCursor {
  const parts = decodeCursor(text);
  if (parts?.length !== 5) throw wrong();
  const [timestampUs, eventUuid, startMs, endMs, digest] = parts;
  const isTime = (value: unknown, max: number): value is number =>
    Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max;
  if (
    !isTime(timestampUs, MAX_MS * 1000) ||
    !isTime(startMs, MAX_MS) ||
    !isTime(endMs, MAX_MS) ||
    typeof eventUuid !== 'string' ||
    !UUID.test(eventUuid)
  ) {
    throw wrong();
  }
  if (digest !== digestOf(filters)) {
    throw new Problem(
      'invalid-request',
      'cursor: belongs to other filters. Ask with the filters of the first page, or without a cursor.',
    );
  }
  return { timestampUs, eventUuid, startMs, endMs };
}

function wrong(): Problem {
  return new Problem(
    'invalid-request',
    'cursor: is not a next_cursor of an answer. Ask without one for the newest events.',
  );
}

/** The same for the same filters, in whatever order they were written. */
function digestOf(filters: Filters): string {
  const sorted = (Object.entries(filters) as [string, DimensionFilter][])
    .map(([name, filter]) => [
      name,
      filter.in?.toSorted(),
      filter.not_in?.toSorted(),
      filter.prefix?.toSorted(),
    ])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('base64url').slice(0, 16);
}
