import { count } from '../figures/format.ts';

/** What a cost leaves out, to be told beside it; undefined where it leaves out nothing. */
export function unpricedNote({
  unpriced_requests: calls,
}: {
  unpriced_requests: number;
}): string | undefined {
  return calls > 0 ? `without ${count(calls)} calls that have no price` : undefined;
}
