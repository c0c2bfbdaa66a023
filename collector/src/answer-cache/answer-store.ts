import { LRUCache } from 'lru-cache';
import { sizeOf, type KeptAnswer } from './kept-answer.ts';
import type { RedisAnswers } from './redis-answers.ts';

/**
 * Where `async-cache-dedupe` keeps answers: in memory, bounded by bytes (its own memory storage counts entries, and an answer may have megabytes), and
 * in front of Redis where there is one. The methods are those that the library asks of a storage; answers are never invalidated by
 * reference, since a change of the data makes other keys.
 */
export class AnswerStore {
  readonly #memory: LRUCache<string, KeptAnswer>;
  readonly #redis: RedisAnswers | undefined;

  constructor(maxBytes: number, redis?: RedisAnswers) {
    this.#memory = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (answer, key) => sizeOf(answer) + key.length,
      ttlAutopurge: false,
    });
    this.#redis = redis;
  }

  async get(key: string): Promise<KeptAnswer | undefined> {
    const own = this.#memory.get(key);
    if (own || !this.#redis) return own;
    const shared = await this.#redis.get(key);
    if (!shared) return undefined;
    const msLeft = shared.computedAtMs + shared.ttlSeconds * 1000 - Date.now();
    // Of a collector whose clock goes otherwise: not kept here, or it would live too long.
    if (msLeft > 0 && msLeft <= shared.ttlSeconds * 1000) this.#memory.set(key, shared, { ttl: msLeft });
    return shared;
  }

  /** Does not wait for Redis. */
  set(key: string, answer: KeptAnswer, ttlSeconds: number): Promise<void> {
    this.#memory.set(key, answer, { ttl: ttlSeconds * 1000 });
    void this.#redis?.set(key, answer);
    return Promise.resolve();
  }

  remove(key: string): Promise<void> {
    this.#memory.delete(key);
    void this.#redis?.remove(key);
    return Promise.resolve();
  }

  async exists(key: string): Promise<boolean> {
    return (await this.getTTL(key)) > 0;
  }

  /** Seconds. */
  async getTTL(key: string): Promise<number> {
    const own = this.#memory.getRemainingTTL(key);
    return (own > 0 ? own : ((await this.#redis?.msLeft(key)) ?? 0)) / 1000;
  }

  invalidate(): Promise<void> {
    return Promise.resolve();
  }

  clear(): Promise<void> {
    this.#memory.clear();
    return Promise.resolve();
  }

  refresh(): Promise<void> {
    return this.clear();
  }
}
