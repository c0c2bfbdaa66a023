/** The parts of the page, by their name in the URL (`tab`); the first is shown without one. */
export const TABS = [
  { id: 'account', label: 'You' },
  { id: 'keys', label: 'API keys' },
  { id: 'tenants', label: 'Tenants' },
  { id: 'prices', label: 'Prices' },
  { id: 'sql', label: 'SQL access' },
] as const;

/** What belongs to one part of the page and would mean nothing to another. */
export const OF_ONE_TAB = ['tenant', 'provider', 'model', 'history'];
