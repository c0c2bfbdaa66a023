/** The periods that one is compared with, as the API names them. */
export const COMPARE_WITH = ['previous_period', 'last_week', 'last_month', 'last_year'] as const;
export type CompareWith = (typeof COMPARE_WITH)[number];

export const COMPARE_LABELS: Record<CompareWith, string> = {
  previous_period: 'the period before',
  last_week: 'a week earlier',
  last_month: 'a month earlier',
  last_year: 'a year earlier',
};
