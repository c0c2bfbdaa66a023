/** The parts of the page, by their name in the URL (`tab`); the first is shown without one. */
export const TABS = [
  { id: 'spend', label: 'Spend' },
  { id: 'budgets', label: 'Budgets' },
  { id: 'unpriced', label: 'Unpriced usage' },
  { id: 'allocation', label: 'Allocation' },
] as const;

export type TabId = (typeof TABS)[number]['id'];

/** What belongs to one part of the page and would mean nothing to another. */
const OF_ONE_TAB = [
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

export function readTab(text: string | null): TabId {
  return TABS.find(({ id }) => id === text)?.id ?? 'spend';
}

/** The parameters of another part of the page: period and filters go along. */
export function tabLink(before: URLSearchParams, tab: TabId): URLSearchParams {
  const after = new URLSearchParams(before);
  for (const name of OF_ONE_TAB) after.delete(name);
  if (tab === 'spend') after.delete('tab');
  else after.set('tab', tab);
  return after;
}
