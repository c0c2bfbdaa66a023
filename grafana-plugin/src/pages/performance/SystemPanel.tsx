import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import { useApi, type Answer } from '../../api/use-api.ts';
import { count, duration } from '../../figures/format.ts';
import { instant } from '../../figures/time.ts';
import { DataTable } from '../../panels/DataTable.tsx';
import { Panel } from '../../panels/Panel.tsx';
import { QueryContent } from '../../panels/QueryPanel.tsx';
import { useTimeZone } from '../../period/time-zone.tsx';

const LOOK_EVERY_MS = 30_000;

/** Whether the collector can store events now, how far its figures are, and what it could not read. */
export function SystemPanel({
  freshness,
}: {
  freshness: Answer<'/v1/analytics/usage/latency'>['freshness'] | undefined;
}) {
  const styles = useStyles2(getStyles);
  const { timeZone } = useTimeZone();
  const ready = useApi('/health/ready', {}, { every: LOOK_EVERY_MS });
  const unknown = useApi('/v1/analytics/telemetry/unknown');
  const lagMs = freshness ? Date.parse(freshness.as_of) - Date.parse(freshness.complete_until) : undefined;
  return (
    <Panel
      title="The collector itself"
      description="What the API tells of it. Its own metrics (requests, commits, memory, connections) are at /metrics for Prometheus."
    >
      <ul className={styles.list}>
        <li>
          {ready.error ? (
            <>
              <Icon name="exclamation-triangle" className={styles.bad} aria-hidden />{' '}
              <strong>Cannot store events now:</strong> {ready.error.message}
            </>
          ) : ready.data ? (
            <>
              <Icon name="check-circle" className={styles.good} aria-hidden /> Ready: the database takes
              writes.
            </>
          ) : (
            'Asking whether it is ready …'
          )}
        </li>
        {freshness && lagMs !== undefined && (
          <li>
            <Icon name={lagMs > 0 ? 'clock-nine' : 'check-circle'} aria-hidden />{' '}
            {lagMs > 0
              ? `Figures are complete until ${instant(freshness.complete_until, timeZone)}, ${duration(lagMs)} behind: late events are still being added.`
              : `Figures are complete up to ${instant(freshness.as_of, timeZone)}.`}
          </li>
        )}
      </ul>
      <QueryContent query={unknown} height={40}>
        {({ unknown: rows }) =>
          rows.length === 0 ? (
            <p>
              <Icon name="check-circle" className={styles.good} aria-hidden /> All telemetry that looked like
              model calls could be read.
            </p>
          ) : (
            <>
              <p>
                <Icon name="exclamation-triangle" className={styles.bad} aria-hidden /> Telemetry that looks
                like model calls and could not be read, so that it is in no figure:
              </p>
              <DataTable
                label="Telemetry that could not be read"
                rows={rows}
                rowKey={({ emitter, reason }) => `${emitter} ${reason}`}
                sortBy="-items"
                fileName="unknown-telemetry"
                columns={[
                  { id: 'emitter', header: 'Sent by', value: ({ emitter }) => emitter },
                  { id: 'reason', header: 'Why', value: ({ reason }) => reason },
                  {
                    id: 'items',
                    header: 'Items',
                    numeric: true,
                    value: ({ items }) => items,
                    cell: ({ items }) => count(items),
                  },
                  {
                    id: 'last',
                    header: 'Last seen',
                    value: ({ last_seen }) => last_seen,
                    cell: ({ last_seen }) => instant(last_seen, timeZone),
                  },
                ]}
              />
            </>
          )
        }
      </QueryContent>
    </Panel>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ listStyle: 'none', margin: 0, padding: 0, '& li': { minHeight: 28 } }),
  good: css({ color: theme.colors.success.text }),
  bad: css({ color: theme.colors.warning.text }),
});
