import { QueryClient } from '@tanstack/react-query';
import { ApiProblem } from './problem.ts';

const STALE_AFTER_MS = 10_000;
const RETRIES = 2;

/** The pages' store of answers. What is wrong with a question stays wrong, so only temporary failures are tried again. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: STALE_AFTER_MS,
        retry: (failures, error) => failures < RETRIES && error instanceof ApiProblem && error.isTemporary,
        retryDelay: (attempt) => Math.min(1000 * 2 ** attempt, 8000),
        refetchOnWindowFocus: false,
      },
    },
  });
}
