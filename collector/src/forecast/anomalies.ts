import { mean, median, quantile } from './statistics.ts';

/** A group's values in successive buckets (hours or days), and how many requests made them. */
export interface GroupSeries {
  values: Float64Array;
  requests: Float64Array;
}

/** What the buckets of a series are. */
export interface Calendar {
  grain: 'hour' | 'day';
  /** For each bucket its place in the week (0 to 167, or 0 to 6): buckets with the same one are compared. */
  slots: readonly number[];
  /** The first bucket that is judged; those before it are what it is compared with. */
  firstJudged: number;
}

export interface AnomalyOptions {
  /** Incidents that differ by less in all are not told, in the unit of the values. */
  minEffect: number;
  /** Incidents that differ by a smaller part of what was expected are not told; 0.3 is 30 %. */
  minPart: number;
}

export interface Incident {
  grain: 'hour' | 'day';
  /** Bucket numbers, half-open. */
  firstBucket: number;
  endBucket: number;
  direction: 'up' | 'down';
  actual: number;
  /** By the same buckets of the weeks before. */
  expected: number;
  /** Difference in percent of what was expected; null where nothing was. */
  percent: number | null;
  /** How many standard deviations of such a stretch the difference is. */
  score: number;
  /** Over how many weeks the group was seen in the buckets that it is compared with. */
  weeks: number;
}

export const BASELINE_WEEKS = 4;
/** A bucket this far off begins an incident; its neighbours belong to it down to half of that. */
const SEED_SCORE = 4.5;
const MEMBER_SCORE = 2.25;
/** Stretches of so many days are judged together too: a change that no single day shows. */
const SLOW_STRETCHES = [3, 7] as const;
const SLOW_MEMBER_SCORE = 0.75;
/** What days err by in company, as a part of what is expected: growth, mostly. */
const COMMON_DEVIATION = 0.07;
/** What the incident as a whole must reach. */
const INCIDENT_SCORE = 6;
/** Calls differ in size: the variance of a sum of calls is so many times that of equal ones, as long as there are few to learn from. */
const DEFAULT_CALL_SIZES = 2;
const LEAST_CALL_SIZES = 1.2;
const LEAST_CALLS = 50;
/** A group's rhythm is never steadier than this part of what is expected. */
const LEAST_DEVIATION = 0.1;
/** More usage is told only where it is that of several calls, each as dear as the dearest hours have them: one odd call is no incident. */
const LEAST_DEAR_CALLS = 3;
/** With less to learn the group's own scatter from, this stands in. */
const DEFAULT_SCATTER = 1.5;
const LEAST_CALIBRATION = 24;
/** So many requests a week show at which level it is. */
const LEVEL_REQUESTS = 30;
const WEEK = { hour: 168, day: 7 } as const;
/** Half a request: where nothing was in four weeks, a single one is no surprise. */
const LEAST_REQUESTS = 0.5;
const FEW_REQUESTS = 10;
/** Buckets in between that are not far off themselves; nights, mostly. */
const MAX_GAP = { hour: 12, day: 2 } as const;

/** What a bucket should have been, and how far off it is in deviations. */
export interface Judgement {
  expected: Float64Array;
  deviation: Float64Array;
  /** How many earlier weeks each bucket could be compared with. */
  weeks: Uint8Array;
}

/**
 * Compares each bucket with the same one of the last four weeks. Expected is their mean without the highest and the lowest; the
 * scatter is that of calls that come by chance (Poisson) plus a part of the expected value, widened by how the group itself
 * scattered in the weeks before.
 */
