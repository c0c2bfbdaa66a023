import type { Pool } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { dimensionOf, type DimensionName } from '../usage/dimensions.ts';
import { filteredDimensions, type Filters } from '../usage/filters.ts';
import { maxGrainMs, Parameters, rollupRows } from '../usage/rollup-source.ts';
import { SUMMARY_DIMENSIONS } from './export-columns.ts';
import type { ExportQuestion } from './export-query.ts';

export interface Estimate {
  rows: number;
  /** exact: as the rollups stand; at_most: filters that only the calls themselves have are left out, or rows are still to be joined. */
  basis: 'exact' | 'at_most';
}

/** How many rows an export would have, from the rollups: no call is read for it. */
export async function estimateRows(readPool: Pool, question: ExportQuestion): Promise<Estimate> {
  const { tenantId, period, format } = question;
  const filters = rolledUp(question.filters);
  const isNarrowed = filteredDimensions(filters).length === filteredDimensions(question.filters).length;
  const parameters = new Parameters();
  const { startMs, endMs } = period;
  const source = (isSummary: boolean): string =>
    rollupRows(
      isSummary
        ? {
            tenantId,
            startMs,
            endMs,
            filters,
            groupBy: SUMMARY_DIMENSIONS,
            measures: [],
            maxGrainMs: maxGrainMs(period),
          }
        : { tenantId, startMs, endMs, filters, measures: ['request_count'], maxGrainMs: Infinity },
      parameters,
    );
  const isSummary = format === 'summary';
  const { rows } = await readPool.query<{ rows: number }>(
    isSummary
      ? `SELECT count(*)::bigint AS rows FROM (${source(true)}) r`
      : `SELECT coalesce(sum(r.request_count), 0)::bigint AS rows FROM (${source(false)}) r`,
    parameters.values,
  );
  return { rows: rows[0]?.rows ?? 0, basis: isNarrowed && !isSummary ? 'exact' : 'at_most' };
}

/** The filters that the rollups know. */
function rolledUp(filters: Filters): Filters {
  return Object.fromEntries(
    Object.entries(filters).filter(([name]) => dimensionOf(name as DimensionName).inRollups),
  );
}

/** @throws Problem range-too-long, before anything is begun, when an export would surely have too many rows */
export function checkEstimate({ rows, basis }: Estimate, maxRows: number): void {
  if (basis === 'at_most' || rows <= maxRows) return;
  throw new Problem(
    'range-too-long',
    `The export would have ${rows} rows; at most ${maxRows} are written by one (EXPORT_MAX_ROWS). Ask for shorter periods one after another, for more filters, or for format=summary.`,
    { extensions: { estimated_rows: rows, max_rows: maxRows } },
  );
}
