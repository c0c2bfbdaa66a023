import { dateTimeFormat } from '@grafana/data';

/** A half-open period as a person says it: whole days by their first and last, others with their times. */
export function periodText({ start, end }: { start: string; end: string }, timeZone: string): string {
  const [from, to] = [Date.parse(start), Date.parse(end)];
  const at = (time: number, format: string) => dateTimeFormat(time, { format, timeZone });
  const isMidnight = (time: number) => at(time, 'HH:mm') === '00:00';
  const day = 'ddd D MMM YYYY';
  if (!isMidnight(to) && at(from, day) === at(to, day))
    return `${at(from, `${day} HH:mm`)} to ${at(to, 'HH:mm')}`;
  if (!isMidnight(from)) return `${at(from, `${day} HH:mm`)} to ${at(to, `${day} HH:mm`)}`;
  // The last moment of a period that ends with a day is in that day.
  const last = isMidnight(to) ? at(to - 1, day) : at(to, `${day} HH:mm`);
  const first = at(from, day);
  return first === last ? first : `${first} to ${last}`;
}
