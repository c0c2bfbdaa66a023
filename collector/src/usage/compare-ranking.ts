import type { Client } from '../database/pool.ts';
import type { CompareQuestion } from './compare.ts';
import { list, rankedSql, type Ranking, type SideParts } from './compare-parts.ts';
import { memberColumn, type DimensionName } from './dimensions.ts';
import { FIGURES_SQL, figuresOf, REMAINDER_COLUMNS, remainderSql, type Figures } from './figures.ts';
import { SUM_COLUMNS } from './figure-kinds.ts';
import type { Range } from './period.ts';
import { Parameters, rollupRows } from './rollup-source.ts';
import { withPlace } from './top-members.ts';

/** The members from rollups, by two of the columns alone: reading all of them of all members takes three times as long. */
export async function readRanking(
  client: Client,
  { tenantId, ranges, filters, measure, limit }: CompareQuestion,
  names: DimensionName[],
): Promise<Ranking> {
  if (names.length === 0) return { top: [], all: 0, new: 0, gone: 0 };
  const parameters = new Parameters();
  const columns = names.map(memberColumn);
  const column = SUM_COLUMNS[measure];
  const measures = [...new Set(['request_count', column] as const)];
  const side = ({ startMs, endMs }: Range, isCurrent: boolean): string =>
    `SELECT ${isCurrent} AS is_current${list(columns)}${list(measures.map((name) => `sum(${name}) AS ${name}`))}
     FROM (${rollupRows({ tenantId, startMs, endMs, filters, groupBy: names, measures, maxGrainMs: Infinity }, parameters)}) side
     GROUP BY ${columns.join(', ')}`;
  const sums = `${side(ranges.current, true)} UNION ALL ${side(ranges.previous, false)}`;
  const { rows } = await client.query<Record<string, string | null> & { counts: Omit<Ranking, 'top'> }>(
    `WITH sums AS MATERIALIZED (${sums}), ranked AS MATERIALIZED (${rankedSql(columns, column)}),
     counts AS (
       SELECT jsonb_build_object('all', count(DISTINCT place), 'new', count(*) FILTER (WHERE NOT was_there), 'gone', count(*) FILTER (WHERE NOT is_there)) AS counts
       FROM ranked
     )
     SELECT counts${list(columns.map((name, index) => `r.${name} AS member_${index + 1}`))}
     FROM counts LEFT JOIN (SELECT DISTINCT place${list(columns)} FROM ranked WHERE place <= ${parameters.add(limit)}) r ON true ORDER BY r.place`,
    parameters.values,
  );
  const { all = 0, new: isNew = 0, gone = 0 } = rows[0]?.counts ?? {};
  return {
    top: all === 0 ? [] : rows.map((row) => columns.map((_, index) => row[`member_${index + 1}`] ?? null)),
    all,
    new: isNew,
    gone,
  };
}

/**
 * One side from rollups: in their breadth only the rows of the ranked members are read; the whole comes from the narrowest rollup that has the filters, and
 * everything else is the difference. Where all members are ranked, they are the whole.
 */
export async function readSide(
  client: Client,
  { tenantId, filters }: CompareQuestion,
  names: DimensionName[],
  { startMs, endMs }: Range,
  { top, all }: Ranking,
): Promise<SideParts> {
  const parameters = new Parameters();
  const columns = names.map(memberColumn);
  const request = { tenantId, startMs, endMs, filters, measures: REMAINDER_COLUMNS, maxGrainMs: Infinity };
  const sums = REMAINDER_COLUMNS.map((column) => `sum(${column}) AS ${column}`).join(', ');
  const isWhole = names.length > 0 && top.length === all;
  const ctes: string[] = [];
  const parts: string[] = [];
  if (top.length > 0) {
    const rows = rollupRows({ ...request, groupBy: names, ...(!isWhole && { members: top }) }, parameters);
    const summed = `SELECT ${columns.join(', ')}, ${sums} FROM (${rows}) rows GROUP BY ${columns.join(', ')}`;
    ctes.push(
      `members AS MATERIALIZED (SELECT * FROM (${withPlace(summed, columns, top, parameters)}) p WHERE place IS NOT NULL)`,
    );
    parts.push(`SELECT 'member' AS part, place, ${FIGURES_SQL} FROM members r GROUP BY place`);
  }
  if (isWhole && top.length > 0) parts.push(`SELECT 'total', NULL, ${FIGURES_SQL} FROM members r`);
  else {
    ctes.push(`total AS MATERIALIZED (SELECT ${sums} FROM (${rollupRows(request, parameters)}) rows)`);
    parts.push(`SELECT 'total' AS part, NULL::int AS place, ${FIGURES_SQL} FROM total r`);
  }
  if (!isWhole && top.length > 0) {
    ctes.push(`other AS (SELECT ${remainderSql('t', 'm')} FROM total t, (SELECT ${sums} FROM members) m)`);
    parts.push(`SELECT 'other', NULL, ${FIGURES_SQL} FROM other r`);
  }
  const { rows } = await client.query<Figures & { part: 'member' | 'other' | 'total'; place: number | null }>(
    `WITH ${ctes.join(', ')} ${parts.join(' UNION ALL ')}`,
    parameters.values,
  );
  const partOf = (name: 'other' | 'total'): Figures | undefined => {
    const row = rows.find(({ part }) => part === name);
    return row && figuresOf(row);
  };
  return {
    members: new Map(
      rows.flatMap((row) => (row.part === 'member' ? [[row.place ?? 0, figuresOf(row)]] : [])),
    ),
    other: partOf('other'),
    total: partOf('total'),
  };
}
