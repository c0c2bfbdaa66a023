import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import type { ReactNode } from 'react';
import { Link } from 'react-router-dom';
import { changePercent } from '../figures/format.ts';

export interface KeyFigureProps {
  label: string;
  value: string;
  /** Change against the other period in percent; undefined tells none. */
  change?: number | null;
  /** What an increase is. */
  increaseIs?: 'good' | 'bad' | 'neutral';
  /** A line below, e.g. what the figure does not hold. */
  note?: ReactNode;
  to?: string;
}

/** One figure of a period, with its change: arrow, sign and colour say the same. */
export function KeyFigure({ label, value, change, increaseIs = 'neutral', note, to }: KeyFigureProps) {
  const styles = useStyles2(getStyles);
  const direction =
    change === undefined || change === null || Math.abs(change) < 0.05 ? 0 : Math.sign(change);
  const tone =
    direction === 0 || increaseIs === 'neutral'
      ? 'neutral'
      : direction > 0 === (increaseIs === 'good')
        ? 'good'
        : 'bad';
  return (
    <div className={styles.figure}>
      <dt className={styles.label}>{to === undefined ? label : <Link to={to}>{label}</Link>}</dt>
      <dd className={styles.value}>{value}</dd>
      {change !== undefined && (
        <dd className={`${styles.change} ${styles[tone]}`}>
          {direction !== 0 && <Icon name={direction > 0 ? 'arrow-up' : 'arrow-down'} size="sm" aria-hidden />}
          {changePercent(change)}
        </dd>
      )}
      {note !== undefined && <dd className={styles.note}>{note}</dd>}
    </div>
  );
}

/** Key figures side by side, as many as there is room for. */
export function KeyFigures({ label, children }: { label: string; children: ReactNode }) {
  return (
    <dl className={useStyles2(getStyles).list} aria-label={label}>
      {children}
    </dl>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({
    display: 'grid',
    gap: theme.spacing(2),
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(160px, 100%), 1fr))',
    margin: theme.spacing(0, 0, 2),
  }),
  figure: css({
    padding: theme.spacing(1.5, 2),
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    minWidth: 0,
  }),
  label: css({
    color: theme.colors.text.secondary,
    fontWeight: 'normal',
    fontSize: theme.typography.bodySmall.fontSize,
    '& a': { color: 'inherit', textDecoration: 'underline' },
  }),
  value: css({
    margin: 0,
    fontSize: theme.typography.h2.fontSize,
    lineHeight: 1.3,
    fontVariantNumeric: 'tabular-nums',
    overflowWrap: 'anywhere',
  }),
  change: css({
    margin: 0,
    display: 'inline-flex',
    alignItems: 'center',
    fontSize: theme.typography.bodySmall.fontSize,
    fontVariantNumeric: 'tabular-nums',
  }),
  good: css({ color: theme.colors.success.text }),
  bad: css({ color: theme.colors.error.text }),
  neutral: css({ color: theme.colors.text.secondary }),
  note: css({ margin: 0, color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
});
