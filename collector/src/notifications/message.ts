import { SEVERITIES, type Severity } from '../alerts/rule.ts';
import type { Alert, AlertChange } from './alert-change.ts';

/** What a message tells, before it takes the form of a channel. The same for every try of a delivery. */
export interface Message {
  type: 'alerts' | 'test';
  idempotencyKey: string;
  tenantId: string;
  channel: { channelId: number; name: string };
  createdAt: Date;
  /** One for each alert. */
  changes: readonly AlertChange[];
  /** Key of the first message that this channel got about any of these alerts; null: this is it. */
  followsKey: string | null;
}

export type MessageState = 'firing' | 'resolved';

const SEVERITY_WORDS: Record<Severity, string> = {
  low: 'Low',
  medium: 'Medium',
  high: 'High',
  critical: 'Critical',
};

/** Firing as long as any of its alerts is. */
export function stateOf({ changes }: Pick<Message, 'changes'>): MessageState {
  return changes.some(({ kind }) => kind !== 'resolved') ? 'firing' : 'resolved';
}

/** The worst of those that fire, or of all when all are over. */
export function severityOf(message: Pick<Message, 'changes'>): Severity {
  const open = message.changes.filter(({ kind }) => kind !== 'resolved');
  const considered = open.length > 0 ? open : message.changes;
  const worst = Math.max(0, ...considered.map(({ alert }) => SEVERITIES.indexOf(alert.severity)));
  return SEVERITIES[worst] ?? 'low';
}

/** How bad it is, what happened and to whom: "High, still firing: Error rate (project_id checkout)". */
export function headingOf({ kind, alert }: AlertChange): string {
  return `${SEVERITY_WORDS[alert.severity]}, ${kind === 'renotify' ? 'still firing' : kind}: ${nameOf(alert)}`;
}

/** One line of plain text without control characters: subject, title and fallback. */
export function titleOf(message: Message): string {
  const severity = SEVERITY_WORDS[severityOf(message)];
  const [first, ...others] = message.changes;
  if (message.type === 'test') return `Test: this channel gets alerts of ${oneLine(message.tenantId)}`;
  if (!first) return 'No alerts';
  if (others.length === 0) return headingOf(first);
  const firing = message.changes.filter(({ kind }) => kind !== 'resolved').length;
  const counts = [
    ...(firing > 0 ? [`${firing} firing`] : []),
    ...(firing < message.changes.length ? [`${message.changes.length - firing} resolved`] : []),
  ].join(', ');
  const rules = new Set(message.changes.map(({ alert }) => alert.rule_name));
  const of = rules.size === 1 ? oneLine(first.alert.rule_name) : `${rules.size} rules`;
  return `${severity}, ${counts}: ${of}`;
}

/** The rule and, of a rule with groups, the member. */
function nameOf({ rule_name, group }: Alert): string {
  return oneLine(group === null ? rule_name : `${rule_name} (${memberWords(group)})`);
}

function memberWords({ dimension, member }: NonNullable<Alert['group']>): string {
  return `${dimension} ${member ?? '(none)'}`;
}

/** Facts of an alert, as pairs of a label and a plain text. */
export function factsOf({ alert, kind }: AlertChange): [label: string, text: string][] {
  const facts: [string, string][] = [];
  const { value, threshold, operator, window_minutes: windowMinutes } = alert;
  const limit = threshold === null ? '' : ` (alerts when ${operator ?? '>'} ${figure(threshold)})`;
  facts.push([alert.metric, `${value === null ? 'no value' : figure(value)}${limit}`]);
  if (windowMinutes !== null) facts.push(['Window', minutesWords(windowMinutes)]);
  facts.push(['Since', timeWords(alert.started_at)]);
  if (kind === 'resolved' && alert.resolved_at !== null)
    facts.push(['Resolved', timeWords(alert.resolved_at)]);
  if (alert.group !== null) facts.push([alert.group.dimension, alert.group.member ?? '(none)']);
  facts.push(['Type', alert.alert_type.replaceAll('_', ' ')]);
  const { acknowledged } = alert;
  if (acknowledged !== null) {
    const until = acknowledged.until === null ? '' : ` until ${timeWords(acknowledged.until)}`;
    const note = acknowledged.note === null || acknowledged.note === '' ? '' : `: ${acknowledged.note}`;
    facts.push(['Acknowledged', `by ${acknowledged.by ?? 'somebody'}${until}${note}`]);
  }
  return facts;
}

/** Addresses that a message leads to. Without a public address there are none: a link to localhost helps nobody who reads mail. */
export interface Links {
  /** The alert, to acknowledge it. */
  alert: string | null;
  /** The page that shows the usage. */
  page: string | null;
  /** The same of the API. */
  evidence: string | null;
}

export function linksOf(
  { alert_id, page_path, evidence_path }: Pick<Alert, 'alert_id' | 'page_path' | 'evidence_path'>,
  publicUrl: string | undefined,
): Links {
  return {
    // A test is about no alert.
    alert: alert_id > 0 ? link(`/analytics/alerts?alert=${alert_id}`, publicUrl) : null,
    page: link(page_path, publicUrl),
    evidence: link(evidence_path, publicUrl),
  };
}

/** The links that people are shown, with their words, each address once. */
export function shownLinks(alert: Alert, publicUrl: string | undefined): { words: string; url: string }[] {
  const { alert: own, page } = linksOf(alert, publicUrl);
  return [
    ...(own === null ? [] : [{ words: 'Open the alert', url: own }]),
    ...(page === null || page === own ? [] : [{ words: 'See the usage', url: page }]),
  ];
}

/** What is said of an alert beside its facts: the sentence with the figures, and what the rule says of itself. */
export function sentencesOf({ message, description }: Alert): string[] {
  return [...new Set([message ?? '', description])].filter((text) => text !== '');
}

/** The pages' beginning. */
export function homeLink(publicUrl: string | undefined): string | null {
  return link('/analytics', publicUrl);
}

function link(path: string | null, publicUrl: string | undefined): string | null {
  if (path === null || publicUrl === undefined) return null;
  // A path that is none (//elsewhere.example, https:…) must not lead away.
  const base = new URL(publicUrl);
  if (!path.startsWith('/') || !URL.canParse(path, base.href)) return null;
  const url = new URL(path, base);
  return url.origin === base.origin ? url.href : null;
}

/** At most six significant digits, without trailing zeros; text (a decimal amount) as it is. */
function figure(value: number | string): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : value;
}

function minutesWords(minutes: number): string {
  if (minutes % 1440 === 0) return minutes === 1440 ? '24 hours' : `${minutes / 1440} days`;
  if (minutes % 60 === 0) return minutes === 60 ? '1 hour' : `${minutes / 60} hours`;
  return minutes === 1 ? '1 minute' : `${minutes} minutes`;
}

/** 2026-11-24 06:00:00 UTC */
function timeWords(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return oneLine(iso);
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Text without line breaks and other control characters. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}

/** At most so many UTF-16 units, the last one being an ellipsis where something was cut; no surrogate pair is halved. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
