import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';

export interface KeyEntry {
  label: string;
  color: string;
  look: 'line' | 'dashed' | 'band';
}

/** Says what is what in a chart whose parts belong together and are not hidden one by one. */
export function ChartKey({ entries }: { entries: KeyEntry[] }) {
  const styles = useStyles2(getStyles);
  return (
    <ul className={styles.list}>
      {entries.map(({ label, color, look }) => (
        <li key={label} className={styles.entry}>
          <span
            aria-hidden
            className={styles.mark}
            style={
              look === 'band'
                ? { height: 12, background: color }
                : { borderTop: `2px ${look === 'dashed' ? 'dashed' : 'solid'} ${color}` }
            }
          />
          {label}
        </li>
      ))}
    </ul>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(0.5, 2),
    listStyle: 'none',
    padding: 0,
    margin: theme.spacing(0, 0, 1),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  entry: css({ display: 'inline-flex', alignItems: 'center', gap: theme.spacing(0.75) }),
  mark: css({ width: 16, display: 'inline-block', flex: 'none' }),
});
