import type { Role } from '../call-report.ts';
import type { Facts } from '../facts.ts';
import type { ToldUsage, UsageMeaning } from '../usage.ts';

/** What may be read from an attribute by its name alone. */
export type Field =
  | 'operation'
  | 'provider'
  | 'requestModel'
  | 'responseModel'
  | 'responseId'
  | 'requestId'
  | 'stream'
  | 'inputTokens'
  | 'outputTokens'
  | 'totalTokens'
  | 'cacheReadTokens'
  | 'cacheWriteTokens'
  | 'cacheWrite5mTokens'
  | 'cacheWrite1hTokens'
  | 'reasoningTokens'
  | 'uncachedTokens'
  | 'usageObject'
  | 'maxTokens'
  | 'firstTokenSeconds'
  | 'firstTokenMs'
  | 'durationMs'
  | 'userId'
  | 'sessionId'
  | 'promptId'
  | 'promptVersion'
  | 'serviceTier'
  | 'environment'
  | 'projectId'
  | 'endpoint'
  | 'errorType'
  | 'statusCode'
  | 'costUsd'
  | 'cacheHit'
  | 'finishReason'
  | 'agent'
  | 'workflow'
  | 'tags';

/** Names of attributes in the order of preference: the first that is there and says something wins, and no two are ever added. */
export type FieldNames = Readonly<Partial<Record<Field, readonly string[]>>>;

/** What cannot be read from one attribute alone. What is left out is read by name. */
export interface Told {
  provider?: string | undefined;
  requestModel?: string | undefined;
  /** '': the name under the usual one is not that of the model that answered. */
  responseModel?: string | undefined;
  /** null: the id under the usual name is none of the provider's. */
  responseId?: string | null | undefined;
  /** An id that the emitter gave to the answer, as its own clients see it. */
  localId?: string | undefined;
  stream?: boolean | undefined;
  /** null: the counts under the usual names are none of the provider's. */
  usage?: { told: ToldUsage; meaning: UsageMeaning } | null | undefined;
  /** The counts were made by the emitter itself. */
  isUsageEstimated?: boolean | undefined;
  firstTokenMs?: number | undefined;
  isError?: boolean | undefined;
  errorType?: string | undefined;
  statusCode?: number | undefined;
  cacheHit?: boolean | undefined;
  /** null: the cost under the usual names means nothing. */
  costUsd?: number | null | undefined;
  userId?: string | undefined;
  sessionId?: string | undefined;
  serviceTier?: string | undefined;
}

/** How one emitter's telemetry is read. */
export interface Mapping {
  emitter: string;
  /** Package and version whose export was looked at; 'documentation' or 'source' where it was only read about. */
  checkedAgainst: string;
  /** Recognised by the name of its instrumentation scope … */
  scope?: RegExp;
  /** … or by one of these attributes, whatever the scope. */
  attributes?: readonly string[];
  /** … or by the name of the span or log event. */
  named?: RegExp;
  /** Whose word counts where two instrumentations tell of one call: SDKs before wrappers before guesses. */
  rank: number;
  /** Names looked at before the generic ones. */
  fields?: FieldNames;
  /** 'ignore': nothing to learn from it; undefined: as the generic rules have it. */
  role?: (facts: Facts) => Role | 'ignore' | undefined;
  /** What the counts mean, by emitter and provider. Default: inclusive, as the conventions have it. */
  meaning?: (provider: string | null, facts: Facts) => UsageMeaning;
  tell?: (facts: Facts, provider: string | null) => Told;
  /** Prefixes of attributes that hold the user's own tags; the rest of the name is the tag. */
  tagPrefixes?: readonly string[];
}
