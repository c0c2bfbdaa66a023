import type { PoolClient } from 'pg';
import type { DimensionName } from '../usage/dimensions.ts';
import type { Filters } from '../usage/filters.ts';
import { GRAIN_MS } from '../usage/period.ts';
import { Parameters, rollupRows } from '../usage/rollup-source.ts';
import { offsetMs } from '../usage/time-zone.ts';
import { BASELINE_WEEKS } from './anomalies.ts';
import type { AnomalyDimension, AnomalyQuestion } from './anomaly-search.ts';
import { VALUE_MEASURES, valueSql, valueText } from './measure.ts';

/** A member of another dimension that most of an incident's difference comes from. */
export interface Explanation {
  dimension: string;
  member: string | null;
  difference: string;
  /** Its part of the incident's difference; above 100 where others went the other way. */
  share_percent: number;
}

const EXPLAINING = ['project_id', 'prompt_id', 'prompt_version', 'model_name', 'environment'] as const;
/** Members with a smaller part explain nothing. */
const LEAST_SHARE = 0.5;
const DAY_MS = 86_400_000;

/**
 * Where an incident comes from: for each other dimension the member that changed most against the mean of the same stretch in the four
 * weeks before, inside of the group that the incident is about.
 */
export async function explain(
  client: PoolClient,
  { tenantId, filters, measure, period }: AnomalyQuestion,
  incident: { dimension: AnomalyDimension; member: string | null; startMs: number; endMs: number },
): Promise<Explanation[]> {
  const { dimension, member } = incident;
  const inside: Filters =
    dimension === 'total' ? filters : { ...filters, [dimension]: { ...filters[dimension], in: [member] } };
  const groupBy: readonly DimensionName[] = EXPLAINING;
  const parameters = new Parameters();
  const weeks = Array.from({ length: BASELINE_WEEKS + 1 }, (_, week) => week);
  const parts = weeks.map((week) => {
    const startMs = weeksBefore(period.timeZone, incident.startMs, week);
    const endMs = Math.max(startMs + GRAIN_MS, weeksBefore(period.timeZone, incident.endMs, week));
    const rows = rollupRows(
      { tenantId, filters: inside, startMs, endMs, groupBy, measures: VALUE_MEASURES, maxGrainMs: Infinity },
      parameters,
    );
    const factor = week === 0 ? '1' : `(-1.0 / ${BASELINE_WEEKS})`;
    return `SELECT ${EXPLAINING.join(', ')}, ${factor} * ${valueSql(measure)} AS difference FROM (${rows}) r GROUP BY ${EXPLAINING.join(', ')}`;
  });
  const { rows } = await client.query<
    Record<(typeof EXPLAINING)[number], string | null> & { difference: number }
  >(
    `SELECT ${EXPLAINING.join(', ')}, sum(difference)::float8 AS difference FROM (${parts.join(' UNION ALL ')}) d
     GROUP BY ${EXPLAINING.join(', ')}`,
    parameters.values,
  );
  const total = rows.reduce((sum, row) => sum + row.difference, 0);
  if (total === 0) return [];
  return EXPLAINING.filter((name) => name !== dimension).flatMap((name) => {
    const differences = new Map<string | null, number>();
    for (const row of rows) differences.set(row[name], (differences.get(row[name]) ?? 0) + row.difference);
    const [most] = [...differences].sort(([, left], [, right]) => (right - left) * Math.sign(total));
    // One member that is always alone explains nothing.
    if (!most || differences.size < 2 || most[1] / total < LEAST_SHARE) return [];
    return [
      {
        dimension: name,
        member: most[0],
        difference: valueText(most[1], measure),
        share_percent: Math.round((1000 * most[1]) / total) / 10,
      },
    ];
  });
}

/** The same local time so many weeks before. */
function weeksBefore(timeZone: string, instantMs: number, weeks: number): number {
  const before = instantMs - weeks * 7 * DAY_MS;
  return before + offsetMs(timeZone, instantMs) - offsetMs(timeZone, before);
}
