import { css } from '@emotion/css';
import type { GrafanaTheme2, IconName } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import { SEVERITY_LABELS, type Alert, type Severity } from './alert-types.ts';

type Tone = 'bad' | 'warning' | 'good' | 'info' | 'neutral';

function Badge({ tone, icon, label }: { tone: Tone; icon: IconName; label: string }) {
  const styles = useStyles2(getStyles);
  return (
    <span className={`${styles.badge} ${styles[tone]}`}>
      <Icon name={icon} size="sm" aria-hidden />
      {label}
    </span>
  );
}

const SEVERITY_LOOKS: Record<Severity, [Tone, IconName]> = {
  critical: ['bad', 'fire'],
  high: ['bad', 'exclamation-circle'],
  medium: ['warning', 'exclamation-triangle'],
  low: ['info', 'info-circle'],
};

/** How grave an alert is: word, sign and colour say the same. */
export function SeverityBadge({ severity }: { severity: Severity }) {
  const [tone, icon] = SEVERITY_LOOKS[severity];
  return <Badge tone={tone} icon={icon} label={SEVERITY_LABELS[severity]} />;
}

/** Where an alert stands, acknowledged included. */
export function StateBadge({ alert }: { alert: Pick<Alert, 'status' | 'acknowledged'> }) {
  if (alert.status === 'resolved') return <Badge tone="good" icon="check-circle" label="Resolved" />;
  if (alert.status === 'pending') return <Badge tone="neutral" icon="clock-nine" label="Pending" />;
  return alert.acknowledged ? (
    <Badge tone="info" icon="user" label="Acknowledged" />
  ) : (
    <Badge tone="bad" icon="bell" label="Firing" />
  );
}

/** Of rules, channels and deliveries. */
export function PlainBadge({ tone, label }: { tone: 'bad' | 'warning' | 'good' | 'neutral'; label: string }) {
  const icons = {
    bad: 'exclamation-circle',
    warning: 'exclamation-triangle',
    good: 'check-circle',
    neutral: 'info-circle',
  } as const;
  return <Badge tone={tone} icon={icons[tone]} label={label} />;
}

const getStyles = (theme: GrafanaTheme2) => ({
  badge: css({
    display: 'inline-flex',
    alignItems: 'center',
    gap: theme.spacing(0.5),
    whiteSpace: 'nowrap',
    fontWeight: theme.typography.fontWeightMedium,
  }),
  bad: css({ color: theme.colors.error.text }),
  warning: css({ color: theme.colors.warning.text }),
  good: css({ color: theme.colors.success.text }),
  info: css({ color: theme.colors.info.text }),
  neutral: css({ color: theme.colors.text.secondary }),
});
