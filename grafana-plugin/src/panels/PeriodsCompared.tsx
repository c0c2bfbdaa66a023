import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { count } from '../figures/format.ts';
import { useTimeZone } from '../period/time-zone.tsx';
import type { Comparison } from './ChangeTable.tsx';
import { periodText } from './period-text.ts';

/** Which periods are set beside each other, and what makes them unlike. */
export function PeriodsCompared({
  answer: { period, compared_to, same_length, total },
}: {
  answer: Pick<Comparison, 'period' | 'compared_to' | 'same_length' | 'total'>;
}) {
  const styles = useStyles2(getStyles);
  const { timeZone } = useTimeZone();
  const unpriced = total.current.unpriced_requests + total.previous.unpriced_requests;
  return (
    <p className={styles.line}>
      Now: {periodText(period, timeZone)}. Before: {periodText(compared_to, timeZone)}.
      {period.is_cut_at_now && ' Both end at the same time of their last day, since this one is not over.'}
      {!same_length &&
        ` They are not equally long (${period.days.toFixed(2)} and ${compared_to.days.toFixed(2)} days): mind that in sums.`}
      {unpriced > 0 && ` Cost is without ${count(unpriced)} calls that have no price.`}
    </p>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  line: css({ color: theme.colors.text.secondary, margin: theme.spacing(0, 0, 1) }),
});
