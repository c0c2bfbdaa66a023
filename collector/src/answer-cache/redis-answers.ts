import { Redis } from 'ioredis';
import { decodeKept, encodeKept, type KeptAnswer } from './kept-answer.ts';

/** Longer than this is longer than most answers take without Redis. */
const COMMAND_TIMEOUT_MS = 100;
/** After a failure Redis is left alone for this long. */
const PAUSE_MS = 1_000;
/** Warnings are written at most this often. */
const WARN_EVERY_MS = 60_000;

/**
 * Kept answers in Redis, for all collectors together. Everything that Redis cannot do is as if nothing were kept: no request waits for a Redis that
 * is away longer than COMMAND_TIMEOUT_MS, and at most one a second.
 */
export class RedisAnswers {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #log: { warn: (details: object, message: string) => void };
  #notBefore = 0;
  #warnAt = 0;

  /** @param prefix of the keys */
  constructor(url: string, prefix: string, log: { warn: (details: object, message: string) => void }) {
    this.#prefix = prefix;
    this.#log = log;
    this.#redis = new Redis(url, {
      // Commands fail at once while there is no connection, instead of waiting for one.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: COMMAND_TIMEOUT_MS,
      connectTimeout: 2_000,
      retryStrategy: (times) => Math.min(100 * 2 ** Math.min(times, 10), 5_000),
      connectionName: 'promptops',
    });
    // Without a listener a lost connection would end the process.
    this.#redis.on('error', (err: Error) => this.#warn(err));
  }

  async get(key: string): Promise<KeptAnswer | undefined> {
    const bytes = await this.#try(() => this.#redis.getBuffer(this.#prefix + key));
    return bytes ? decodeKept(bytes) : undefined;
  }

  async set(key: string, answer: KeptAnswer): Promise<void> {
    await this.#try(() =>
      this.#redis.set(this.#prefix + key, encodeKept(answer), 'EX', Math.max(1, answer.ttlSeconds)),
    );
  }

  async remove(key: string): Promise<void> {
    await this.#try(() => this.#redis.del(this.#prefix + key));
  }

  /** Milliseconds that a key has left; undefined for one that is not there, or where Redis is away. */
  async msLeft(key: string): Promise<number | undefined> {
    const left = await this.#try(() => this.#redis.pttl(this.#prefix + key));
    return left === undefined || left < 0 ? undefined : left;
  }

  /** Ends the connection; nothing that is kept is lost. */
  stop(): void {
    this.#redis.disconnect();
  }

  async #try<Result>(command: () => Promise<Result>): Promise<Result | undefined> {
    if (this.#redis.status !== 'ready' || performance.now() < this.#notBefore) return undefined;
    try {
      return await command();
    } catch (err) {
      this.#notBefore = performance.now() + PAUSE_MS;
      this.#warn(err);
      return undefined;
    }
  }

  #warn(err: unknown): void {
    const now = performance.now();
    if (now < this.#warnAt) return;
    this.#warnAt = now + WARN_EVERY_MS;
    this.#log.warn({ err }, 'Redis cannot be used: answers are kept in memory alone until it is back');
  }
}
