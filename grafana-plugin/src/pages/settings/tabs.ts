/** The parts of the page, by their name in the URL (`tab`); the first is shown without one. */
export const TABS = [
  { id: 'account', label: 'You' },
  { id: 'keys', label: 'API keys' },
  { id: 'tenants', label: 'Tenants' },
  { id: 'prices', label: 'Prices' },
  { id: 'sql', label: 'SQL access' },
] as const;

export type TabId = (typeof TABS)[number]['id'];

export function readTab(text: string | null): TabId {
  return TABS.find(({ id }) => id === text)?.id ?? 'account';
}
