import { mean } from '../forecast/statistics.ts';
import { inSnapshot, type Client, type Pool } from '../database/pool.ts';
import { readFreshness, type Freshness } from './answer-parts.ts';
import { bucketNumber, bucketStarts, formatInZone, rangeTexts } from './buckets.ts';
import { changePoints } from './change-points.ts';
import { percent } from './change.ts';
import { FIGURES_SQL, NO_FIGURES, type FigureName, type Figures } from './figures.ts';
import { isMoney } from './figure-kinds.ts';
import { filteredDimensions, type Filters } from './filters.ts';
import type { Period, Range } from './period.ts';
import { compoundGrowth, DAYS_PER_WEEK, robustTrend } from './robust-trend.ts';
import { maxGrainMs, Parameters, rollupRows, sourceOf } from './rollup-source.ts';
import { localDateOf, startOfLocalDay } from './time-zone.ts';
import { usd } from './usd.ts';
import { weekdayStrength, type WeekdayStrength } from './weekday-strength.ts';

/** What is called significant happens by chance in one of so many series. */
const SIGNIFICANT = 0.05;
/** A weekday with less than this of a mean day says nothing about the level. */
const SILENT_BELOW = 0.1;

/** USD as a decimal string, everything else a number. */
export type Value = string | number | null;
export type Unit = 'USD' | 'requests' | 'tokens' | 'ms' | 'percent';

export interface Trends {
  measure: FigureName;
  unit: Unit;
  period: { start: string; end: string; timezone: string };
  source: 'rollups' | 'events';
  history: { date: string; value: Value }[];
  unpriced_requests: number;
  growth: {
    percent_per_day: number;
    percent_per_week: number;
    lower_percent_per_week: number;
    upper_percent_per_week: number;
    doubling_days: number | null;
  } | null;
  trend: {
    direction: 'up' | 'down' | 'none';
    slope_per_day: Value;
    lower: Value;
    upper: Value;
    p_value: number;
    is_significant: boolean;
    autocorrelation: number;
    by_weekday: boolean;
  } | null;
  seasonality: {
    strength: number;
    p_value: number;
    is_significant: boolean;
    weekday_factors: number[] | null;
  } | null;
  change_points: {
    date: string;
    before: Value;
    after: Value;
    change_percent: number | null;
    score: number;
  }[];
  freshness: Freshness;
}

export interface TrendsQuestion {
  tenantId: string;
  range: Range;
  filters: Filters;
  measure: FigureName;
  nowMs: number;
}

/**
 * Where a measure is going, from its complete local days: growth, slope, weekly rhythm, and the days on which its level changed.
 * @throws Problem range-too-long where a filter needs the events over too many days
 */
export function readTrends(pool: Pool, question: TrendsQuestion): Promise<Trends> {
  return inSnapshot(pool, async (client) => {
    const { range, filters, measure } = question;
    const { kind: source } = sourceOf(filteredDimensions(filters));
    const days = await readDays(client, question);
    const [first] = days;
    return {
      measure,
      unit: unitOf(measure),
      period: rangeTexts(range),
      source,
      history: days.map(({ date, figures }) => ({ date, value: figures[measure] })),
      unpriced_requests: days.reduce((sum, { figures }) => sum + figures.unpriced_requests, 0),
      ...trendsOf(
        measure,
        days.map(({ date, figures }) => ({ date, value: numberOf(figures[measure]) })),
        first === undefined ? 0 : localDateOf(range.timeZone, first.startMs).weekday,
      ),
      freshness: await readFreshness(client, source),
    };
  });
}

interface Day {
  date: string;
  startMs: number;
  figures: Figures;
}

/** The whole local days of a range that are over, from the first that has a request. */
async function readDays(client: Client, { tenantId, range, filters, nowMs }: TrendsQuestion): Promise<Day[]> {
  const { startMs, endMs, timeZone } = range;
  const period: Period = { ...range, groupBy: 'day' };
  const parameters = new Parameters();
  const bucket = bucketNumber(period, parameters);
  const rows = rollupRows({ tenantId, startMs, endMs, filters, maxGrainMs: maxGrainMs(period) }, parameters);
  const answer = await client.query<Figures & { bucket: number }>(
    `SELECT ${bucket} AS bucket, ${FIGURES_SQL} FROM (${rows}) r GROUP BY 1`,
    parameters.values,
  );
  const byNumber = new Map(answer.rows.map(({ bucket: number, ...figures }) => [number, figures]));
  const days = bucketStarts(period)
    .map((begin, index) => ({
      date: formatInZone(timeZone, begin).slice(0, 10),
      startMs: begin,
      figures: byNumber.get(index + 1) ?? NO_FIGURES,
    }))
    .filter((day) => {
      const nextMs = startOfLocalDay(timeZone, day.startMs, 1);
      return day.startMs >= startMs && nextMs <= endMs && nextMs <= nowMs;
    });
  const first = days.findIndex(({ figures }) => figures.total_requests > 0);
  return first < 0 ? [] : days.slice(first);
}

