import { Problem } from '../http/errors.ts';
import { GRAIN_MS, readBoundary, readRange, type Range, type RangeQuery } from './period.ts';
import { shift } from './relative-time.ts';
import { offsetMs, startOfLocalDay } from './time-zone.ts';

/** What a period can be compared with. */
export const COMPARE_WITH = ['previous_period', 'last_week', 'last_month', 'last_year', 'range'] as const;
export type CompareWith = (typeof COMPARE_WITH)[number];

const DAY_MS = 86_400_000;
const UNITS = { last_week: 'w', last_month: 'M', last_year: 'y' } as const;

export interface CompareQuery extends RangeQuery {
  compare_with?: Exclude<CompareWith, 'range'> | undefined;
  compare_start?: string | undefined;
  compare_end?: string | undefined;
}

/** Two ranges of one time zone; they may overlap. */
export interface ComparedRanges {
  current: Range;
  previous: Range;
  with: CompareWith;
  /** Whether the asked period goes on beyond now, so that as much of both is compared as is over. */
  isCutAtNow: boolean;
}

/**
 * The two ranges that a query asks for. A period that is not over is cut at the quarter of an hour of now, and so is the one that it is compared with, at
 * the same time of its own: else an unfinished month would be less than a whole one. Two ranges that are both told are taken as they are.
 * @throws Problem invalid-request that names the parameter
 */
export function readComparedRanges(query: CompareQuery, nowMs: number): ComparedRanges {
  const asked = readRange(query, nowMs);
  const { timeZone, startMs } = asked;
  if (query.compare_start !== undefined || query.compare_end !== undefined) {
    return { current: asked, previous: readOther(query, timeZone, nowMs), with: 'range', isCutAtNow: false };
  }
  const compareWith = query.compare_with ?? 'previous_period';
  const nowEndMs = Math.ceil(nowMs / GRAIN_MS) * GRAIN_MS;
  const isCutAtNow = asked.endMs > nowEndMs && startMs < nowEndMs;
  const endMs = isCutAtNow ? nowEndMs : asked.endMs;
  const back =
    compareWith === 'previous_period'
      ? byItsLength(asked)
      : (ms: number): number => toGrain(shift(timeZone, ms, -1, UNITS[compareWith]));
  const previousStartMs = back(startMs);
  // March 29 and 30 a month before are both the last of February: a day at the least.
  const previousEndMs = Math.max(
    back(endMs),
    Math.min(startOfLocalDay(timeZone, previousStartMs, 1), previousStartMs + (endMs - startMs)),
  );
  if (previousStartMs < 0)
    throw new Problem('invalid-request', 'start_date: there is nothing before 1970 to compare with.');
  return {
    current: { startMs, endMs, timeZone },
    previous: { startMs: previousStartMs, endMs: previousEndMs, timeZone },
    with: compareWith,
    isCutAtNow,
  };
}

function readOther(query: CompareQuery, timeZone: string, nowMs: number): Range {
  const { compare_start: start, compare_end: end } = query;
  if (start === undefined || end === undefined) {
    const missing = start === undefined ? 'compare_start' : 'compare_end';
    throw new Problem('invalid-request', `${missing}: is needed too; a range of one's own has both ends.`);
  }
  if (query.compare_with !== undefined)
    throw new Problem('invalid-request', 'compare_with: name either this or compare_start and compare_end.');
  const startMs = readBoundary('compare_start', start, timeZone, 'start', nowMs);
  const endMs = readBoundary('compare_end', end, timeZone, 'end', nowMs);
  if (startMs >= endMs) throw new Problem('invalid-request', 'compare_start: must lie before compare_end.');
  return { startMs, endMs, timeZone };
}

/** Back by as many local days as a period of whole days has, so that days of 23 and 25 hours stay days; else by its length. */
function byItsLength({ startMs, endMs, timeZone }: Range): (ms: number) => number {
  const isMidnight = (ms: number): boolean => startOfLocalDay(timeZone, ms) === ms;
  if (!isMidnight(startMs) || !isMidnight(endMs)) return (ms) => ms - (endMs - startMs);
  const localMs = (ms: number): number => ms + offsetMs(timeZone, ms);
  const days = Math.round((localMs(endMs) - localMs(startMs)) / DAY_MS);
  return (ms) =>
    toGrain(isMidnight(ms) ? startOfLocalDay(timeZone, ms, -days) : shift(timeZone, ms, -days, 'd'));
}

/** Zones of long ago have offsets of odd seconds. */
function toGrain(ms: number): number {
  return Math.round(ms / GRAIN_MS) * GRAIN_MS;
}
