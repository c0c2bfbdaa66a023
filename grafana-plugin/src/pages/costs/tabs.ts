/** The parts of the page, by their name in the URL (`tab`); the first is shown without one. */
export const TABS = [
  { id: 'spend', label: 'Spend' },
  { id: 'budgets', label: 'Budgets' },
  { id: 'unpriced', label: 'Unpriced usage' },
  { id: 'allocation', label: 'Allocation' },
] as const;

/** What belongs to one part of the page and would mean nothing to another. */
export const OF_ONE_TAB = [
  'by',
  'change',
  'against',
  'why',
  'budget',
  'form',
  'model',
  'allocate',
  'shared',
  'untagged',
  'job',
];
