import { Alert } from '@grafana/ui';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ApiProblem } from '../../api/problem.ts';
import { useHost } from '../../host/host.ts';
import { QueryContent } from '../../panels/QueryPanel.tsx';

/** What only administrators are answered: others read why, and what would let them in. */
export function AdminContent<Data>({
  query,
  height,
  empty,
  children,
}: {
  query: UseQueryResult<Data, ApiProblem>;
  height?: number;
  empty?: (data: Data) => ReactNode;
  children: (data: Data) => ReactNode;
}) {
  const { user } = useHost();
  if (!user.mayChange || query.error?.status === 403)
    return <ForAdministrators {...(query.error ? { said: query.error.message } : {})} />;
  return (
    <QueryContent query={query} {...(height === undefined ? {} : { height })} {...(empty ? { empty } : {})}>
      {children}
    </QueryContent>
  );
}

function ForAdministrators({ said }: { said?: string }) {
  const { kind } = useHost();
  return (
    <Alert severity="info" title="For administrators">
      {kind === 'grafana'
        ? 'This needs the Grafana role Admin, and the API key in the plugin’s configuration needs the scope admin.'
        : 'This needs a key with the scope admin: sign out and sign in with one.'}
      {said !== undefined && ` The answer was: ${said}`}
    </Alert>
  );
}

/** Why a button that changes something is off; undefined where it is not. */
export function useReadOnlyReason(): string | undefined {
  const { user } = useHost();
  return user.mayChange
    ? undefined
    : 'You may only read. Changing needs an API key with the scope admin (in Grafana: an editor or administrator).';
}
