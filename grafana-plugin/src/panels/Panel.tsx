import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, Tooltip, useStyles2 } from '@grafana/ui';
import { useId, type ReactNode } from 'react';

export interface PanelProps {
  title: string;
  /** What is shown and how it is computed, behind the (i). */
  description?: string;
  /** Right of the title. */
  actions?: ReactNode;
  /** Columns that it takes of the twelve of a PanelGrid on a wide screen; default 12. */
  span?: number;
  children: ReactNode;
}

/** A card with a heading. */
export function Panel({ title, description, actions, span = 12, children }: PanelProps) {
  const styles = useStyles2(getStyles);
  const id = useId();
  return (
    <section className={styles.panel} style={{ '--span': span } as React.CSSProperties} aria-labelledby={id}>
      <header className={styles.header}>
        <h2 id={id} className={styles.title}>
          {title}
        </h2>
        {description !== undefined && (
          <Tooltip content={description}>
            <button type="button" className={styles.info} aria-label={`About ${title}`}>
              <Icon name="info-circle" size="sm" />
            </button>
          </Tooltip>
        )}
        <div className={styles.actions}>{actions}</div>
      </header>
      {children}
    </section>
  );
}

/** Twelve columns on a wide screen, one on a phone. */
export function PanelGrid({ children }: { children: ReactNode }) {
  return <div className={useStyles2(getStyles).grid}>{children}</div>;
}

const getStyles = (theme: GrafanaTheme2) => ({
  grid: css({
    display: 'grid',
    gap: theme.spacing(2),
    gridTemplateColumns: 'repeat(12, minmax(0, 1fr))',
    alignItems: 'start',
    [theme.breakpoints.down('md')]: { gridTemplateColumns: 'minmax(0, 1fr)' },
  }),
  panel: css({
    gridColumn: 'span var(--span)',
    minWidth: 0,
    padding: theme.spacing(2),
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    [theme.breakpoints.down('md')]: { gridColumn: 'span 1' },
    '@media print': { breakInside: 'avoid' },
  }),
  header: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(0.5),
    marginBottom: theme.spacing(1.5),
    minHeight: 24,
  }),
  title: css({
    margin: 0,
    fontSize: theme.typography.h5.fontSize,
    fontWeight: theme.typography.fontWeightMedium,
  }),
  info: css({
    display: 'inline-flex',
    alignItems: 'center',
    justifyContent: 'center',
    width: 24,
    height: 24,
    border: 0,
    background: 'transparent',
    color: theme.colors.text.secondary,
  }),
  actions: css({
    marginLeft: 'auto',
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(1),
    alignItems: 'center',
    '@media print': { display: 'none' },
  }),
});
