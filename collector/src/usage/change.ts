import { FIGURE_NAMES, type FigureName, type Figures } from './figures.ts';
import { isMoney, isSum, SUM_FIGURES, valueOf, wholeOf, type SumFigure } from './figure-kinds.ts';

/** How a figure changed: `absolute` in its own unit, money as a decimal string. */
export interface Change {
  absolute: string | number | null;
  /** Of the value before; null without one, or where it was 0. */
  percent: number | null;
  /** The same of the values a day, where it is a sum; other figures do not grow with the length of a period. */
  percent_per_day: number | null;
}
export type Changes = Record<FigureName, Change>;
export type PerDay = Record<SumFigure, string | number | null>;

/** @param days how long the two periods are, in days of 24 hours */
export function changesOf(
  current: Figures,
  previous: Figures,
  days: { current: number; previous: number },
): Changes {
  const scale = days.previous / days.current;
  return Object.fromEntries(
    FIGURE_NAMES.map((name): [FigureName, Change] => {
      if (isSum(name)) {
        const [now, before] = [wholeOf(name, current[name]), wholeOf(name, previous[name])];
        return [
          name,
          {
            absolute: now === null || before === null ? null : valueOf(name, now - before),
            percent: percent(asNumber(now), asNumber(before)),
            percent_per_day: percent(now === null ? null : Number(now) * scale, asNumber(before)),
          },
        ];
      }
      const [now, before] = [current[name], previous[name]];
      const percentage = percent(now, before);
      return [
        name,
        {
          absolute: now === null || before === null ? null : round(now - before),
          percent: percentage,
          percent_per_day: percentage,
        },
      ];
    }),
  ) as Changes;
}

/** The sums divided by days: USD to nine decimals, counts to four. */
export function perDay(figures: Figures, days: number): PerDay {
  return Object.fromEntries(
    SUM_FIGURES.map((name) => {
      const whole = wholeOf(name, figures[name]);
      if (whole === null) return [name, null];
      return [name, isMoney(name) ? valueOf(name, divided(whole, days)) : round(Number(whole) / days)];
    }),
  ) as PerDay;
}

/** To the nearest, without passing through a floating-point number: sums of nano-USD may be longer than it is exact. */
function divided(whole: bigint, days: number): bigint {
  const quarters = BigInt(Math.round(days * 96));
  return (whole * 96n + quarters / 2n) / quarters;
}

/** Percent that `now` is above `before`, to four decimals; null without one, or from 0. */
export function percent(now: number | null, before: number | null): number | null {
  return now === null || before === null ? null : sharePercent(now - before, Math.abs(before));
}

/** A part in percent of the whole, to four decimals; null of nothing. Every percentage that is not made in SQL is rounded here. */
export function sharePercent(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part * 1e6) / whole) / 1e4;
}

/** The same of sums that are whole numbers: nano-USD or counts. */
export function percentOf(part: bigint, whole: bigint): number | null {
  return sharePercent(Number(part), Number(whole));
}

function asNumber(whole: bigint | null): number | null {
  return whole === null ? null : Number(whole);
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
