import type { Client, Queryable } from '../database/pool.ts';
import type { CompareQuestion } from './compare.ts';
import { joinSides, list, type ComparedParts, type SideParts } from './compare-parts.ts';
import { memberColumn, type DimensionName } from './dimensions.ts';
import { FIGURE_COLUMNS, FIGURES_SQL, figuresOf, NO_FIGURES, type Figures } from './figures.ts';
import { SUM_COLUMNS } from './figure-kinds.ts';
import type { Range } from './period.ts';
import { Parameters, rollupRows } from './rollup-source.ts';

/** A member of one side with the sums of its rows, in the order of FIGURE_COLUMNS; null where nothing is known. */
export interface MemberSums {
  members: (string | null)[];
  sums: (bigint | null)[];
}

/** All members of one side from rollups, for dimensions that have few: then reading the rows once is quicker than ranking first. */
export async function readMembers(
  client: Client,
  { tenantId, filters }: CompareQuestion,
  names: DimensionName[],
  { startMs, endMs }: Range,
): Promise<MemberSums[]> {
  const parameters = new Parameters();
  const columns = names.map(memberColumn);
  const rows = rollupRows(
    { tenantId, startMs, endMs, filters, groupBy: names, maxGrainMs: Infinity },
    parameters,
  );
  const { rows: answer } = await client.query<Record<string, string | null>>(
    `SELECT ${columns.join(', ')}${list(FIGURE_COLUMNS.map((column) => `sum(${column})::text AS sum_of_${column}`))}
     FROM (${rows}) rows GROUP BY ${columns.join(', ')}`,
    parameters.values,
  );
  return answer.map((row) => ({
    members: columns.map((column) => row[column] ?? null),
    sums: FIGURE_COLUMNS.map((column) => {
      const text = row[`sum_of_${column}`] ?? null;
      return text === null ? null : BigInt(text);
    }),
  }));
}

/** The parts of two sides whose members are all known, ranked as `rankedSql` does. The figures of sums are made where all are made, in SQL. */
export async function partsOfMembers(
  client: Queryable,
  { measure, limit }: Pick<CompareQuestion, 'measure' | 'limit'>,
  current: readonly MemberSums[],
  previous: readonly MemberSums[],
): Promise<ComparedParts> {
  const sides = { current: byMember(current), previous: byMember(previous) };
  const all = [...byMember([...current, ...previous]).values()].map(({ members }) => members);
  const sumOf = (side: Map<string, MemberSums>, members: (string | null)[], column: FigureColumn): bigint =>
    side.get(JSON.stringify(members))?.sums[FIGURE_COLUMNS.indexOf(column)] ?? 0n;
  const ranked = all
    .map((members) => {
      const of = (column: FigureColumn): [bigint, bigint] => [
        sumOf(sides.current, members, column),
        sumOf(sides.previous, members, column),
      ];
      const [now, before] = of(SUM_COLUMNS[measure]);
      const [requestsNow, requestsBefore] = of('request_count');
      return {
        members,
        change: now > before ? now - before : before - now,
        requests: requestsNow + requestsBefore,
      };
    })
    .sort(
      (a, b) =>
        descending(a.change, b.change) ||
        descending(a.requests, b.requests) ||
        // By name, and what has none last.
        a.members.reduce((order, name, index) => order || byName(name, b.members[index] ?? null), 0),
    )
    .map(({ members }) => members);
  const top = ranked.slice(0, limit);
  const rest = ranked.slice(limit);
  const groups = [...top.map((members) => [members]), rest, ranked];
  const lists = (['current', 'previous'] as const).flatMap((side) =>
    groups.map((group) => sumsOf(group.flatMap((members) => sides[side].get(JSON.stringify(members)) ?? []))),
  );
  const figures = await figuresOfSums(client, lists);
  const side = (from: number): SideParts => ({
    members: new Map(top.map((_, place) => [place, figures[from + place] ?? NO_FIGURES])),
    other: figures[from + top.length],
    total: figures[from + top.length + 1],
  });
  const ranking = {
    top,
    all: all.length,
    new: all.length - sides.previous.size,
    gone: all.length - sides.current.size,
  };
  return joinSides(ranking, side(0), side(groups.length));
}

type FigureColumn = (typeof FIGURE_COLUMNS)[number];

function byMember(rows: readonly MemberSums[]): Map<string, MemberSums> {
  return new Map(rows.map((row) => [JSON.stringify(row.members), row]));
}

const descending = (a: bigint, b: bigint): number => (a > b ? -1 : a < b ? 1 : 0);
const byName = (a: string | null, b: string | null): number =>
  a === b ? 0 : a === null ? 1 : b === null ? -1 : a < b ? -1 : 1;

function sumsOf(rows: readonly MemberSums[]): (bigint | null)[] {
  return FIGURE_COLUMNS.map((_, column) =>
    rows.reduce<bigint | null>((sum, { sums }) => {
      const one = sums[column] ?? null;
      return one === null ? sum : (sum ?? 0n) + one;
    }, null),
  );
}

async function figuresOfSums(client: Queryable, lists: readonly (bigint | null)[][]): Promise<Figures[]> {
  const parameters = new Parameters();
  const columns = FIGURE_COLUMNS.map(
    (_, column) => `${parameters.add(lists.map((sums) => sums[column]?.toString() ?? null))}::numeric[]`,
  );
  const { rows } = await client.query<Figures>(
    `SELECT number, ${FIGURES_SQL} FROM unnest(${columns.join(', ')}) WITH ORDINALITY AS r (${FIGURE_COLUMNS.join(', ')}, number) GROUP BY number ORDER BY number`,
    parameters.values,
  );
  return rows.map(figuresOf);
}
