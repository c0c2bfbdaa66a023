import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { Link } from 'react-router-dom';
import { ago, instant } from '../../../figures/time.ts';
import { useTimeZone } from '../../../period/time-zone.tsx';
import type { Alert } from '../alert-types.ts';
import { SeverityBadge, StateBadge } from '../Badges.tsx';
import { againstText, groupText } from '../metrics.ts';
import { useAlertsLink, useEvidenceLink } from '../use-alerts-link.ts';
import { AlertActions } from './AlertActions.tsx';

/** One open alert: how grave, what, the value against its threshold, since when, who has it, and what can be done. */
export function AlertCard({ alert }: { alert: Alert }) {
  const styles = useStyles2(getStyles);
  const link = useAlertsLink();
  const evidence = useEvidenceLink()(alert.page_path);
  const member = groupText(alert);
  return (
    <li className={styles.card}>
      <div className={styles.head}>
        <SeverityBadge severity={alert.severity} />
        <StateBadge alert={alert} />
        <h3 className={styles.title}>
          <Link className={styles.link} to={link({ alert: String(alert.alert_id) })}>
            {alert.rule_name}
            {member === null ? '' : `: ${member}`}
          </Link>
        </h3>
      </div>
      <p className={styles.text}>{againstText(alert)}</p>
      <p className={styles.small}>
        <Since alert={alert} />
        {evidence !== undefined && (
          <>
            {' · '}
            <Link className={styles.link} to={evidence}>
              See the calls
            </Link>
          </>
        )}
      </p>
      <Acknowledged alert={alert} />
      <AlertActions alert={alert} />
    </li>
  );
}

/** Since when it fires, or its condition holds. */
export function Since({ alert }: { alert: Alert }) {
  const { timeZone } = useTimeZone();
  const since = alert.started_at ?? alert.pending_since;
  if (since === null) return null;
  return (
    <>
      {alert.started_at === null ? 'The condition holds since ' : 'Firing since '}
      <time dateTime={since}>{instant(since, timeZone).slice(0, 16)}</time> ({ago(since, timeZone)})
    </>
  );
}

/** Who takes care of it, until when, and what they said. */
export function Acknowledged({ alert }: { alert: Alert }) {
  const styles = useStyles2(getStyles);
  const { timeZone } = useTimeZone();
  if (alert.acknowledged === null) return null;
  const { by, at, note, until } = alert.acknowledged;
  return (
    <p className={styles.small}>
      Acknowledged by {by} at {instant(at, timeZone).slice(0, 16)},{' '}
      {until === null ? 'until it is resolved' : `until ${instant(until, timeZone).slice(0, 16)}`}
      {note === null ? '' : `: “${note}”`}
    </p>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  card: css({
    display: 'flex',
    flexDirection: 'column',
    gap: theme.spacing(0.75),
    padding: theme.spacing(1.5, 0),
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    '&:last-child': { borderBottom: 0 },
  }),
  head: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: theme.spacing(0.5, 2) }),
  title: css({ margin: 0, fontSize: theme.typography.h5.fontSize, overflowWrap: 'anywhere' }),
  text: css({ margin: 0, overflowWrap: 'anywhere' }),
  small: css({ margin: 0, color: theme.colors.text.secondary, overflowWrap: 'anywhere' }),
  link: css({ textDecoration: 'underline' }),
});
