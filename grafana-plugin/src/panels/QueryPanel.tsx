import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ApiProblem } from '../api/problem.ts';
import { Panel, type PanelProps } from './Panel.tsx';
import { ProblemAlert } from './ProblemAlert.tsx';
import { Skeleton } from './Skeleton.tsx';

export interface QueryPanelProps<Data> extends Omit<PanelProps, 'children'> {
  query: UseQueryResult<Data, ApiProblem>;
  /** Height of the placeholder while the first answer is awaited, in pixels. */
  height?: number;
  /** What is said instead of the content when the answer has nothing to show. */
  empty?: (data: Data) => ReactNode;
  children: (data: Data) => ReactNode;
}

/** A panel around an answer of the API: placeholder, problem with a retry, nothing to show, or the content. One that fails leaves the others alive. */
export function QueryPanel<Data>({ query, height = 200, empty, children, ...panel }: QueryPanelProps<Data>) {
  return (
    <Panel {...panel}>
      <QueryContent query={query} height={height} empty={empty}>
        {children}
      </QueryContent>
    </Panel>
  );
}

/** The same without the card. */
export function QueryContent<Data>({
  query,
  height = 200,
  empty,
  children,
}: Pick<QueryPanelProps<Data>, 'query' | 'height' | 'empty' | 'children'>) {
  const styles = useStyles2(getStyles);
  const { data, error, isPlaceholderData, isFetching, refetch } = query;
  if (error && data === undefined) return <ProblemAlert problem={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Skeleton height={height} />;
  const nothing = empty?.(data);
  return (
    <div className={isPlaceholderData && isFetching ? styles.old : undefined} aria-busy={isFetching}>
      {error && <ProblemAlert problem={error} onRetry={() => void refetch()} />}
      {nothing !== undefined && nothing !== null && nothing !== false ? nothing : children(data)}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  old: css({
    opacity: 0.6,
    [theme.transitions.handleMotion('no-preference')]: { transition: theme.transitions.create('opacity') },
  }),
});
