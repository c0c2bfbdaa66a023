import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Combobox, RadioButtonGroup, useStyles2 } from '@grafana/ui';
import { useId } from 'react';
import { useSearchParams } from 'react-router-dom';
import { usePeriod } from '../../period/use-period.ts';
import { COMPARE_LABELS, COMPARE_WITH, REPORT_PERIODS, reportPeriodOf, type CompareWith } from './periods.ts';

/** Which period is reported on, and what it is compared with; both are in the URL. */
export function ReportControls({ compareWith }: { compareWith: CompareWith }) {
  const styles = useStyles2(getStyles);
  const id = useId();
  const { raw } = usePeriod();
  const [, setSearch] = useSearchParams();
  const period = reportPeriodOf(raw);
  return (
    <div className={styles.controls} role="group" aria-label="Period of the summary">
      <RadioButtonGroup
        aria-label="Period"
        className={styles.periods}
        value={period?.id}
        options={REPORT_PERIODS.map(({ id: value, label }) => ({ value, label }))}
        onChange={(chosen) => {
          const next = REPORT_PERIODS.find(({ id: one }) => one === chosen);
          if (!next) return;
          setSearch((before) => {
            const after = new URLSearchParams(before);
            after.set('from', next.from);
            after.set('to', next.to);
            // Each period has a comparison that goes with it.
            after.delete('compare_with');
            return after;
          });
        }}
      />
      <label htmlFor={`${id}-against`} className={styles.label}>
        compared with
      </label>
      <Combobox
        id={`${id}-against`}
        width={22}
        value={compareWith}
        options={COMPARE_WITH.map((value) => ({ value, label: COMPARE_LABELS[value] }))}
        onChange={({ value }) =>
          setSearch(
            (before) => {
              const after = new URLSearchParams(before);
              if (value === (period?.against ?? 'previous_period')) after.delete('compare_with');
              else after.set('compare_with', value);
              return after;
            },
            { replace: true },
          )
        }
      />
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  controls: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(1),
    marginBottom: theme.spacing(2),
  }),
  periods: css({ flexWrap: 'wrap', maxWidth: '100%' }),
  label: css({ color: theme.colors.text.secondary }),
});
