import type { IconName } from '@grafana/data';
import { StatusBadge, type Tone } from '../../panels/StatusBadge.tsx';
import { SEVERITY_LABELS, type Alert, type Severity } from './alert-types.ts';

const SEVERITY_LOOKS: Record<Severity, [Tone, IconName]> = {
  critical: ['bad', 'fire'],
  high: ['bad', 'exclamation-circle'],
  medium: ['warning', 'exclamation-triangle'],
  low: ['info', 'info-circle'],
};

/** How grave an alert is: word, sign and colour say the same. */
export function SeverityBadge({ severity }: { severity: Severity }) {
  const [tone, icon] = SEVERITY_LOOKS[severity];
  return <StatusBadge tone={tone} icon={icon} label={SEVERITY_LABELS[severity]} />;
}

/** Where an alert stands, acknowledged included. */
export function StateBadge({ alert }: { alert: Pick<Alert, 'status' | 'acknowledged'> }) {
  if (alert.status === 'resolved') return <StatusBadge tone="good" label="Resolved" />;
  if (alert.status === 'pending') return <StatusBadge tone="neutral" icon="clock-nine" label="Pending" />;
  return alert.acknowledged ? (
    <StatusBadge tone="info" icon="user" label="Acknowledged" />
  ) : (
    <StatusBadge tone="bad" icon="bell" label="Firing" />
  );
}
