import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { Link } from 'react-router-dom';
import { count } from '../../../figures/format.ts';
import { useChoice } from '../../../navigation/use-choice.ts';
import { Choices, ShortChoice } from '../../../panels/Choice.tsx';
import { Nothing } from '../../../panels/Nothing.tsx';
import { QueryPanel } from '../../../panels/QueryPanel.tsx';
import { SEVERITIES, SEVERITY_LABELS, type Alert } from '../alert-types.ts';
import { useAlertsLink } from '../use-alerts-link.ts';
import { AlertCard } from './AlertCard.tsx';
import { STATES, useActiveAlerts, useAlertStream } from './use-active-alerts.ts';

const STATE_LABELS = {
  open: 'All',
  firing: 'Firing',
  acknowledged: 'Acknowledged',
  pending: 'Pending',
};

/** What is wrong now, the gravest first. */
export function ActiveTab() {
  const styles = useStyles2(getStyles);
  const link = useAlertsLink();
  const [severity, setSeverity] = useChoice('severity', ['all', ...SEVERITIES], 'all');
  const [state, setState] = useChoice('state', STATES, 'open');
  const alerts = useActiveAlerts({ every: useAlertStream() });
  const isNarrowed = severity !== 'all' || state !== 'open';
  return (
    <>
      <Choices label="Which alerts">
        <ShortChoice
          label="Severity"
          value={severity}
          options={[
            { value: 'all', label: 'All' },
            ...SEVERITIES.map((value) => ({ value, label: SEVERITY_LABELS[value] })),
          ]}
          onChange={setSeverity}
        />
        <ShortChoice
          label="State"
          value={state}
          options={STATES.map((value) => ({ value, label: STATE_LABELS[value] }))}
          onChange={setState}
        />
      </Choices>
      <QueryPanel
        title="Active alerts"
        description="Firing: the condition holds. Acknowledged: somebody takes care of it, nothing more is sent. Pending: the condition holds, but not yet for as long as the rule wants."
        query={alerts}
        height={300}
        empty={({ alerts: shown, open }) =>
          shown.length === 0 && (
            <Nothing>
              {isNarrowed ? (
                `None of the ${count(open.firing + open.pending)} open alerts is of that kind.`
              ) : (
                <>
                  Nothing is wrong as far as the{' '}
                  <Link className={styles.link} to={link({ tab: 'rules' })}>
                    rules
                  </Link>{' '}
                  tell.
                </>
              )}
            </Nothing>
          )
        }
      >
        {({ alerts: shown, open, next_cursor: next }) => (
          <>
            <p className={styles.counts}>
              {count(open.firing)} firing, {count(open.acknowledged)} of them acknowledged;{' '}
              {count(open.pending)} pending.
              {next !== null && ` The newest ${count(shown.length)} are shown.`}
            </p>
            <ul className={styles.list}>
              {[...shown].sort(byGravity).map((alert) => (
                <AlertCard key={alert.alert_id} alert={alert} />
              ))}
            </ul>
          </>
        )}
      </QueryPanel>
    </>
  );
}

/** What nobody has taken first, then the gravest, then the newest. */
function byGravity(a: Alert, b: Alert): number {
  return rank(a) - rank(b) || b.alert_id - a.alert_id;
}

function rank({ status, acknowledged, severity }: Alert): number {
  const state = status !== 'firing' ? 20 : acknowledged ? 10 : 0;
  return state + SEVERITIES.indexOf(severity);
}

const getStyles = (theme: GrafanaTheme2) => ({
  counts: css({ margin: 0, color: theme.colors.text.secondary }),
  list: css({ listStyle: 'none', margin: 0, padding: 0 }),
  link: css({ textDecoration: 'underline' }),
});
