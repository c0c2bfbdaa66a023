import { createHash } from 'node:crypto';
import type { Attributes } from './attributes.ts';
import type { CallFields, CallReport, Role } from './call-report.ts';
import { clip } from './clip.ts';
import { readFailure } from './error-facts.ts';
import { factsOfLog, factsOfSpan, type Facts } from './facts.ts';
import { genericRole } from './generic-role.ts';
import { GENERIC_NAMES, MARKERS } from './mappings/generic.ts';
import type { Mapping, Told } from './mappings/mapping.ts';
import { generic, mappingOf } from './mappings/registry.ts';
import { Names } from './names.ts';
import { makerOf, providerName } from './provider-name.ts';
import { resourceKey } from './resource-key.ts';
import { addUserTags, TagGatherer } from './tags.ts';
import type { LogRecord, Span } from './telemetry.ts';
import { readUsage } from './told-usage.ts';
import type { UnknownShapes } from './unknown-shapes.ts';

/** What the spans of one request tell of model calls. Spans that are about something else are passed over. */
export function reportsOfSpans(spans: readonly Span[], unknown: UnknownShapes): CallReport[] {
  return spans.flatMap((span) => reportOf(factsOfSpan(span), unknown) ?? []);
}

/** What the log records of one request tell of model calls. */
export function reportsOfLogs(records: readonly LogRecord[], unknown: UnknownShapes): CallReport[] {
  return records.flatMap((record) => reportOf(factsOfLog(record), unknown) ?? []);
}

function reportOf(facts: Facts, unknown: UnknownShapes): CallReport | undefined {
  const mapping = mappingOf(facts);
  if (mapping === generic && !isAboutModel(facts, unknown)) return undefined;
  const read = new Names(facts.attributes, mapping);
  const own = mapping.role?.(facts);
  if (own === 'ignore') return undefined;
  const role = own ?? genericRole(facts, read);
  // A log record is a call or nothing: it is no place in a trace.
  if (role === undefined || (facts.signal === 'log' && role !== 'call')) return undefined;
  const call = readCall(facts, mapping, read, role);
  const finalRole = settle(role, facts, mapping, call, unknown);
  if (finalRole === undefined) return undefined;
  const responseId = call.responseId;
  return {
    observationId: observationId(facts, call.fields, responseId),
    role: finalRole,
    source: {
      emitter: mapping.emitter,
      scopeName: facts.origin.scopeName,
      scopeVersion: facts.origin.scopeVersion,
      signal: facts.signal,
      rank: mapping.rank,
    },
    relation: {
      traceId: facts.traceId,
      spanId: facts.spanId,
      parentSpanId: facts.parentSpanId,
      startUs: call.fields.timestampUs,
      endUs: facts.endUs,
      resourceKey: resourceKey(facts.origin.resource),
      responseId,
      localId: call.localId,
      requestId: clip(read.text('requestId'), 200),
    },
    call: call.fields,
  };
}

const MODEL_PREFIX = /^(?:gen_ai|llm|ai\.|openinference|langfuse|traceloop|langsmith|mlflow\.chat|\$ai_)/;

function isAboutModel({ attributes, origin, signal }: Facts, unknown: UnknownShapes): boolean {
  if (MARKERS.some((marker) => attributes.has(marker))) return true;
  for (const key of attributes.keys()) {
    if (!MODEL_PREFIX.test(key)) continue;
    // Log records of single messages have such names, too, and tell of no call by themselves.
    if (signal === 'span') unknown.note(emitterOf(origin), 'names that no mapping knows', attributes.keys());
    return false;
  }
  return false;
}

const emitterOf = ({ scopeName, scopeVersion }: { scopeName: string; scopeVersion: string }): string =>
  `${scopeName || '(no scope)'} ${scopeVersion}`.trim().slice(0, 200);

/** A call must have a model, or tokens, or have failed; a log record that only repeats what was said is none. */
function settle(
  role: Role,
  facts: Facts,
  mapping: Mapping,
  { fields, isFinished }: ReadCall,
  unknown: UnknownShapes,
): Role | undefined {
  if (role !== 'call' && role !== 'sum') return role;
  const hasModel = fields.requestModel !== null || fields.responseModel !== null;
  const hasTokens = fields.tokens.input !== null || fields.tokens.output !== null;
  if (facts.signal === 'log')
    return hasModel && (hasTokens || isFinished || fields.status === 'error') ? role : undefined;
  if (hasModel) return role;
  if (hasTokens || fields.status === 'error') {
    unknown.note(emitterOf(facts.origin), 'a call without the name of a model', facts.attributes.keys());
    return role;
  }
  unknown.note(emitterOf(facts.origin), 'neither a model nor tokens', facts.attributes.keys());
  return mapping === generic ? undefined : 'context';
}

const USUAL_END = /^(?:stop|end_turn|completed|complete|finished)$/i;
const USUAL_OPERATION = /^(?:chat|completion|responses|ai\.(?:generate|stream)Text.*)$/i;

interface ReadCall {
  fields: CallFields;
  responseId: string | null;
  localId: string | null;
  /** Something says that there was an answer. */
  isFinished: boolean;
}

