/** What became of one try to send a message. `error` is one sentence for the tenant, without secrets. */
export type Outcome =
  | { kind: 'delivered'; responseStatus: number | null; note?: string }
  /** May succeed later. */
  | { kind: 'retry'; error: string; responseStatus: number | null; retryAfterMs?: number }
  /** Will not, whatever time passes. */
  | { kind: 'dead'; error: string; responseStatus: number | null };

/** Answers below 500 that a later try may change: timeout, conflict, too early, too many requests. */
const MAY_PASS = new Set([408, 409, 425, 429]);

/**
 * What an HTTP answer says about a message.
 * @param detail what the receiver said, where that may be shown
 */
export function outcomeOfStatus(
  status: number,
  { retryAfterMs, detail }: { retryAfterMs?: number | undefined; detail?: string | undefined } = {},
): Outcome {
  if (status >= 200 && status < 300) return { kind: 'delivered', responseStatus: status };
  const answered = `The receiver answered ${status}${detail === undefined ? '' : ` (${detail})`}`;
  if (status >= 300 && status < 400) {
    const error = `${answered}, a redirect; redirects are not followed: give the final address.`;
    return { kind: 'dead', error, responseStatus: status };
  }
  if (status >= 500 || MAY_PASS.has(status)) {
    return {
      kind: 'retry',
      error: `${answered}.`,
      responseStatus: status,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  }
  return { kind: 'dead', error: `${answered}: it will not take this message.`, responseStatus: status };
}

/** `Retry-After` in milliseconds from now: seconds or an HTTP date. */
export function readRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

const NETWORK_WORDS: Record<string, string> = {
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'broke the connection before it answered',
  EPIPE: 'broke the connection before it answered',
  ENOTFOUND: 'has a name that is not known',
  EAI_AGAIN: 'has a name that could not be looked up',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
  ETIMEDOUT: 'did not answer in time',
  ESOCKET: 'could not be talked to',
  ECONNECTION: 'could not be connected to',
  EDNS: 'has a name that could not be looked up',
  EPROTO: 'does not speak TLS as asked for',
  CERT_HAS_EXPIRED: 'has a TLS certificate that has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'has a TLS certificate that nobody vouches for',
  SELF_SIGNED_CERT_IN_CHAIN: 'has a TLS certificate that nobody vouches for',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'has a TLS certificate that nobody vouches for',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a TLS certificate for another name',
};

/** A connection's error in words. By its code alone: messages may quote addresses, and addresses may be secrets. */
export function networkError(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  const known = typeof code === 'string' ? NETWORK_WORDS[code] : undefined;
  if (known !== undefined) return `The receiver ${known}.`;
  const shown = typeof code === 'string' && /^[A-Z_]{1,60}$/.test(code) ? ` (${code})` : '';
  return `The receiver could not be talked to${shown}.`;
}
