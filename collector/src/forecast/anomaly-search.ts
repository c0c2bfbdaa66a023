import type { PoolClient } from 'pg';
import { inSnapshot, type Pool } from '../database/pool.ts';
import { readFreshness, type Freshness } from '../usage/answer-parts.ts';
import { bucketNumber, bucketStarts, formatInZone, rangeTexts } from '../usage/buckets.ts';
import type { Filters } from '../usage/filters.ts';
import type { Period } from '../usage/period.ts';
import { maxGrainMs, Parameters, rollupRows } from '../usage/rollup-source.ts';
import { offsetMs, startOfLocalDay } from '../usage/time-zone.ts';
import {
  BASELINE_WEEKS,
  coarser,
  findIncidents,
  reasonOf,
  type AnomalyOptions,
  type Calendar,
  type GroupSeries,
  type Incident,
} from './anomalies.ts';
import { explain, type Explanation } from './explain.ts';
import { UNITS, VALUE_MEASURES, valueSql, valueText, type ForecastMeasure } from './measure.ts';

/** What incidents are looked for in; total is everything together. */
export const ANOMALY_DIMENSIONS = [
  'total',
  'project_id',
  'prompt_id',
  'model_name',
  'model_provider',
  'endpoint',
  'environment',
] as const;
export type AnomalyDimension = (typeof ANOMALY_DIMENSIONS)[number];
export const DEFAULT_DIMENSIONS: readonly AnomalyDimension[] = [
  'total',
  'project_id',
  'prompt_id',
  'model_name',
];
export const MAX_ANOMALY_DAYS = 35;
/** The members with the most usage are watched; the others are in their project and in the total. */
export const WATCHED_MEMBERS = 100;
export const MAX_INCIDENTS = 100;
/** The largest are explained: each takes a statement. */
const EXPLAINED_INCIDENTS = 12;
/** Four weeks to compare with, and four more to learn from how a group scatters around those. */
const BEFORE_DAYS = 2 * BASELINE_WEEKS * 7;
const DAY_MS = 86_400_000;

export interface AnomalyQuestion {
  tenantId: string;
  filters: Filters;
  measure: ForecastMeasure;
  dimensions: readonly AnomalyDimension[];
  period: Period;
  nowMs: number;
  /** In whole units: USD, requests, tokens. */
  minEffect: number;
  /** 0.3 is 30 %. */
  minPart: number;
}

export interface ToldIncident {
  dimension: AnomalyDimension;
  member: string | null;
  grain: 'hour' | 'day';
  direction: 'up' | 'down';
  start: string;
  end: string;
  ongoing: boolean;
  actual: string;
  expected: string;
  difference: string;
  percent: number | null;
  score: number;
  reason: string;
  explained_by: Explanation[];
}

export interface Anomalies {
  measure: ForecastMeasure;
  unit: string;
  period: { start: string; end: string; timezone: string };
  incidents: ToldIncident[];
  incident_count: number;
  freshness: Freshness;
}

interface Found {
  dimension: AnomalyDimension;
  member: string | null;
  incident: Incident;
  startMs: number;
  endMs: number;
}

/**
 * Looks for stretches of a period in which a group's usage differs from the same hours and days of the weeks before. Only whole hours
 * that are over are judged, and whole days.
 * @throws Problem range-too-long
 */
export async function searchAnomalies(pool: Pool, question: AnomalyQuestion): Promise<Anomalies> {
  const { measure, period, nowMs } = question;
  const { timeZone } = period;
  const calendars = calendarsOf(period, nowMs);
  return inSnapshot(pool, async (client) => {
    const found: Found[] = [];
    for (const dimension of question.dimensions) {
      for (const [member, series] of await readGroups(client, question, dimension, calendars)) {
        for (const incident of incidentsOf(series, calendars, question)) {
          found.push({ dimension, member, incident, ...instantsOf(incident, calendars) });
        }
      }
    }
    const effect = ({ incident }: Found): number => Math.abs(incident.actual - incident.expected);
    found.sort((left, right) => effect(right) - effect(left));
    const told: ToldIncident[] = [];
    for (const [index, each] of found.slice(0, MAX_INCIDENTS).entries()) {
      const explained = index < EXPLAINED_INCIDENTS ? await explain(client, question, each) : [];
      told.push(tell(each, measure, timeZone, calendars.endMs, explained));
    }
    return {
      measure,
      unit: UNITS[measure],
      period: rangeTexts({
        startMs: period.startMs,
        endMs: Math.max(period.startMs, calendars.endMs),
        timeZone,
      }),
      incidents: told,
      incident_count: found.length,
      freshness: await readFreshness(client, 'rollups'),
    };
  });
}

