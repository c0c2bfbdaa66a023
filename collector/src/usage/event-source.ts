import { Problem } from '../http/errors.ts';
import { dimensionOf, eventMember, memberColumn, type DimensionName } from './dimensions.ts';
import { filterConditions, type Filters } from './filters.ts';
import { MEASURES, type Measure } from './measures.ts';
import { tenantColumns, tenantCondition, type Parameters, type TenantIds } from './rollup-source.ts';

/**
 * Longest range that is read from the log of events: a quarter of a year, the longest calendar period of a budget, and a day for the
 * zones' sake. A longer one would read what the rollups exist to spare.
 */
export const MAX_EVENT_DAYS = 93;
const DAY_MS = 86_400_000;

/** Measures that stay NULL where an event has none, as in the rollup views. */
const NULLABLE: Partial<Record<Measure, string>> = {
  total_cost_nano_usd: 'e.cost_nano_usd',
  reported_cost_nano_usd: 'e.reported_cost_nano_usd',
};

/** The value of a measure for one event `e`. */
export function eventMeasure(measure: Measure): string {
  return NULLABLE[measure] ?? MEASURES[measure].event;
}

/**
 * Rows of the log in the form of rollup rows: "timestamp" (of the quarter of an hour), the dimensions, the measures. For dimensions that
 * are in no rollup.
 * @throws Problem range-too-long past MAX_EVENT_DAYS
 */
export function eventRows(
  request: {
    tenantId: TenantIds;
    startMs: number;
    endMs: number;
    filters: Filters;
    groupBy: readonly DimensionName[];
    measures: readonly Measure[];
  },
  parameters: Parameters,
): string {
  checkEventRange(request.startMs, request.endMs, [...request.groupBy, ...Object.keys(request.filters)]);
  const dimensions = request.groupBy.map(
    (name, index) => `${eventMember(dimensionOf(name), parameters)} AS ${memberColumn(name, index)}`,
  );
  const measures = request.measures.map((measure) => `${eventMeasure(measure)} AS ${measure}`);
  const tenant = tenantCondition(request.tenantId, parameters, 'e.tenant_id');
  const columns = [...tenantColumns(request.tenantId, 'e.tenant_id'), ...dimensions, ...measures].join(', ');
  const [start, end] = [parameters.add(new Date(request.startMs)), parameters.add(new Date(request.endMs))];
  return `SELECT date_bin('15 minutes', e."timestamp", '2000-01-01Z') AS "timestamp", ${columns}
    FROM client_usage_logs e
    WHERE ${tenant} AND e."timestamp" >= ${start} AND e."timestamp" < ${end}${filterConditions(request.filters, parameters, 'events')}`;
}

/** @throws Problem range-too-long when a range is too long for the log of events */
export function checkEventRange(startMs: number, endMs: number, dimensions: readonly string[]): void {
  if (endMs - startMs <= MAX_EVENT_DAYS * DAY_MS) return;
  const names = [...new Set(dimensions)].filter((name) => !dimensionOf(name).inRollups);
  throw new Problem(
    'range-too-long',
    `${names.join(' and ')}: ${names.length === 1 ? 'is' : 'are'} read from the events themselves, at most ${MAX_EVENT_DAYS} days at once. Ask for a shorter period, or for dimensions of the rollups.`,
    { extensions: { max_days: MAX_EVENT_DAYS } },
  );
}
