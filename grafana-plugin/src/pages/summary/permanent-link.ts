/**
 * The query of a page that shows the same tomorrow: its period in epoch milliseconds and its time zone by name.
 * A period that is compared with the one before it and is not over stays as it was asked for: cut off, it would be compared with other days.
 */
export function permanentQuery(
  search: URLSearchParams,
  asked: { fromMs: number; toMs: number; timeZone: string },
  answered: { start: string; end: string; is_cut_at_now: boolean } | undefined,
  compareWith: string,
): URLSearchParams {
  const after = new URLSearchParams(search);
  const isKept = answered !== undefined && !(answered.is_cut_at_now && compareWith === 'previous_period');
  after.set('from', String(isKept ? Date.parse(answered.start) : asked.fromMs));
  after.set('to', String(isKept ? Date.parse(answered.end) : asked.toMs));
  after.set('timezone', asked.timeZone);
  after.set('compare_with', compareWith);
  after.delete('refresh');
  return after;
}
