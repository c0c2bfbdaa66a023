export type QueryValue = string | number | boolean | null | undefined | readonly (string | number)[];

/** A query string with its question mark, '' without parameters. Lists repeat their name; undefined and null are left out. */
export function queryString(parameters: Record<string, QueryValue>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined || value === null) continue;
    for (const item of Array.isArray(value) ? value : [value]) search.append(name, String(item));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
