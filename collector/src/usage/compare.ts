import { inSharedSnapshot, inSnapshot, type Pool } from '../database/pool.ts';
import { readFreshness, type Freshness } from './answer-parts.ts';
import { rangeTexts } from './buckets.ts';
import { memberOf, readMissing } from './breakdown.ts';
import { changesOf, perDay, percentOf, type Changes, type PerDay } from './change.ts';
import type { ComparedRanges, CompareWith } from './compare-ranges.ts';
import { partsOfMembers, readMembers, type MemberSums } from './compare-members.ts';
import {
  joinSides,
  readAtOnce,
  type ComparedParts,
  type PartRow,
  type Ranking,
  type SideParts,
} from './compare-parts.ts';
import { readRanking, readSide } from './compare-ranking.ts';
import type { Dimension, DimensionName } from './dimensions.ts';
import type { Figures } from './figures.ts';
import { valueOf, wholeOf, type SumFigure } from './figure-kinds.ts';
import { filteredDimensions, type Filters } from './filters.ts';
import type { Range } from './period.ts';
import { MODEL_DIMENSIONS } from './measures.ts';
import { sourceOf } from './rollup-source.ts';

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
 * Two periods side by side: all figures, how they changed, and which members changed the total of a measure most. One snapshot, so that the contributions of
 * members and other are the change of the total, exactly.
 * @throws Problem range-too-long where a dimension needs the events over too many days
 */
export async function readComparison(pool: Pool, question: CompareQuestion): Promise<Comparison> {
  const { ranges, filters, dimensions, measure } = question;
  const names = dimensions.map(({ name }) => name);
  const { kind: source } = sourceOf([...names, ...filteredDimensions(filters)]);
  const read =
    source === 'events' ? readFromEvents : hasFewMembers(names) ? readFewFromRollups : readFromRollups;
  const { parts, missing, freshness } = await read(pool, question, names);
  const days = { current: daysOf(ranges.current), previous: daysOf(ranges.previous) };
  const { whole, top, rest } = parts;
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
  const period = (side: Side): ComparedPeriod => ({
    ...rangeTexts(ranges[side]),
    days: Math.round(days[side] * 1e4) / 1e4,
    requests_only_in_rollups: missing[side],
  });
  return {
    period: { ...period('current'), is_cut_at_now: ranges.isCutAtNow },
    compared_to: { ...period('previous'), with: ranges.with },
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
    freshness,
  };
}

/** Prompts and their versions may be thousands; of the others a tenant has some dozens. */
function hasFewMembers(names: DimensionName[]): boolean {
  return names.length > 0 && names.every((name) => (MODEL_DIMENSIONS as readonly string[]).includes(name));
}

type Side = 'current' | 'previous';
interface Readings {
  parts: ComparedParts;
  missing: Record<Side, number | null>;
  freshness: Freshness;
}

/** Two sessions, a side each. */
async function readFewFromRollups(
  pool: Pool,
  question: CompareQuestion,
  names: DimensionName[],
): Promise<Readings> {
  const { current, previous } = question.ranges;
  const [[now, freshness], before] = await inSharedSnapshot<[[MemberSums[], Freshness], MemberSums[]]>(pool, [
    async (client) => [
      await readMembers(client, question, names, current),
      await readFreshness(client, 'rollups'),
    ],
    (client) => readMembers(client, question, names, previous),
  ]);
  return {
    parts: await partsOfMembers(pool, question, now, before),
    missing: { current: 0, previous: 0 },
    freshness,
  };
}

/** Two sessions, a side each, of which the first ranks the members for both. */
async function readFromRollups(
  pool: Pool,
  question: CompareQuestion,
  names: DimensionName[],
): Promise<Readings> {
  const ranking = Promise.withResolvers<Ranking>();
  // Whoever waits for it is told; nobody waits before the other session is there.
  ranking.promise.catch(() => undefined);
  const [[current, freshness], previous] = await inSharedSnapshot<[[SideParts, Freshness], SideParts]>(pool, [
    async (client) => {
      const ranked = readRanking(client, question, names);
      ranked.then(ranking.resolve, ranking.reject);
      const parts = await readSide(client, question, names, question.ranges.current, await ranked);
      return [parts, await readFreshness(client, 'rollups')];
    },
    async (client) => readSide(client, question, names, question.ranges.previous, await ranking.promise),
  ]);
  return {
    parts: joinSides(await ranking.promise, current, previous),
    missing: { current: 0, previous: 0 },
    freshness,
  };
}

function readFromEvents(pool: Pool, question: CompareQuestion, names: DimensionName[]): Promise<Readings> {
  const { tenantId, ranges, filters } = question;
  return inSnapshot(pool, async (client) => {
    const parts = await readAtOnce(client, question, names);
    const missing = (side: Side): Promise<number | null> =>
      readMissing(client, tenantId, ranges[side], filters, parts.whole[side].total_requests);
    return {
      parts,
      missing: { current: await missing('current'), previous: await missing('previous') },
      freshness: await readFreshness(client, 'events'),
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
