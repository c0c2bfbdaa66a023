import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { Link } from 'react-router-dom';

export interface BarListItem {
  label: string;
  /** What the length of the bar is; null draws none. */
  value: number | null;
  /** The figure in words. */
  text: string;
  /** Where a click leads. */
  to?: string;
  muted?: boolean;
}

/** Members of a dimension as bars, the longest first as given: a top-N that is read at a glance and clicked to see more. */
export function BarList({ items, label }: { items: BarListItem[]; label: string }) {
  const styles = useStyles2(getStyles);
  const longest = Math.max(...items.map(({ value }) => value ?? 0), Number.MIN_VALUE);
  return (
    <ul className={styles.list} aria-label={label}>
      {items.map(({ label: name, value, text, to, muted }) => (
        <li key={name} className={styles.item}>
          <span
            className={styles.bar}
            style={{ width: `${(100 * Math.max(0, value ?? 0)) / longest}%`, opacity: muted ? 0.4 : 1 }}
          />
          {to === undefined ? (
            <span className={styles.name}>{name}</span>
          ) : (
            <Link className={styles.name} to={to} title={name}>
              {name}
            </Link>
          )}
          <span className={styles.text}>{text}</span>
        </li>
      ))}
    </ul>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ listStyle: 'none', margin: 0, padding: 0 }),
  item: css({
    position: 'relative',
    display: 'flex',
    alignItems: 'center',
    gap: theme.spacing(1),
    minHeight: 32,
    padding: theme.spacing(0.5, 1),
    marginBottom: 2,
    '&:hover': { background: theme.colors.action.hover },
  }),
  bar: css({
    position: 'absolute',
    inset: '2px auto 2px 0',
    background: theme.colors.primary.transparent,
    borderLeft: `2px solid ${theme.colors.primary.border}`,
    borderRadius: theme.shape.radius.default,
    pointerEvents: 'none',
  }),
  name: css({
    position: 'relative',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    minWidth: 0,
    color: theme.colors.text.primary,
    '&:is(a):hover': { textDecoration: 'underline' },
  }),
  text: css({
    position: 'relative',
    marginLeft: 'auto',
    fontVariantNumeric: 'tabular-nums',
    whiteSpace: 'nowrap',
  }),
});
