/** SQLSTATE classes and Node error codes, told apart by what the caller can do about them. */

const AWAY_SQLSTATES = new Set([
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '53300', // too_many_connections
  '25006', // read_only_sql_transaction: a failover in progress
]);
const AWAY_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);
const AWAY_MESSAGE =
  /connection terminated|connection error|timeout exceeded when trying to connect|not queryable|server closed the connection/i;

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** The server is not there, is going away or cannot take writes just now: the same work may succeed later. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  if (code !== undefined && (AWAY_SQLSTATES.has(code) || code.startsWith('08') || AWAY_CODES.has(code)))
    return true;
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway);
  return AWAY_MESSAGE.test(error.message);
}

/** Serialization failure, deadlock, lock timeout: the same transaction may succeed at once. */
function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  return code === '40001' || code === '40P01' || code === '55P03';
}

/** Out of disk, memory or another resource: may succeed when an operator has acted. */
function isOutOfResources(error: unknown): boolean {
  return codeOf(error)?.startsWith('53') ?? false;
}

/** A value that the database does not take (class 22: data exception, 23: constraint): trying again cannot help. */
export function isBadData(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && (code.startsWith('22') || code.startsWith('23'));
}

/** No partition for the row: it was dropped behind this process's back. */
export function isMissingPartition(error: unknown): boolean {
  return codeOf(error) === '23514' && error instanceof Error && error.message.startsWith('no partition');
}

/** Two rows that an exclusion constraint keeps apart. */
export function isExclusionViolation(error: unknown): boolean {
  return codeOf(error) === '23P01';
}

export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === '23505';
}

/** pg_xact_status() was asked for a transaction id that this server has not given out yet. */
export function isUnknownTransaction(error: unknown): boolean {
  return codeOf(error) === '22023';
}

/** statement_timeout: the server gave a statement up because it took too long. */
export function isStatementTimeout(error: unknown): boolean {
  return codeOf(error) === '57014';
}

/** The same work may succeed later, without anything being changed about it. */
export function mayPass(error: unknown): boolean {
  return isTransient(error) || isDatabaseAway(error) || isOutOfResources(error);
}
