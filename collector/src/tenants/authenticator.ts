import type { FastifyRequest } from 'fastify';
import type { Pool } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import type { StoredSession } from '../sessions/session-store.ts';
import { sessionHasEnded, type Sessions } from '../sessions/sessions.ts';
import { SESSION_SCOPES } from '../sessions/sign-in-links.ts';
import { allows, keyIdOf, matchesHash, type Scope } from './api-key.ts';
import { CredentialCache } from './credential-cache.ts';
import { findApiKey, touchApiKeys, type StoredApiKey } from './tenant-store.ts';

/** Who a request speaks for. */
export interface Principal {
  tenantId: string;
  /** Id of the API key, also of the one that a session was begun with; SIGN_IN_LINK for a session without one. */
  keyId: string;
  scopes: readonly Scope[];
  isOperator: boolean;
}

/** A principal, and until when it is one; null: no end is known. */
export interface Identity extends Principal {
  expiresAt: Date | null;
}

/** What a session without a key is called where the id of a key would stand. */
export const SIGN_IN_LINK = 'sign-in-link';
const LAST_USED_INTERVAL_MS = 60_000;
const LONGEST_KEY = 256;

/** Checks who a request speaks for: by an API key in its headers or, without one, by the cookie of a session. */
export class Authenticator {
  readonly #pool: Pool;
  readonly #sessions: Sessions;
  readonly #keys: CredentialCache<StoredApiKey>;
  readonly #used = new Map<string, number>();
  readonly #touched = new Set<string>();

  constructor(pool: Pool, sessions: Sessions) {
    this.#pool = pool;
    this.#sessions = sessions;
    this.#keys = new CredentialCache((keyId) => findApiKey(pool, keyId));
  }

  /**
   * The principal of a request, by `Authorization: Bearer` or `X-API-Key`, or else by a session's cookie. A session does for the scopes read and admin
   * alone: programs record events and scrape metrics, and have keys of their own for it.
   * @throws Problem unauthorized without a valid key or session, forbidden without the scope, or when a session's change may come from another page
   */
  require(request: FastifyRequest, scope: Scope): Promise<Principal> {
    return this.identify(request, scope);
  }

  /** As require, and with until when. */
  async identify(request: FastifyRequest, scope: Scope): Promise<Identity> {
    const text = keyOf(request);
    return text === undefined ? this.#requireSession(request, scope) : this.#requireKey(text, scope);
  }

  /**
   * The key of a text, whatever its scopes.
   * @throws Problem unauthorized
   */
  async findKey(text: string): Promise<StoredApiKey> {
    const key = text.length <= LONGEST_KEY ? await this.#keys.find(keyIdOf(text)) : undefined;
    // One answer for unknown, wrong, revoked and expired: a guess learns nothing.
    if (!key || !matchesHash(text, key.key_sha256) || !isInForce(key)) {
      throw new Problem('unauthorized', 'The API key is unknown, revoked or expired.');
    }
    return key;
  }

  /** Forgets a key here at once; other replicas follow within KEY_CACHE_MS. */
  forget(keyId: string): void {
    this.#keys.forget(keyId);
  }

  /** Writes the last-used times that have gathered. */
  async writeLastUsed(): Promise<void> {
    const keyIds = [...this.#touched];
    this.#touched.clear();
    if (keyIds.length > 0) await touchApiKeys(this.#pool, keyIds);
  }

  async #requireKey(text: string, scope: Scope): Promise<Identity> {
    const key = await this.findKey(text);
    if (!allows(key.scopes, scope)) {
      throw new Problem(
        'forbidden',
        `The API key ${key.key_id} lacks the scope "${scope}"; it has: ${key.scopes.join(', ')}.`,
      );
    }
    this.#noteUse(key.key_id);
    return identityOf(key);
  }

  async #requireSession(request: FastifyRequest, scope: Scope): Promise<Identity> {
    const session = await this.#sessions.ofRequest(request);
    if (!session) {
      throw new Problem(
        'unauthorized',
        'Send an API key as "Authorization: Bearer po_…" or "X-API-Key: po_…".',
      );
    }
    const identity = await this.#identityOfSession(session);
    if (!(SESSION_SCOPES as readonly Scope[]).includes(scope)) {
      throw new Problem('forbidden', `The scope "${scope}" needs an API key: a session does not do for it.`);
    }
    if (!allows(identity.scopes, scope)) {
      throw new Problem(
        'forbidden',
        `You are signed in without the scope "${scope}"; you have: ${identity.scopes.join(', ')}. Sign in with a key that has it.`,
      );
    }
    return identity;
  }

  /** A session with a key is that key, and ends with it. */
  async #identityOfSession(session: StoredSession): Promise<Identity> {
    const { tenant_id: tenantId, is_operator: isOperator, expires_at: expiresAt, key_id: keyId } = session;
    if (keyId === null)
      return { tenantId, keyId: SIGN_IN_LINK, scopes: session.scopes ?? [], isOperator, expiresAt };
    const key = await this.#keys.find(keyId);
    if (!key || key.tenant_id !== tenantId || !isInForce(key)) throw sessionHasEnded();
    this.#noteUse(keyId);
    return { ...identityOf(key), expiresAt };
  }

  #noteUse(keyId: string): void {
    const now = performance.now();
    if (now - (this.#used.get(keyId) ?? -Infinity) < LAST_USED_INTERVAL_MS) return;
    this.#used.set(keyId, now);
    this.#touched.add(keyId);
  }
}

function isInForce({ revoked_at, expires_at }: StoredApiKey): boolean {
  return revoked_at === null && (expires_at === null || expires_at.getTime() > Date.now());
}

function identityOf(key: StoredApiKey): Identity {
  return {
    tenantId: key.tenant_id,
    keyId: key.key_id,
    scopes: key.scopes,
    isOperator: key.is_operator,
    expiresAt: key.expires_at,
  };
}

function keyOf(request: FastifyRequest): string | undefined {
  const { authorization } = request.headers;
  const bearer = authorization === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  const header = request.headers['x-api-key'];
  return bearer ?? (typeof header === 'string' && header !== '' ? header.trim() : undefined);
}
