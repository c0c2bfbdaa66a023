import { COMPARE_WITH, type CompareWith } from '../../period/compared-with.ts';

export interface ReportPeriod {
  id: string;
  label: string;
  from: string;
  to: string;
  /** What such a period is compared with unless something else is chosen. */
  against: CompareWith;
}

/** The periods that are reported on; others come from the time range. A part of a month is compared with the same days of the last one. */
export const REPORT_PERIODS: readonly ReportPeriod[] = [
  { id: 'month', label: 'This month', from: 'now/M', to: 'now', against: 'last_month' },
  { id: 'last-month', label: 'Last month', from: 'now-1M/M', to: 'now-1M/M', against: 'last_month' },
  { id: 'week', label: 'This week', from: 'now/w', to: 'now', against: 'last_week' },
  { id: 'last-week', label: 'Last week', from: 'now-1w/w', to: 'now-1w/w', against: 'last_week' },
  { id: '7-days', label: 'Last 7 days', from: 'now-6d/d', to: 'now', against: 'last_week' },
  { id: '30-days', label: 'Last 30 days', from: 'now-29d/d', to: 'now', against: 'previous_period' },
];

/** Which of them a range of the URL is; undefined where it is another one. */
export function reportPeriodOf(raw: { from: string; to: string }): ReportPeriod | undefined {
  return REPORT_PERIODS.find(({ from, to }) => from === raw.from && to === raw.to);
}

export function readCompareWith(text: string | null, period: ReportPeriod | undefined): CompareWith {
  return COMPARE_WITH.find((one) => one === text) ?? period?.against ?? 'previous_period';
}
