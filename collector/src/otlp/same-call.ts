import { inputTotal, modelOf, type CallReport } from './call-report.ts';
import { familyOf } from './model-family.ts';

/*
 * When two reports tell of one call. Nothing here looks at the order of arrival: each rule is a statement about two reports (or, for
 * sums, about a report and the calls inside it), so the same set of reports always gives the same calls.
 *
 *  1. A log record and the span it names.
 *  2. The same response id or request id, at overlapping times. Without the times an id proves nothing: local servers repeat theirs,
 *     and a gateway's cache answers again with the first answer's.
 *  3. Two instrumentations of one SDK: reports of different scopes in one trace, of which one lies inside the other in time, of the
 *     same model, with equal tokens (output may be off by one). Without tokens they must be parent and child, or siblings.
 *  4. The same without a trace in common: both roots, from one process, one inside the other, that start together.
 *  5. A log record that names nothing (no span, no id): the span of the same scope, process, model and tokens that ended when it came.
 */

/** How far the clocks and the moments of measuring of two reports of one call may lie apart. */
export const SLACK_US = 2_000_000;
/** One instrumentation wraps the other: what lies between their starts and ends is code, not network. Some have whole milliseconds. */
const WRAP_US = 50_000;
/** Time within which a log record comes after the span that it repeats. */
const LOG_DELAY_US = 1_000_000;
/** How far apart two roots of one call may start: without a trace in common nothing else says that one wraps the other. */
const ROOT_APART_US = 1_000_000;
/** A record that names no span is not looked for further back than a call may last. */
const LONGEST_CALL_US = 600_000_000;
/** Width of the slots of time in which roots and nameless records are compared. */
const ROOT_SLOT_US = 10_000_000;
const RECORD_SLOT_US = 10_000_000;
/** And of those under which they are kept. */
const NEAR_SLOT_US = 60_000_000;

/** Whether the times of two reports of one call may be these: they touch, give or take the slack. */
export function touch(a: CallReport, b: CallReport): boolean {
  return (
    a.relation.startUs <= b.relation.endUs + SLACK_US && b.relation.startUs <= a.relation.endUs + SLACK_US
  );
}

/** Whether one of two spans lies inside the other. */
export function isNested(a: CallReport, b: CallReport): boolean {
  return contains(a, b, WRAP_US) || contains(b, a, WRAP_US);
}

export function contains(outer: CallReport, inner: CallReport, slackUs: number): boolean {
  return (
    inner.relation.startUs >= outer.relation.startUs - slackUs &&
    inner.relation.endUs <= outer.relation.endUs + slackUs
  );
}

/** Whether the tokens of two reports can be those of one call; undefined where one of them does not tell. */
export function tokensAgree(a: CallReport, b: CallReport): boolean | undefined {
  const [inputA, inputB] = [inputTotal(a.call.tokens), inputTotal(b.call.tokens)];
  const [outputA, outputB] = [a.call.tokens.output, b.call.tokens.output];
  const hasInput = inputA !== null && inputB !== null;
  const hasOutput = outputA !== null && outputB !== null;
  if (!hasInput && !hasOutput) return undefined;
  if (hasOutput && Math.abs(outputA - outputB) > 1) return false;
  // One of them may have left the cached tokens out without telling them.
  return (
    !hasInput ||
    inputA === inputB ||
    a.call.tokens.input === b.call.tokens.input ||
    a.call.tokens.input === inputB ||
    inputA === b.call.tokens.input
  );
}

/** Whether two reports can be of one model: names differ by provider prefix, region, date, or one is a beginning of the other. */
export function modelsAgree(a: CallReport, b: CallReport): boolean {
  const named = [a.call.responseModel, a.call.requestModel].filter((name) => name !== null).map(familyOf);
  const other = [b.call.responseModel, b.call.requestModel].filter((name) => name !== null).map(familyOf);
  if (named.length === 0 || other.length === 0) return true;
  return named.some((one) =>
    other.some((two) => one === two || one.startsWith(`${two}-`) || two.startsWith(`${one}-`)),
  );
}

/** Two ids that a provider gave and that differ are two calls. */
export function idsConflict(a: CallReport, b: CallReport): boolean {
  const [idA, idB] = [a.relation.responseId, b.relation.responseId];
  return idA !== null && idB !== null && idA !== idB && !sharesId(a, b);
}

/** Rule 2. */
export function hasSameId(a: CallReport, b: CallReport): boolean {
  return (
    sharesId(a, b) &&
    touch(a, b) &&
    !a.call.cacheHit &&
    !b.call.cacheHit &&
    tokensAgree(a, b) !== false &&
    modelsAgree(a, b)
  );
}

