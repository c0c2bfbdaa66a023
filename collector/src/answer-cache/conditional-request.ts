import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a request wants an answer that is not kept from an earlier one: `Cache-Control: no-cache` or `no-store`. Not beside If-None-Match: fetch() adds
 * no-cache to every request that has it, and who asks whether a copy still holds is told so by what is kept.
 */
export function wantsFresh(headers: IncomingHttpHeaders): boolean {
  if (headers['if-none-match'] !== undefined) return false;
  const directives = headers['cache-control']?.toLowerCase().split(',') ?? [];
  return directives.some((directive) => ['no-cache', 'no-store'].includes(directive.trim()));
}

/** Whether the client has the content of this ETag already (RFC 9110, If-None-Match: weak comparison, a list or `*`). */
export function hasAlready(headers: IncomingHttpHeaders, etag: string): boolean {
  const given = headers['if-none-match'];
  if (given === undefined) return false;
  if (given.trim() === '*') return true;
  return given.split(',').some((one) => one.trim().replace(/^W\//, '') === etag);
}