export function judge(series: GroupSeries, calendar: Calendar): Judgement {
  const { values } = series;
  const { slots } = calendar;
  const count = values.length;
  const expected = new Float64Array(count);
  const deviation = new Float64Array(count);
  const weeks = new Uint8Array(count);
  const { perRequest, callSizes } = callsOf(series, calendar);
  const earlier = new Map<number, number[]>();
  for (let bucket = 0; bucket < count; bucket++) {
    const slot = slots[bucket] ?? 0;
    const same = earlier.get(slot) ?? [];
    earlier.set(slot, same);
    const base = same.slice(-BASELINE_WEEKS);
    weeks[bucket] = base.length;
    const middle = withoutExtremes(base);
    expected[bucket] = middle;
    // Of few calls a trimmed mean says too little: the hours around, and the extremes, tell how many there may be.
    const isFew = middle < FEW_REQUESTS * perRequest;
    const around = isFew
      ? [slot - 1, slot, slot + 1].flatMap((each) => (earlier.get(each) ?? []).slice(-BASELINE_WEEKS))
      : [];
    const usual = Math.max(middle, mean(around), LEAST_REQUESTS * perRequest);
    const chance = callSizes * perRequest * usual;
    const own = (LEAST_DEVIATION * middle) ** 2;
    deviation[bucket] = Math.sqrt((chance + own) * (1 + 1 / Math.max(1, base.length)));
    same.push(values[bucket] ?? 0);
  }
  const scatter = scatterOf(values, { expected, deviation, weeks }, calendar, LEVEL_REQUESTS * perRequest);
  return { expected, deviation: deviation.map((each) => each * scatter), weeks };
}

/**
 * How much more than by chance the group scattered in the weeks before. Against the level of each week, where there is enough to
 * see one: a level that moved is no scatter, and would hide what comes after it.
 */
function scatterOf(
  values: Float64Array,
  { expected, deviation, weeks }: Judgement,
  { grain, firstJudged }: Calendar,
  leastForLevel: number,
): number {
  const week = WEEK[grain];
  const ratios: number[] = [];
  for (let end = firstJudged; end > 0; end -= week) {
    const start = Math.max(0, end - week);
    let value = 0;
    let usual = 0;
    for (let bucket = start; bucket < end; bucket++) {
      value += values[bucket] ?? 0;
      usual += expected[bucket] ?? 0;
    }
    const level = usual > leastForLevel && value > leastForLevel ? value / usual : 1;
    for (let bucket = start; bucket < end; bucket++) {
      const size = (deviation[bucket] ?? 0) * Math.max(1, level);
      if ((weeks[bucket] ?? 0) < 2 || size === 0) continue;
      const middle = level * (expected[bucket] ?? 0);
      if (middle > 0 || (values[bucket] ?? 0) > 0)
        ratios.push(Math.abs((values[bucket] ?? 0) - middle) / size);
    }
  }
  if (ratios.length < LEAST_CALIBRATION) return DEFAULT_SCATTER;
  const [part, normal] = grain === 'hour' ? [0.95, 1.96] : [0.9, 1.645];
  return Math.max(1, 1.4826 * median(ratios), quantile(ratios, part) / normal);
}

/**
 * What a request of the group lately was worth, and how much requests differ: 1 where all are alike, 5 where few large ones make the
 * most of it. Learnt from how far buckets are from their number of requests times the mean of their week; a mean that moved from week
 * to week (another price, another model) makes no request differ.
 */
function callsOf(
  { values, requests }: GroupSeries,
  { grain, firstJudged }: Calendar,
): { perRequest: number; callSizes: number } {
  const week = WEEK[grain];
  const sumOf = (start: number, end: number): { value: number; count: number } => {
    let value = 0;
    let count = 0;
    for (let bucket = Math.max(0, start); bucket < end; bucket++) {
      value += values[bucket] ?? 0;
      count += requests[bucket] ?? 0;
    }
    return { value, count };
  };
  const past = sumOf(firstJudged - BASELINE_WEEKS * week, firstJudged);
  if (past.count < LEAST_CALLS || past.value === 0) {
    const all = sumOf(0, values.length);
    return { perRequest: all.count === 0 ? 0 : all.value / all.count, callSizes: DEFAULT_CALL_SIZES };
  }
  let squares = 0;
  let scale = 0;
  for (let end = firstJudged; end > 0; end -= week) {
    const { value, count } = sumOf(end - week, end);
    if (value === 0) continue;
    const mean = value / count;
    for (let bucket = Math.max(0, end - week); bucket < end; bucket++) {
      squares += ((values[bucket] ?? 0) - (requests[bucket] ?? 0) * mean) ** 2;
    }
    scale += (count * mean ** 2 * (week - 1)) / week;
  }
  return {
    perRequest: past.value / past.count,
    callSizes: Math.max(LEAST_CALL_SIZES, 1 + squares / scale),
  };
}

