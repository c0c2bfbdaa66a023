import { invalidField } from '../http/invalid-field.ts';
import { ALERT_TYPES, type AlertType, type Severity } from './rule.ts';

/** Alerts of one webhook. Grafana groups far fewer. */
export const MAX_GRAFANA_ALERTS = 500;
const MAX_LABELS = 50;
const MAX_TEXT = 2000;

/** An alert as Grafana tells it, read: what it is known by, and what we show. */
export interface GrafanaAlert {
  fingerprint: string;
  startedAt: Date;
  /** undefined while it is firing. */
  resolvedAt: Date | undefined;
  name: string;
  description: string;
  alertType: AlertType;
  severity: Severity;
  value: number | null;
  labels: Record<string, string>;
  links: Record<string, string>;
}

/** Words that people use for severities, by ours. */
const SEVERITY_WORDS: Record<string, Severity> = {
  critical: 'critical',
  fatal: 'critical',
  page: 'critical',
  high: 'high',
  error: 'high',
  major: 'high',
  medium: 'medium',
  warning: 'medium',
  warn: 'medium',
  minor: 'low',
  low: 'low',
  info: 'low',
  none: 'low',
};

/**
 * The alerts of a webhook's body.
 * https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
 * @throws Problem invalid-request that names the place
 */
export function readGrafanaAlerts(body: unknown, nowMs: number): GrafanaAlert[] {
  if (!isObject(body) || !Array.isArray(body['alerts']))
    throw invalidField('alerts', "must be the list of alerts of Grafana's webhook.");
  const { alerts } = body;
  if (alerts.length > MAX_GRAFANA_ALERTS)
    throw invalidField(
      'alerts',
      `has ${alerts.length} alerts; at most ${MAX_GRAFANA_ALERTS} are taken at once.`,
    );
  return alerts.map((alert: unknown, index) => readAlert(alert, `alerts.${index}`, nowMs));
}

function readAlert(alert: unknown, place: string, nowMs: number): GrafanaAlert {
  if (!isObject(alert)) throw invalidField(place, 'must be an object.');
  const { status, fingerprint, startsAt, endsAt } = alert;
  if (status !== 'firing' && status !== 'resolved')
    throw invalidField(`${place}.status`, 'must be firing or resolved.');
  if (typeof fingerprint !== 'string' || fingerprint === '' || fingerprint.length > 200)
    throw invalidField(
      `${place}.fingerprint`,
      'must be a text of 1 to 200 characters: an alert is known by it.',
    );
  const startedMs = typeof startsAt === 'string' ? Date.parse(startsAt) : NaN;
  if (!(startedMs >= 0)) throw invalidField(`${place}.startsAt`, 'must be an RFC 3339 time.');
  // 0001-01-01 while it is firing.
  const endedMs = typeof endsAt === 'string' ? Date.parse(endsAt) : NaN;
  const labels = textsOf(alert['labels']);
  const annotations = textsOf(alert['annotations']);
  const values = isObject(alert['values']) ? Object.values(alert['values']) : [];
  const value = values.find((one): one is number => typeof one === 'number' && Number.isFinite(one)) ?? null;
  const type = labels['alert_type'];
  return {
    fingerprint: clean(fingerprint, 200),
    startedAt: new Date(startedMs),
    resolvedAt:
      status === 'firing' ? undefined : new Date(Math.max(startedMs, endedMs > 0 ? endedMs : nowMs)),
    name: clean(labels['rulename'] ?? labels['alertname'] ?? 'Grafana alert', 200) || 'Grafana alert',
    description: clean(annotations['summary'] ?? annotations['description'] ?? '', MAX_TEXT),
    alertType: ALERT_TYPES.find((one) => one === type) ?? 'custom',
    severity: SEVERITY_WORDS[(labels['severity'] ?? labels['priority'] ?? '').toLowerCase()] ?? 'medium',
    value,
    labels,
    links: linksOf(alert),
  };
}

const LINKS = {
  generatorURL: 'rule',
  silenceURL: 'silence',
  dashboardURL: 'dashboard',
  panelURL: 'panel',
} as const;

/** Only addresses that a browser opens as a page: a link that is a script is none. */
function linksOf(alert: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(LINKS).flatMap(([field, name]) => {
      const url = alert[field];
      const isPage =
        typeof url === 'string' && url.length <= MAX_TEXT && /^https?:\/\//i.test(url) && URL.canParse(url);
      return isPage ? [[name, url]] : [];
    }),
  );
}

function textsOf(json: unknown): Record<string, string> {
  if (!isObject(json)) return {};
  return Object.fromEntries(
    Object.entries(json)
      .filter((entry): entry is [string, string] => typeof entry[1] === 'string')
      .slice(0, MAX_LABELS)
      .map(([name, value]) => [clean(name, 200), clean(value, MAX_TEXT)]),
  );
}

function clean(text: string, most: number): string {
  return text.replaceAll('\0', '').slice(0, most);
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
