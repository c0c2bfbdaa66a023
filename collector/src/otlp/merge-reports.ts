import { inputTotal, knownKinds, type CallFields, type CallReport, type TokenCounts } from './call-report.ts';
import type { Tags } from './tags.ts';

const FIRST_KNOWN = [
  'projectId', 'promptId', 'promptVersion', 'endpoint', 'requestModel', 'responseModel', 'serviceTier', 'environment', 'userId', 'sessionId', 'stream', 'tokensRequested',
  'timeToFirstTokenMs', 'statusCode', 'errorType', 'costUsd',
] as const; // prettier-ignore

/** What calls take over from the spans around them where they have nothing themselves. */
const HANDED_DOWN = ['userId', 'sessionId', 'promptId', 'promptVersion', 'environment', 'projectId'] as const;

/**
 * The reports of one call made one, whatever their order: what any of them knows is known; where they differ, the word of the
 * source that is nearer to the provider counts. Tokens come from the report that splits them furthest.
 * @param around context of the spans around the call, the nearest first
 */
export function mergeReports(members: readonly CallReport[], around: readonly CallReport[]): CallFields {
  const ranked = members.toSorted(byRank);
  const [best] = ranked;
  if (!best) throw new Error('A call needs at least one report.');
  const merged: CallFields = { ...best.call };
  if (members.length === 1 && around.length === 0) return merged;

  for (const field of FIRST_KNOWN) {
    const known = ranked.find(({ call }) => call[field] !== null);
    if (known) Object.assign(merged, { [field]: known.call[field] });
  }
  const toldProvider =
    ranked.find(({ call }) => call.provider !== null && !call.isProviderInferred) ??
    ranked.find(({ call }) => call.provider !== null);
  merged.provider = toldProvider?.call.provider ?? null;
  merged.isProviderInferred = toldProvider?.call.isProviderInferred ?? false;

  const usage = mergeTokens(ranked);
  merged.tokens = usage.tokens;
  merged.usageNote = usage.note;
  merged.isUsageEstimated = ranked.some(({ call }) => call.isUsageEstimated);

  // Status and times are those of the call as the application saw it: of the report that lies around the others.
  merged.status = ranked.some(({ call }) => call.status === 'error') ? 'error' : 'success';
  if (merged.status === 'success') merged.errorType = null;
  else merged.statusCode = firstErrorCode(ranked) ?? merged.statusCode;
  const outer =
    ranked.filter(({ source, role }) => source.signal === 'span' && role !== 'detail').toSorted(byStart)[0] ??
    ranked.toSorted(byStart)[0] ??
    best;
  merged.timestampUs = outer.call.timestampUs;
  merged.responseTimeMs =
    outer.call.responseTimeMs ??
    ranked.find(({ call }) => call.responseTimeMs !== null)?.call.responseTimeMs ??
    null;
  merged.cacheHit = ranked.some(({ call }) => call.cacheHit);
  merged.metadata = mergeTags([...ranked, ...around.filter(({ role }) => role !== 'call')]);
  for (const field of HANDED_DOWN) {
    if (merged[field] !== null) continue;
    const known = around.find(({ call }) => call[field] !== null);
    if (known) Object.assign(merged, { [field]: known.call[field] });
  }
  return merged;
}

/** Higher rank first; spans before log records before details; then by id, so that the order never depends on arrival. */
export function byRank(a: CallReport, b: CallReport): number {
  return (
    b.source.rank - a.source.rank ||
    weight(a) - weight(b) ||
    (a.observationId < b.observationId ? -1 : a.observationId > b.observationId ? 1 : 0)
  );
}

const weight = ({ role, source }: CallReport): number =>
  role === 'detail' ? 2 : source.signal === 'log' ? 1 : 0;

function byStart(a: CallReport, b: CallReport): number {
  return a.call.timestampUs - b.call.timestampUs || b.relation.endUs - a.relation.endUs || byRank(a, b);
}

function firstErrorCode(ranked: readonly CallReport[]): number | null {
  return (
    ranked.find(({ call }) => call.status === 'error' && call.statusCode !== null)?.call.statusCode ?? null
  );
}

/** A split belongs together, so it is taken whole from the report that knows most kinds; others only add kinds that fit to it. */
function mergeTokens(ranked: readonly CallReport[]): { tokens: TokenCounts; note: string | null } {
  const estimating = new Set(
    ranked.filter(({ call }) => call.isUsageEstimated).map(({ source }) => source.emitter),
  );
  const telling = ranked.filter(
    ({ call, source }) => knownKinds(call.tokens) > 0 && !estimating.has(source.emitter),
  );
  const [first, ...rest] = telling.toSorted(
    (a, b) => knownKinds(b.call.tokens) - knownKinds(a.call.tokens) || byRank(a, b),
  );
  if (!first) {
    const [best] = ranked;
    return {
      tokens: emptied(best?.call.tokens),
      note: ranked.find(({ call }) => call.usageNote !== null)?.call.usageNote ?? null,
    };
  }
  const tokens = { ...first.call.tokens };
  for (const { call } of rest) addKinds(tokens, call.tokens);
  return { tokens, note: first.call.usageNote };
}

function emptied(tokens: TokenCounts | undefined): TokenCounts {
  return Object.fromEntries(Object.keys(tokens ?? {}).map((kind) => [kind, null])) as unknown as TokenCounts;
}

function addKinds(tokens: TokenCounts, other: TokenCounts): void {
  const total = inputTotal(tokens);
  if (total === null || total === inputTotal(other)) {
    if (tokens.input === null) {
      tokens.input = other.input;
      for (const kind of ['cacheRead', 'cacheWrite5m', 'cacheWrite1h', 'cacheWriteUnsplit'] as const)
        tokens[kind] = other[kind];
    } else {
      const before = total ?? 0;
      if (tokens.cacheRead === null) tokens.cacheRead = other.cacheRead;
      if (tokens.cacheWriteUnsplit === null && tokens.cacheWrite5m === null && tokens.cacheWrite1h === null) {
        tokens.cacheWrite5m = other.cacheWrite5m;
        tokens.cacheWrite1h = other.cacheWrite1h;
        tokens.cacheWriteUnsplit = other.cacheWriteUnsplit;
      }
      // What has a kind now was counted in `input` before.
      tokens.input -= (inputTotal(tokens) ?? before) - before;
    }
  }
  if (tokens.output === null) {
    tokens.output = other.output;
    tokens.reasoning ??= other.reasoning;
  } else if (
    tokens.reasoning === null &&
    other.reasoning !== null &&
    other.output !== null &&
    Math.abs(tokens.output - other.output) <= 1
  )
    tokens.reasoning = other.reasoning;
}

const MAX_TAGS = 32;

function mergeTags(reports: readonly CallReport[]): Tags | null {
  const merged = new Map<string, Tags[string]>();
  for (const { call } of reports)
    for (const [name, value] of Object.entries(call.metadata ?? {}))
      if (!merged.has(name) && merged.size < MAX_TAGS) merged.set(name, value);
  return merged.size === 0 ? null : Object.fromEntries(merged);
}
