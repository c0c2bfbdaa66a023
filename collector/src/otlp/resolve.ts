import { inputTotal, type CallFields, type CallReport } from './call-report.ts';
import { byRank, mergeReports } from './merge-reports.ts';
import { packReport } from './report-codec.ts';
import { Traces } from './traces.ts';
import {
  answerKeys,
  areTwins,
  distance,
  hasSameId,
  modelsAgree,
  tokensAgree,
  idsConflict,
  isBare,
  isNamelessRecordOf,
  isRecordOfSpan,
  pairKeys,
} from './same-call.ts';

/** A call and the reports that tell of it. */
export interface ResolvedCall {
  call: CallFields;
  /** By rank. */
  members: CallReport[];
}

/**
 * The calls that a set of reports tells of. The answer depends on the set only, never on its order: pairs are formed from the best
 * fit on, and equal fits are told apart by their ids.
 */
export function resolveCalls(reports: readonly CallReport[]): ResolvedCall[] {
  const distinct = withoutResends(reports);
  const traces = new Traces(distinct);
  const groups = new Groups();
  const calls = distinct.filter(({ role }) => role === 'call');
  for (const call of calls) groups.add(call);
  joinPairs(calls, groups);

  // From the inside out: a sum without a known call inside is a call itself, and then makes those around it sums. Inside a call of the
  // very same tokens it is one of that call's layers.
  const sums = distinct
    .filter(({ role }) => role === 'sum')
    .toSorted((a, b) => duration(a) - duration(b) || byRank(a, b));
  for (const sum of sums) {
    const inTrace = traces.ofSameTrace(sum).filter((report) => groups.of(report));
    const isAround = (report: CallReport): boolean => traces.isInside(report, sum);
    if (traces.descendantsOf(sum).some((report) => groups.of(report)) || inTrace.some(isAround)) continue;
    groups.add(sum);
    const around = inTrace
      .filter((report) => isLayerOf(sum, report, traces))
      .toSorted((a, b) => duration(a) - duration(b) || byRank(a, b))[0];
    if (around) groups.join(around, sum, true);
  }
  const all = groups.all();
  const known = all.filter((group) => !group.some((member) => sumsUpOthers(member, group, traces, groups)));

  const details = Map.groupBy(
    distinct.filter(({ role }) => role === 'detail'),
    ({ relation }) => `${relation.traceId}/${relation.parentSpanId}`,
  );
  return known.map((group) => {
    const members = group.flatMap((member) => [
      member,
      ...(member.relation.spanId === '' || member.source.signal === 'log'
        ? []
        : (details.get(`${member.relation.traceId}/${member.relation.spanId}`) ?? [])),
    ]);
    const ranked = members.toSorted(byRank);
    return { call: mergeReports(ranked, traces.around(ranked)), members: ranked };
  });
}

function isLayerOf(inner: CallReport, outer: CallReport, traces: Traces): boolean {
  return tokensAgree(inner, outer) === true && modelsAgree(inner, outer) && traces.isInside(inner, outer);
}

const duration = ({ relation }: CallReport): number => relation.endUs - relation.startUs;

/** One report for each span or record. Of two that say different things, the later end is the finished one. */
function withoutResends(reports: readonly CallReport[]): CallReport[] {
  const byId = new Map<string, CallReport>();
  for (const report of reports) {
    const other = byId.get(report.observationId);
    if (!other || isFinishedAfter(report, other)) byId.set(report.observationId, report);
  }
  return [...byId.values()];
}

export function isFinishedAfter(report: CallReport, other: CallReport): boolean {
  if (report === other) return false;
  if (report.relation.endUs !== other.relation.endUs) return report.relation.endUs > other.relation.endUs;
  const [mine, its] = [packReport(report), packReport(other)];
  return mine.length === its.length ? mine > its : mine.length > its.length;
}

/** Groups of reports of one call. */
class Groups {
  readonly #of = new Map<CallReport, CallReport[]>();

  add(report: CallReport): void {
    this.#of.set(report, [report]);
  }

  of(report: CallReport): CallReport[] | undefined {
    return this.#of.get(report);
  }

