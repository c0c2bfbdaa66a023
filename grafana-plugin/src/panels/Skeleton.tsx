import { css, keyframes } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';

/** Holds the place of what is awaited. */
export function Skeleton({ height, width = '100%' }: { height: number; width?: number | string }) {
  return (
    <div
      className={useStyles2(getStyles).block}
      style={{ height, width }}
      role="progressbar"
      aria-label="Loading"
    />
  );
}

const pulse = keyframes({ '0%, 100%': { opacity: 1 }, '50%': { opacity: 0.5 } });
const getStyles = (theme: GrafanaTheme2) => ({
  block: css({
    borderRadius: theme.shape.radius.default,
    background: theme.colors.background.secondary,
    [theme.transitions.handleMotion('no-preference')]: { animation: `${pulse} 1.6s ease-in-out infinite` },
  }),
});
