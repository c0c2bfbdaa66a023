import { offsetMs } from '../usage/time-zone.ts';

/** When a kind of traffic happens, in the workspace's local time. Only the proportions count. */
export interface Rhythm {
  /** 24 weights, local hours 0 to 23. */
  weekday: readonly number[];
  /** 24 weights on the same scale, for Saturday and Sunday. */
  weekend: readonly number[];
  /** 7 further factors, Sunday first. */
  days: readonly number[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * The rhythm as a function of time whose mean over a week is 1. Between the hours it is linear and bends round at midnight
 * within the same day, which keeps the mean exact.
 */
export function intensity(rhythm: Rhythm): (local: LocalTime) => number {
  const sum = (hours: readonly number[]): number => hours.reduce((total, weight) => total + weight, 0);
  let week = 0;
  rhythm.days.forEach((factor, day) => {
    week += factor * sum(isWeekend(day) ? rhythm.weekend : rhythm.weekday);
  });
  const mean = week / (7 * 24);
  return ({ weekday, hour }) => {
    const curve = isWeekend(weekday) ? rhythm.weekend : rhythm.weekday;
    const whole = Math.floor(hour);
    const from = curve[whole] ?? 0;
    const to = curve[(whole + 1) % 24] ?? 0;
    return ((from + (to - from) * (hour - whole)) * (rhythm.days[weekday] ?? 0)) / mean;
  };
}

/** A wall-clock reading: `weekday` 0 (Sunday) to 6, `hour` with its fraction in [0, 24). */
export interface LocalTime {
  weekday: number;
  hour: number;
}

/** Reads a zone's wall clock. */
export function localClock(timeZone: string): (timestampMs: number) => LocalTime {
  return (timestampMs) => {
    const wallMs = timestampMs + offsetMs(timeZone, timestampMs);
    const day = Math.floor(wallMs / DAY_MS);
    return { weekday: (day + 4) % 7, hour: (wallMs - day * DAY_MS) / HOUR_MS };
  };
}

function isWeekend(weekday: number): boolean {
  return weekday === 0 || weekday === 6;
}

/** People at a desk: nine to six with a lunch break, almost nothing at the weekend. */
export const OFFICE_HOURS: Rhythm = {
  weekday: [
    0.5, 0.3, 0.2, 0.2, 0.3, 0.6, 1.5, 4, 8, 12, 14, 13, 9, 11, 14, 14, 12, 8, 4, 2.5, 2, 1.6, 1.2, 0.8,
  ],
  weekend: [
    0.2, 0.1, 0.1, 0.1, 0.1, 0.2, 0.4, 0.7, 1, 1.4, 1.6, 1.6, 1.3, 1.4, 1.5, 1.5, 1.3, 1, 0.9, 0.9, 0.9, 0.8,
    0.6, 0.4,
  ],
  days: [0.8, 1, 1.08, 1.1, 1.05, 0.85, 1],
};

/** Shoppers: a lunch bump and the evening peak, busier at the weekend. */
export const SHOP_EVENINGS: Rhythm = {
  weekday: [
    2, 1.1, 0.7, 0.5, 0.5, 0.8, 1.6, 3, 4.2, 5, 5.6, 6.2, 7, 6.2, 5.6, 5.6, 6.4, 7.6, 9.4, 12, 14, 13, 9, 4.6,
  ],
  weekend: [
    3, 1.8, 1, 0.7, 0.5, 0.6, 1, 2, 4, 6.4, 8.2, 9.4, 10, 9.8, 9.4, 9.2, 9.4, 10, 11, 13, 14.5, 13, 9.6, 5.6,
  ],
  days: [1.12, 1.02, 0.94, 0.92, 0.96, 1, 1.05],
};

/** Programmers: late mornings, a second shift after dinner, half a weekend. */
export const DEVELOPER_DAYS: Rhythm = {
  weekday: [
    4, 2.4, 1.4, 1, 0.8, 0.8, 1, 1.8, 3.6, 7, 10.5, 12, 10.5, 9.5, 11, 12, 12, 10.5, 8, 6.4, 7, 8.2, 8, 6.2,
  ],
  weekend: [
    3.4, 2.4, 1.4, 0.9, 0.6, 0.5, 0.6, 0.9, 1.6, 2.8, 4, 4.6, 4.4, 4.2, 4.6, 4.8, 4.6, 4.2, 3.6, 3.6, 4.2,
    4.8, 4.8, 4.2,
  ],
  days: [0.95, 1, 1.05, 1.05, 1.02, 0.9, 1],
};

/** Jobs that start after midnight and are done before the first people come. */
export const NIGHTLY_JOBS: Rhythm = {
  weekday: [1, 8, 14, 12, 6, 1.5, 0.2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.2],
  weekend: [1, 6, 10, 8, 4, 1, 0.2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.2],
  days: [0.9, 1, 1, 1, 1, 1, 0.9],
};

/** Continuous integration: follows the programmers, but never sleeps. */
export const ROUND_THE_CLOCK: Rhythm = {
  weekday: [
    5, 4.4, 4, 3.8, 3.6, 3.6, 3.8, 4.4, 5.6, 7, 8, 8.4, 8, 7.8, 8.2, 8.6, 8.6, 8, 7.4, 6.8, 6.6, 6.6, 6.2,
    5.6,
  ],
  weekend: [
    3.4, 3.2, 3, 3, 2.8, 2.8, 2.8, 3, 3.2, 3.6, 4, 4.2, 4.2, 4.2, 4.2, 4.2, 4.2, 4.2, 4, 4, 4, 4, 3.8, 3.6,
  ],
  days: [0.95, 1, 1, 1, 1, 0.95, 1],
};
