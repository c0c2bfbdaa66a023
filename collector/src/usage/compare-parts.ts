import type { Client } from '../database/pool.ts';
import type { CompareQuestion } from './compare.ts';
import { memberColumn, type DimensionName } from './dimensions.ts';
import { FIGURE_SUMS_SQL, FIGURES_SQL, figuresOf, NO_FIGURES, type Figures } from './figures.ts';
import { SUM_COLUMNS } from './figure-kinds.ts';
import type { Range } from './period.ts';
import { Parameters, rollupRows } from './rollup-source.ts';

export interface PartRow {
  members: (string | null)[];
  memberCount: number;
  newCount: number;
  goneCount: number;
  current: Figures;
  previous: Figures;
}
export interface ComparedParts {
  whole: PartRow;
  top: PartRow[];
  rest: PartRow | null;
}

/** Which members changed a measure most, in order, and how many there are. */
export interface Ranking {
  top: (string | null)[][];
  all: number;
  new: number;
  gone: number;
}
/** Of one period: the figures of the ranked members, by their place, of everything else and of the whole. */
export interface SideParts {
  members: Map<number, Figures>;
  other: Figures | undefined;
  total: Figures | undefined;
}

/** `, a, b` for the select list that something stands before already. */
export const list = (items: readonly string[]): string => items.map((item) => `, ${item}`).join('');

/**
 * `sums` (one row a side and member) with what a member is ranked by: place, and whether it is on either side. Members whose change is the largest, up or
 * down; among equals the larger, then by name. is_there and was_there are of the member, on both sides.
 */
export function rankedSql(columns: readonly string[], column: string): string {
  const signed = `CASE WHEN is_current THEN coalesce(${column}, 0) ELSE -coalesce(${column}, 0) END`;
  return `SELECT s.*, dense_rank() OVER (ORDER BY abs(s.difference) DESC, s.requests DESC${list(columns.map((name) => `s.${name}`))}) AS place
       FROM (
         SELECT sums.*, sum(${signed}) OVER member AS difference, sum(request_count) OVER member AS requests,
           bool_or(is_current) OVER member AS is_there, bool_or(NOT is_current) OVER member AS was_there
         FROM sums WINDOW member AS (${columns.length === 0 ? '' : `PARTITION BY ${columns.join(', ')}`})
       ) s`;
}

/** The parts of both sides. */
export function joinSides(ranking: Ranking, current: SideParts, previous: SideParts): ComparedParts {
  const part = (figuresIn: (side: SideParts) => Figures | undefined, of: Partial<PartRow> = {}): PartRow => ({
    members: [],
    memberCount: 0,
    newCount: 0,
    goneCount: 0,
    ...of,
    current: figuresIn(current) ?? NO_FIGURES,
    previous: figuresIn(previous) ?? NO_FIGURES,
  });
  const others = ranking.all - ranking.top.length;
  return {
    whole: part(({ total }) => total, {
      memberCount: ranking.all,
      newCount: ranking.new,
      goneCount: ranking.gone,
    }),
    top: ranking.top.map((members, place) => part((side) => side.members.get(place), { members })),
    rest: others === 0 ? null : part(({ other }) => other, { memberCount: others }),
  };
}

type Row = Figures & {
  part: 'member' | 'other' | 'total';
  place: number | null;
  is_current: boolean;
  member_count: number;
  new_count: number;
  gone_count: number;
} & Record<string, unknown>;

/** Everything in one reading of the rows of both sides: for the log, which is not to be read twice. */
export async function readAtOnce(
  client: Client,
  { tenantId, ranges, filters, measure, limit }: CompareQuestion,
  names: DimensionName[],
): Promise<ComparedParts> {
  const parameters = new Parameters();
  const columns = names.map(memberColumn);
  const side = (range: Range, isCurrent: boolean): string => {
    const { startMs, endMs } = range;
    const rows = rollupRows(
      { tenantId, startMs, endMs, filters, groupBy: names, maxGrainMs: Infinity },
      parameters,
    );
    return `SELECT ${isCurrent} AS is_current, * FROM (${rows}) side`;
  };
  const rows = `${side(ranges.current, true)} UNION ALL ${side(ranges.previous, false)}`;
  const own = columns.map((column) => `r.${column}`);
  const members = list(columns.map((column, index) => `r.${column} AS member_${index + 1}`));
  const noMembers = list(columns.map((_, index) => `NULL::text AS member_${index + 1}`));
  const column = SUM_COLUMNS[measure];
  const top = parameters.add(names.length === 0 ? 0 : limit);
  // A member that is new or gone has one row.
  const { rows: answer } = await client.query<Row>(
    `WITH sums AS MATERIALIZED (
       SELECT is_current${list(columns)}, ${FIGURE_SUMS_SQL} FROM (${rows}) rows GROUP BY is_current${list(columns)}
     ), ranked AS MATERIALIZED (
       ${rankedSql(columns, column)}
     )
     SELECT 'member' AS part, r.place, r.is_current${members}, 0 AS member_count, 0 AS new_count, 0 AS gone_count, ${FIGURES_SQL}
     FROM ranked r WHERE r.place <= ${top} GROUP BY r.place, r.is_current${list(own)}
     UNION ALL
     SELECT 'other', NULL, r.is_current${noMembers}, 0, 0, 0, ${FIGURES_SQL} FROM ranked r WHERE r.place > ${top} GROUP BY r.is_current
     UNION ALL
     SELECT 'total', NULL, r.is_current${noMembers}, (SELECT count(DISTINCT place) FROM ranked),
       (SELECT count(*) FROM ranked WHERE NOT was_there), (SELECT count(*) FROM ranked WHERE NOT is_there), ${FIGURES_SQL} FROM ranked r GROUP BY r.is_current
     ORDER BY place NULLS LAST`,
    parameters.values,
  );
  const partsOf = (part: Row['part']): PartRow[] =>
    [
      ...Map.groupBy(
        answer.filter((row) => row.part === part),
        ({ place }) => place,
      ).values(),
    ].map((sides) => toPart(sides, columns.length));
  const [whole = toPart([], columns.length)] = partsOf('total');
  const [rest] = names.length === 0 ? [] : partsOf('other');
  const listed = partsOf('member');
  if (rest) rest.memberCount = whole.memberCount - listed.length;
  return { whole, top: listed, rest: rest ?? null };
}

/** The two sides of a part; one that has no rows has no figures. */
function toPart(sides: readonly Row[], columns: number): PartRow {
  const of = (isCurrent: boolean): Figures => {
    const row = sides.find(({ is_current }) => is_current === isCurrent);
    return row ? figuresOf(row) : NO_FIGURES;
  };
  return {
    members: Array.from(
      { length: columns },
      (_, index) => (sides[0]?.[`member_${index + 1}`] ?? null) as string | null,
    ),
    memberCount: sides[0]?.member_count ?? 0,
    newCount: sides[0]?.new_count ?? 0,
    goneCount: sides[0]?.gone_count ?? 0,
    current: of(true),
    previous: of(false),
  };
}
