const RELATIVE = /^now(?:[+-]\d{1,5}[mhdwMy])?(?:\/[mhdwMy])?$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/**
 * One end of a range as the URL has it: relative (`now-7d/d`), epoch milliseconds, a date, or an RFC 3339 time.
 * @returns the text that the API takes, undefined where it is none of these
 */
export function apiTime(raw: string | null): string | undefined {
  if (raw === null) return undefined;
  if (RELATIVE.test(raw) || DATE.test(raw)) return raw;
  const ms = /^\d{11,14}$/.test(raw) ? Number(raw) : Date.parse(raw);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
