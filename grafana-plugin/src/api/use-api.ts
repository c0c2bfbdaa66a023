import {
  keepPreviousData,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';
import { useHost, type ApiRequest } from '../host/host.ts';
import type { ApiProblem } from './problem.ts';
import { queryString, type QueryValue } from './query-string.ts';
import type { paths } from './schema.ts';

/** The paths of the API that answer GET with JSON. */
export type GetPath = {
  [Path in keyof paths]: paths[Path] extends { get: { responses: { 200: unknown } } } ? Path : never;
}[keyof paths];

/** What GET of a path answers, from the OpenAPI description. */
export type Answer<Path extends GetPath> = paths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Body } } } };
}
  ? Body
  : never;

export interface Question {
  /** Values of `{names}` in the path. */
  path?: Record<string, string>;
  query?: Record<string, QueryValue>;
}

interface ReadOptions<Data> {
  /** False: nothing is asked yet. */
  enabled?: boolean;
  /** Milliseconds between two readings while the tab is visible, also by what was read last (undefined: nothing yet); default none. */
  every?: number | ((data: Data | undefined) => number | undefined);
}

/** The path with its `{names}` and query filled in. */
export function apiPath(path: string, { path: names = {}, query = {} }: Question = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) => {
    const value = names[name];
    if (value === undefined) throw new Error(`${path} needs ${name}`);
    return encodeURIComponent(value);
  });
  return filled + queryString(query);
}

/**
 * Reads from the API. While a new answer is awaited after the question changed, the old one stays on the screen (`isPlaceholderData`).
 * Every reading is under the key ['api', path, question], so that a change can make all of a path be read again.
 */
export function useApi<Path extends GetPath>(
  path: Path,
  question: Question = {},
  { enabled = true, every }: ReadOptions<Answer<Path>> = {},
): UseQueryResult<Answer<Path>, ApiProblem> {
  const host = useHost();
  return useQuery<Answer<Path>, ApiProblem>({
    queryKey: ['api', path, question],
    queryFn: async ({ signal }) =>
      (await host.request(apiPath(path, question), { signal })).data as Answer<Path>,
    enabled,
    placeholderData: keepPreviousData,
    refetchInterval:
      typeof every === 'function' ? ({ state }) => every(state.data) ?? false : (every ?? false),
  });
}

export interface Change extends Omit<ApiRequest, 'signal'> {
  path: string;
  /** What is told when it is done. */
  done?: string;
}

/**
 * Changes something through the API: tells the outcome, and has every reading on the page asked again.
 * @typeParam Result the JSON that the route answers
 */
export function useChange<Result = unknown>(): UseMutationResult<Result, ApiProblem, Change> {
  const host = useHost();
  const client = useQueryClient();
  return useMutation<Result, ApiProblem, Change>({
    mutationFn: async ({ path, done: _done, ...init }) => (await host.request(path, init)).data as Result,
    onSuccess: async (_result, { done }) => {
      if (done !== undefined) host.notify('success', done);
      await client.invalidateQueries({ queryKey: ['api'] });
    },
    onError: (problem) => host.notify('error', problem.message),
  });
}
