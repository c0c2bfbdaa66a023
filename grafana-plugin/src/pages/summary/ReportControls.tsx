import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Combobox, RadioButtonGroup, useStyles2 } from '@grafana/ui';
import { useId } from 'react';
import { useSetParameters } from '../../navigation/use-set-parameters.ts';
import { COMPARE_LABELS, COMPARE_WITH, type CompareWith } from '../../period/compared-with.ts';
import { usePeriod } from '../../period/use-period.ts';
import { REPORT_PERIODS, reportPeriodOf } from './periods.ts';

/** Which period is reported on, and what it is compared with; both are in the URL. */
export function ReportControls({ compareWith }: { compareWith: CompareWith }) {
  const styles = useStyles2(getStyles);
  const id = useId();
  const { raw } = usePeriod();
  const set = useSetParameters();
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
          // Each period has a comparison that goes with it.
          if (next) set({ from: next.from, to: next.to, compare_with: null }, 'go');
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
          set({ compare_with: value === (period?.against ?? 'previous_period') ? null : value })
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
