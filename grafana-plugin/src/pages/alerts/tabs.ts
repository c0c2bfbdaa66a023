/** The parts of the page, by their name in the URL (`tab`); the first is shown without one. */
export const TABS = [
  { id: 'active', label: 'Active' },
  { id: 'history', label: 'History' },
  { id: 'rules', label: 'Rules' },
  { id: 'notifications', label: 'Notifications' },
] as const;

export type TabId = (typeof TABS)[number]['id'];

/** What belongs to one part of the page and would mean nothing to another. */
const OF_ONE_TAB = ['alert', 'severity', 'state', 'cursor', 'rule', 'form', 'delivery', 'channel'];

export function readTab(text: string | null): TabId {
  return TABS.find(({ id }) => id === text)?.id ?? 'active';
}

/** The parameters of another part of the page: the period goes along. */
export function tabLink(before: URLSearchParams, tab: TabId): URLSearchParams {
  const after = new URLSearchParams(before);
  for (const name of OF_ONE_TAB) after.delete(name);
  if (tab === 'active') after.delete('tab');
  else after.set('tab', tab);
  return after;
}
