import type { Budget } from '../../../budgets/outlook.ts';

/** The period of a budget in words: `month (Europe/Berlin)`, `last 30 days`. */
export function budgetPeriodText({ period }: Pick<Budget, 'period'>): string {
  if (period.type === 'rolling') {
    const hours = period.hours ?? 24;
    return hours % 24 === 0
      ? `last ${hours === 24 ? '24 hours' : `${hours / 24} days`}`
      : `last ${hours} hours`;
  }
  return `${period.type} (${period.effective_time_zone})`;
}
