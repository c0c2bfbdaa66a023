/** A decimal string of the API as US dollars, to its last digit: an account is checked, not read at a glance. */
export function exactUsd(value: string | null): string {
  if (value === null) return '–';
  const [sign, digits] = value.startsWith('-') ? ['−', value.slice(1)] : ['', value];
  const [whole = '0', fraction = ''] = digits.split('.');
  return `${sign}$${whole.replace(/\B(?=(?:\d{3})+$)/g, ',')}.${fraction.padEnd(2, '0')}`;
}
