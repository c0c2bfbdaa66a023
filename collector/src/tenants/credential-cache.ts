import { LRUCache } from 'lru-cache';

/** A key that is revoked and a session that is ended stop working within this time, on every replica. */
export const KEY_CACHE_MS = 2_000;
/** After this long without the database a cached credential is no longer believed. */
const STALE_MS = 60_000;

/**
 * What the database knows of credentials, for a short time: hits and misses both, so that neither good traffic nor guessing costs a query each. One
 * query per credential at a time.
 */
export class CredentialCache<Credential extends object> {
  readonly #read: (id: string) => Promise<Credential | undefined>;
  readonly #cache = new LRUCache<string, { credential: Credential | undefined; readAt: number }>({
    max: 20_000,
  });
  readonly #reading = new Map<string, Promise<Credential | undefined>>();

  constructor(read: (id: string) => Promise<Credential | undefined>) {
    this.#read = read;
  }

  async find(id: string): Promise<Credential | undefined> {
    const cached = this.#cache.get(id);
    const age = cached ? performance.now() - cached.readAt : Infinity;
    if (cached && age < KEY_CACHE_MS) return cached.credential;
    let reading = this.#reading.get(id);
    if (!reading) {
      reading = this.#read(id);
      this.#reading.set(id, reading);
    }
    try {
      const credential = await reading;
      // Not what was read before it was forgotten: that may be what it was then.
      if (this.#reading.get(id) === reading) {
        this.#cache.set(id, { credential, readAt: performance.now() });
        this.#reading.delete(id);
      }
      return credential;
    } catch (error) {
      if (this.#reading.get(id) === reading) this.#reading.delete(id);
      // With the database away a known one stays good for a while: the request then fails, or waits, for the true reason.
      if (cached?.credential && age < STALE_MS) return cached.credential;
      throw error;
    }
  }

  /** Forgets a credential here at once; other replicas follow within KEY_CACHE_MS. */
  forget(id: string): void {
    this.#cache.delete(id);
    this.#reading.delete(id);
  }
}