interface Calendars {
  /** All hours from eight weeks before the period to the last one that is over. */
  hours: Period;
  hourStarts: number[];
  hourly: Calendar;
  dayStarts: number[];
  daily: Calendar;
  /** The day of each hour; hours of a day that is not over yet are left out. */
  dayOfHour: number[];
  endMs: number;
}

export function calendarsOf(period: Period, nowMs: number): Calendars {
  const { timeZone } = period;
  const startMs = startOfLocalDay(timeZone, period.startMs, -BEFORE_DAYS);
  const all = bucketStarts({ timeZone, groupBy: 'hour', startMs, endMs: Math.min(period.endMs, nowMs) });
  const next = (index: number): number => all[index + 1] ?? (all[index] ?? 0) + 3_600_000;
  const hourStarts = all.filter((_, index) => next(index) <= Math.min(period.endMs, nowMs));
  const endMs = hourStarts.length === 0 ? startMs : next(hourStarts.length - 1);
  const local = hourStarts.map((at) => at + offsetMs(timeZone, at));
  const weekday = (localMs: number): number => (Math.floor(localMs / DAY_MS) + 4) % 7;
  const dayNumbers = local.map((at) => Math.floor(at / DAY_MS));
  const firstDay = dayNumbers[0] ?? 0;
  const lastWholeDay = Math.floor((endMs + offsetMs(timeZone, endMs)) / DAY_MS) - 1;
  const dayCount = Math.max(0, lastWholeDay - firstDay + 1);
  const dayStarts = Array.from({ length: dayCount + 1 }, (_, day) => startOfLocalDay(timeZone, startMs, day));
  const firstJudged = (starts: readonly number[]): number => {
    const first = starts.findIndex((at) => at >= period.startMs);
    return first === -1 ? starts.length : first;
  };
  return {
    hours: { timeZone, groupBy: 'hour', startMs, endMs },
    hourStarts,
    hourly: {
      grain: 'hour',
      slots: local.map((at) => weekday(at) * 24 + Math.floor((at % DAY_MS) / 3_600_000)),
      firstJudged: firstJudged(hourStarts),
    },
    dayStarts,
    daily: {
      grain: 'day',
      slots: Array.from({ length: dayCount }, (_, day) => (firstDay + day + 4) % 7),
      firstJudged: Math.min(dayCount, firstJudged(dayStarts.slice(0, dayCount))),
    },
    dayOfHour: dayNumbers.map((day) => day - firstDay),
    endMs,
  };
}

async function readGroups(
  client: PoolClient,
  { tenantId, filters, measure }: AnomalyQuestion,
  dimension: AnomalyDimension,
  { hours, hourStarts }: Calendars,
): Promise<Map<string | null, GroupSeries>> {
  if (hourStarts.length === 0) return new Map();
  const parameters = new Parameters();
  const bucket = bucketNumber(hours, parameters);
  const rows = rollupRows(
    {
      tenantId,
      filters,
      startMs: hours.startMs,
      endMs: hours.endMs,
      groupBy: dimension === 'total' ? [] : [dimension],
      measures: VALUE_MEASURES,
      maxGrainMs: maxGrainMs(hours),
    },
    parameters,
  );
  const member = dimension === 'total' ? 'NULL::text' : `r.${dimension}`;
  const answer = await client.query<{
    member: string | null;
    buckets: number[];
    values: number[];
    requests: number[];
  }>(
    `WITH points AS (
       SELECT ${member} AS member, ${bucket} AS bucket, ${valueSql(measure)} AS value, sum(r.request_count)::float8 AS requests
       FROM (${rows}) r GROUP BY 1, 2
     )
     SELECT member, array_agg(bucket::int) AS buckets, array_agg(value) AS values, array_agg(requests) AS requests
     FROM points GROUP BY member ORDER BY sum(value) DESC, member LIMIT ${WATCHED_MEMBERS}`,
    parameters.values,
  );
  return new Map(
    answer.rows.map((row) => {
      const series = {
        values: new Float64Array(hourStarts.length),
        requests: new Float64Array(hourStarts.length),
      };
      row.buckets.forEach((number, index) => {
        if (number < 1 || number > hourStarts.length) return;
        series.values[number - 1] = row.values[index] ?? 0;
        series.requests[number - 1] = row.requests[index] ?? 0;
      });
      return [row.member, series];
    }),
  );
}

