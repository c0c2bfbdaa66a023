import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, useStyles2 } from '@grafana/ui';
import { count } from '../figures/format.ts';
import { usePeriod } from '../period/use-period.ts';

/** The longest period that the collector reads from the events, in days. */
export const EVENT_DAYS = 93;

/** Dimensions that only the events have (docs/api.md); the others are kept for good. */
const OF_EVENTS = [
  'user_id',
  'session_id',
  'status',
  'error_type',
  'status_code',
  'service_tier',
  'stream',
  'cache_hit',
];

export function isReadFromEvents(dimension: string): boolean {
  return OF_EVENTS.includes(dimension) || dimension.startsWith('metadata.');
}

/** Said in place of an answer from the events where the period is too long for one. */
export function PeriodTooLong({ what }: { what: string }) {
  const styles = useStyles2(getStyles);
  const { setRange } = usePeriod();
  return (
    <div className={styles.note}>
      <p>
        {what} are read from the events, at most {EVENT_DAYS} days at once. This period is longer.
      </p>
      <Button
        variant="secondary"
        size="sm"
        onClick={() => setRange({ from: `now-${EVENT_DAYS - 4}d/d`, to: 'now' })}
      >
        Show the last {EVENT_DAYS - 3} days
      </Button>
    </div>
  );
}

/** Said below an answer from the events that lacks calls which retention has deleted. */
export function DeletedEventsNote({ calls }: { calls: number | null }) {
  const styles = useStyles2(getStyles);
  if (calls === null || calls === 0) return null;
  return (
    <p className={styles.line}>
      {count(calls)} calls of this period are not in it: their events are deleted already.
    </p>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  note: css({ padding: theme.spacing(3, 2), textAlign: 'center', color: theme.colors.text.secondary }),
  line: css({
    margin: theme.spacing(1, 0, 0),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
});
