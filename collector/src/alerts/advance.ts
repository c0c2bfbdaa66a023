import type { Observation } from './judge.ts';
import { isPast } from './judge.ts';
import type { Rule } from './rule.ts';

const MINUTE_MS = 60_000;

export const STATUSES = ['pending', 'firing', 'resolved'] as const;

/** Where the alert of a rule's member stands. Times are ends of windows: how long a condition has held is told by the data, not by the clock. */
export interface AlertState {
  status: (typeof STATUSES)[number];
  /** Resolved by hand while the condition held: nothing new fires until it has not. */
  isHeldDown: boolean;
  pendingSinceMs: number;
  breachedUntilMs: number;
  startedAtMs: number | null;
  resolvedAtMs: number | null;
  isNoData: boolean;
  value: number | null;
  baseline: number | null;
  firstValue: number | null;
  peakValue: number | null;
  windowStartMs: number;
  windowEndMs: number;
}

export type Transition = 'pending' | 'firing' | 'resolved' | 'dropped' | 'released';

/** undefined: there is no alert. */
export interface Advanced {
  state: AlertState | undefined;
  transitions: Transition[];
}

type Conditions = Pick<Rule, 'operator' | 'forMinutes' | 'keepFiringMinutes'>;

/**
 * Moves the alert of a rule's member by what was seen of it. Seen again, the same moves nothing further: a round that is repeated, by this replica or
 * by another, is no second alert.
 */
export function advance(
  rule: Conditions,
  before: AlertState | undefined,
  closed: Observation,
  open: Observation | undefined,
): Advanced {
  const breached = [closed, open].filter((one) => one?.verdict === 'breached') as Observation[];
  const latest = breached.at(-1);
  const isOver =
    latest === undefined &&
    closed.verdict === 'recovered' &&
    (before === undefined || closed.look.endMs >= before.breachedUntilMs);
  if (before === undefined) {
    const [first] = breached;
    if (!first || !latest) return { state: undefined, transitions: [] };
    const state = stateOf(first.look.endMs, latest);
    return fireIfHeld(rule, state, ['pending']);
  }
  const shown = latest ?? closed;
  if (before.status === 'pending') {
    if (latest) return fireIfHeld(rule, see(rule, before, shown, latest.look.endMs), []);
    const isLater = closed.look.endMs >= before.breachedUntilMs;
    return isLater ? { state: undefined, transitions: ['dropped'] } : { state: before, transitions: [] };
  }
  if (before.status === 'resolved') {
    if (isOver) return { state: { ...before, isHeldDown: false }, transitions: ['released'] };
    const breachedUntilMs = Math.max(before.breachedUntilMs, latest?.look.endMs ?? 0);
    return { state: { ...before, breachedUntilMs }, transitions: [] };
  }
  if (latest) return { state: see(rule, before, shown, latest.look.endMs), transitions: [] };
  if (isOver && closed.look.endMs - before.breachedUntilMs >= rule.keepFiringMinutes * MINUTE_MS) {
    const seen = see(rule, before, closed, before.breachedUntilMs);
    return {
      state: { ...seen, status: 'resolved', resolvedAtMs: closed.look.endMs },
      transitions: ['resolved'],
    };
  }
  // Not back yet: what keeps it firing is counted from the last look that was not.
  const until = closed.verdict === 'between' ? closed.look.endMs : before.breachedUntilMs;
  return {
    state:
      closed.look.endMs > before.windowEndMs
        ? see(rule, before, closed, until)
        : { ...before, breachedUntilMs: Math.max(before.breachedUntilMs, until) },
    transitions: [],
  };
}

function stateOf(pendingSinceMs: number, seen: Observation): AlertState {
  return {
    status: 'pending',
    isHeldDown: false,
    pendingSinceMs,
    breachedUntilMs: seen.look.endMs,
    startedAtMs: null,
    resolvedAtMs: null,
    isNoData: seen.isNoData,
    value: seen.value,
    baseline: seen.baseline,
    firstValue: null,
    peakValue: seen.value,
    windowStartMs: seen.look.startMs,
    windowEndMs: seen.look.endMs,
  };
}

function see(
  { operator }: Conditions,
  before: AlertState,
  seen: Observation,
  breachedUntilMs: number,
): AlertState {
  const { value } = seen;
  const { peakValue } = before;
  const isPeak = value !== null && (peakValue === null || isPast(value, operator, peakValue));
  return {
    ...before,
    breachedUntilMs: Math.max(before.breachedUntilMs, breachedUntilMs),
    isNoData: seen.isNoData,
    value,
    baseline: seen.baseline,
    peakValue: isPeak ? value : peakValue,
    windowStartMs: seen.look.startMs,
    windowEndMs: seen.look.endMs,
  };
}

function fireIfHeld(rule: Conditions, state: AlertState, transitions: Transition[]): Advanced {
  if (state.breachedUntilMs - state.pendingSinceMs < rule.forMinutes * MINUTE_MS)
    return { state, transitions };
  return {
    state: {
      ...state,
      status: 'firing',
      startedAtMs: rule.forMinutes === 0 ? state.pendingSinceMs : state.breachedUntilMs,
      firstValue: state.value,
    },
    // Without a time to wait there was no waiting.
    transitions: [...(rule.forMinutes === 0 ? [] : transitions), 'firing'],
  };
}
