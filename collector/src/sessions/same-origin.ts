import type { FastifyRequest } from 'fastify';
import { Problem } from '../http/errors.ts';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** No form and no foreign script can send it: a header of one's own needs CORS's consent, which this collector never gives. */
export const REQUEST_HEADER = 'x-promptops-request';

/**
 * What a request by cookie must show before it may change something (CSRF): the header that only a page of this origin can send, and what the browser
 * itself says about where the request comes from. SameSite alone would let the sibling domains of a site in.
 * @throws Problem forbidden
 */
export function requireOwnPage(request: FastifyRequest, publicUrl: string | undefined): void {
  if (SAFE_METHODS.has(request.method)) return;
  if (request.headers[REQUEST_HEADER] !== '1') {
    throw new Problem(
      'forbidden',
      'A request that changes something by a session cookie needs the header "X-Promptops-Request: 1". Send it, or send an API key.',
    );
  }
  requireSameOrigin(request, publicUrl);
}

/**
 * What a browser says about the page that a request comes from, where it says it: Sec-Fetch-Site and Origin.
 * @throws Problem forbidden for another origin
 */
export function requireSameOrigin(request: FastifyRequest, publicUrl: string | undefined): void {
  const site = request.headers['sec-fetch-site'];
  const { origin } = request.headers;
  if (site !== undefined && site !== 'same-origin')
    throw foreign(`the browser calls it "${site}" (Sec-Fetch-Site)`);
  if (origin === undefined) return;
  if (publicUrl !== undefined && origin === new URL(publicUrl).origin) return;
  if (!isOriginOf(origin, request.host))
    throw foreign(
      `its Origin is not this host; behind a proxy, set PUBLIC_URL to the address that people use`,
    );
}

/** By the host alone: behind a proxy the scheme may be another one. Default ports are left out of both. */
function isOriginOf(origin: string, host: string): boolean {
  const parsed = URL.parse(origin);
  if (!parsed || !/^https?:$/.test(parsed.protocol)) return false;
  return parsed.host === URL.parse(`${parsed.protocol}//${host}`)?.host;
}

function foreign(reason: string): Problem {
  return new Problem(
    'forbidden',
    `The request comes from a page of another origin: ${reason}. Other programs send an API key instead of a cookie.`,
  );
}
