import { FIGURE_COLUMNS } from './figures.ts';
import { MODEL_DIMENSIONS, ROLLUP_DIMENSIONS, type RollupDimension } from './measures.ts';
import { GRAIN_MS, type Period } from './period.ts';
import { offsetMs } from './time-zone.ts';

export type Filters = Partial<Record<RollupDimension, string[]>>;

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

export interface RollupRequest {
  tenantId: string;
  startMs: number;
  endMs: number;
  filters: Filters;
  /** Dimensions that the answer is grouped by. */
  groupBy?: readonly RollupDimension[];
  /** The coarsest grain whose rows each fall into one bucket of the answer. */
  maxGrainMs: number;
}

/**
 * The rollup rows of a period as a subquery: from the coarsest rollup that has the dimensions, as far as its grain fits into the
 * period, and the rest at both ends from finer ones.
 */
export function rollupRows(request: RollupRequest, parameters: Parameters): string {
  const needed = [...(request.groupBy ?? []), ...(Object.keys(request.filters) as RollupDimension[])];
  const usable = ROLLUPS.filter(
    ({ grainMs, dimensions }) =>
      grainMs <= request.maxGrainMs && needed.every((dimension) => dimensions.includes(dimension)),
  );
  const tenant = parameters.add(request.tenantId);
  const conditions = filterConditions(request.filters, parameters);
  const columns = [...(request.groupBy ?? []), ...FIGURE_COLUMNS].join(', ');
  return segments(request.startMs, request.endMs, usable)
    .map(
      ({ rollup, startMs, endMs }) =>
        `SELECT "timestamp", ${columns} FROM ${rollup.view}
         WHERE tenant_id = ${tenant} AND "timestamp" >= ${parameters.add(new Date(startMs))} AND "timestamp" < ${parameters.add(new Date(endMs))}${conditions}`,
    )
    .join('\n UNION ALL ');
}

/** ` AND dimension = ANY($n)` for each filter. */
export function filterConditions(filters: Filters, parameters: Parameters): string {
  return ROLLUP_DIMENSIONS.flatMap((dimension) => {
    const values = filters[dimension];
    return values === undefined ? [] : [` AND ${dimension} = ANY(${parameters.add(values)}::text[])`];
  }).join('');
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
