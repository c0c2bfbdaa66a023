import type { IncomingHttpHeaders } from 'node:http';

const BASIC = /^Basic +([A-Za-z0-9+/=]+) *$/i;

/**
 * Brings the ways in which exporters send a key into the two that the authenticator knows. OTEL_EXPORTER_OTLP_HEADERS is
 * percent-encoded, and not every exporter decodes it ("Bearer%20po_…"); Langfuse's SDKs send Basic with the key as the password (or
 * as the user).
 */
export function normaliseAuthorization(headers: IncomingHttpHeaders): void {
  const key = headers['x-api-key'];
  if (typeof key === 'string') headers['x-api-key'] = decoded(key);
  if (headers.authorization === undefined) return;
  const authorization = decoded(headers.authorization).trim();
  headers.authorization = authorization;
  const basic = BASIC.exec(authorization)?.[1];
  if (basic === undefined) return;
  const parts = Buffer.from(basic, 'base64').toString('utf8').split(':');
  const given = parts.findLast((part) => part.startsWith('po_'));
  if (given !== undefined) headers.authorization = `Bearer ${given}`;
}

function decoded(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // a % that encodes nothing is part of the value
  }
}
