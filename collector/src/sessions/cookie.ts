import { fastifyCookie } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { looksLikeToken } from './token.ts';

const NAME = 'promptops_session';
/** Browsers take a cookie of this name from its own host alone, over TLS and for every path: no sibling domain can plant one. */
const SECURE_NAME = `__Host-${NAME}`;

/**
 * Whether people reach this collector over TLS: directly, or by a proxy at an https:// PUBLIC_URL. Then the cookie never travels without it.
 */
function isSecure(request: FastifyRequest, publicUrl: string | undefined): boolean {
  return request.protocol === 'https' || (publicUrl?.startsWith('https://') ?? false);
}

/** The session's token, or undefined; '' for a cookie that cannot be one. Parses nothing for requests without cookies. */
export function readSessionCookie(
  request: FastifyRequest,
  publicUrl: string | undefined,
): string | undefined {
  const { cookie } = request.headers;
  if (cookie === undefined) return undefined;
  // Of the plugin that the session's routes register: without a hook, so that no other route pays for it.
  const token = fastifyCookie.parse(cookie)[isSecure(request, publicUrl) ? SECURE_NAME : NAME];
  if (token === undefined) return undefined;
  return looksLikeToken(token) ? token : '';
}

export function setSessionCookie(
  reply: FastifyReply,
  publicUrl: string | undefined,
  token: string,
  maxAgeSeconds: number,
): void {
  const secure = isSecure(reply.request, publicUrl);
  void reply.setCookie(secure ? SECURE_NAME : NAME, token, { ...attributes(secure), maxAge: maxAgeSeconds });
}

export function clearSessionCookie(reply: FastifyReply, publicUrl: string | undefined): void {
  const secure = isSecure(reply.request, publicUrl);
  void reply.clearCookie(secure ? SECURE_NAME : NAME, attributes(secure));
}

function attributes(secure: boolean): { httpOnly: true; sameSite: 'strict'; path: '/'; secure: boolean } {
  return { httpOnly: true, sameSite: 'strict', path: '/', secure };
}
