import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { Pool } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { allows, keyIdOf, matchesHash, type Scope } from './api-key.ts';
import { findApiKey, touchApiKeys, type StoredApiKey } from './tenant-store.ts';

/** Who a request speaks for. */
export interface Principal {
  tenantId: string;
  keyId: string;
  scopes: readonly Scope[];
  isOperator: boolean;
}

/** A revoked key stops working within this time, on every replica. */
export const KEY_CACHE_MS = 2_000;
/** After this long without the database a cached key is no longer believed. */
const STALE_KEY_MS = 60_000;
const LAST_USED_INTERVAL_MS = 60_000;
const LONGEST_KEY = 256;

/**
 * Checks API keys against `api_keys`, with a short cache: hits and misses both, so that neither good traffic nor guessing costs
 * a query each. One query per key at a time.
 */
export class Authenticator {
  readonly #pool: Pool;
  readonly #cache = new LRUCache<string, { key: StoredApiKey | undefined; readAt: number }>({ max: 20_000 });
  readonly #reading = new Map<string, Promise<StoredApiKey | undefined>>();
  readonly #used = new Map<string, number>();
  readonly #touched = new Set<string>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * The principal of a request, by `Authorization: Bearer` or `X-API-Key`.
   * @throws Problem unauthorized without a valid key, forbidden without the scope
   */
  async require(request: FastifyRequest, scope: Scope): Promise<Principal> {
    const text = keyOf(request);
    if (text === undefined) {
      throw new Problem(
        'unauthorized',
        'Send an API key as "Authorization: Bearer po_…" or "X-API-Key: po_…".',
      );
    }
    const key = text.length <= LONGEST_KEY ? await this.#find(keyIdOf(text)) : undefined;
    // One answer for unknown, wrong, revoked and expired: a guess learns nothing.
    if (
      !key ||
      !matchesHash(text, key.key_sha256) ||
      key.revoked_at ||
      (key.expires_at && key.expires_at.getTime() <= Date.now())
    ) {
      throw new Problem('unauthorized', 'The API key is unknown, revoked or expired.');
    }
    if (!allows(key.scopes, scope)) {
      throw new Problem(
        'forbidden',
        `The API key ${key.key_id} lacks the scope "${scope}"; it has: ${key.scopes.join(', ')}.`,
      );
    }
    this.#noteUse(key.key_id);
    return { tenantId: key.tenant_id, keyId: key.key_id, scopes: key.scopes, isOperator: key.is_operator };
  }

  /** Forgets a key here at once; other replicas follow within KEY_CACHE_MS. */
  forget(keyId: string): void {
    this.#cache.delete(keyId);
  }

  /** Writes the last-used times that have gathered. */
  async writeLastUsed(): Promise<void> {
    const keyIds = [...this.#touched];
    this.#touched.clear();
    if (keyIds.length > 0) await touchApiKeys(this.#pool, keyIds);
  }

  async #find(keyId: string): Promise<StoredApiKey | undefined> {
    const cached = this.#cache.get(keyId);
    const age = cached ? performance.now() - cached.readAt : Infinity;
    if (cached && age < KEY_CACHE_MS) return cached.key;
    let reading = this.#reading.get(keyId);
    if (!reading) {
      reading = findApiKey(this.#pool, keyId).finally(() => this.#reading.delete(keyId));
      this.#reading.set(keyId, reading);
    }
    try {
      const key = await reading;
      this.#cache.set(keyId, { key, readAt: performance.now() });
      return key;
    } catch (error) {
      // With the database away a known key stays good for a while: the request then fails, or waits, for the true reason.
      if (cached?.key && age < STALE_KEY_MS) return cached.key;
      throw error;
    }
  }

  #noteUse(keyId: string): void {
    const now = performance.now();
    if (now - (this.#used.get(keyId) ?? -Infinity) < LAST_USED_INTERVAL_MS) return;
    this.#used.set(keyId, now);
    this.#touched.add(keyId);
  }
}

function keyOf(request: FastifyRequest): string | undefined {
  const { authorization } = request.headers;
  const bearer = authorization === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  const header = request.headers['x-api-key'];
  return bearer ?? (typeof header === 'string' && header !== '' ? header.trim() : undefined);
}
