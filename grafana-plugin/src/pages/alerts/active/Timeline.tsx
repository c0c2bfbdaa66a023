import { css } from '@emotion/css';
import type { GrafanaTheme2, IconName } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import { instant } from '../../../figures/time.ts';
import { Nothing } from '../../../panels/Nothing.tsx';
import { useTimeZone } from '../../../period/time-zone.tsx';
import type { TimelineEntry } from '../alert-types.ts';
import { valueText } from '../metrics.ts';

const KINDS: Record<TimelineEntry['kind'], [icon: IconName, words: string]> = {
  pending: ['clock-nine', 'The condition began to hold'],
  firing: ['bell', 'Fired'],
  notified: ['envelope', 'Told'],
  renotified: ['repeat', 'Told again'],
  muted: ['bell-slash', 'Not told: a mute window'],
  resolved: ['check-circle', 'Resolved'],
  acknowledged: ['user', 'Acknowledged'],
  unacknowledged: ['times-circle', 'Acknowledgement taken back'],
  acknowledgement_expired: ['clock-nine', 'Acknowledgement over'],
  comment: ['comment-alt', 'Comment'],
};

/** What happened to an alert, and who did it, the newest first. */
export function Timeline({ entries, metric }: { entries: TimelineEntry[]; metric: string }) {
  const styles = useStyles2(getStyles);
  const { timeZone } = useTimeZone();
  if (entries.length === 0) return <Nothing>Nothing has happened yet.</Nothing>;
  return (
    <ol className={styles.list} reversed>
      {[...entries].reverse().map(({ at, kind, by, note, value }, index) => {
        const [icon, words] = KINDS[kind];
        return (
          <li key={`${at} ${kind} ${index}`} className={styles.entry}>
            <Icon name={icon} aria-hidden />
            <div>
              <strong>{words}</strong>
              {by !== null && ` by ${by}`}
              {by === null && value !== null && `, value ${valueText(metric, value)}`}
              <br />
              <time className={styles.time} dateTime={at}>
                {instant(at, timeZone)}
              </time>
              {note !== null && <p className={styles.note}>{note}</p>}
            </div>
          </li>
        );
      })}
    </ol>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ listStyle: 'none', margin: 0, padding: 0 }),
  entry: css({
    display: 'flex',
    gap: theme.spacing(1),
    padding: theme.spacing(0.75, 0),
    overflowWrap: 'anywhere',
  }),
  time: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
  note: css({ margin: 0, whiteSpace: 'pre-wrap' }),
});
