import { Alert, Button } from '@grafana/ui';
import type { ApiProblem } from '../api/problem.ts';

/** What went wrong, in the collector's words, and a retry. */
export function ProblemAlert({ problem, onRetry }: { problem: ApiProblem; onRetry?: () => void }) {
  const title =
    problem.status === 0
      ? 'The collector cannot be reached'
      : problem.isTemporary
        ? 'The collector could not answer'
        : 'This question could not be answered';
  return (
    <Alert severity={problem.isTemporary ? 'error' : 'warning'} title={title}>
      <p>{problem.message}</p>
      {onRetry && (
        <Button variant="secondary" size="sm" icon="sync" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Alert>
  );
}
