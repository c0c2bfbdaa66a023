import type { ConditionalPrice, ModelPrice, TimeOfDateConstraint } from '@pydantic/genai-prices';

/** A price list entry's prices over time, before they are turned into rates. */
export interface PricedPeriod {
  fromMs: number;
  label: string;
  price: ModelPrice;
  windows: { startMs: number; endMs: number; label: string; price: ModelPrice }[];
}

/**
 * The periods of a model's prices: prices that begin on a date follow one another, and prices for hours of the day belong
 * to the period that they stand behind in the list.
 *
 * That last rule differs from the package, where hours win over dates. It cannot say 'these hours, from this date', names
 * the fault itself (comment on deepseek-v4-*: calls before 2026-08-17 get the later peak price in 7 hours of each day,
 * pydantic/genai-prices#582), and orders its list so that this reading is right.
 *
 * @throws Error on a constraint of a new kind, which a test over the whole list would show at an upgrade
 */
export function pricedPeriods(prices: ModelPrice | ConditionalPrice[]): readonly PricedPeriod[] {
  if (!Array.isArray(prices)) return [{ fromMs: -Infinity, label: '', price: prices, windows: [] }];
  const periods: PricedPeriod[] = [];
  for (const { constraint, prices: price } of prices) {
    if (constraint === undefined) {
      periods.push({ fromMs: -Infinity, label: '', price, windows: [] });
    } else if (constraint.type === 'start_date') {
      const fromMs = Date.parse(constraint.start_date);
      if (Number.isNaN(fromMs)) throw new Error(`not a date: ${constraint.start_date}`);
      periods.push({ fromMs, label: constraint.start_date, price, windows: [] });
    } else {
      const period = periods.at(-1);
      const window = { ...dailyWindow(constraint), price };
      // The package falls back to the first entry, whatever its hours.
      if (period === undefined) periods.push({ fromMs: -Infinity, label: '', price, windows: [window] });
      else period.windows.push(window);
    }
  }
  return periods;
}

function dailyWindow(constraint: TimeOfDateConstraint): { startMs: number; endMs: number; label: string } {
  const startMs = msOfDayUtc(constraint.start_time);
  const endMs = msOfDayUtc(constraint.end_time);
  return { startMs, endMs, label: `${hoursMinutes(startMs)}-${hoursMinutes(endMs)}Z` };
}

const DAY_MS = 86_400_000;
const TIME_OF_DAY = /^(\d\d):(\d\d):(\d\d)(?:Z|([+-])(\d\d):(\d\d))$/;

/** '00:30:00Z' or '08:30:00+08:00' as milliseconds since midnight UTC. */
function msOfDayUtc(time: string): number {
  const match = TIME_OF_DAY.exec(time);
  if (match === null) throw new Error(`not a time of day: ${time}`);
  const [, hours, minutes, seconds, sign = '+', offsetHours = '0', offsetMinutes = '0'] = match;
  const local = (Number(hours) * 60 + Number(minutes)) * 60_000 + Number(seconds) * 1000;
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
  return (local + (sign === '+' ? -offset : offset) + DAY_MS) % DAY_MS;
}

function hoursMinutes(ms: number): string {
  return new Date(ms).toISOString().slice(11, 16);
}