/** Mean without the highest and the lowest of three or more; 0 of none. */
function withoutExtremes(base: readonly number[]): number {
  const sorted = [...base].sort((left, right) => left - right);
  const kept = sorted.length >= 3 ? sorted.slice(1, -1) : sorted;
  return kept.length === 0 ? 0 : kept.reduce((sum, value) => sum + value, 0) / kept.length;
}

/**
 * The stretches in which a group differs from what it should have been, each told once: adjacent buckets are joined, over short
 * quiet gaps too. In the order of time.
 */
export function findIncidents(series: GroupSeries, calendar: Calendar, options: AnomalyOptions): Incident[] {
  const judgement = judge(series, calendar);
  const dearCall = dearestCall(series, calendar.firstJudged);
  const sudden = suddenStretches(scoresOf(series, judgement), calendar);
  const slow = calendar.grain === 'day' ? slowStretches(series, judgement, calendar) : [];
  return united([...sudden, ...slow])
    .map(({ first, end, side }) => incidentOf(series, judgement, calendar, first, end, side))
    .filter((incident) => isWorthTelling(incident, options, dearCall));
}

interface Stretch {
  first: number;
  /** Exclusive. */
  end: number;
  /** 1 or -1. */
  side: number;
}

function scoresOf({ values }: GroupSeries, { expected, deviation, weeks }: Judgement): Float64Array {
  return values.map((value, bucket) => {
    const size = deviation[bucket] ?? 0;
    return (weeks[bucket] ?? 0) > 0 && size > 0 ? (value - (expected[bucket] ?? 0)) / size : 0;
  });
}

/** Around each bucket that is far off by itself, the neighbours that are off as well. */
function suddenStretches(scores: Float64Array, { firstJudged, grain }: Calendar): Stretch[] {
  const stretches: Stretch[] = [];
  let bucket = firstJudged;
  while (bucket < scores.length) {
    const side = Math.sign(scores[bucket] ?? 0);
    if (Math.abs(scores[bucket] ?? 0) < SEED_SCORE) {
      bucket += 1;
      continue;
    }
    const off = (at: number): number => side * (scores[at] ?? 0);
    const floor = stretches.at(-1)?.end ?? firstJudged;
    let first = bucket;
    while (first > floor && off(first - 1) >= MEMBER_SCORE) first -= 1;
    let end = bucket + 1;
    for (let at = end; at < scores.length && at - end <= MAX_GAP[grain]; at++) {
      if (off(at) >= MEMBER_SCORE) end = at + 1;
      else if (off(at) <= -MEMBER_SCORE) break;
    }
    stretches.push({ first, end, side });
    bucket = end;
  }
  return stretches;
}

/** Days that are far off together, without those at both ends that are not. */
function slowStretches(series: GroupSeries, judgement: Judgement, { firstJudged }: Calendar): Stretch[] {
  const { values } = series;
  const { expected, deviation, weeks } = judgement;
  const scores = scoresOf(series, judgement);
  const stretches: Stretch[] = [];
  for (const length of SLOW_STRETCHES) {
    for (let start = firstJudged; start + length <= values.length; start++) {
      let difference = 0;
      let variance = 0;
      let usual = 0;
      let isCompared = true;
      for (let at = start; at < start + length; at++) {
        difference += (values[at] ?? 0) - (expected[at] ?? 0);
        variance += (deviation[at] ?? 0) ** 2;
        usual += expected[at] ?? 0;
        isCompared &&= (weeks[at] ?? 0) >= 2;
      }
      const size = Math.hypot(Math.sqrt(variance), COMMON_DEVIATION * usual);
      if (!isCompared || size === 0 || Math.abs(difference) < SEED_SCORE * size) continue;
      const side = Math.sign(difference);
      const belongs = (at: number): boolean => side * (scores[at] ?? 0) >= SLOW_MEMBER_SCORE;
      let first = start;
      let end = start + length;
      while (first < end && !belongs(first)) first += 1;
      while (end > first && !belongs(end - 1)) end -= 1;
      if (end > first) stretches.push({ first, end, side });
    }
  }
  return stretches;
}

