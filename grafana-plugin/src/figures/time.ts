import { dateTimeFormat, dateTimeFormatTimeAgo } from '@grafana/data';

const FORMATS = {
  hour: 'ddd D MMM HH:mm',
  day: 'ddd D MMM YYYY',
  week: '[Week of] D MMM YYYY',
  month: 'MMMM YYYY',
} as const;

/** The point of a series as a person says it, in the zone of the page. */
export function pointTime(time: number | string, groupBy: keyof typeof FORMATS, timeZone: string): string {
  return dateTimeFormat(typeof time === 'string' ? Date.parse(time) : time, {
    format: FORMATS[groupBy],
    timeZone,
  });
}

export function instant(time: number | string | null | undefined, timeZone: string): string {
  if (time === null || time === undefined) return '–';
  return dateTimeFormat(typeof time === 'string' ? Date.parse(time) : time, {
    format: 'YYYY-MM-DD HH:mm:ss',
    timeZone,
  });
}

export function ago(time: number | string, timeZone: string): string {
  return dateTimeFormatTimeAgo(typeof time === 'string' ? Date.parse(time) : time, { timeZone });
}