/**
 * What consecutive days show.
 * @param firstWeekday of the first day, 0 (Sunday) to 6
 */
export function trendsOf(
  measure: FigureName,
  days: readonly { date: string; value: number | null }[],
  firstWeekday: number,
): Pick<Trends, 'growth' | 'trend' | 'seasonality' | 'change_points'> {
  const values = days.map(({ value }) => value);
  const told = (value: number): Value => valueText(measure, value);
  const growth = compoundGrowth(values);
  const weekly = (perDay: number): number => percentage((1 + perDay) ** DAYS_PER_WEEK - 1);
  const trend = robustTrend(values);
  const rhythm = weekdayStrength(values);
  const isRhythmic = rhythm !== null && rhythm.pValue < SIGNIFICANT;
  return {
    growth: growth && {
      percent_per_day: percentage(growth.perDay),
      percent_per_week: weekly(growth.perDay),
      lower_percent_per_week: weekly(growth.lower),
      upper_percent_per_week: weekly(growth.upper),
      // Only of growth that is more than chance.
      doubling_days: growth.lower > 0 ? round(Math.LN2 / Math.log1p(growth.perDay), 1) : null,
    },
    trend: trend && {
      direction:
        trend.pValue >= SIGNIFICANT ? 'none' : trend.slope > 0 ? 'up' : trend.slope < 0 ? 'down' : 'none',
      slope_per_day: told(trend.slope),
      lower: told(trend.lower),
      upper: told(trend.upper),
      p_value: round(trend.pValue, 6),
      is_significant: trend.pValue < SIGNIFICANT,
      autocorrelation: round(trend.autocorrelation, 4),
      by_weekday: trend.isSeasonal,
    },
    seasonality: rhythm && {
      strength: round(rhythm.strength, 4),
      p_value: round(rhythm.pValue, 6),
      is_significant: isRhythmic,
      weekday_factors:
        rhythm.factors &&
        Array.from({ length: DAYS_PER_WEEK }, (_, weekday) =>
          round(rhythm.factors?.[(weekday - firstWeekday + DAYS_PER_WEEK) % DAYS_PER_WEEK] ?? 1, 4),
        ),
    },
    change_points: levelsOf(days, isRhythmic ? rhythm : null).map(({ date, before, after, score }) => ({
      date,
      before: told(before),
      after: told(after),
      change_percent: percent(after, before),
      score: round(score, 2),
    })),
  };
}

/** The days on which a new level begins, with the means of the days themselves on either side, up to the next change. */
function levelsOf(
  days: readonly { date: string; value: number | null }[],
  rhythm: WeekdayStrength | null,
): { date: string; before: number; after: number; score: number }[] {
  const usable = days.flatMap(({ date, value }, day) => {
    const factor = rhythm?.factors?.[day % DAYS_PER_WEEK] ?? 1;
    return value === null || factor < SILENT_BELOW ? [] : [{ date, value, level: value / factor }];
  });
  const points = changePoints(usable.map(({ level }) => level));
  const edges = [0, ...points.map(({ day }) => day), usable.length];
  const levelOf = (index: number): number =>
    mean(usable.slice(edges[index], edges[index + 1]).map(({ value }) => value));
  return points.map(({ day, score }, index) => ({
    date: usable[day]?.date ?? '',
    before: levelOf(index),
    after: levelOf(index + 1),
    score,
  }));
}

export function unitOf(measure: FigureName): Unit {
  if (isMoney(measure)) return 'USD';
  if (measure.endsWith('_ms')) return 'ms';
  if (measure === 'success_rate') return 'percent';
  return measure.includes('tokens') ? 'tokens' : 'requests';
}

function numberOf(value: Value): number | null {
  return value === null ? null : Number(value);
}

/** An estimate in the form of its measure: USD to nine decimals, numbers to four. */
function valueText(measure: FigureName, value: number): Value {
  return isMoney(measure) ? usd(BigInt(Math.round(value * 1e9))) : round(value, 4);
}

function percentage(part: number): number {
  return round(part * 100, 4);
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
