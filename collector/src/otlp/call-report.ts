/**
 * What one span or log record tells about a model call, in the words of this project: the same fields as an event that is posted
 * (ingest/event-schema.ts), already with disjoint tokens. `null` is always 'not told'.
 */
export interface CallFields {
  /** When the call started, microseconds since 1970. */
  timestampUs: number;
  projectId: string | null;
  promptId: string | null;
  promptVersion: string | null;
  endpoint: string | null;
  /** In the current names of gen_ai.provider.name (openai, anthropic, aws.bedrock …); as it came where that does not know it. */
  provider: string | null;
  /** The provider was not told: it is the maker of the model. Any report that tells it wins. */
  isProviderInferred: boolean;
  requestModel: string | null;
  responseModel: string | null;
  serviceTier: string | null;
  environment: string | null;
  userId: string | null;
  sessionId: string | null;
  stream: boolean | null;
  tokens: TokenCounts;
  /** The emitter counted the tokens by itself, since the provider sent no usage: they are not taken, from none of its records. */
  isUsageEstimated: boolean;
  /** What had to be assumed to split the tokens. */
  usageNote: string | null;
  tokensRequested: number | null;
  responseTimeMs: number | null;
  timeToFirstTokenMs: number | null;
  status: 'success' | 'error';
  statusCode: number | null;
  errorType: string | null;
  /** Answered by the application's or the gateway's own response cache: costs nothing. */
  cacheHit: boolean;
  /** Decimal USD as the emitter claims it. */
  costUsd: string | null;
  /** Useful tags only, bounded; never what was said. */
  metadata: Record<string, string | number | boolean | readonly string[]> | null;
}

/**
 * Disjoint counts: their sum (without `reasoning`, which is a part of `output`) is what was used. Where a kind is null, its tokens
 * are either unknown or stand in `input` (an emitter that tells the input but not what of it was cached).
 */
export interface TokenCounts {
  /** Input that is in none of the kinds below. */
  input: number | null;
  cacheRead: number | null;
  cacheWrite5m: number | null;
  cacheWrite1h: number | null;
  /** Cache writes of which the lifetime was not told. Null where the two above are known. */
  cacheWriteUnsplit: number | null;
  output: number | null;
  reasoning: number | null;
}

/**
 * `call`: a model call. `sum`: may sum up other calls; a call only where no other one is known inside it. `detail`: tells more of
 * the call that its parent span is. `context`: no call; hands down user, session and prompt to the calls inside it.
 */
export type Role = 'call' | 'sum' | 'detail' | 'context';

export interface CallReport {
  /** Of this very span or log record: a re-send has the same. 'span:<trace>/<span>' or 'log:<…>'. */
  observationId: string;
  role: Role;
  source: {
    /** Which mapping read it ('openllmetry', 'generic', …). */
    emitter: string;
    scopeName: string;
    scopeVersion: string;
    signal: 'span' | 'log';
    /** Whose word counts where two reports differ; higher is better. */
    rank: number;
  };
  relation: {
    traceId: string;
    spanId: string;
    parentSpanId: string;
    startUs: number;
    endUs: number;
    /** The process that sent it: a hash of its resource attributes. */
    resourceKey: string;
    /** The provider's id of the answer; null where the emitter made one up. */
    responseId: string | null;
    /** The id under which a gateway passed the answer on; null where it is the provider's. */
    localId: string | null;
    /** The provider's id of the HTTP request. */
    requestId: string | null;
  };
  call: CallFields;
}

export const NO_TOKENS: TokenCounts = {
  input: null,
  cacheRead: null,
  cacheWrite5m: null,
  cacheWrite1h: null,
  cacheWriteUnsplit: null,
  output: null,
  reasoning: null,
};

/** All input tokens that were told, cached or not; null where none were. */
export function inputTotal(tokens: TokenCounts): number | null {
  if (tokens.input === null) return null;
  return (
    tokens.input +
    (tokens.cacheRead ?? 0) +
    (tokens.cacheWrite5m ?? 0) +
    (tokens.cacheWrite1h ?? 0) +
    (tokens.cacheWriteUnsplit ?? 0)
  );
}

/** How many kinds of tokens are known. A write whose lifetime is unknown counts for one of the two kinds. */
export function knownKinds(tokens: TokenCounts): number {
  let known = 0;
  for (const count of Object.values(tokens) as (number | null)[]) if (count !== null) known += 1;
  return known;
}

/** Model of an event: the one that answered, else the one that was asked for. */
export function modelOf(call: Pick<CallFields, 'responseModel' | 'requestModel'>): string | null {
  return call.responseModel ?? call.requestModel;
}
