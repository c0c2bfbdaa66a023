import { memberColumn, type DimensionName } from './dimensions.ts';
import { eventRows } from './event-source.ts';
import { FIGURE_COLUMNS } from './figures.ts';
import { filterConditions, filteredDimensions, type Filters } from './filters.ts';
import { MODEL_DIMENSIONS, ROLLUP_DIMENSIONS, type Measure, type RollupDimension } from './measures.ts';
import { GRAIN_MS, type Period } from './period.ts';
import { offsetMs } from './time-zone.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A statement under construction: text with $n, and the values. Only names from the closed registry enter the text. */
export class Parameters {
  readonly values: unknown[] = [];
  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** Rollups, those with the fewest rows first. Each row has "timestamp", the dimensions, and FIGURE_COLUMNS. */
interface Rollup {
  view: string;
  grainMs: number;
  dimensions: readonly RollupDimension[];
}

const QUARTER_HOUR: Rollup = {
  view: 'usage_analytics_quarter_hourly',
  grainMs: GRAIN_MS,
  dimensions: ROLLUP_DIMENSIONS,
};
const ROLLUPS: readonly Rollup[] = [
  { view: 'usage_analytics_total', grainMs: GRAIN_MS, dimensions: [] },
  { view: 'usage_analytics_daily', grainMs: DAY_MS, dimensions: ROLLUP_DIMENSIONS },
  { view: 'usage_analytics_hourly_by_model', grainMs: HOUR_MS, dimensions: MODEL_DIMENSIONS },
  { view: 'usage_analytics_hourly', grainMs: HOUR_MS, dimensions: ROLLUP_DIMENSIONS },
  QUARTER_HOUR,
];

/** One tenant, or several at once: then the rows carry their tenant_id as a column. */
export type TenantIds = string | readonly string[];

/** SQL of a row's tenant being one of those. */
export function tenantCondition(tenantId: TenantIds, parameters: Parameters, column = 'tenant_id'): string {
  return typeof tenantId === 'string'
    ? `${column} = ${parameters.add(tenantId)}`
    : `${column} = ANY(${parameters.add(tenantId)}::text[])`;
}

/** The columns that tell the tenant of a row, where that is to be told. */
export function tenantColumns(tenantId: TenantIds, column = 'tenant_id'): string[] {
  return typeof tenantId === 'string' ? [] : [column];
}

export interface RollupRequest {
  tenantId: TenantIds;
  startMs: number;
  endMs: number;
  filters: Filters;
  /** Dimensions that the answer is grouped by; their columns have the name of the dimension (tags: tag_1, tag_2). */
  groupBy?: readonly DimensionName[];
  /** Default: FIGURE_COLUMNS. */
  measures?: readonly Measure[];
  /** The coarsest grain whose rows each fall into one bucket of the answer. */
  maxGrainMs: number;
  /** Only rows that may be of one of these members of groupBy (each has a value a dimension): at least theirs, maybe more. */
  members?: readonly (readonly (string | null)[])[];
}

/**
 * The rollup rows of a period as a subquery: from the coarsest rollup that has the dimensions, as far as its grain fits into the
 * period, and the rest at both ends from finer ones. Where a dimension is in no rollup, rows of the log in the same form.
 * @throws Problem range-too-long when the log would have to be read over too many days
 */
export function rollupRows(request: RollupRequest, parameters: Parameters): string {
  const { groupBy = [], measures = FIGURE_COLUMNS, filters } = request;
  const usable = usableRollups([...groupBy, ...filteredDimensions(filters)], request.maxGrainMs);
  if (usable.length === 0) return eventRows({ ...request, groupBy, measures }, parameters);
  const tenant = tenantCondition(request.tenantId, parameters);
  const conditions = filterConditions(filters, parameters) + memberConditions(request, parameters);
  const columns = [...tenantColumns(request.tenantId), ...groupBy.map(memberColumn), ...measures].join(', ');
  return segments(request.startMs, request.endMs, usable)
    .map(
      ({ rollup, startMs, endMs }) =>
        `SELECT "timestamp", ${columns} FROM ${rollup.view}
         WHERE ${tenant} AND "timestamp" >= ${parameters.add(new Date(startMs))} AND "timestamp" < ${parameters.add(new Date(endMs))}${conditions}`,
    )
    .join('\n UNION ALL ');
}

function memberConditions({ groupBy = [], members }: RollupRequest, parameters: Parameters): string {
  if (!members) return '';
  return groupBy
    .map((dimension, index) => {
      const values = new Set(members.map((member) => member[index] ?? null));
      const column = memberColumn(dimension, index);
      const isMissing = values.delete(null) ? ` OR ${column} IS NULL` : '';
      return ` AND (${column} = ANY(${parameters.add([...values])}::text[])${isMissing})`;
    })
    .join('');
}

/** The rollups that have all of the dimensions, those with the fewest rows first; none where one is only in the log. */
function usableRollups(needed: readonly DimensionName[], maxGrain: number): readonly Rollup[] {
  return ROLLUPS.filter(
    ({ grainMs, dimensions }) =>
      grainMs <= maxGrain && needed.every((name) => (dimensions as readonly string[]).includes(name)),
  );
}

/** Names what a question with these dimensions is read from: two with one name can be answered from one reading. */
export function sourceOf(needed: readonly DimensionName[]): { key: string; kind: 'rollups' | 'events' } {
  const usable = usableRollups(needed, Infinity);
  return { key: usable.map(({ view }) => view).join(' '), kind: usable.length === 0 ? 'events' : 'rollups' };
}

function segments(
  startMs: number,
  endMs: number,
  rollups: readonly Rollup[],
): { rollup: Rollup; startMs: number; endMs: number }[] {
  const [rollup = QUARTER_HOUR, ...finer] = rollups;
  const first = Math.ceil(startMs / rollup.grainMs) * rollup.grainMs;
  const last = Math.floor(endMs / rollup.grainMs) * rollup.grainMs;
  if (finer.length === 0) return [{ rollup, startMs, endMs }];
  if (first >= last) return segments(startMs, endMs, finer);
  return [
    ...(startMs < first ? segments(startMs, first, finer) : []),
    { rollup, startMs: first, endMs: last },
    ...(last < endMs ? segments(last, endMs, finer) : []),
  ];
}

const SAMPLE_MS = 7 * DAY_MS;

/**
 * The coarsest grain whose rows each lie inside one bucket of a period: UTC days only where the buckets begin at UTC midnight, UTC
 * hours where the zone's offset is whole hours, else quarters of an hour.
 */
export function maxGrainMs(period: Period): number {
  if (period.groupBy !== 'hour' && period.timeZone === 'UTC') return DAY_MS;
  for (let at = period.startMs; at < period.endMs + SAMPLE_MS; at += SAMPLE_MS) {
    if (offsetMs(period.timeZone, Math.min(at, period.endMs)) % HOUR_MS !== 0) return GRAIN_MS;
  }
  return HOUR_MS;
}
