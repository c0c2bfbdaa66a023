import type { Answer } from '../api/use-api.ts';
import { percent, toNumber } from '../figures/format.ts';
import { amountText } from './amount.ts';

export type BudgetStatus = Answer<'/v1/analytics/budgets/status'>['budgets'][number];
export type Budget = Answer<'/v1/analytics/budgets'>['budgets'][number];

export interface Outlook {
  /** The gravest first. */
  rank: number;
  tone: 'bad' | 'warning' | 'good' | 'neutral';
  /** In two or three words, for a badge. */
  label: string;
  /** Whether the amount will do, in a sentence. */
  sentence: string;
}

/** What is to be thought of a budget: by what is spent, and by where the forecast and its bounds end. */
export function outlookOf(status: BudgetStatus): Outlook {
  const { measure, limit, spent, forecast } = status;
  const amount = (value: string | null): string => amountText(value, measure);
  const of = `${amount(spent)} of ${amount(limit)} (${percent(status.percent)})`;
  if (status.is_exhausted)
    return { rank: 0, tone: 'bad', label: 'Used up', sentence: `The budget is used up: ${of}.` };
  const most = toNumber(limit);
  const upper = toNumber(forecast?.upper);
  if (forecast && most !== null) {
    const end = `${amount(forecast.at_end)}, ${percent(forecast.percent)} of the budget`;
    if (forecast.percent > 100)
      return {
        rank: 1,
        tone: 'bad',
        label: 'Will not last',
        sentence: `It is expected to be exceeded: the period ends at ${end}.`,
      };
    if (upper !== null && upper > most)
      return {
        rank: 2,
        tone: 'warning',
        label: 'May not last',
        sentence: `It may be exceeded: the period is expected to end at ${end}, and up to ${amount(forecast.upper)} is likely too.`,
      };
  }
  const crossed = status.thresholds
    .filter(({ kind, is_crossed }) => kind === 'actual' && is_crossed)
    .reduce<number | null>((highest, one) => Math.max(highest ?? 0, one.percent), null);
  const expected = forecast
    ? `It is expected to last: the period ends at ${amount(forecast.at_end)}, ${percent(forecast.percent)} of the budget.`
    : `${of} is used.`;
  if (crossed !== null)
    return { rank: 3, tone: 'warning', label: `Above ${percent(crossed)}`, sentence: expected };
  return { rank: 4, tone: 'good', label: forecast ? 'Will last' : 'Within', sentence: expected };
}
