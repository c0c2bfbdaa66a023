import { fastifyCookie } from '@fastify/cookie';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { allows, SCOPES, type Scope } from '../tenants/api-key.ts';
import { SIGN_IN_LINK, type Authenticator, type Identity } from '../tenants/authenticator.ts';
import { clearSessionCookie, setSessionCookie } from './cookie.ts';
import { FailedTries } from './failed-tries.ts';
import { REQUEST_HEADER, requireOwnPage, requireSameOrigin } from './same-origin.ts';
import { findTenantName } from './session-store.ts';
import type { BegunSession, Sessions } from './sessions.ts';

const WRITE_LAST_USED_EVERY_MS = 10_000;
const SWEEP_EVERY_MS = 3_600_000;

/** A key or a token and no more. */
const BODY_BYTES = 4 * 1024;

const SignInBody = Type.Object(
  {
    api_key: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: 'po_…, with the scope read or admin' }),
    ),
    token: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: 'What stands behind #sign-in= in a one-time link',
      }),
    ),
  },
  { additionalProperties: false, minProperties: 1, maxProperties: 1, description: 'Either api_key or token' },
);

const SessionSchema = Type.Object({
  tenant_id: Type.String(),
  tenant_name: Type.String(),
  scopes: Type.Array(Type.Unsafe<Scope>({ type: 'string', enum: [...SCOPES] })),
  is_operator: Type.Boolean(),
  key_id: Type.Unsafe<string | null>({
    type: ['string', 'null'],
    description: 'The key that this session was begun with, and ends with; null: it was begun by a link',
  }),
  expires_at: Type.Unsafe<Date | null>({
    type: ['string', 'null'],
    format: 'date-time',
    description:
      'When the session ends at the latest; 12 hours without a request end it before. null: asked with an API key that has no end',
  }),
});

export interface SessionRoutesOptions {
  pool: Pool;
  sessions: Sessions;
  authenticator: Authenticator;
}

/** Signing in for people with a browser: a key or a one-time link is exchanged for a cookie that no script can read. */
export const sessionRoutes: FastifyPluginAsyncTypebox<SessionRoutesOptions> = async (
  app,
  { pool, sessions, authenticator },
) => {
  // Of these routes alone, and without reading cookies by itself: the others pay nothing for it (cookie.ts).
  await app.register(fastifyCookie, { hook: false });
  const { publicUrl } = sessions;
  const failedTries = new FailedTries(sessions.nowMs);

  app.post(
    '/v1/session',
    {
      bodyLimit: BODY_BYTES,
      schema: {
        tags: ['session'],
        summary: 'Sign in with an API key of scope read or admin, or with the token of a one-time link',
        description:
          'Answers with the cookie of a session, for requests from pages of this origin. After 10 failed tries an address waits for up to 5 minutes.',
        body: SignInBody,
        response: { 201: SessionSchema },
      },
    },
    async (request, reply) => {
      requireSameOrigin(request, publicUrl);
      const begun = await guarded(request, () => begin(request.body));
      // Whoever was signed in before in this browser is no longer.
      await sessions.end(request);
      const maxAgeMs = begun.expires_at.getTime() - sessions.nowMs();
      setSessionCookie(reply, publicUrl, begun.token, Math.max(1, Math.floor(maxAgeMs / 1000)));
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({
          tenant_id: begun.tenant_id,
          tenant_name: await findTenantName(pool, begun.tenant_id),
          scopes: begun.scopes,
          is_operator: begun.is_operator,
          key_id: begun.key_id,
          expires_at: begun.expires_at,
        });
    },
  );

  app.get(
    '/v1/session',
    {
      schema: {
        tags: ['session'],
        summary: 'Who is signed in, and what they may do; also of an API key in the headers',
        response: { 200: SessionSchema },
      },
    },
    async (request, reply) => {
      const identity = await authenticator.identify(request, 'read');
      return reply.header('cache-control', 'no-store').send(await describe(identity));
    },
  );

  app.delete(
    '/v1/session',
    {
      schema: {
        tags: ['session'],
        summary: 'Sign out: the session ends on every replica. Also where it has ended already',
        headers: Type.Object({
          [REQUEST_HEADER]: Type.Optional(
            Type.String({ description: '1: no page of another origin can send it. Without it: 403' }),
          ),
        }),
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      requireOwnPage(request, publicUrl);
      await sessions.end(request);
      clearSessionCookie(reply, publicUrl);
      return reply.code(204).header('cache-control', 'no-store').send(null);
    },
  );

  const begin = async (body: Static<typeof SignInBody>): Promise<BegunSession> => {
    const { api_key: apiKey, token } = body;
    if (apiKey !== undefined && token === undefined) {
      const key = await authenticator.findKey(apiKey);
      if (!allows(key.scopes, 'read')) {
        throw new Problem(
          'forbidden',
          `Signing in needs the scope "read"; the API key ${key.key_id} has: ${key.scopes.join(', ')}.`,
        );
      }
      return sessions.beginByKey(key);
    }
    if (token !== undefined && apiKey === undefined) return sessions.beginByLink(token);
    throw new Problem('invalid-request', 'Send either "api_key" or "token".');
  };

  /** Counts the try against the client's address where it was a wrong guess. */
  const guarded = async <Result>(request: FastifyRequest, signIn: () => Promise<Result>): Promise<Result> => {
    const giveBack = failedTries.take(request.ip);
    try {
      const result = await signIn();
      giveBack();
      return result;
    } catch (error) {
      if (!(error instanceof Problem && error.status === 401)) giveBack();
      throw error;
    }
  };

  const describe = async ({ tenantId, keyId, scopes, isOperator, expiresAt }: Identity) => ({
    tenant_id: tenantId,
    tenant_name: await findTenantName(pool, tenantId),
    scopes: [...scopes],
    is_operator: isOperator,
    key_id: keyId === SIGN_IN_LINK ? null : keyId,
    expires_at: expiresAt,
  });

  const lastUsed = setInterval(() => {
    sessions
      .writeLastUsed()
      .catch((err: unknown) => app.log.warn({ err }, 'last uses of sessions could not be written'));
  }, WRITE_LAST_USED_EVERY_MS).unref();
  const sweep = setInterval(() => {
    sessions
      .sweep()
      .catch((err: unknown) => app.log.warn({ err }, 'sessions that have ended could not be removed'));
  }, SWEEP_EVERY_MS).unref();
  app.addHook('onClose', () => {
    clearInterval(lastUsed);
    clearInterval(sweep);
  });
};
