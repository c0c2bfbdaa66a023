import { linkTo } from '../summary/link.ts';
import { writeFilters, type Filters } from '../usage/filters.ts';
import { GRAIN_MS } from '../usage/period.ts';
import type { AlertRow } from './alert.ts';
import { ALERT_METRICS, type AlertMetric, type AlertMetricName } from './alert-metrics.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

type Shown = Pick<
  AlertRow,
  'alert_id' | 'metric' | 'filters' | 'dimension' | 'member' | 'budget_id' | 'window_start' | 'window_end'
>;

/**
 * Where an alert's number can be seen: the API path answers with it, of exactly its window; the page shows that window with as much before it as tells
 * what is usual.
 */
export function evidenceOf(row: Shown): { evidence_path: string | null; page_path: string } {
  const metric: AlertMetric | undefined = Object.hasOwn(ALERT_METRICS, row.metric)
    ? ALERT_METRICS[row.metric as AlertMetricName]
    : undefined;
  const own = `/analytics/alerts?alert=${row.alert_id}`;
  if (!metric || row.window_start === null || row.window_end === null)
    return { evidence_path: null, page_path: own };
  const startMs = row.window_start.getTime();
  const endMs = Math.ceil(row.window_end.getTime() / GRAIN_MS) * GRAIN_MS;
  const filters = filtersWithMember(row);
  const range = { startMs, endMs, timeZone: 'UTC' };
  const before = Math.max(6 * HOUR_MS, 3 * (endMs - startMs));
  const page = (path: string, more: Record<string, string> = {}): string =>
    pagePath(path, startMs - before, endMs, filters, more);
  if (metric.from === 'budgets') {
    const path =
      row.budget_id === null ? '/v1/analytics/budgets/status' : `/v1/analytics/budgets/${row.budget_id}`;
    return { evidence_path: path, page_path: page('costs', { tab: 'budgets' }) };
  }
  if (metric.from === 'anomalies') {
    const wide = { ...range, startMs: Math.min(startMs, endMs - DAY_MS) };
    const dimension = row.dimension ?? 'total';
    return {
      evidence_path: linkTo('/v1/analytics/usage/anomalies', wide, row.filters, {
        measure: metric.measure,
        dimension,
      }),
      page_path: page('explore'),
    };
  }
  if (metric.from === 'latency')
    return {
      evidence_path: linkTo('/v1/analytics/usage/latency', range, filters),
      page_path: page('performance'),
    };
  const isOfErrors = row.metric === 'error_rate' || row.metric === 'failed_requests';
  const isOfTime = metric.unit === 'ms';
  return {
    evidence_path: linkTo(
      isOfErrors ? '/v1/analytics/usage/errors' : '/v1/analytics/usage/overview',
      range,
      filters,
    ),
    page_path: page(
      isOfErrors || isOfTime
        ? 'performance'
        : metric.unit === 'usd' || row.metric === 'unpriced_requests'
          ? 'costs'
          : 'explore',
    ),
  };
}

/** A rule's filters narrowed to the member that the alert is of. */
function filtersWithMember({
  filters,
  dimension,
  member,
}: Pick<Shown, 'filters' | 'dimension' | 'member'>): Filters {
  if (dimension === null || dimension === 'budget' || dimension === 'total') return filters;
  return { ...filters, [dimension]: { in: [member] } };
}

function pagePath(
  path: string,
  fromMs: number,
  toMs: number,
  filters: Filters,
  more: Record<string, string>,
): string {
  const query = new URLSearchParams({
    ...more,
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
  });
  writeFilters(query, filters);
  return `/analytics/${path}?${query.toString()}`;
}