function sharesId({ relation: a }: CallReport, { relation: b }: CallReport): boolean {
  return (
    (a.responseId !== null && (a.responseId === b.responseId || a.responseId === b.localId)) ||
    (a.localId !== null && (a.localId === b.responseId || a.localId === b.localId)) ||
    (a.requestId !== null && a.requestId === b.requestId)
  );
}

const isSpan = ({ source }: CallReport): boolean => source.signal === 'span';

/** Rule 1. */
export function isRecordOfSpan(a: CallReport, b: CallReport): boolean {
  return (
    isSpan(a) !== isSpan(b) &&
    a.relation.spanId !== '' &&
    a.relation.spanId === b.relation.spanId &&
    a.relation.traceId === b.relation.traceId &&
    touch(a, b) &&
    tokensAgree(a, b) !== false &&
    modelsAgree(a, b) &&
    !idsConflict(a, b)
  );
}

/** Whether a report tells no tokens at all. */
export function isBare({ call }: CallReport): boolean {
  return call.tokens.input === null && call.tokens.output === null;
}

/** Rules 3 and 4. */
export function areTwins(a: CallReport, b: CallReport): boolean {
  if (!isSpan(a) || !isSpan(b) || a.source.scopeName === b.source.scopeName) return false;
  if (idsConflict(a, b) || !modelsAgree(a, b) || !isNested(a, b)) return false;
  const tokens = tokensAgree(a, b);
  if (tokens === false) return false;
  const [relationA, relationB] = [a.relation, b.relation];
  const areRoots = relationA.parentSpanId === '' && relationB.parentSpanId === '';
  if (relationA.traceId !== relationB.traceId) {
    return (
      areRoots &&
      Math.abs(relationA.startUs - relationB.startUs) <= ROOT_APART_US &&
      relationA.resourceKey === relationB.resourceKey &&
      a.call.status === b.call.status
    );
  }
  if (tokens === true) return true;
  // Of an attempt that failed and the client that tried again nothing is the same but the model.
  if (a.call.status !== b.call.status) return false;
  return (
    // A wrapper that does not tell the usage, whatever lies between.
    isBare(a) !== isBare(b) ||
    areRoots ||
    relationA.parentSpanId === relationB.parentSpanId ||
    relationA.parentSpanId === relationB.spanId ||
    relationB.parentSpanId === relationA.spanId
  );
}

/** Rule 5. */
export function isNamelessRecordOf(a: CallReport, b: CallReport): boolean {
  if (isSpan(a) === isSpan(b)) return false;
  const [record, span] = isSpan(a) ? [b, a] : [a, b];
  const delayUs = record.relation.endUs - span.relation.endUs;
  return (
    isNameless(record) &&
    span.relation.responseId === null &&
    record.source.scopeName === span.source.scopeName &&
    record.relation.resourceKey === span.relation.resourceKey &&
    delayUs >= -WRAP_US &&
    delayUs <= LOG_DELAY_US &&
    span.relation.startUs >= record.relation.endUs - LONGEST_CALL_US &&
    tokensAgree(record, span) === true &&
    modelsAgree(record, span)
  );
}

function isNameless({ relation, source }: CallReport): boolean {
  return source.signal === 'log' && relation.spanId === '' && relation.responseId === null;
}

/** How well two reports fit, lower is better: exact ids first, then how close in time one lies around the other. */
export function distance(a: CallReport, b: CallReport): number {
  return Math.abs(a.relation.startUs - b.relation.startUs) + Math.abs(a.relation.endUs - b.relation.endUs);
}

/** Ids of one answer, under which a report is kept and looked up. */
export interface ExactIds {
  trace: string | null;
  /** The provider's id of the answer and the one that a gateway gave it: one's response may be the other's local id. */
  responses: string[];
  request: string | null;
}

/** Where a report is kept for those that share no id with it: see `placeOf`. */
export interface KeptNear {
  place: string;
  /** NO_OUTPUT where the output tokens are not told. */
  output: number;
  /** Of a span its start, of a record the moment it came. */
  atUs: number;
}
/** What a report without a shared id is looked up by. */
export interface AskedNear {
  place: string;
  lowest: number;
  highest: number;
  fromUs: number;
  toUs: number;
}
export const NO_OUTPUT = -1;
const ANY_OUTPUT = Number.MAX_SAFE_INTEGER;

/** Exact ids by which a report is known and looked up. */
export function exactIds({ relation, role }: CallReport): ExactIds {
  const trace = relation.traceId === '' ? null : relation.traceId;
  if (role !== 'call') return { trace, responses: [], request: null };
  const { responseId, localId, requestId } = relation;
  const responses = [...new Set([responseId, localId].filter((id) => id !== null))];
  return { trace, responses, request: requestId };
}

