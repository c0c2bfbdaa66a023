import { useCallback } from 'react';
import { useSearchParams } from 'react-router-dom';
import { useSetParameters } from './use-set-parameters.ts';

/**
 * One choice of a page that is kept in its URL: left out while it is the default, and what is not among the choices counts as the default.
 * Changing it replaces the entry of the history, so that back leads to the page before.
 */
export function useChoice<Value extends string>(
  parameter: string,
  choices: readonly Value[],
  byDefault: Value,
): [Value, (value: Value) => void] {
  const [search] = useSearchParams();
  const setParameters = useSetParameters();
  const given = search.get(parameter);
  const value = choices.find((choice) => choice === given) ?? byDefault;
  const set = useCallback(
    (next: Value) => setParameters({ [parameter]: next === byDefault ? null : next }),
    [setParameters, parameter, byDefault],
  );
  return [value, set];
}
