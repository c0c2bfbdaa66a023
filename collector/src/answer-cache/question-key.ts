import { readBoundary, readRange } from '../usage/period.ts';

/** What is asked: a text that is the same for the same question, and when its period ends. */
export interface Question {
  text: string;
  endMs: number;
}

/** Ends of ranges; missing or relative ones mean something else as time goes by. */
const STARTS: readonly string[] = ['start_date', 'compare_start'];
const ENDS: readonly string[] = ['end_date', 'compare_end'];
/** Lists whose order the answer follows. */
const ORDERED: readonly string[] = ['dimension'];

/**
 * The question of a query string that its schema has checked: parameters in one order, lists without order sorted and without repeats, relative times as
 * the quarter of an hour that they mean now, and a missing end as the end of the day that it means.
 * @throws Problem invalid-request where the times are wrong
 */
export function questionOf(query: Record<string, unknown>, nowMs: number): Question {
  const range = readRange(query, nowMs);
  const parameters = new Map<string, string[]>();
  for (const [name, given] of Object.entries(query)) {
    if (given === undefined) continue;
    const values = (Array.isArray(given) ? given : [given]).map(String);
    if (STARTS.includes(name) || ENDS.includes(name)) {
      parameters.set(
        name,
        values.map((text) => fixedTime(name, text, range.timeZone, nowMs)),
      );
    } else parameters.set(name, ORDERED.includes(name) ? values : [...new Set(values)].sort());
  }
  if (!parameters.has('end_date')) parameters.set('end_date', [`${range.endMs}`]);
  const sorted = [...parameters].sort(([a], [b]) => (a < b ? -1 : 1));
  const { compare_end: compareEnd } = query;
  const otherEndMs =
    typeof compareEnd === 'string'
      ? readBoundary('compare_end', compareEnd, range.timeZone, 'end', nowMs)
      : 0;
  return { text: JSON.stringify(sorted), endMs: Math.max(range.endMs, otherEndMs) };
}

function fixedTime(name: string, text: string, timeZone: string, nowMs: number): string {
  if (!text.startsWith('now')) return text;
  return `${readBoundary(name, text, timeZone, STARTS.includes(name) ? 'start' : 'end', nowMs)}`;
}
