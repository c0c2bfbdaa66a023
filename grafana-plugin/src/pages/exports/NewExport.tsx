import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Alert, Button, useStyles2 } from '@grafana/ui';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ApiProblem } from '../../api/problem.ts';
import { queryString } from '../../api/query-string.ts';
import { useChange } from '../../api/use-api.ts';
import { count } from '../../figures/format.ts';
import { instant } from '../../figures/time.ts';
import { useFilters } from '../../filters/use-filters.ts';
import { useHost } from '../../host/host.ts';
import { Choice } from '../../panels/Choice.tsx';
import { Panel } from '../../panels/Panel.tsx';
import { ProblemAlert } from '../../panels/ProblemAlert.tsx';
import { Skeleton } from '../../panels/Skeleton.tsx';
import { usePeriod } from '../../period/use-period.ts';
import type { Estimate } from './export-types.ts';
import { useExportChoice } from './use-export-choice.ts';

/** What is exported is the period and the filters of the page; how many rows that are is said before it begins. */
export function NewExport() {
  const host = useHost();
  const styles = useStyles2(getStyles);
  const { query, timeZone } = usePeriod();
  const { query: filters } = useFilters();
  const { type, content, setType, setContent } = useExportChoice();
  const begin = useChange();
  const [isBegun, setIsBegun] = useState(false);
  const parameters = {
    ...query,
    ...filters,
    export_type: type,
    ...(content === 'full' ? { format: 'full' } : { format: 'summary', group_by: content }),
  };
  const asked = queryString(parameters);
  const estimate = useQuery<Estimate, ApiProblem>({
    queryKey: ['api', '/v1/analytics/exports/estimate', asked],
    queryFn: async ({ signal }) =>
      (await host.request(`/v1/analytics/exports/estimate${asked}`, { method: 'POST', signal }))
        .data as Estimate,
  });

  return (
    <div className={styles.around}>
      <Panel
        title="New export"
        description="Everything that is committed when it begins, as of one moment. An export is whole, or it fails: it is never cut short."
      >
        <div className={styles.row}>
          <Choice
            label="File"
            value={type}
            onChange={setType}
            options={[
              { value: 'csv', label: 'CSV' },
              { value: 'parquet', label: 'Parquet' },
              { value: 'ndjson', label: 'NDJSON' },
              { value: 'json', label: 'JSON' },
            ]}
          />
          <Choice
            label="Rows"
            value={content}
            onChange={setContent}
            options={[
              { value: 'full', label: 'One a call' },
              { value: 'day', label: 'Summary by day' },
              { value: 'hour', label: 'Summary by hour' },
            ]}
          />
          <Button
            icon="download-alt"
            disabled={estimate.data?.allowed !== true || begin.isPending}
            onClick={() =>
              begin.mutate(
                { path: `/v1/analytics/exports${asked}`, method: 'POST', done: 'The export is queued.' },
                { onSuccess: () => setIsBegun(true) },
              )
            }
          >
            Export
          </Button>
        </div>
        <div aria-live="polite">
          {estimate.data === undefined && !estimate.error && <Skeleton height={20} width={320} />}
          {estimate.error && (
            <ProblemAlert problem={estimate.error} onRetry={() => void estimate.refetch()} />
          )}
          {estimate.data && (
            <p className={styles.note}>
              {estimate.data.estimate_basis === 'at_most' ? 'At most ' : ''}
              {count(estimate.data.estimated_rows)} rows, {instant(estimate.data.period.start, timeZone)} to{' '}
              {instant(estimate.data.period.end, timeZone)} ({timeZone}). Files are kept for{' '}
              {estimate.data.limits.keep_hours} hours.
            </p>
          )}
          {estimate.data?.reason != null && <Alert severity="warning" title={estimate.data.reason} />}
          {isBegun && <p className={styles.note}>Its file is in the list below when it is done.</p>}
        </div>
      </Panel>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  around: css({ marginBottom: theme.spacing(2) }),
  row: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'flex-end', gap: theme.spacing(2) }),
  note: css({ margin: theme.spacing(1.5, 0, 0), color: theme.colors.text.secondary }),
});
