import type { CallReport } from './call-report.ts';
import { byRank } from './merge-reports.ts';
import { contains, touch } from './same-call.ts';

interface Ancestors {
  /** The known spans around a report, nearest first. */
  known: CallReport[];
  /** Whether they go up to the root. */
  isWhole: boolean;
}

/**
 * How far a child may stick out of the parent that it names: OpenTelemetry's JavaScript SDK starts each span at a whole millisecond and
 * adds what a finer clock measured.
 */
const CLOCK_US = 1_000;

/** What lies inside and around what, by the parents that spans name, and by time where a parent is not known. */
export class Traces {
  readonly #spans = new Map<string, CallReport>();
  readonly #byTrace = new Map<string, CallReport[]>();
  readonly #byParent = new Map<string, CallReport[]>();
  /** Sums and contexts: what may lie around calls. */
  readonly #frames = new Map<string, CallReport[]>();
  readonly #ancestors = new Map<CallReport, Ancestors>();

  constructor(reports: readonly CallReport[]) {
    for (const report of reports) {
      const { traceId, spanId } = report.relation;
      if (traceId === '') continue;
      if (report.source.signal === 'span') this.#spans.set(`${traceId}/${spanId}`, report);
      push(this.#byTrace, traceId, report);
      push(this.#byParent, `${traceId}/${parentOf(report)}`, report);
      if (report.role === 'sum' || report.role === 'context') push(this.#frames, traceId, report);
    }
  }

  /** All reports of the trace of one. */
  ofSameTrace({ relation }: CallReport): readonly CallReport[] {
    return this.#byTrace.get(relation.traceId) ?? [];
  }

  isInside(inner: CallReport, outer: CallReport): boolean {
    if (inner === outer || outer.relation.traceId === '' || inner.relation.traceId !== outer.relation.traceId)
      return false;
    const { known, isWhole } = this.#ancestorsOf(inner);
    if (known.includes(outer)) return true;
    // Spans between may be of no interest here (a web framework's), so that the line of parents is broken: then time decides.
    return !isWhole && contains(outer, inner, 0) && !known.some((ancestor) => contains(ancestor, outer, 0));
  }

  /** Calls and sums that lie inside a span by the parents that they name. */
  descendantsOf(span: CallReport): CallReport[] {
    const { traceId, spanId } = span.relation;
    if (traceId === '' || span.source.signal === 'log') return [];
    const found = new Set<CallReport>();
    const open = [spanId];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      for (const child of this.#byParent.get(`${traceId}/${id}`) ?? []) {
        if (child === span || found.has(child)) continue;
        found.add(child);
        if (child.source.signal === 'span' && child.relation.spanId !== '') open.push(child.relation.spanId);
      }
    }
    return [...found].filter(
      (one) =>
        (one.role === 'call' || one.role === 'sum') &&
        contains(span, one, CLOCK_US) &&
        this.#ancestorsOf(one).known.includes(span),
    );
  }

  /** Spans around a call that are no part of it, nearest first. */
  around(members: readonly CallReport[]): CallReport[] {
    const found = new Map<CallReport, number>();
    for (const member of members) {
      const { traceId } = member.relation;
      if (traceId === '') continue;
      const { known, isWhole } = this.#ancestorsOf(member);
      for (const [depth, ancestor] of known.entries())
        if (!members.includes(ancestor))
          found.set(ancestor, Math.min(depth, found.get(ancestor) ?? Infinity));
      if (isWhole) continue;
      for (const frame of this.#frames.get(traceId) ?? [])
        if (!found.has(frame) && !members.includes(frame) && contains(frame, member, 0))
          found.set(frame, BY_TIME + frame.relation.endUs - frame.relation.startUs);
    }
    if (found.size === 0) return [];
    return [...found].toSorted(([a, near], [b, far]) => near - far || byRank(a, b)).map(([report]) => report);
  }

  #ancestorsOf(report: CallReport): Ancestors {
    let ancestors = this.#ancestors.get(report);
    if (!ancestors) this.#ancestors.set(report, (ancestors = this.#climb(report)));
    return ancestors;
  }

  #climb(report: CallReport): Ancestors {
    const known: CallReport[] = [];
    let last = report;
    for (;;) {
      const id = parentOf(last);
      if (id === '') return { known, isWhole: true };
      const next = this.#spans.get(`${report.relation.traceId}/${id}`);
      // One that was over long before is no longer around (and is not looked up); a circle is nobody's line of parents.
      if (!next || next === report || known.includes(next) || !touch(next, report))
        return { known, isWhole: false };
      known.push(next);
      last = next;
    }
  }
}

/** Where only time tells what is around a call: behind all parents, the shortest first. */
const BY_TIME = 1_000;

/** The span that a report names as the one around it: a span its parent, a record its span. */
function parentOf({ relation, source }: CallReport): string {
  return source.signal === 'log' ? relation.spanId : relation.parentSpanId;
}

function push(map: Map<string, CallReport[]>, key: string, report: CallReport): void {
  const list = map.get(key);
  if (list) list.push(report);
  else map.set(key, [report]);
}
