import { useCallback } from 'react';
import { useSearchParams } from 'react-router-dom';

/** New values of parameters: a list for one that may be given more than once, null takes one out. */
export type ParameterChanges = Record<string, string | string[] | null>;

/** Sets parameters of the page's URL. Tweaks replace the entry in the history, navigation adds one. */
export function useSetParameters(): (changes: ParameterChanges, how?: 'tweak' | 'go') => void {
  const [, setSearch] = useSearchParams();
  return useCallback(
    (changes, how = 'tweak') =>
      setSearch((before) => withParameters(before, changes), { replace: how === 'tweak' }),
    [setSearch],
  );
}

/** A URL's parameters with these changes. */
export function withParameters(before: URLSearchParams, changes: ParameterChanges): URLSearchParams {
  const after = new URLSearchParams(before);
  for (const [name, value] of Object.entries(changes)) {
    if (typeof value === 'string') after.set(name, value);
    else after.delete(name);
    if (Array.isArray(value)) for (const one of value) after.append(name, one);
  }
  return after;
}
