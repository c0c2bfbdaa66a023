import { inSnapshot, type Client, type Pool } from '../database/pool.ts';
import { readFreshness, type Freshness } from './answer-parts.ts';
import { rangeTexts } from './buckets.ts';
import { memberOf, readMissing } from './breakdown.ts';
import { changesOf, perDay, percentOf, type Changes, type PerDay } from './change.ts';
import type { ComparedRanges, CompareWith } from './compare-ranges.ts';
import { memberColumn, type Dimension, type DimensionName } from './dimensions.ts';
import { FIGURE_SUMS_SQL, FIGURES_SQL, figuresOf, NO_FIGURES, type Figures } from './figures.ts';
import { SUM_COLUMNS, valueOf, wholeOf, type SumFigure } from './figure-kinds.ts';
import { filteredDimensions, type Filters } from './filters.ts';
import type { Range } from './period.ts';
import { Parameters, rollupRows, sourceOf } from './rollup-source.ts';

const DAY_MS = 86_400_000;

export interface ComparedPeriod {
  start: string;
  end: string;
  timezone: string;
  /** Of 24 hours: a day on which clocks change is 23 or 25 of them. */
  days: number;
  requests_only_in_rollups: number | null;
}

/** What a part did to the total of the asked measure. */
export interface Contribution {
  absolute: string | number;
  share_percent: number | null;
  percentage_points: number | null;
}
export interface ComparedPart {
  current: Figures;
  previous: Figures;
  change: Changes;
  contribution: Contribution;
}
export type MemberStatus = 'new' | 'gone' | 'both';
export interface Comparison {
  period: ComparedPeriod & { is_cut_at_now: boolean };
  compared_to: ComparedPeriod & { with: CompareWith };
  dimensions: DimensionName[];
  measure: SumFigure;
  source: 'rollups' | 'events';
  same_length: boolean;
  total: ComparedPart & {
    per_day: { current: PerDay; previous: PerDay };
    members: { all: number; new: number; gone: number } | null;
  };
  members: (ComparedPart & { member: Record<string, string | null>; label: string; status: MemberStatus })[];
  other: (ComparedPart & { members: number }) | null;
  freshness: Freshness;
}

export interface CompareQuestion {
  tenantId: string;
  ranges: ComparedRanges;
  filters: Filters;
  /** None, one or two. */
  dimensions: readonly Dimension[];
  measure: SumFigure;
  limit: number;
}

/**
 * Two periods side by side: all figures, how they changed, and which members changed the total of a measure most. One snapshot and one reading, so that the
 * contributions of members and other are the change of the total, exactly.
 * @throws Problem range-too-long where a dimension needs the events over too many days
 */
export function readComparison(pool: Pool, question: CompareQuestion): Promise<Comparison> {
  return inSnapshot(pool, async (client) => {
    const { ranges, filters, dimensions, measure } = question;
    const names = dimensions.map(({ name }) => name);
    const { kind: source } = sourceOf([...names, ...filteredDimensions(filters)]);
    const days = { current: daysOf(ranges.current), previous: daysOf(ranges.previous) };
    const { whole, top, rest } = await readParts(client, question, names);
    const change = differenceOf(measure, whole);
    const partOf = (row: PartRow): ComparedPart => {
      const own = differenceOf(measure, row);
      return {
        current: row.current,
        previous: row.previous,
        change: changesOf(row.current, row.previous, days),
        contribution: {
          absolute: valueOf(measure, own),
          share_percent: percentOf(own, change),
          percentage_points: percentOf(own, wholeOf(measure, whole.previous[measure]) ?? 0n),
        },
      };
    };
    const period = async (range: Range, figures: Figures): Promise<ComparedPeriod> => ({
      ...rangeTexts(range),
      days: Math.round(daysOf(range) * 1e4) / 1e4,
      requests_only_in_rollups:
        source === 'rollups'
          ? 0
          : await readMissing(client, question.tenantId, range, filters, figures.total_requests),
    });
    return {
      period: { ...(await period(ranges.current, whole.current)), is_cut_at_now: ranges.isCutAtNow },
      compared_to: { ...(await period(ranges.previous, whole.previous)), with: ranges.with },
      dimensions: names,
      measure,
      source,
      same_length: days.current === days.previous,
      total: {
        ...partOf(whole),
        per_day: {
          current: perDay(whole.current, days.current),
          previous: perDay(whole.previous, days.previous),
        },
        members:
          names.length === 0 ? null : { all: whole.memberCount, new: whole.newCount, gone: whole.goneCount },
      },
      members: top.map((row) => ({
        ...memberOf(dimensions, row.members),
        status: statusOf(row),
        ...partOf(row),
      })),
      other: rest && { members: rest.memberCount, ...partOf(rest) },
      freshness: await readFreshness(client, source),
    };
  });
}

function daysOf({ startMs, endMs }: Range): number {
  return (endMs - startMs) / DAY_MS;
}

function statusOf({ current, previous }: PartRow): MemberStatus {
  if (previous.total_requests === 0) return 'new';
  return current.total_requests === 0 ? 'gone' : 'both';
}

/** What is not known (cost of calls of which none has a price) adds nothing to a sum. */
function differenceOf(measure: SumFigure, { current, previous }: PartRow): bigint {
  return (wholeOf(measure, current[measure]) ?? 0n) - (wholeOf(measure, previous[measure]) ?? 0n);
}

interface PartRow {
  members: (string | null)[];
  memberCount: number;
  newCount: number;
  goneCount: number;
  current: Figures;
  previous: Figures;
}

type Row = Figures & {
  part: 'member' | 'other' | 'total';
  place: number | null;
  is_current: boolean;
  member_count: number;
  new_count: number;
  gone_count: number;
} & Record<string, unknown>;

async function readParts(
  client: Client,
  { tenantId, ranges, filters, measure, limit }: CompareQuestion,
  names: DimensionName[],
): Promise<{ whole: PartRow; top: PartRow[]; rest: PartRow | null }> {
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
  const list = (items: string[]): string => items.map((item) => `, ${item}`).join('');
  const own = columns.map((column) => `r.${column}`);
  const members = list(columns.map((column, index) => `r.${column} AS member_${index + 1}`));
  const noMembers = list(columns.map((_, index) => `NULL::text AS member_${index + 1}`));
  const column = SUM_COLUMNS[measure];
  const signed = `CASE WHEN is_current THEN coalesce(${column}, 0) ELSE -coalesce(${column}, 0) END`;
  const top = parameters.add(names.length === 0 ? 0 : limit);
  // Members whose change is the largest, up or down; among equals the larger, then by name. is_there and was_there are of the member, on both sides.
  // A member that is new or gone has one row.
  const { rows: answer } = await client.query<Row>(
    `WITH sums AS MATERIALIZED (
       SELECT is_current${list(columns)}, ${FIGURE_SUMS_SQL} FROM (${rows}) rows GROUP BY is_current${list(columns)}
     ), ranked AS MATERIALIZED (
       SELECT s.*, dense_rank() OVER (ORDER BY abs(s.difference) DESC, s.requests DESC${list(columns.map((name) => `s.${name}`))}) AS place
       FROM (
         SELECT sums.*, sum(${signed}) OVER member AS difference, sum(request_count) OVER member AS requests,
           bool_or(is_current) OVER member AS is_there, bool_or(NOT is_current) OVER member AS was_there
         FROM sums WINDOW member AS (${columns.length === 0 ? '' : `PARTITION BY ${columns.join(', ')}`})
       ) s
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
