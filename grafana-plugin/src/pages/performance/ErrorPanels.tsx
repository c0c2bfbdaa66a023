import type { UseQueryResult } from '@tanstack/react-query';
import { useMemo, type ReactNode } from 'react';
import { Link } from 'react-router-dom';
import type { ApiProblem } from '../../api/problem.ts';
import type { Answer } from '../../api/use-api.ts';
import { BarList } from '../../charts/BarList.tsx';
import type { ChartAnnotation } from '../../charts/chart-types.ts';
import { TimeSeriesChart } from '../../charts/TimeSeriesChart.tsx';
import { count, percent } from '../../figures/format.ts';
import { instant } from '../../figures/time.ts';
import { memberLabel } from '../../filters/dimensions.ts';
import { usePageLink } from '../../navigation/use-page-link.ts';
import { DataTable } from '../../panels/DataTable.tsx';
import { Nothing } from '../../panels/Nothing.tsx';
import { QueryPanel } from '../../panels/QueryPanel.tsx';
import { usePeriod } from '../../period/use-period.ts';
import { useGrain } from './use-grain.ts';

type Errors = Answer<'/v1/analytics/usage/errors'>;
export type ErrorsQuery = UseQueryResult<Errors, ApiProblem>;

const NOTHING_FAILED = <Nothing>No call of this period failed.</Nothing>;

/** Failed calls in percent of all, over time. */
export function ErrorRate({ answer, annotations }: { answer: ErrorsQuery; annotations: ChartAnnotation[] }) {
  const { timeZone, zoomTo } = usePeriod();
  const grain = useGrain();
  const { times, series } = useMemo(() => {
    const points = answer.data?.time_series ?? [];
    return {
      times: points.map(({ timestamp }) => timestamp),
      series: [{ label: 'Failed calls', values: points.map(({ error_rate_percent }) => error_rate_percent) }],
    };
  }, [answer.data]);
  const total = answer.data?.total;
  return (
    <QueryPanel
      title="Error rate"
      description="Failed calls in percent of all. Dashed lines are where incidents began."
      span={6}
      query={answer}
      height={300}
      empty={({ total: all }) => all.total_requests === 0 && <Nothing>No calls in this period.</Nothing>}
    >
      {() => (
        <>
          <p>
            {count(total?.failed_requests)} of {count(total?.total_requests)} calls failed (
            {percent(total?.error_rate_percent, 2)}).
          </p>
          <TimeSeriesChart
            label="Error rate over time"
            times={times}
            series={series}
            unit="percent"
            groupBy={grain}
            timeZone={timeZone}
            kind="area"
            legend="none"
            annotations={annotations}
            onZoom={zoomTo}
            height={220}
          />
        </>
      )}
    </QueryPanel>
  );
}

/** Kinds of errors with when each was first and last seen. */
export function ErrorKinds({ answer }: { answer: ErrorsQuery }) {
  const { timeZone } = usePeriod();
  const link = usePageLink();
  return (
    <QueryPanel
      title="Kinds of errors"
      description="From the events themselves, the last 93 days of the period at the most."
      span={12}
      query={answer}
      height={200}
      empty={({ types }) => types.members.length === 0 && NOTHING_FAILED}
    >
      {({ types, period }) => (
        <>
          {Date.parse(types.start) > Date.parse(period.start) && (
            <p>
              Events are read since {instant(types.start, timeZone)} only; counts elsewhere are of the whole
              period.
            </p>
          )}
          <DataTable
            label="Kinds of errors with first and last seen"
            rows={types.members}
            rowKey={({ error_type }) => error_type ?? ''}
            sortBy="-failed"
            fileName="error-kinds"
            columns={[
              {
                id: 'type',
                header: 'Kind',
                value: ({ error_type }) => error_type,
                cell: ({ error_type }) => (
                  <Link
                    to={link('events', {
                      filter: ['error_type', error_type],
                      // Those without a kind are else mostly calls that did not fail.
                      ...(error_type === null ? { search: { status: 'error' } } : {}),
                    })}
                  >
                    <NoBreak>{memberLabel('error_type', error_type)}</NoBreak>
                  </Link>
                ),
              },
              {
                id: 'status',
                header: 'HTTP status',
                value: ({ status_codes }) => status_codes.join(', '),
              },
              {
                id: 'failed',
                header: 'Failed',
                numeric: true,
                value: ({ failed_requests }) => failed_requests,
                cell: ({ failed_requests, share_percent }) =>
                  `${count(failed_requests)} · ${percent(share_percent)}`,
              },
              {
                id: 'first',
                header: 'First seen',
                value: ({ first_seen }) => first_seen,
                cell: ({ first_seen }) => <NoBreak>{instant(first_seen, timeZone)}</NoBreak>,
              },
              {
                id: 'last',
                header: 'Last seen',
                value: ({ last_seen }) => last_seen,
                cell: ({ last_seen }) => <NoBreak>{instant(last_seen, timeZone)}</NoBreak>,
              },
            ]}
          />
          {types.other && (
            <p>
              And {count(types.other.members)} more kinds with {count(types.other.failed_requests)} failed
              calls.
            </p>
          )}
        </>
      )}
    </QueryPanel>
  );
}

/** Which providers and models the failed calls went to. */
export function ErrorSources({ answer }: { answer: ErrorsQuery }) {
  const link = usePageLink();
  const text = (part: { failed_requests: number; error_rate_percent: number | null }): string =>
    `${count(part.failed_requests)} · ${percent(part.error_rate_percent, 2)} of its calls`;
  return (
    <>
      <QueryPanel
        title="Errors by model"
        span={6}
        query={answer}
        height={200}
        empty={({ total }) => total.failed_requests === 0 && NOTHING_FAILED}
      >
        {({ models, other_models: other }) => (
          <BarList
            label="Errors by model"
            items={[
              ...models.map((part) => ({
                label: `${part.model_name} (${part.model_provider})`,
                value: part.failed_requests,
                text: text(part),
                to: link('events', { filter: ['model_name', part.model_name], search: { status: 'error' } }),
              })),
              ...(other
                ? [
                    {
                      label: `Other (${other.members})`,
                      value: other.failed_requests,
                      text: text(other),
                      muted: true,
                    },
                  ]
                : []),
            ]}
          />
        )}
      </QueryPanel>
      <QueryPanel
        title="Errors by provider"
        span={6}
        query={answer}
        height={200}
        empty={({ total }) => total.failed_requests === 0 && NOTHING_FAILED}
      >
        {({ providers }) => (
          <BarList
            label="Errors by provider"
            items={providers.map((part) => ({
              label: part.model_provider,
              value: part.failed_requests,
              text: text(part),
              to: link('events', {
                filter: ['model_provider', part.model_provider],
                search: { status: 'error' },
              }),
            }))}
          />
        )}
      </QueryPanel>
    </>
  );
}

function NoBreak({ children }: { children: ReactNode }) {
  return <span style={{ whiteSpace: 'nowrap' }}>{children}</span>;
}