function readCall(facts: Facts, mapping: Mapping, read: Names, role: Role): ReadCall {
  const { origin } = facts;
  const namedProvider = clip(read.text('provider'), 100);
  const provider = namedProvider === null ? null : (providerName(namedProvider) ?? null);
  const told: Told = mapping.tell?.(facts, provider) ?? {};
  const requestModel = clip(told.requestModel ?? read.text('requestModel'), 200);
  const responseModel =
    told.responseModel === '' ? null : clip(told.responseModel ?? read.text('responseModel'), 200);
  const toldProvider =
    provider ?? (told.provider === undefined ? null : (providerName(told.provider) ?? null));
  const maker = toldProvider === null ? makerOf(responseModel ?? requestModel ?? '') : undefined;

  const usage = readUsage(facts, mapping, read, told, toldProvider ?? maker ?? null, role);
  const failure = readFailure(facts, read, told);
  const duration = read.number('durationMs');
  const startUs =
    facts.signal === 'log' && duration !== undefined
      ? facts.endUs - Math.round(duration * 1000)
      : facts.startUs;
  const durationMs = facts.signal === 'span' ? (facts.endUs - facts.startUs) / 1000 : (duration ?? null);
  const stream = told.stream ?? read.boolean('stream') ?? null;
  const finish = read.list('finishReason');
  const tags = new TagGatherer();
  if (role !== 'detail') {
    addUserTags(tags, facts, mapping);
    // What nearly every call has is not worth its room.
    if (finish?.some((reason) => !USUAL_END.test(reason))) tags.add('finish_reason', finish.join(','));
    const operation = read.text('operation')?.toLowerCase();
    if (operation !== undefined && !USUAL_OPERATION.test(operation)) tags.add('operation', operation);
    tags.add('agent', read.text('agent'));
    tags.add('workflow', read.text('workflow'));
    tags.add('tags', read.list('tags'));
  }
  const cost = told.costUsd === undefined ? read.number('costUsd') : told.costUsd;
  const responseId = told.responseId === undefined ? (read.text('responseId') ?? null) : told.responseId;
  return {
    responseId: clip(responseId, 200),
    localId: clip(told.localId, 200),
    isFinished: finish !== undefined || responseId !== null || responseModel !== null,
    fields: {
      timestampUs: startUs,
      projectId: clip(read.text('projectId') ?? projectOf(origin.resource), 200),
      promptId: clip(read.text('promptId'), 200),
      promptVersion: clip(read.text('promptVersion'), 100),
      endpoint: clip(read.text('endpoint'), 500),
      provider: toldProvider ?? maker ?? null,
      isProviderInferred: toldProvider === null && maker !== undefined,
      requestModel,
      responseModel,
      serviceTier: clip(told.serviceTier ?? read.text('serviceTier'), 100),
      environment: clip(read.text('environment') ?? environmentOf(origin.resource), 100),
      userId: clip(told.userId ?? read.text('userId'), 200),
      sessionId: clip(told.sessionId ?? read.text('sessionId'), 200),
      stream,
      tokens: usage.tokens,
      isUsageEstimated: told.isUsageEstimated ?? false,
      usageNote: usage.note,
      tokensRequested: wholeTokens(read.number('maxTokens')),
      responseTimeMs: validDuration(durationMs),
      timeToFirstTokenMs: stream === false ? null : validDuration(firstTokenMs(facts, read, told)),
      ...failure,
      cacheHit: told.cacheHit ?? read.boolean('cacheHit') ?? false,
      costUsd: usage.isPlaceholder || cost == null ? null : decimal(cost),
      metadata: tags.build(),
    },
  };
}

const FIRST_TOKEN_EVENTS = new Set([
  'First Token Stream Event',
  'ai.stream.firstChunk',
  'gen_ai.content.completion.chunk',
  'first_token',
]);

function firstTokenMs(facts: Facts, read: Names, told: Told): number | null {
  if (told.firstTokenMs !== undefined) return Number.isNaN(told.firstTokenMs) ? null : told.firstTokenMs;
  const seconds = read.number('firstTokenSeconds');
  if (seconds !== undefined) return seconds * 1000;
  const ms = read.number('firstTokenMs');
  if (ms !== undefined) return ms;
  const event = facts.events.find(({ name }) => FIRST_TOKEN_EVENTS.has(name));
  return event ? (event.timeUs - facts.startUs) / 1000 : null;
}

const WEEK_MS = 7 * 24 * 3600 * 1000;

function validDuration(ms: number | null): number | null {
  return ms !== null && Number.isFinite(ms) && ms >= 0 && ms <= WEEK_MS ? Math.round(ms * 1000) / 1000 : null;
}

function wholeTokens(value: number | undefined): number | null {
  return value !== undefined && value > 0 && value <= 1_000_000_000 ? Math.round(value) : null;
}

/** A decimal text of a cost in USD, without an exponent; null where it is no cost. */
export function decimal(usd: number): string | null {
  if (!Number.isFinite(usd) || usd < 0 || usd >= 10_000_000) return null;
  return usd.toFixed(12).replace(/\.?0+$/, '');
}

function projectOf(resource: Attributes): string | undefined {
  const project = resource.text('promptops.project.id') ?? resource.text('openinference.project.name');
  const service = resource.text('service.name');
  return project ?? (service === undefined || service.startsWith('unknown_service') ? undefined : service);
}

function environmentOf(resource: Attributes): string | undefined {
  for (const name of GENERIC_NAMES.environment) {
    const value = resource.text(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

const hash = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** A re-send has the same id; two records that only look alike do not. */
function observationId(facts: Facts, call: CallFields, responseId: string | null): string {
  if (facts.signal === 'span' && facts.spanId !== '') return `span:${facts.traceId}/${facts.spanId}`;
  const { attributes } = facts;
  const sequence = attributes.text('event.sequence') ?? '';
  const parts = [
    resourceKey(facts.origin.resource), facts.origin.scopeName, facts.name, facts.traceId, facts.spanId, facts.startUs, facts.endUs, responseId ?? '', sequence,
    call.requestModel ?? '', call.sessionId ?? '', call.tokens.input ?? '', call.tokens.output ?? '', call.tokens.cacheRead ?? '', call.errorType ?? '',
  ]; // prettier-ignore
  return `${facts.signal}:${hash(parts.join('\0')).slice(0, 22)}`;
}
