import type { AlertState, Transition } from './advance.ts';
import { isMuted } from './mute-windows.ts';
import { timeZoneOf, type Rule } from './rule.ts';

const MINUTE_MS = 60_000;

/** What is told of an alert: it began to fire, it still does, it is over. */
export const NOTICE_KINDS = ['firing', 'renotify', 'resolved'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];
export const TIMELINE_KINDS = [
  'pending',
  'firing',
  'notified',
  'renotified',
  'muted',
  'resolved',
  'acknowledged',
  'unacknowledged',
  'acknowledgement_expired',
  'comment',
] as const;
export type TimelineKind = (typeof TIMELINE_KINDS)[number];

/** What people and notifications have to do with an alert. */
export interface Handling {
  acknowledged: { atMs: number; by: string; note: string | null; untilMs: number | null } | null;
  notifiedAtMs: number | null;
  notificationCount: number;
  /** A notification that a mute window keeps back. */
  owed: 'firing' | 'resolved' | null;
}

/** Of an alert that is new. */
export const NOTHING_DONE: Handling = {
  acknowledged: null,
  notifiedAtMs: null,
  notificationCount: 0,
  owed: null,
};

export interface Settled {
  handling: Handling;
  entries: TimelineKind[];
  notice: NoticeKind | undefined;
}

type Notifying = Pick<Rule, 'muteWindows' | 'renotifyMinutes' | 'ownTimeZone' | 'tenantTimeZone'>;

/**
 * Decides what is told of an alert. Once for its start and once for its end; again while it goes on without anybody having acknowledged it, as often as
 * the rule asks for, and when an acknowledgement has expired. In a mute window nothing is told: what is still true after it is told then.
 */
export function settle(
  rule: Notifying,
  { status }: Pick<AlertState, 'status'>,
  transitions: readonly Transition[],
  before: Handling,
  nowMs: number,
): Settled {
  const { notifiedAtMs, notificationCount } = before;
  let { acknowledged, owed } = before;
  const entries: TimelineKind[] = [];
  if (transitions.includes('pending')) entries.push('pending');
  if (transitions.includes('firing')) {
    entries.push('firing');
    owed = 'firing';
  }
  if (transitions.includes('resolved')) {
    entries.push('resolved');
    // Nobody has heard of its start: nobody needs to hear of its end.
    owed = notificationCount > 0 ? 'resolved' : null;
  }
  if (status === 'firing' && acknowledged?.untilMs != null && acknowledged.untilMs <= nowMs) {
    acknowledged = null;
    entries.push('acknowledgement_expired');
    owed = 'firing';
  }
  const isRepeatDue =
    status === 'firing' &&
    owed === null &&
    acknowledged === null &&
    rule.renotifyMinutes !== null &&
    notifiedAtMs !== null &&
    nowMs - notifiedAtMs >= rule.renotifyMinutes * MINUTE_MS;
  if (isRepeatDue) owed = 'firing';
  const isKnown = owed === 'firing' && acknowledged !== null;
  if (owed === null || isKnown)
    return {
      handling: { acknowledged, notifiedAtMs, notificationCount, owed },
      entries,
      notice: undefined,
    };
  if (isMuted(rule.muteWindows, timeZoneOf(rule), nowMs)) {
    if (owed !== before.owed) entries.push('muted');
    return {
      handling: { acknowledged, notifiedAtMs, notificationCount, owed },
      entries,
      notice: undefined,
    };
  }
  const notice = owed === 'resolved' ? 'resolved' : notificationCount > 0 ? 'renotify' : 'firing';
  entries.push(notice === 'renotify' ? 'renotified' : 'notified');
  return {
    handling: {
      acknowledged,
      notifiedAtMs: nowMs,
      notificationCount: notificationCount + 1,
      owed: null,
    },
    entries,
    notice,
  };
}
