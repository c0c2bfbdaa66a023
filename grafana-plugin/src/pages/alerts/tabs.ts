/** The parts of the page, by their name in the URL (`tab`); the first is shown without one. */
export const TABS = [
  { id: 'active', label: 'Active' },
  { id: 'history', label: 'History' },
  { id: 'rules', label: 'Rules' },
  { id: 'notifications', label: 'Notifications' },
] as const;

/** What belongs to one part of the page and would mean nothing to another. */
export const OF_ONE_TAB = ['alert', 'severity', 'state', 'cursor', 'rule', 'form', 'delivery', 'channel'];
