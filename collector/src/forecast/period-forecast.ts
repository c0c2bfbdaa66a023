import { inSnapshot, type Pool } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { readFreshness, type Freshness } from '../usage/answer-parts.ts';
import { bucketStarts, formatInZone, rangeTexts } from '../usage/buckets.ts';
import { MAX_EVENT_DAYS } from '../usage/event-source.ts';
import { filteredDimensions, type Filters } from '../usage/filters.ts';
import { sourceOf } from '../usage/rollup-source.ts';
import { readSpendSeries, type Spend } from '../usage/spend.ts';
import { localDateOf, startOfLocalDay } from '../usage/time-zone.ts';
import { backtestInTurns, type BacktestResult } from './backtest.ts';
import { COURSE_DAYS, dayCourse } from './day-course.ts';
import {
  dailyDistribution,
  MAX_HISTORY_DAYS,
  MAX_HORIZON_DAYS,
  sumOfIndependent,
  type Estimate,
} from './forecast.ts';
import { amountOf, amountText, UNITS, type ForecastMeasure } from './measure.ts';
import { projectToday } from './today.ts';

const DAY_MS = 86_400_000;
const BACKTEST_HORIZON_DAYS = 14;
const BACKTEST_ORIGINS = 12;
const BACKTEST_LEAST_DAYS = 28;

export interface ForecastQuestion {
  tenantId: string;
  filters: Filters;
  measure: ForecastMeasure;
  timeZone: string;
  /** The period whose end is asked about, local midnights; it holds `nowMs`. */
  startMs: number;
  endMs: number;
  nowMs: number;
  level: number;
}

export interface TextEstimate {
  mean: string;
  lower: string;
  upper: string;
}

export interface PeriodForecast {
  measure: ForecastMeasure;
  unit: string;
  level: number;
  period: { start: string; end: string; timezone: string };
  method: string;
  history: { date: string; value: string }[];
  weekday_factors: number[];
  today: TextEstimate & { date: string; so_far: string; usual_share: number | null };
  forecast: (TextEstimate & { date: string })[];
  period_so_far: string;
  period_total: TextEstimate;
  unpriced_requests: number;
  backtest:
    | (Omit<BacktestResult, 'coverage' | 'relativeToNaive' | 'sumRelativeToNaive'> & {
        horizon_days: number;
        relative_to_naive: number | null;
        coverage_days: number;
        coverage_sums: number;
      })
    | null;
  freshness: Freshness;
}

/**
 * Where a period will end, from its start to now as it was, and day by day from here to its end.
 * @throws Problem invalid-request where the period does not hold now or is too long; range-too-long
 */
