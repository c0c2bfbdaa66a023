import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Badge, Icon, useStyles2 } from '@grafana/ui';
import { Link } from 'react-router-dom';
import { visibleLabel } from '../filters/dimensions.ts';

interface Props {
  label: string;
  /** Where a click on the name leads. */
  to?: string | { search: string };
  /** What that does, for people who hear it. */
  does?: string;
  /** Its events. */
  events?: string;
  /** The length of the bar below the name, in percent; undefined draws none. */
  share?: number | null;
  status?: string;
}

/** A member of a dimension in a table: its name as a link, a bar, and a link to its events. */
export function MemberCell({ label: given, to, does, events, share, status }: Props) {
  const styles = useStyles2(getStyles);
  const label = visibleLabel(given);
  return (
    <div className={styles.cell}>
      <div className={styles.line}>
        {to === undefined ? (
          <span>{label}</span>
        ) : (
          <Link to={to} className={styles.link} title={does}>
            {label}
          </Link>
        )}
        {status === 'new' && <Badge text="new" color="blue" />}
        {status === 'gone' && <Badge text="gone" color="darkgrey" />}
        {events !== undefined && (
          <Link to={events} className={styles.events} aria-label={`Events of ${label}`} title="Its events">
            <Icon name="list-ul" size="sm" />
          </Link>
        )}
      </div>
      {share !== undefined && (
        <div className={styles.track} aria-hidden>
          <div className={styles.bar} style={{ width: `${Math.min(100, Math.max(0, share ?? 0))}%` }} />
        </div>
      )}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  cell: css({ minWidth: 140 }),
  line: css({ display: 'flex', alignItems: 'center', gap: theme.spacing(1) }),
  link: css({ minHeight: 24, '&:hover': { textDecoration: 'underline' }, color: theme.colors.text.link }),
  events: css({
    display: 'inline-flex',
    alignItems: 'center',
    justifyContent: 'center',
    width: 24,
    height: 24,
    marginLeft: 'auto',
    flex: 'none',
    color: theme.colors.text.secondary,
    '&:hover': { color: theme.colors.text.primary },
  }),
  track: css({ height: 3, marginTop: 2, background: theme.colors.background.secondary, borderRadius: 2 }),
  bar: css({ height: 3, background: theme.colors.primary.main, borderRadius: 2 }),
});
