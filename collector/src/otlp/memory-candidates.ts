import type { CallFields, CallReport } from './call-report.ts';
import {
  isLookedAround,
  LOOK_AROUND_ROUNDS,
  reconcile,
  type Reconciled,
  type StoredCandidate,
} from './reconcile.ts';
import { askedNear, emitterOf, exactKeys, keptNear, SLACK_US, type KeptNear } from './same-call.ts';

/** Candidates and calls in memory: what the database keeps, in its plainest form. The tests hold the rules of lookup against it. */
export class MemoryCandidates {
  readonly #candidates = new Map<string, StoredCandidate>();
  readonly #byExactId = new Map<string, Set<string>>();
  readonly #byPlace = new Map<string, Map<string, KeptNear>>();
  readonly #emitters = new Map<string, Set<string>>();
  readonly #byEvent = new Map<string, Set<string>>();
  readonly calls = new Map<string, CallFields>();

  /** Takes in the reports of one request. */
  submit(incoming: readonly CallReport[]): Reconciled {
    const result = reconcile(this.find(incoming), incoming);
    for (const { eventId, call } of [...result.create, ...result.complete]) this.calls.set(eventId, call);
    for (const { eventId } of result.withdraw) this.calls.delete(eventId);
    for (const candidate of result.candidates) this.#keep(candidate);
    return result;
  }

  /** All that reports could belong to, and what else of it counts. */
  find(incoming: readonly CallReport[]): StoredCandidate[] {
    const first = this.#sharing(incoming);
    for (const { observationId } of incoming)
      if (this.#candidates.has(observationId)) first.add(observationId);
    this.#addMembers(first);
    let fresh = first;
    for (let round = 0; round < LOOK_AROUND_ROUNDS && fresh.size > 0; round += 1) {
      const calls = [...fresh].flatMap((id) => this.#candidates.get(id) ?? []).filter(isLookedAround);
      const found = this.#sharing(calls.map(({ report }) => report));
      this.#addMembers(found);
      fresh = found.difference(first);
      for (const id of fresh) first.add(id);
    }
    return [...first].flatMap((id) => this.#candidates.get(id) ?? []);
  }

  /** Those that share an id with a report at an overlapping time, or may be the same call by time and tokens. */
  #sharing(reports: readonly CallReport[]): Set<string> {
    const found = new Set<string>();
    for (const report of reports) {
      const { startUs, endUs, resourceKey } = report.relation;
      for (const key of exactKeys(report)) {
        for (const id of this.#byExactId.get(key) ?? []) {
          const stored = this.#candidates.get(id)?.report.relation;
          if (stored && stored.startUs <= endUs + SLACK_US && stored.endUs >= startUs - SLACK_US)
            found.add(id);
        }
      }
      for (const asked of askedNear(report, this.#emitters.get(resourceKey) ?? new Set()))
        for (const [id, { output, atUs }] of this.#byPlace.get(asked.place) ?? [])
          if (output >= asked.lowest && output <= asked.highest && atUs >= asked.fromUs && atUs <= asked.toUs)
            found.add(id);
    }
    return found;
  }

  #addMembers(found: Set<string>): void {
    for (const id of [...found]) {
      const eventId = this.#candidates.get(id)?.eventId ?? '';
      for (const member of this.#byEvent.get(eventId) ?? []) found.add(member);
    }
  }

  #keep(candidate: StoredCandidate): void {
    const id = candidate.report.observationId;
    const before = this.#candidates.get(id);
    if (before?.eventId != null) this.#byEvent.get(before.eventId)?.delete(id);
    this.#candidates.set(id, candidate);
    const { report } = candidate;
    for (const key of exactKeys(report)) add(this.#byExactId, key, id);
    const near = keptNear(report);
    if (near) {
      add(this.#emitters, report.relation.resourceKey, emitterOf(report));
      // One that is sent again is kept anew.
      for (const kept of this.#byPlace.values()) kept.delete(id);
      const kept = this.#byPlace.get(near.place);
      if (kept) kept.set(id, near);
      else this.#byPlace.set(near.place, new Map([[id, near]]));
    }
    if (candidate.eventId !== null) add(this.#byEvent, candidate.eventId, id);
  }
}

function add(index: Map<string, Set<string>>, key: string, id: string): void {
  const ids = index.get(key);
  if (ids) ids.add(id);
  else index.set(key, new Set([id]));
}
