import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Badge, useStyles2 } from '@grafana/ui';
import { Link } from 'react-router-dom';
import { useApi } from '../../api/use-api.ts';
import { count, percent } from '../../figures/format.ts';
import { instant } from '../../figures/time.ts';
import { memberText } from '../../filters/dimensions.ts';
import { usePageLink } from '../../navigation/use-page-link.ts';
import { DataTable } from '../../panels/DataTable.tsx';
import { MemberCell } from '../../panels/MemberCell.tsx';
import { Nothing } from '../../panels/Nothing.tsx';
import { periodText } from '../../panels/period-text.ts';
import { QueryPanel } from '../../panels/QueryPanel.tsx';
import { usePeriod } from '../../period/use-period.ts';

/** What failed of a model's calls, when, and whether more failed than chance explains. */
export function ModelErrors({ model, filters }: { model: string; filters: Record<string, string[]> }) {
  const styles = useStyles2(getStyles);
  const { query, timeZone } = usePeriod();
  const link = usePageLink();
  const answer = useApi('/v1/analytics/usage/errors', { query: { ...query, ...filters } });
  return (
    <QueryPanel
      title="Errors"
      description="Kinds of errors are read from the events; an incident is a time in which more calls failed than chance explains."
      span={6}
      query={answer}
      height={220}
      empty={({ total }) =>
        total.failed_requests === 0 && (
          <Nothing>None of {count(total.total_requests)} calls failed in this period.</Nothing>
        )
      }
    >
      {({ total, types, incidents }) => (
        <>
          <p>
            {count(total.failed_requests)} of {count(total.total_requests)} calls failed (
            {percent(total.error_rate_percent, 2)}), last {instant(total.last_seen, timeZone)}.
          </p>
          {incidents.map(({ start, end, errors, requests, error_rate_percent }) => (
            <div key={start} className={styles.incident}>
              <Badge text="Incident" color="red" /> {periodText({ start, end }, timeZone)}: {count(errors)} of{' '}
              {count(requests)} calls failed ({percent(error_rate_percent, 1)}).
            </div>
          ))}
          {types.members.length > 0 && (
            <DataTable
              label="Kinds of errors"
              rows={types.members}
              rowKey={({ error_type }) => memberText(error_type)}
              sortBy="-failed"
              fileName="errors"
              columns={[
                {
                  id: 'kind',
                  header: 'Kind',
                  value: ({ error_type }) => error_type ?? '(none)',
                  cell: ({ error_type, share_percent }) => (
                    <MemberCell
                      label={error_type ?? '(none)'}
                      share={share_percent}
                      events={link('events', {
                        search: { model_name: model, error_type: memberText(error_type), status: 'error' },
                      })}
                    />
                  ),
                },
                {
                  id: 'codes',
                  header: 'HTTP status',
                  value: ({ status_codes }) => status_codes.join(', '),
                },
                {
                  id: 'failed',
                  header: 'Failed',
                  numeric: true,
                  value: ({ failed_requests }) => failed_requests,
                  cell: ({ failed_requests }) => count(failed_requests),
                },
                {
                  id: 'last',
                  header: 'Last seen',
                  value: ({ last_seen }) => last_seen,
                  cell: ({ last_seen }) => instant(last_seen, timeZone),
                },
              ]}
            />
          )}
          <p className={styles.more}>
            <Link className={styles.link} to={link('performance', { filter: ['model_name', model] })}>
              More about its performance
            </Link>
          </p>
        </>
      )}
    </QueryPanel>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  incident: css({ margin: theme.spacing(0, 0, 1) }),
  more: css({ margin: theme.spacing(1, 0, 0) }),
  link: css({ color: theme.colors.text.link, textDecoration: 'underline' }),
});
