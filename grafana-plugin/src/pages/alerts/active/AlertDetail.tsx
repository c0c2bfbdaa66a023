import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { Link } from 'react-router-dom';
import { useApi } from '../../../api/use-api.ts';
import { count } from '../../../figures/format.ts';
import { instant } from '../../../figures/time.ts';
import { useHost } from '../../../host/host.ts';
import { KeyFigure, KeyFigures } from '../../../panels/KeyFigure.tsx';
import { Panel, PanelGrid } from '../../../panels/Panel.tsx';
import { QueryContent } from '../../../panels/QueryPanel.tsx';
import { useTimeZone } from '../../../period/time-zone.tsx';
import { ALERT_TYPES, type AlertInDetail } from '../alert-types.ts';
import { SeverityBadge, StateBadge } from '../Badges.tsx';
import { againstText, groupText, secondsText, valueText } from '../metrics.ts';
import { useAlertsLink, useEvidenceLink } from '../use-alerts-link.ts';
import { AlertActions } from './AlertActions.tsx';
import { Acknowledged, Since } from './AlertCard.tsx';
import { Timeline } from './Timeline.tsx';
import { useAlertStream } from './use-active-alerts.ts';

/** One alert with all that happened to it. */
export function AlertDetail({ alertId }: { alertId: number }) {
  const styles = useStyles2(getStyles);
  const link = useAlertsLink();
  const answer = useApi(
    '/v1/analytics/alerts/{alert_id}',
    { path: { alert_id: String(alertId) } },
    { every: useAlertStream() },
  );
  return (
    <>
      <p>
        <Link className={styles.link} to={link()}>
          All alerts
        </Link>
      </p>
      <QueryContent query={answer} height={300}>
        {(alert) => (
          <PanelGrid>
            <State alert={alert} />
            <Panel title="Timeline" span={5}>
              <Timeline entries={alert.timeline} metric={alert.metric} />
            </Panel>
          </PanelGrid>
        )}
      </QueryContent>
    </>
  );
}

function State({ alert }: { alert: AlertInDetail }) {
  const styles = useStyles2(getStyles);
  const { timeZone } = useTimeZone();
  const host = useHost();
  const link = useAlertsLink();
  const evidence = useEvidenceLink()(alert.page_path);
  const member = groupText(alert);
  const at = (time: string | null): string => instant(time, timeZone).slice(0, 16);
  return (
    <Panel title={member === null ? alert.rule_name : `${alert.rule_name}: ${member}`} span={7}>
      <p className={styles.line}>
        <SeverityBadge severity={alert.severity} />
        <StateBadge alert={alert} />
        <span>{ALERT_TYPES[alert.alert_type]}</span>
        {alert.source === 'grafana' && <span>Evaluated by Grafana</span>}
      </p>
      <p>{againstText(alert)}.</p>
      {alert.description !== '' && <p>{alert.description}</p>}
      <p>
        {alert.status === 'resolved' ? (
          <>
            Fired {at(alert.started_at)}, resolved {at(alert.resolved_at)}
            {alert.resolved_by !== null && ` by ${alert.resolved_by}`}
            {alert.resolve_reason !== null && ` (${alert.resolve_reason})`}.
          </>
        ) : (
          <Since alert={alert} />
        )}
      </p>
      <div className={styles.acknowledged}>
        <Acknowledged alert={alert} />
      </div>
      <KeyFigures label="The alert">
        <KeyFigure label="Value now" value={valueText(alert.metric, alert.value)} note="of the last look" />
        <KeyFigure label="When it fired" value={valueText(alert.metric, alert.first_value)} />
        <KeyFigure label="Furthest" value={valueText(alert.metric, alert.peak_value)} />
        <KeyFigure
          label="Until acknowledged"
          value={secondsText(alert.time_to_acknowledge_seconds)}
          note={`resolved after ${secondsText(alert.time_to_resolve_seconds)}`}
        />
        <KeyFigure
          label="Told"
          value={alert.notification_count === 1 ? 'Once' : `${count(alert.notification_count)} times`}
          note={`last ${at(alert.last_notified_at)}`}
        />
      </KeyFigures>
      <AlertActions alert={alert} />
      <ul className={styles.links}>
        {evidence !== undefined && (
          <li>
            <Link className={styles.link} to={evidence}>
              See the calls behind it
            </Link>
          </li>
        )}
        {alert.evidence_path !== null && (
          <li>
            <a
              className={styles.link}
              href={host.downloadUrl(alert.evidence_path)}
              target="_blank"
              rel="noreferrer"
            >
              The number as the API answers it
            </a>
          </li>
        )}
        {alert.rule_id !== null && (
          <li>
            <Link className={styles.link} to={link({ tab: 'rules', rule: String(alert.rule_id) })}>
              The rule
            </Link>
          </li>
        )}
        {alert.notification_count > 0 && (
          <li>
            <Link
              className={styles.link}
              to={link({ tab: 'notifications', delivery: String(alert.alert_id) })}
            >
              What was sent about it
            </Link>
          </li>
        )}
        {Object.entries(alert.links)
          .filter(([, url]) => /^https?:\/\//.test(url))
          .map(([name, url]) => (
            <li key={name}>
              <a className={styles.link} href={url} target="_blank" rel="noreferrer">
                In Grafana: {name}
              </a>
            </li>
          ))}
      </ul>
    </Panel>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  line: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(0.5, 2) }),
  link: css({ textDecoration: 'underline' }),
  acknowledged: css({ marginBottom: theme.spacing(2) }),
  links: css({ margin: theme.spacing(2, 0, 0), paddingLeft: theme.spacing(2.5) }),
});
