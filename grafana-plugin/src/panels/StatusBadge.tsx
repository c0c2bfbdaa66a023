import { css } from '@emotion/css';
import type { GrafanaTheme2, IconName } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';

export type Tone = 'bad' | 'warning' | 'good' | 'info' | 'neutral';

const ICONS: Record<Tone, IconName> = {
  bad: 'exclamation-circle',
  warning: 'exclamation-triangle',
  good: 'check-circle',
  info: 'info-circle',
  neutral: 'info-circle',
};

/** A state in words, with a sign and a colour that say the same. */
export function StatusBadge({
  tone,
  label,
  icon = ICONS[tone],
}: {
  tone: Tone;
  label: string;
  icon?: IconName;
}) {
  const styles = useStyles2(getStyles);
  return (
    <span className={`${styles.badge} ${styles[tone]}`}>
      <Icon name={icon} size="sm" aria-hidden />
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
  info: css({ color: theme.colors.info.text }),
  neutral: css({ color: theme.colors.text.secondary }),
});
