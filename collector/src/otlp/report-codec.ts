import type { CallFields, CallReport, TokenCounts } from './call-report.ts';

/*
 * A report as text, for the matcher alone: the values in a fixed order without their names, which is a third of the size of plain JSON. Reports
 * are kept for an hour, so a change of the order needs a new version.
 */
const VERSION = 1;

type Keys<Of> = readonly (keyof Of & string)[];
/** Fails to compile where a field is missing in a list. */
type All<Of, List extends Keys<Of>> = [Exclude<keyof Of, List[number]>] extends [never] ? List : never;
const all =
  <Of>() =>
  <const List extends Keys<Of>>(list: All<Of, List>): List =>
    list;

const SOURCE = all<CallReport['source']>()(['emitter', 'scopeName', 'scopeVersion', 'signal', 'rank']);
const RELATION = all<CallReport['relation']>()([
  'traceId',
  'spanId',
  'parentSpanId',
  'startUs',
  'endUs',
  'resourceKey',
  'responseId',
  'localId',
  'requestId',
]);
const TOKENS = all<TokenCounts>()([
  'input',
  'cacheRead',
  'cacheWrite5m',
  'cacheWrite1h',
  'cacheWriteUnsplit',
  'output',
  'reasoning',
]);
const CALL = all<Omit<CallFields, 'tokens'>>()([
  'timestampUs',
  'projectId',
  'promptId',
  'promptVersion',
  'endpoint',
  'provider',
  'isProviderInferred',
  'requestModel',
  'responseModel',
  'serviceTier',
  'environment',
  'userId',
  'sessionId',
  'stream',
  'isUsageEstimated',
  'usageNote',
  'tokensRequested',
  'responseTimeMs',
  'timeToFirstTokenMs',
  'status',
  'statusCode',
  'errorType',
  'cacheHit',
  'costUsd',
  'metadata',
]);

/** The same text for reports that say the same. */
export function packReport({ observationId, role, source, relation, call }: CallReport): string {
  return JSON.stringify([
    VERSION,
    observationId,
    role,
    SOURCE.map((key) => source[key]),
    RELATION.map((key) => relation[key]),
    TOKENS.map((key) => call.tokens[key]),
    CALL.map((key) => call[key]),
  ]);
}

/** @throws Error for text of another version */
export function unpackReport(text: string): CallReport {
  const [version, observationId, role, source, relation, tokens, call] = JSON.parse(text) as [
    number,
    string,
    CallReport['role'],
    ...unknown[][],
  ];
  if (version !== VERSION) throw new Error(`A report of version ${version} cannot be read.`);
  return {
    observationId,
    role,
    source: named<CallReport['source']>(SOURCE, source),
    relation: named<CallReport['relation']>(RELATION, relation),
    call: {
      ...named<Omit<CallFields, 'tokens'>>(CALL, call),
      tokens: named<TokenCounts>(TOKENS, tokens),
    },
  };
}

function named<Of>(keys: Keys<Of>, values: readonly unknown[] | undefined): Of {
  const object: Record<string, unknown> = {};
  for (const [index, key] of keys.entries()) object[key] = values?.[index];
  return object as Of;
}
