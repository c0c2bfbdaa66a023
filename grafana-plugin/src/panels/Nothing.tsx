import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import type { ReactNode } from 'react';

/** Said where there is nothing to show, with what could be done about it. */
export function Nothing({ children }: { children: ReactNode }) {
  return <div className={useStyles2(getStyles).nothing}>{children}</div>;
}

const getStyles = (theme: GrafanaTheme2) => ({
  nothing: css({ padding: theme.spacing(4, 2), textAlign: 'center', color: theme.colors.text.secondary }),
});