  /** Makes two groups one, unless that would put two calls together. */
  join(a: CallReport, b: CallReport, mayRepeatScope: boolean): void {
    const [groupA, groupB] = [this.#of.get(a), this.#of.get(b)];
    if (!groupA || !groupB || groupA === groupB) return;
    for (const one of groupA)
      for (const other of groupB)
        if (idsConflict(one, other) || (!mayRepeatScope && isSameEmitter(one, other))) return;
    for (const report of groupB) {
      groupA.push(report);
      this.#of.set(report, groupA);
    }
  }

  all(): CallReport[][] {
    return [...new Set(this.#of.values())];
  }
}

/** One instrumentation tells a call once in each signal. */
function isSameEmitter(a: CallReport, b: CallReport): boolean {
  return a.source.scopeName === b.source.scopeName && a.source.signal === b.source.signal;
}

/** More reports than this under one key (a trace of many days) are compared with their neighbours in time only. */
const WINDOW = 64;

function joinPairs(calls: readonly CallReport[], groups: Groups): void {
  const byKey = new Map<string, CallReport[]>();
  const [first] = calls;
  // One emitter alone tells a call once, unless it says so by an id.
  const isOfOneEmitter = first !== undefined && calls.every((call) => isSameEmitter(first, call));
  for (const call of calls) {
    for (const key of isOfOneEmitter ? answerKeys(call) : pairKeys(call)) {
      const sharing = byKey.get(key);
      if (sharing) sharing.push(call);
      else byKey.set(key, [call]);
    }
  }
  const byId: [CallReport, CallReport][] = [];
  const byFit: [CallReport, CallReport][] = [];
  for (const [key, sharing] of byKey) {
    if (sharing.length < 2 || (!isOfOneEmitter && isOfOne(key, sharing))) continue;
    sharing.sort((a, b) => a.relation.startUs - b.relation.startUs || byRank(a, b));
    for (const [index, a] of sharing.entries()) {
      for (const b of sharing.slice(index + 1, index + 1 + WINDOW)) {
        if (isRecordOfSpan(a, b) || hasSameId(a, b)) byId.push([a, b]);
        else if (areTwins(a, b) || isNamelessRecordOf(a, b)) byFit.push([a, b]);
      }
    }
  }
  const order = (one: [CallReport, CallReport], other: [CallReport, CallReport]): number =>
    certainty(one) - certainty(other) || distance(...one) - distance(...other) || compareIds(one, other);
  for (const [a, b] of byId.toSorted(order)) groups.join(a, b, hasSameId(a, b));
  for (const [a, b] of byFit.toSorted(order)) groups.join(a, b, false);
}

/** One instrumentation never tells a call twice in one signal, unless it says so by an id. */
function isOfOne(key: string, sharing: readonly CallReport[]): boolean {
  const [first] = sharing;
  return (
    !/^[rq]:/.test(key) && first !== undefined && sharing.every((report) => isSameEmitter(first, report))
  );
}

/** Equal tokens say more than nearness in time. */
const certainty = ([a, b]: [CallReport, CallReport]): number => (tokensAgree(a, b) === true ? 0 : 1);

function compareIds(one: [CallReport, CallReport], other: [CallReport, CallReport]): number {
  const [a, b] = [idsOf(one), idsOf(other)];
  return a < b ? -1 : a > b ? 1 : 0;
}

const idsOf = (pair: [CallReport, CallReport]): string =>
  pair
    .map(({ observationId }) => observationId)
    .toSorted()
    .join('|');

/**
 * Whether a call is none, but the sum of calls inside it: two or more of them, or one and the very same tokens, or no
 * tokens of its own. (One instrumentation around another is a twin by then, in one group with it.)
 */
function sumsUpOthers(member: CallReport, group: CallReport[], traces: Traces, groups: Groups): boolean {
  const input = inputTotal(member.call.tokens);
  const { output } = member.call.tokens;
  if (member.source.signal === 'log') return false;
  const inside = new Set<CallReport[]>();
  for (const call of traces.descendantsOf(member)) {
    const other = groups.of(call);
    if (other && other !== group) inside.add(other);
  }
  if (inside.size === 0) return false;
  // A layer around calls that tells no tokens, nor does another report of it.
  if (input === null && output === null) {
    return (
      group.every(isBare) && [...inside].some((other) => other.some((report) => modelsAgree(member, report)))
    );
  }
  let inputs = 0;
  let outputs = 0;
  for (const other of inside) {
    const told = other
      .filter(({ call }) => call.tokens.input !== null || call.tokens.output !== null)
      .toSorted(byRank)[0];
    inputs += told ? (inputTotal(told.call.tokens) ?? 0) : 0;
    outputs += told?.call.tokens.output ?? 0;
  }
  return (
    (input === null || input === inputs) && (output === null || Math.abs(output - outputs) <= inside.size)
  );
}
