import type { UsageRow } from './usage-row.ts';
import { latencyBucket } from '../usage/latency-buckets.ts';

type Knowable = Exclude<
  keyof UsageRow,
  | 'tenantId'
  | 'eventId'
  | 'identity'
  | 'timestampUs'
  | 'status'
  | 'cacheHit'
  | 'tokensUsed'
  | 'latencyBucket'
  | 'costNanoUsd'
  | 'priceId'
  | 'discountId'
  | 'metadata'
>;

const KNOWABLE: readonly Knowable[] = [
  'projectId', 'promptId', 'promptVersion', 'endpoint', 'modelProvider', 'modelName', 'serviceTier', 'environment', 'userId', 'sessionId',
  'stream', 'tokensRequested', 'responseTimeMs', 'timeToFirstTokenMs', 'statusCode', 'errorType', 'reportedCostNanoUsd',
]; // prettier-ignore

const USAGE = [
  'inputTokens',
  'cacheReadTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
  'outputTokens',
  'reasoningTokens',
  'usageNote',
] as const;

/**
 * Two reports of one call made one: what either knows is known. Where both know and differ, the stored one stands (a re-send
 * never changes what was counted), except that a report of tokens is taken whole from the report that knows more kinds of them,
 * since their split belongs together. The earlier time is when the call started.
 * @returns the completed row, still to be priced, or undefined when `told` adds nothing to `stored`
 */
export function complete(stored: UsageRow, told: UsageRow): UsageRow | undefined {
  const completed = { ...stored };
  let isBetter = false;
  for (const field of KNOWABLE) {
    if (completed[field] !== null || told[field] === null) continue;
    Object.assign(completed, { [field]: told[field] });
    isBetter = true;
  }
  if (knownKinds(told) > knownKinds(stored)) {
    for (const field of USAGE) Object.assign(completed, { [field]: told[field] });
    completed.tokensUsed = told.tokensUsed;
    isBetter = true;
  }
  const tags = { ...told.metadata, ...stored.metadata };
  if (Object.keys(tags).length > Object.keys(stored.metadata ?? {}).length) {
    completed.metadata = tags;
    isBetter = true;
  }
  // An error is told by whoever saw it: 'success' is also what is assumed without a word about it.
  if (
    told.status === 'error' &&
    stored.status === 'success' &&
    told.errorType !== null &&
    stored.statusCode === null
  ) {
    completed.status = 'error';
    isBetter = true;
  }
  if (!isBetter) return undefined;
  completed.timestampUs = Math.min(stored.timestampUs, told.timestampUs);
  completed.latencyBucket =
    completed.responseTimeMs === null ? null : latencyBucket(completed.responseTimeMs);
  return completed;
}

function knownKinds(row: UsageRow): number {
  const {
    inputTokens,
    cacheReadTokens,
    cacheWrite5mTokens,
    cacheWrite1hTokens,
    outputTokens,
    reasoningTokens,
  } = row;
  return [
    inputTokens,
    cacheReadTokens,
    cacheWrite5mTokens,
    cacheWrite1hTokens,
    outputTokens,
    reasoningTokens,
  ].filter((count) => count !== null).length;
}