/** Stretches of one direction that touch become one. */
function united(stretches: readonly Stretch[]): Stretch[] {
  const whole: Stretch[] = [];
  for (const each of [...stretches].sort((left, right) => left.first - right.first)) {
    const last = whole.findLast(({ side }) => side === each.side);
    if (last !== undefined && each.first <= last.end) last.end = Math.max(last.end, each.end);
    else whole.push({ ...each });
  }
  return whole;
}

function incidentOf(
  { values }: GroupSeries,
  { expected, deviation, weeks }: Judgement,
  calendar: Calendar,
  firstBucket: number,
  endBucket: number,
  side: number,
): Incident {
  let actual = 0;
  let usual = 0;
  let variance = 0;
  let seen = BASELINE_WEEKS;
  for (let at = firstBucket; at < endBucket; at++) {
    actual += values[at] ?? 0;
    usual += expected[at] ?? 0;
    variance += (deviation[at] ?? 0) ** 2;
    seen = Math.min(seen, weeks[at] ?? 0);
  }
  return {
    grain: calendar.grain,
    firstBucket,
    endBucket,
    direction: side > 0 ? 'up' : 'down',
    actual,
    expected: usual,
    percent: usual > 0 ? (100 * (actual - usual)) / usual : null,
    score: variance > 0 ? Math.abs(actual - usual) / Math.sqrt(variance) : 0,
    weeks: seen,
  };
}

/** What a request is worth in the dearest buckets of the past: where there are few requests in a bucket, about a single dear one. */
function dearestCall({ values, requests }: GroupSeries, before: number): number {
  const means: number[] = [];
  for (let bucket = 0; bucket < before; bucket++) {
    const count = requests[bucket] ?? 0;
    if (count > 0) means.push((values[bucket] ?? 0) / count);
  }
  return means.length === 0 ? 0 : quantile(means, 0.99);
}

function isWorthTelling(
  incident: Incident,
  { minEffect, minPart }: AnomalyOptions,
  dearCall: number,
): boolean {
  const effect = Math.abs(incident.actual - incident.expected);
  if (incident.direction === 'up' && effect < LEAST_DEAR_CALLS * dearCall) return false;
  const isLargePart = incident.percent === null || Math.abs(incident.percent) >= 100 * minPart;
  return effect >= minEffect && isLargePart && incident.score >= INCIDENT_SCORE;
}

/** The buckets added up to longer ones, e.g. the hours of days. */
export function coarser(series: GroupSeries, bucketOf: readonly number[], count: number): GroupSeries {
  const sums = { values: new Float64Array(count), requests: new Float64Array(count) };
  bucketOf.forEach((to, from) => {
    sums.values[to] = (sums.values[to] ?? 0) + (series.values[from] ?? 0);
    sums.requests[to] = (sums.requests[to] ?? 0) + (series.requests[from] ?? 0);
  });
  return sums;
}

/** `model gpt-4o: +240 % against the same hour in the last 4 weeks`. */
export function reasonOf(
  who: string,
  incident: Pick<Incident, 'grain' | 'percent' | 'weeks' | 'firstBucket' | 'endBucket'>,
): string {
  const { grain, percent, weeks, firstBucket, endBucket } = incident;
  const buckets = endBucket - firstBucket === 1 ? grain : `${grain}s`;
  const against = `the same ${buckets} ${weeks === 1 ? 'a week before' : `in the last ${weeks} weeks`}`;
  if (percent === null) return `${who}: nothing in ${against}, usage now`;
  if (percent <= -99.5) return `${who}: nothing now, usage in ${against}`;
  // Past ten times a percentage is hard to read.
  if (percent >= 1000) return `${who}: ${Math.round(1 + percent / 100)} times ${against}`;
  return `${who}: ${percent > 0 ? '+' : '−'}${Math.round(Math.abs(percent))} % against ${against}`;
}
