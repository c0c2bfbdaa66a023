import { css } from '@emotion/css';
import type { GrafanaTheme2, IconName } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';

export type Tone = 'bad' | 'warning' | 'good' | 'neutral';

const ICONS: Record<Tone, IconName> = {
  bad: 'exclamation-circle',
  warning: 'exclamation-triangle',
  good: 'check-circle',
  neutral: 'info-circle',
};

/** A state in words, with a sign and a colour that say the same. */
export function OutlookBadge({ tone, label }: { tone: Tone; label: string }) {
  const styles = useStyles2(getStyles);
  return (
    <span className={`${styles.badge} ${styles[tone]}`}>
      <Icon name={ICONS[tone]} size="sm" aria-hidden />
      {label}
    </span>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  badge: css({
    display: 'inline-flex',
    alignItems: 'center',
    gap: theme.spacing(0.5),
    whiteSpace: 'nowrap',
    verticalAlign: 'text-bottom',
    fontWeight: theme.typography.fontWeightMedium,
  }),
  bad: css({ color: theme.colors.error.text }),
  warning: css({ color: theme.colors.warning.text }),
  good: css({ color: theme.colors.success.text }),
  neutral: css({ color: theme.colors.text.secondary }),
});
