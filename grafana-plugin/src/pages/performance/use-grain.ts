import { usePeriod, type PagePeriod } from '../../period/use-period.ts';

/** Up to so many days points are hours: latency changes by the hour, and 200 points still fit a chart. */
const HOURS_UP_TO_DAYS = 8;

/** The width of points that charts of latency and errors want: finer than those of cost. */
export function useGrain(): PagePeriod['groupBy'] {
  const { days, groupBy } = usePeriod();
  return days <= HOURS_UP_TO_DAYS ? 'hour' : groupBy;
}
