import type { FastifyRequest } from 'fastify';
import { inTransaction, type Pool, type Queryable } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import type { Scope } from '../tenants/api-key.ts';
import { CredentialCache } from '../tenants/credential-cache.ts';
import type { StoredApiKey } from '../tenants/tenant-store.ts';
import { readSessionCookie } from './cookie.ts';
import { requireOwnPage } from './same-origin.ts';
import {
  deleteEndedSessions,
  deleteSession,
  findSession,
  insertSession,
  touchSessions,
  type NewSession,
  type StoredSession,
} from './session-store.ts';
import { deleteExpiredLinks, takeSignInLink } from './sign-in-links.ts';
import { generateToken, hashToken, looksLikeToken } from './token.ts';

const HOUR_MS = 3_600_000;
/** A session ends when it was not used for this long, and at the latest after SESSION_MS. */
export const IDLE_MS = 12 * HOUR_MS;
export const SESSION_MS = 7 * 24 * HOUR_MS;
/** A session's last use is written when the one that is stored is this old. */
const TOUCH_MS = 5 * 60_000;

export interface SessionsOptions {
  pool: Pool;
  /** Address that people use, when it is another one than this process sees (PUBLIC_URL). */
  publicUrl: string | undefined;
  nowMs?: () => number;
}

/** Who is signed in, in the database: any replica knows a session, and none knows one for longer than KEY_CACHE_MS after it ended. */
export class Sessions {
  readonly publicUrl: string | undefined;
  readonly nowMs: () => number;
  readonly #pool: Pool;
  /** By the hash of the token: no token is kept in memory. */
  readonly #cache: CredentialCache<StoredSession>;
  readonly #touched = new Set<string>();

  constructor({ pool, publicUrl, nowMs = Date.now }: SessionsOptions) {
    this.#pool = pool;
    this.publicUrl = publicUrl;
    this.nowMs = nowMs;
    this.#cache = new CredentialCache((hash) => findSession(pool, Buffer.from(hash, 'hex')));
  }

  /**
   * The session of a request's cookie; undefined when it has none.
   * @throws Problem forbidden for a change that another page may have asked for, unauthorized when the session has ended
   */
  async ofRequest(request: FastifyRequest): Promise<StoredSession | undefined> {
    const token = readSessionCookie(request, this.publicUrl);
    if (token === undefined) return undefined;
    requireOwnPage(request, this.publicUrl);
    const hash = hashToken(token).toString('hex');
    const session = token === '' ? undefined : await this.#cache.find(hash);
    const nowMs = this.nowMs();
    if (
      !session ||
      session.expires_at.getTime() <= nowMs ||
      session.last_used_at.getTime() <= nowMs - IDLE_MS
    ) {
      throw sessionHasEnded();
    }
    if (nowMs - session.last_used_at.getTime() >= TOUCH_MS) this.#touched.add(hash);
    return session;
  }

  /** Begins a session of a key, which is valid. */
  async beginByKey({
    tenant_id,
    key_id,
    scopes,
    is_operator,
    expires_at: keyEnds,
  }: StoredApiKey): Promise<BegunSession> {
    const endMs = this.nowMs() + SESSION_MS;
    const expires_at = new Date(Math.min(endMs, keyEnds?.getTime() ?? endMs));
    const token = await inTransaction(this.#pool, (client) =>
      this.#begin(client, { tenant_id, key_id, scopes: null, expires_at }),
    );
    return { tenant_id, key_id, scopes, is_operator, expires_at, token };
  }

  /**
   * Begins a session by a link, which is used up by it.
   * @throws Problem unauthorized when the link is unknown, used or expired
   */
  async beginByLink(linkToken: string): Promise<BegunSession> {
    return inTransaction(this.#pool, async (client) => {
      const nowMs = this.nowMs();
      const link = looksLikeToken(linkToken)
        ? await takeSignInLink(client, linkToken, new Date(nowMs))
        : undefined;
      if (!link) {
        throw new Problem(
          'unauthorized',
          'The sign-in link is unknown, used or expired: each signs in once. Make another one with: npm run promptops -- sign-in-link',
        );
      }
      const { tenant_id, scopes, is_operator } = link;
      const session = { tenant_id, key_id: null, scopes, expires_at: new Date(nowMs + SESSION_MS) };
      return { ...session, is_operator, token: await this.#begin(client, session) };
    });
  }

  /** Ends the session of a request's cookie, on every replica: here at once. */
  async end(request: FastifyRequest): Promise<void> {
    const token = readSessionCookie(request, this.publicUrl);
    if (token === undefined || token === '') return;
    const hash = hashToken(token);
    await deleteSession(this.#pool, hash);
    this.#touched.delete(hash.toString('hex'));
    this.#cache.forget(hash.toString('hex'));
  }

  /** Writes the last uses that have gathered. */
  async writeLastUsed(): Promise<void> {
    const hashes = [...this.#touched];
    this.#touched.clear();
    if (hashes.length === 0) return;
    await touchSessions(
      this.#pool,
      hashes.map((hash) => Buffer.from(hash, 'hex')),
      new Date(this.nowMs()),
    );
  }

  /** Removes what has ended. */
  async sweep(): Promise<void> {
    const nowMs = this.nowMs();
    await deleteEndedSessions(this.#pool, new Date(nowMs), new Date(nowMs - IDLE_MS));
    await deleteExpiredLinks(this.#pool, new Date(nowMs));
  }

  async #begin(client: Queryable, session: NewSession): Promise<string> {
    const token = generateToken();
    await insertSession(client, hashToken(token), session, new Date(this.nowMs()));
    return token;
  }
}

/** A new session with what it may do. The token is for the cookie, and for nothing else. */
export interface BegunSession extends Omit<NewSession, 'scopes'> {
  scopes: Scope[];
  is_operator: boolean;
  token: string;
}

export function sessionHasEnded(): Problem {
  return new Problem(
    'unauthorized',
    'The session has ended. Sign in again at /analytics, or send an API key.',
  );
}