export async function readPeriodForecast(pool: Pool, question: ForecastQuestion): Promise<PeriodForecast> {
  const { timeZone, startMs, endMs, nowMs, measure, level, filters, tenantId } = question;
  const todayMs = startOfLocalDay(timeZone, nowMs);
  const source = sourceOf(filteredDimensions(filters)).kind;
  // One day less than the log may be asked for: today is read too.
  const historyDays = source === 'events' ? MAX_EVENT_DAYS - 2 : MAX_HISTORY_DAYS;
  const days = bucketStarts({ startMs: todayMs, endMs, timeZone, groupBy: 'day' });
  if (startMs > nowMs || endMs <= nowMs) {
    throw new Problem(
      'invalid-request',
      'start_date, end_date: the period of a forecast must hold the present.',
    );
  }
  if (days.length > MAX_HORIZON_DAYS) {
    throw new Problem('invalid-request', `end_date: at most ${MAX_HORIZON_DAYS} days are forecast.`);
  }
  const historyMs = Math.min(startOfLocalDay(timeZone, nowMs, -historyDays), startMs);
  if (source === 'rollups' && nowMs - historyMs > 2 * MAX_HISTORY_DAYS * DAY_MS) {
    throw new Problem('invalid-request', `start_date: at most ${2 * MAX_HISTORY_DAYS} days before today.`);
  }

  const { daily, hourly, freshness } = await inSnapshot(pool, async (client) => ({
    daily: await readSpendSeries(client, { tenantId, filters, timeZone, groupBy: 'day', startMs: historyMs, endMs: nowMs }),
    hourly: await readSpendSeries(client, {
      tenantId, filters, timeZone, groupBy: 'hour', startMs: startOfLocalDay(timeZone, nowMs, -COURSE_DAYS), endMs: nowMs,
    }),
    freshness: await readFreshness(client, source),
  })); // prettier-ignore

  const value = (spend: Spend): bigint => amountOf(spend, measure);
  const complete = daily.filter((day) => day.startMs < todayMs);
  const today = daily.find((day) => day.startMs === todayMs);
  const history = complete.slice(-historyDays);
  const values = history.map((day) => Number(value(day)));
  const soFar = today === undefined ? 0n : value(today);

  const weekday = localDateOf(timeZone, history[0]?.startMs ?? todayMs).weekday;
  const whole = dailyDistribution(values, days.length, weekday);
  const expectedToday = projectToday(
    Number(soFar),
    dayCourse(
      hourly.map((point) => ({ startMs: point.startMs, amount: Number(value(point)) })),
      timeZone,
      todayMs,
      nowMs,
    ),
    whole.day(0, level),
    level,
  );
  // The days after today are forecast knowing what today is going to be.
  const later = dailyDistribution([...values, expectedToday.mean], Math.max(0, days.length - 1), weekday);
  const after = later.sum(days.length - 1, level);
  const beforeToday = complete
    .filter((day) => day.startMs >= startMs)
    .reduce((sum, day) => sum + value(day), 0n);
  const inside = daily.filter((day) => day.startMs >= startMs);
  const trial = await backtestInTurns(values.slice(values.findIndex((each) => each > 0)), {
    horizonDays: Math.min(BACKTEST_HORIZON_DAYS, Math.max(1, days.length)),
    levels: [level],
    leastHistoryDays: BACKTEST_LEAST_DAYS,
    maxOrigins: BACKTEST_ORIGINS,
  });

  const text = (amount: number): string => amountText(BigInt(Math.round(amount)), measure);
  const texts = ({ mean, lower, upper }: Estimate, plus = 0): TextEstimate => ({
    mean: text(plus + mean),
    lower: text(plus + lower),
    upper: text(plus + upper),
  });
  const date = (ms: number): string => formatInZone(timeZone, ms).slice(0, 10);
  return {
    measure,
    unit: UNITS[measure],
    level,
    period: rangeTexts({ startMs, endMs, timeZone }),
    method: whole.method,
    history: history.map((day) => ({ date: date(day.startMs), value: amountText(value(day), measure) })),
    weekday_factors: whole.weekdayFactors.map((factor) => Math.round(factor * 1e4) / 1e4),
    today: {
      date: date(todayMs),
      so_far: amountText(soFar, measure),
      ...texts(expectedToday),
      usual_share:
        expectedToday.usualShare === null ? null : Math.round(expectedToday.usualShare * 1e4) / 1e4,
    },
    forecast: days.slice(1).map((dayMs, index) => ({ date: date(dayMs), ...texts(later.day(index, level)) })),
    period_so_far: amountText(beforeToday + soFar, measure),
    period_total: texts(sumOfIndependent(expectedToday, after), Number(beforeToday)),
    unpriced_requests: inside.reduce((sum, day) => sum + day.unpricedRequests, 0),
    backtest:
      trial === undefined
        ? null
        : {
            horizon_days: Math.min(BACKTEST_HORIZON_DAYS, Math.max(1, days.length)),
            origins: trial.origins,
            mase: rounded(trial.mase),
            relative_to_naive: rounded(trial.relativeToNaive),
            coverage_days: rounded(trial.coverage[0]?.days ?? null) ?? 0,
            coverage_sums: rounded(trial.coverage[0]?.sums ?? null) ?? 0,
          },
    freshness,
  };
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1e3) / 1e3;
}
