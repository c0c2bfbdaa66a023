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
 *  4. The same without a trace in common: both roots, from one process, one inside the other.
 *  5. A log record that names nothing (no span, no id): the span of the same scope, process, model and tokens that ended when it came.
 */

/** How far the clocks and the moments of measuring of two reports of one call may lie apart. */
export const SLACK_US = 2_000_000;
/** One instrumentation wraps the other: what lies between their starts and ends is code, not network. Some have whole milliseconds. */
const WRAP_US = 50_000;
/** Time within which a log record comes after the span that it repeats. */
const LOG_DELAY_US = 1_000_000;
/** Width of the slots of time by which roots and nameless records are looked up. */
const ROOT_SLOT_US = 10_000_000;
const RECORD_SLOT_US = 10_000_000;

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
    return areRoots && relationA.resourceKey === relationB.resourceKey && a.call.status === b.call.status;
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

/** A key under which a report is kept. */
export interface KeptKey {
  key: string;
  /** Output tokens, where the key is of those that are looked up by them; NO_OUTPUT for the others and where they are not told. */
  output: number;
  /** Who keeps it, where only another emitter asks for it; '' where it does not matter. */
  emitter: string;
}
/** A key that a report is looked up by: what is kept under it with an output in this range. */
export interface AskedKey {
  key: string;
  lowest: number;
  highest: number;
  /** Not what this emitter keeps: it never tells a call twice in one signal. */
  except: string;
}
export const NO_OUTPUT = -1;
const ANY_OUTPUT = Number.MAX_SAFE_INTEGER;

/**
 * Keys under which a report is kept: two reports that may have to do with each other share one, as one keeps and the other asks.
 * `t:` trace, `r:` response id, `q:` request id, `m:` roots of one process and model that start together, `n:s:` spans that a nameless
 * record may repeat, `n:l:` nameless records. The last three are of a busy process as many as it has calls, so they are narrowed by tokens.
 */
export function keptKeys(report: CallReport): KeptKey[] {
  const output = report.call.tokens.output ?? NO_OUTPUT;
  const kept = exactKeys(report).map((key) => ({ key, output: NO_OUTPUT, emitter: '' }));
  const emitter = emitterOf(report);
  for (const key of rootKeys(report)) kept.push({ key, output, emitter });
  for (const key of recordKeys(report, isNameless(report) ? 'l' : 's')) kept.push({ key, output, emitter });
  return kept;
}

/** The keys that a report is looked up by. */
export function askedKeys(report: CallReport): AskedKey[] {
  const asked = exactKeys(report).map((key) => ({
    key,
    lowest: NO_OUTPUT,
    highest: NO_OUTPUT,
    except: NOBODY,
  }));
  const except = emitterOf(report);
  const { output } = report.call.tokens;
  const near = [...rootKeys(report), ...recordKeys(report, isNameless(report) ? 's' : 'l')];
  for (const key of near) {
    // `tokensAgree`: off by one at most, or one of the two does not tell.
    if (output === null) asked.push({ key, lowest: NO_OUTPUT, highest: ANY_OUTPUT, except });
    else
      asked.push(
        { key, lowest: Math.max(0, output - 1), highest: output + 1, except },
        { key, lowest: NO_OUTPUT, highest: NO_OUTPUT, except },
      );
  }
  return asked;
}

const NOBODY = 'nobody';
const emitterOf = ({ source }: CallReport): string => `${source.signal} ${source.scopeName}`;

/** Keys that two reports share which may be told to be one call by looking at them: `keptKeys` and `askedKeys` without tokens. */
export function pairKeys(report: CallReport): string[] {
  return [...exactKeys(report), ...rootKeys(report), ...recordKeys(report, 's')];
}

function exactKeys({ relation, role }: CallReport): string[] {
  const keys: string[] = [];
  if (relation.traceId !== '') keys.push(`t:${relation.traceId}`);
  if (role !== 'call') return keys;
  if (relation.responseId !== null) keys.push(`r:${relation.responseId}`);
  if (relation.localId !== null) keys.push(`r:${relation.localId}`);
  if (relation.requestId !== null) keys.push(`q:${relation.requestId}`);
  return keys;
}

function rootKeys({ relation, role, call, source }: CallReport): string[] {
  const isRoot = source.signal === 'span' && relation.parentSpanId === '' && relation.responseId === null;
  if (role !== 'call' || !isRoot) return [];
  const model = familyOf(modelOf(call) ?? '');
  return slots(relation.startUs, WRAP_US, ROOT_SLOT_US).map(
    (slot) => `m:${relation.resourceKey}:${model}:${slot}`,
  );
}

function recordKeys(report: CallReport, kind: 'l' | 's'): string[] {
  const { relation, role, call, source } = report;
  if (role !== 'call' || relation.responseId !== null || !(isNameless(report) || isSpan(report))) return [];
  const model = familyOf(modelOf(call) ?? '');
  return slots(relation.endUs, LOG_DELAY_US, RECORD_SLOT_US).map(
    (slot) => `n:${kind}:${relation.resourceKey}:${source.scopeName}:${model}:${slot}`,
  );
}

/** The slots that a moment lies in or near: two moments that lie within the width of each other share one. */
function slots(us: number, widthUs: number, slotUs: number): number[] {
  const first = Math.floor((us - widthUs / 2) / slotUs);
  const last = Math.floor((us + widthUs / 2) / slotUs);
  return first === last ? [first] : [first, last];
}