/** Whether a report is a call without an id of its answer, so that only nearness can tell what it goes together with. */
export function isKeptNear(report: CallReport): boolean {
  return (
    report.role === 'call' && report.relation.responseId === null && (isSpan(report) || isNameless(report))
  );
}

/** Under what a call without an id of its answer is kept; undefined for all others: they are found by their ids. */
export function keptNear(report: CallReport): KeptNear | undefined {
  if (!isKeptNear(report)) return undefined;
  const { relation, call, source } = report;
  const atUs = source.signal === 'log' ? relation.endUs : relation.startUs;
  const place = placeOf(report, emitterOf(report), Math.floor(atUs / NEAR_SLOT_US));
  return { place, output: call.tokens.output ?? NO_OUTPUT, atUs };
}

/**
 * What a call is looked up by where no id says with what it goes together: rules 4 and 5.
 * @param emitters those of its process of which candidates are kept; most processes have one, and then nothing is looked up
 */
export function askedNear(report: CallReport, emitters: ReadonlySet<string>): AskedNear[] {
  if (!isKeptNear(report)) return [];
  const { startUs, endUs, parentSpanId } = report.relation;
  const own = emitterOf(report);
  const asked: AskedNear[] = [];
  const ask = (emitter: string, fromUs: number, toUs: number): void => {
    if (!emitters.has(emitter)) return;
    for (let slot = Math.floor(fromUs / NEAR_SLOT_US); slot <= Math.floor(toUs / NEAR_SLOT_US); slot += 1) {
      const place = placeOf(report, emitter, slot);
      for (const [lowest, highest] of outputsLike(report))
        asked.push({ place, lowest, highest, fromUs, toUs });
    }
  };
  const { scopeName } = report.source;
  if (!isSpan(report)) {
    ask(`span ${scopeName}`, endUs - LONGEST_CALL_US, endUs + WRAP_US);
    return asked;
  }
  ask(`log ${scopeName}`, endUs - WRAP_US, endUs + LOG_DELAY_US);
  if (parentSpanId === '')
    for (const emitter of emitters)
      if (emitter !== own && emitter.startsWith('span '))
        ask(emitter, startUs - ROOT_APART_US, startUs + ROOT_APART_US);
  return asked;
}

/** `tokensAgree`: off by one at most, or one of the two does not tell. */
function outputsLike({ call }: CallReport): [number, number][] {
  const { output } = call.tokens;
  if (output === null) return [[NO_OUTPUT, ANY_OUTPUT]];
  return [
    [Math.max(0, output - 1), output + 1],
    [NO_OUTPUT, NO_OUTPUT],
  ];
}

/** Who tells a call, once in each signal. */
export const emitterOf = ({ source }: CallReport): string => `${source.signal} ${source.scopeName}`;

function placeOf({ relation, call }: CallReport, emitter: string, slot: number): string {
  return `${relation.resourceKey}:${emitter}:${familyOf(modelOf(call) ?? '')}:${slot}`;
}

/** Keys of which two reports share one if looking at them can tell that they are one call. */
export function pairKeys(report: CallReport): string[] {
  return [...exactKeys(report), ...rootKeys(report), ...recordKeys(report)];
}

/** Those of all exact ids. */
export function exactKeys(report: CallReport): string[] {
  const { traceId } = report.relation;
  return traceId === '' ? answerKeys(report) : [...answerKeys(report), `t:${traceId}`];
}

/** Those of the ids of the answer and of the request. */
export function answerKeys(report: CallReport): string[] {
  const { responses, request } = exactIds(report);
  const keys = responses.map((id) => `r:${id}`);
  if (request !== null) keys.push(`q:${request}`);
  return keys;
}

function rootKeys(report: CallReport): string[] {
  const { relation, call } = report;
  if (!isKeptNear(report) || !isSpan(report) || relation.parentSpanId !== '') return [];
  const model = familyOf(modelOf(call) ?? '');
  return slots(relation.startUs, ROOT_APART_US, ROOT_SLOT_US).map(
    (slot) => `m:${relation.resourceKey}:${model}:${slot}`,
  );
}

function recordKeys(report: CallReport): string[] {
  if (!isKeptNear(report)) return [];
  const { relation, call, source } = report;
  const model = familyOf(modelOf(call) ?? '');
  return slots(relation.endUs, LOG_DELAY_US, RECORD_SLOT_US).map(
    (slot) => `n:${relation.resourceKey}:${source.scopeName}:${model}:${slot}`,
  );
}

/** The slots that a moment lies in or near: two moments that lie within the width of each other share one. */
function slots(us: number, widthUs: number, slotUs: number): number[] {
  const first = Math.floor((us - widthUs / 2) / slotUs);
  const last = Math.floor((us + widthUs / 2) / slotUs);
  return first === last ? [first] : [first, last];
}
