import type { CallFields, CallReport } from './call-report.ts';
import { isFinishedAfter, resolveCalls, type ResolvedCall } from './resolve.ts';

/** A report that was taken in before, and the event that it is a part of; null: of none (it is a sum, a context, …). */
export interface StoredCandidate {
  report: CallReport;
  eventId: string | null;
}

export interface CallChange {
  eventId: string;
  /** All that is known of the call now, from all of its reports: it replaces what was stored. */
  call: CallFields;
  /** By which a re-send of any of its reports is known: one a report. */
  identities: string[];
}

export interface Reconciled {
  create: CallChange[];
  complete: CallChange[];
  /** Events that are no calls of their own, as is known now; `into` is the event that has taken their reports, if any. */
  withdraw: { eventId: string; into: string | null }[];
  /** What must be remembered: new reports, and those whose event has changed. */
  candidates: StoredCandidate[];
  /** New reports that told something known already: a re-send, or no more than was stored. */
  duplicates: number;
}

/**
 * Finds what incoming reports change. `existing` must hold every stored candidate that shares an id (`exactIds`) with an incoming one at an
 * overlapping time or lies near it (`askedNear`), all candidates of the events of those, and then the same around the
 * calls so found (`isLookedAround`), and the candidates of their events. Pure; what is stored in the end depends on the set of
 * reports only, not on their order or on how they were split into requests.
 */
export function reconcile(existing: readonly StoredCandidate[], incoming: readonly CallReport[]): Reconciled {
  const stored = new Map(existing.map((candidate) => [candidate.report.observationId, candidate]));
  const fresh = new Map<string, CallReport>();
  let duplicates = 0;
  for (const report of incoming) {
    const known = fresh.get(report.observationId) ?? stored.get(report.observationId)?.report;
    if (known && !isFinishedAfter(report, known)) duplicates += 1;
    else fresh.set(report.observationId, report);
  }
  const result: Reconciled = { create: [], complete: [], withdraw: [], candidates: [], duplicates };
  if (fresh.size === 0) return result;

  const reports = [
    ...fresh.values(),
    ...existing.flatMap(({ report }) => (fresh.has(report.observationId) ? [] : [report])),
  ];
  const calls = resolveCalls(reports);
  const eventOf = assignEvents(calls, stored);
  // `existing` is a part of what is stored: at its edge a sum may lie without the calls inside it, and look like a call. So only what the
  // new reports change is a change: what they leave as it would have been without them stays as it is stored.
  const before = new Before(existing);

  const nowIn = new Map<string, string | null>();
  for (const resolved of calls) {
    const ids = resolved.members.map(({ observationId }) => observationId);
    const known = before.callOf(resolved);
    if (known !== undefined) {
      for (const id of ids) nowIn.set(id, stored.get(id)?.eventId ?? null);
      const eventId = ids.map((id) => stored.get(id)?.eventId).find((id) => id != null);
      // The same reports: a span around them may have come that hands something down.
      if (eventId !== undefined && known !== JSON.stringify(resolved.call))
        result.complete.push({ eventId, call: resolved.call, identities: ids });
      continue;
    }
    const eventId = eventOf.get(resolved) ?? '';
    for (const id of ids) nowIn.set(id, eventId);
    const isStored = ids.some((id) => stored.get(id)?.eventId === eventId);
    (isStored ? result.complete : result.create).push({ eventId, call: resolved.call, identities: ids });
  }
  for (const report of reports) {
    const id = report.observationId;
    const was = stored.get(id)?.eventId ?? null;
    const isLeftOut = !nowIn.has(id) && before.hasCall(id);
    const eventId = nowIn.get(id) ?? (isLeftOut || fresh.has(id) ? null : was);
    if (fresh.has(id) || was !== eventId) result.candidates.push({ report, eventId });
    nowIn.set(id, eventId);
  }
  const alive = new Set(nowIn.values());
  for (const eventId of new Set(existing.flatMap((candidate) => candidate.eventId ?? []))) {
    if (alive.has(eventId)) continue;
    const moved = existing.find(
      ({ report, eventId: was }) => was === eventId && nowIn.get(report.observationId) != null,
    );
    result.withdraw.push({ eventId, into: moved ? (nowIn.get(moved.report.observationId) ?? null) : null });
  }
  return result;
}

/** How often what is around what was found is looked up. 60,000 drawn traces (reconcile.property.test.ts) need two; emitters one at most. */
export const LOOK_AROUND_ROUNDS = 2;

/** Whether what is around a found candidate must be looked up, too: its call may change, and then all around and inside it counts. */
export function isLookedAround({ report }: StoredCandidate): boolean {
  return report.role === 'call' || report.role === 'sum';
}

/** Each call keeps the event that it had; of several the first by name, and a call without one gets the id of its first report. */
function assignEvents(
  calls: readonly ResolvedCall[],
  stored: ReadonlyMap<string, StoredCandidate>,
): Map<ResolvedCall, string> {
  const assigned = new Map<ResolvedCall, string>();
  const taken = new Set<string>();
  const wishes = calls.map((resolved) => {
    const ids = resolved.members.flatMap(({ observationId }) => stored.get(observationId)?.eventId ?? []);
    return { resolved, eventIds: [...new Set(ids)].toSorted() };
  });
  // The call that holds the report after which an event is named keeps it, where an event falls apart in two calls.
  const isNamesake = ({ members }: ResolvedCall, eventId: string): boolean =>
    members.some(({ observationId }) => observationId === eventId);
  for (const pass of [true, false]) {
    for (const { resolved, eventIds } of wishes) {
      if (assigned.has(resolved)) continue;
      const eventId = eventIds.find((id) => !taken.has(id) && (!pass || isNamesake(resolved, id)));
      if (eventId === undefined) continue;
      assigned.set(resolved, eventId);
      taken.add(eventId);
    }
  }
  for (const { resolved } of wishes) {
    if (assigned.has(resolved)) continue;
    const ids = resolved.members
      .filter(({ role }) => role !== 'detail')
      .map(({ observationId }) => observationId)
      .toSorted();
    let eventId = ids.find((id) => !taken.has(id)) ?? '';
    // All of its reports gave their names to events that they left.
    for (let suffix = 2; eventId === ''; suffix += 1)
      if (!taken.has(`${ids[0] ?? ''}#${suffix}`)) eventId = `${ids[0] ?? ''}#${suffix}`;
    assigned.set(resolved, eventId);
    taken.add(eventId);
  }
  return assigned;
}

/** What the stored candidates alone would be resolved to. */
class Before {
  readonly #calls = new Map<string, string>();
  readonly #inCalls = new Set<string>();

  constructor(existing: readonly StoredCandidate[]) {
    if (existing.length === 0) return;
    for (const { members, call } of resolveCalls(existing.map(({ report }) => report))) {
      this.#calls.set(keyOf(members), JSON.stringify(call));
      for (const { observationId } of members) this.#inCalls.add(observationId);
    }
  }

  /** The call that the very same reports made, as JSON; undefined where one of them is new or was elsewhere. */
  callOf({ members }: ResolvedCall): string | undefined {
    return this.#calls.get(keyOf(members));
  }

  /** Whether a report was a part of a call. */
  hasCall(observationId: string): boolean {
    return this.#inCalls.has(observationId);
  }
}

/** Of the reports themselves: one that was sent again with more in it is another one. */
function keyOf(members: readonly CallReport[]): string {
  return members
    .map((member) => `${member.observationId}@${member.relation.endUs}`)
    .toSorted()
    .join('|');
}