/** Of the hours, and of the days where no hour of them told the same already: small groups show only over a day. */
export function incidentsOf(
  series: GroupSeries,
  calendars: Pick<Calendars, 'hourly' | 'daily' | 'dayOfHour'>,
  options: AnomalyOptions,
): Incident[] {
  const { hourly, daily, dayOfHour } = calendars;
  const byHour = findIncidents(series, hourly, options);
  const wholeDays = {
    values: series.values.filter((_, hour) => (dayOfHour[hour] ?? 0) < daily.slots.length),
    requests: series.requests.filter((_, hour) => (dayOfHour[hour] ?? 0) < daily.slots.length),
  };
  const days = coarser(wholeDays, dayOfHour.slice(0, wholeDays.values.length), daily.slots.length);
  const byDay = findIncidents(days, daily, options);
  const firstDayOf = ({ firstBucket }: Incident): number => dayOfHour[firstBucket] ?? 0;
  const lastDayOf = ({ endBucket }: Incident): number => dayOfHour[endBucket - 1] ?? 0;
  const coveredBy = (hours: Incident, day: Incident): boolean =>
    hours.direction === day.direction &&
    firstDayOf(hours) < day.endBucket &&
    lastDayOf(hours) >= day.firstBucket;
  // A day tells the larger story where the hours saw only a part of it.
  const larger = (day: Incident, hours: readonly Incident[]): boolean => {
    const told = hours.reduce((sum, each) => sum + each.actual - each.expected, 0);
    return Math.abs(day.actual - day.expected) > 1.3 * Math.abs(told);
  };
  const kept = byDay.filter((day) =>
    larger(
      day,
      byHour.filter((hours) => coveredBy(hours, day)),
    ),
  );
  return [...byHour.filter((hours) => !kept.some((day) => coveredBy(hours, day))), ...kept];
}

function instantsOf(
  { grain, firstBucket, endBucket }: Incident,
  { hourStarts, dayStarts, endMs }: Calendars,
): { startMs: number; endMs: number } {
  const starts = grain === 'hour' ? hourStarts : dayStarts;
  return { startMs: starts[firstBucket] ?? endMs, endMs: starts[endBucket] ?? endMs };
}

const KINDS: Record<AnomalyDimension, string> = {
  total: 'all usage',
  project_id: 'project',
  prompt_id: 'prompt',
  model_name: 'model',
  model_provider: 'provider',
  endpoint: 'endpoint',
  environment: 'environment',
};

function tell(
  { dimension, member, incident, startMs, endMs }: Found,
  measure: ForecastMeasure,
  timeZone: string,
  judgedUntilMs: number,
  explained: Explanation[],
): ToldIncident {
  const text = (amount: number): string => valueText(amount, measure);
  const who = dimension === 'total' ? KINDS.total : `${KINDS[dimension]} ${member ?? '(none)'}`;
  return {
    dimension,
    member,
    grain: incident.grain,
    direction: incident.direction,
    start: formatInZone(timeZone, startMs),
    end: formatInZone(timeZone, endMs),
    ongoing: endMs >= judgedUntilMs,
    actual: text(incident.actual),
    expected: text(incident.expected),
    difference: text(incident.actual - incident.expected),
    percent: incident.percent === null ? null : Math.round(incident.percent * 10) / 10,
    score: Math.round(incident.score * 10) / 10,
    reason: reasonOf(who, incident),
    explained_by: explained,
  };
}
