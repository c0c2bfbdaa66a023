import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import { memo } from 'react';
import { Link, useSearchParams } from 'react-router-dom';
import { useTimeZone } from '../../period/time-zone.tsx';
import { eventKey, type StoredEvent } from './event-feed.ts';
import { EVENT_FIELDS, type EventField, type EventFieldName } from './event-fields.ts';

interface Props {
  events: StoredEvent[];
  columns: EventFieldName[];
  /** The id of the event whose details are open. */
  opened: string | null;
}

/** Events as rows; the time of each opens it. */
export const EventTable = memo(function EventTable({ events, columns, opened }: Props) {
  const styles = useStyles2(getStyles);
  const { timeZone } = useTimeZone();
  const [search] = useSearchParams();
  const detailOf = ({ event_id, timestamp }: StoredEvent): string => {
    const after = new URLSearchParams(search);
    after.set('event', event_id);
    after.set('timestamp', timestamp);
    return `?${after.toString()}`;
  };
  const field = (name: EventFieldName): EventField => EVENT_FIELDS[name];
  return (
    <div className={styles.holder} tabIndex={0} role="region" aria-label="Events, the newest first">
      <table className={styles.table}>
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col" className={field(name).numeric ? styles.number : undefined}>
                {field(name).label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <tr key={eventKey(event)} className={event.event_id === opened ? styles.opened : undefined}>
              {columns.map((name) =>
                name === 'timestamp' ? (
                  <th key={name} scope="row">
                    <Link to={detailOf(event)} className={styles.time}>
                      {field(name).text(event, timeZone)}
                    </Link>
                  </th>
                ) : (
                  <td key={name} className={field(name).numeric ? styles.number : styles.text}>
                    {name === 'status' && event.status === 'error' ? (
                      <span className={styles.error}>
                        <Icon name="exclamation-triangle" size="sm" aria-hidden />{' '}
                        {event.error_type ?? 'error'}
                      </span>
                    ) : (
                      field(name).text(event, timeZone)
                    )}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
});

const getStyles = (theme: GrafanaTheme2) => ({
  holder: css({ overflowX: 'auto', maxWidth: '100%', overflowAnchor: 'auto' }),
  table: css({
    width: '100%',
    fontVariantNumeric: 'tabular-nums',
    'td, th': {
      padding: theme.spacing(0.5, 1),
      textAlign: 'left',
      borderBottom: `1px solid ${theme.colors.border.weak}`,
      fontWeight: 'normal',
      whiteSpace: 'nowrap',
    },
    'thead th': { color: theme.colors.text.secondary, fontWeight: theme.typography.fontWeightMedium },
    'tbody tr:hover': { background: theme.colors.action.hover },
  }),
  number: css({ '&&': { textAlign: 'right' } }),
  text: css({ maxWidth: 320, overflow: 'hidden', textOverflow: 'ellipsis' }),
  time: css({ color: theme.colors.text.link, display: 'inline-block', minHeight: 24 }),
  error: css({ color: theme.colors.error.text }),
  opened: css({ background: theme.colors.action.selected }),
});
