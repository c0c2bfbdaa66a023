import { useChoice } from '../navigation/use-choice.ts';
import { usePeriod } from '../period/use-period.ts';

export type Since = 'week' | 'period';

/** Which change is explained: since last week (whatever the page's period is), or from the period before to that of the page. */
export function useSince(): {
  since: Since;
  setSince: (since: Since) => void;
  /** What the compare route takes. */
  periods: { start_date: string; end_date: string; timezone: string; compare_with: string };
} {
  const { query, timeZone } = usePeriod();
  const [since, setSince] = useChoice<Since>('since', ['week', 'period'], 'week');
  const { start_date, end_date } = since === 'week' ? LAST_7_DAYS : query;
  const compare_with = since === 'week' ? 'last_week' : 'previous_period';
  return { since, setSince, periods: { start_date, end_date, timezone: timeZone, compare_with } };
}

/** Seven local days, today so far among them: set beside the same days of a week before, every weekday meets its like. */
const LAST_7_DAYS = { start_date: 'now-6d/d', end_date: 'now' };
