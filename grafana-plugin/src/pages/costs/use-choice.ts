import { useCallback } from 'react';
import { useSearchParams } from 'react-router-dom';

/** Sets parameters of the page's URL; null and the given default take one out. Tweaks replace the entry in the history, navigation adds one. */
export function useSetParameters(): (changes: Record<string, string | null>, how?: 'tweak' | 'go') => void {
  const [, setSearch] = useSearchParams();
  return useCallback(
    (changes, how = 'tweak') =>
      setSearch(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries(changes)) {
            if (value === null) after.delete(name);
            else after.set(name, value);
          }
          return after;
        },
        { replace: how === 'tweak' },
      ),
    [setSearch],
  );
}

/** One of some values in the URL; the first is the default and is left out there. */
export function useChoice<Value extends string>(
  name: string,
  values: readonly [Value, ...Value[]],
): [Value, (value: Value) => void] {
  const [search] = useSearchParams();
  const set = useSetParameters();
  const text = search.get(name);
  const value = values.find((one) => one === text) ?? values[0];
  return [value, (next) => set({ [name]: next === values[0] ? null : next })];
}
