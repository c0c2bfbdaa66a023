import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Badge, useStyles2 } from '@grafana/ui';
import { Link } from 'react-router-dom';
import { count, percent } from '../../figures/format.ts';
import { instant } from '../../figures/time.ts';
import { memberLabel } from '../../filters/dimensions.ts';
import { usePageLink } from '../../navigation/use-page-link.ts';
import { Nothing } from '../../panels/Nothing.tsx';
import { QueryPanel } from '../../panels/QueryPanel.tsx';
import { usePeriod } from '../../period/use-period.ts';
import type { ErrorsQuery } from './ErrorPanels.tsx';
import { incidentSubject, type Incident } from './incident-annotations.ts';

/** The times in which more failed than chance explains, the latest first. */
export function Incidents({ answer }: { answer: ErrorsQuery }) {
  const styles = useStyles2(getStyles);
  return (
    <QueryPanel
      title="Incidents"
      description="Times in which so many calls failed as would happen by chance once in a million, at the error rate of the seven days before."
      span={6}
      query={answer}
      height={300}
      empty={({ incidents }) =>
        incidents.length === 0 && (
          <Nothing>No incident in this period: errors came as rarely as they usually do.</Nothing>
        )
      }
    >
      {({ incidents }) => (
        <ul className={styles.list} aria-label="Incidents">
          {incidents.map((incident) => (
            <IncidentItem key={`${incident.start}${incidentSubject(incident)}`} incident={incident} />
          ))}
        </ul>
      )}
    </QueryPanel>
  );
}

function IncidentItem({ incident }: { incident: Incident }) {
  const styles = useStyles2(getStyles);
  const { timeZone } = usePeriod();
  const link = usePageLink();
  const { start, end, is_open: isOpen, model, top_error_type: top } = incident;
  const subject = incidentSubject(incident);
  return (
    <li className={styles.item}>
      <div className={styles.head}>
        <Badge color={isOpen ? 'red' : 'blue'} text={isOpen ? 'Goes on' : 'Over'} />
        <strong>{subject}</strong>
      </div>
      <div>
        {instant(start, timeZone)} to {isOpen ? 'now' : instant(end, timeZone)}: {count(incident.errors)} of{' '}
        {count(incident.requests)} calls failed ({percent(incident.error_rate_percent)}, at the worst{' '}
        {percent(incident.peak_error_rate_percent)}; before {percent(incident.baseline_error_rate_percent, 2)}
        ).
        {top && ` Mostly ${memberLabel('error_type', top.error_type)}.`}
        {model === null &&
          incident.models.length > 0 &&
          ` Models: ${incident.models.map(({ model_name, errors }) => `${model_name} (${count(errors)})`).join(', ')}.`}
      </div>
      <Link
        className={styles.link}
        to={link('events', {
          ...(model ? { filter: ['model_name', model.model_name] } : {}),
          search: {
            from: String(Date.parse(start)),
            to: String(Date.parse(end)),
            status: 'error',
          },
        })}
      >
        Its failed calls
      </Link>
    </li>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ listStyle: 'none', margin: 0, padding: 0, maxHeight: 320, overflowY: 'auto' }),
  item: css({ padding: theme.spacing(1, 0), borderBottom: `1px solid ${theme.colors.border.weak}` }),
  head: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(1), alignItems: 'center' }),
  link: css({
    display: 'inline-block',
    minHeight: 24,
    color: theme.colors.text.link,
    textDecoration: 'underline',
  }),
});
