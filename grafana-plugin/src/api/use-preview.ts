import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useHost } from '../host/host.ts';
import type { ApiProblem } from './problem.ts';
import { apiPath } from './use-api.ts';

const PAUSE_MS = 500;

/**
 * What would come of something that is being typed: asks with POST, which stores nothing there, once the typing pauses.
 * @typeParam Result the JSON that the route answers
 */
export function usePreview<Result>(
  path: string,
  body: object,
  { isRight, query = {} }: { isRight: boolean; query?: Record<string, number> },
): UseQueryResult<Result, ApiProblem> {
  const host = useHost();
  const typed = JSON.stringify(body);
  const paused = usePaused(typed);
  return useQuery<Result, ApiProblem>({
    queryKey: ['api', `POST ${path}`, query, paused],
    queryFn: async ({ signal }) =>
      (
        await host.request(apiPath(path, { query }), {
          method: 'POST',
          body: JSON.parse(paused) as unknown,
          signal,
        })
      ).data as Result,
    // What was typed before may not have been right.
    enabled: isRight && paused === typed,
    placeholderData: keepPreviousData,
  });
}

/** A text once it has stayed the same for a moment: typing is not asked about letter by letter. */
function usePaused(text: string): string {
  const [paused, setPaused] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return paused;
}
