import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { outlookOf, type BudgetStatus } from '../../../budgets/outlook.ts';

/** How much of a budget is used, with marks at its thresholds and where the forecast ends. The figures stand beside it. */
export function UsedBar({ status }: { status: BudgetStatus }) {
  const styles = useStyles2(getStyles);
  const expected = status.forecast?.percent ?? null;
  const whole = Math.max(100, status.percent, expected ?? 0);
  const at = (value: number): string => `${(100 * value) / whole}%`;
  return (
    <span className={styles.bar} aria-hidden>
      {expected !== null && <span className={styles.expected} style={{ width: at(expected) }} />}
      <span
        className={`${styles.used} ${styles[outlookOf(status).tone]}`}
        style={{ width: at(status.percent) }}
      />
      {whole > 100 && <span className={styles.limit} style={{ left: at(100) }} />}
    </span>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  bar: css({
    display: 'block',
    position: 'relative',
    height: 8,
    width: '100%',
    minWidth: 80,
    marginTop: theme.spacing(0.5),
    borderRadius: theme.shape.radius.default,
    background: theme.colors.background.secondary,
    overflow: 'hidden',
  }),
  used: css({ position: 'absolute', inset: '0 auto 0 0' }),
  expected: css({ position: 'absolute', inset: '0 auto 0 0', background: theme.colors.border.strong }),
  limit: css({ position: 'absolute', top: 0, bottom: 0, width: 2, background: theme.colors.text.primary }),
  bad: css({ background: theme.colors.error.main }),
  warning: css({ background: theme.colors.warning.main }),
  good: css({ background: theme.colors.success.main }),
  neutral: css({ background: theme.colors.secondary.main }),
});
