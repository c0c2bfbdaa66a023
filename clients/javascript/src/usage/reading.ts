/**
 * Reads fields of answers, and believes only real values: a mock answers every property with a function, and a lazy proxy may
 * throw. Whatever is not really a count or a string is absent.
 */
export function get(node: unknown, name: string): unknown {
  if (typeof node !== 'object' || node === null) return undefined;
  try {
    return (node as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** The first of the names that holds a whole number of at least 0. */
export function count(node: unknown, ...names: string[]): number | undefined {
  for (const name of names) {
    const value = get(node, name);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  }
  return undefined;
}

/** The first of the names that holds a string with something in it. */
export function text(node: unknown, ...names: string[]): string | undefined {
  for (const name of names) {
    const value = get(node, name);
    if (typeof value === 'string' && value) return value;
  }
  return undefined;
}

export function holdsCount(node: unknown, ...names: string[]): boolean {
  return count(node, ...names) !== undefined;
}

/** Without the fields that are undefined: unknown stays unknown. */
export function known<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
