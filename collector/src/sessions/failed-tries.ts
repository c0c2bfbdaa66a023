import { isIPv6 } from 'node:net';
import { LRUCache } from 'lru-cache';
import { Problem } from '../http/errors.ts';

/** Failed tries of one client within the window before it has to wait for the window's end. */
export const MOST_FAILED_TRIES = 10;
export const FAILED_TRIES_WINDOW_MS = 5 * 60_000;
/** Clients that are remembered; the one that has not tried for longest is forgotten first. */
const MOST_CLIENTS = 10_000;

interface Window {
  startMs: number;
  tries: number;
}

/**
 * Counts failed tries to sign in by client address, in this process. Keys and tokens cannot be guessed anyway; this keeps who tries from costing a query
 * each. Requests with a key in a header, and with them all ingest, never come here.
 */
export class FailedTries {
  readonly #windows = new LRUCache<string, Window>({ max: MOST_CLIENTS });
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /**
   * Takes one try before its outcome is known, so that a thousand at once are not all let in. Call what it returns when the try was not a wrong guess.
   * @throws Problem too-many-requests
   */
  take(address: string): () => void {
    const client = clientOf(address);
    const nowMs = this.#nowMs();
    let window = this.#windows.get(client);
    if (!window || nowMs - window.startMs >= FAILED_TRIES_WINDOW_MS) {
      window = { startMs: nowMs, tries: 0 };
      this.#windows.set(client, window);
    }
    if (window.tries >= MOST_FAILED_TRIES) {
      const retryAfterSeconds = Math.max(
        1,
        Math.ceil((window.startMs + FAILED_TRIES_WINDOW_MS - nowMs) / 1000),
      );
      throw new Problem(
        'too-many-requests',
        `There were ${MOST_FAILED_TRIES} failed tries to sign in from this address. Try again in ${retryAfterSeconds} seconds.`,
        { retryAfterSeconds },
      );
    }
    window.tries += 1;
    const taken = window;
    return () => {
      taken.tries -= 1;
    };
  }

  /** How many clients are remembered. */
  get size(): number {
    return this.#windows.size;
  }
}

/** An IPv4 address, or the first half of an IPv6 one: who has one of those has 2^64 of them. */
export function clientOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? 0 : tail.split(':').length;
    while (groups.length + after < 8) groups.push('0');
  }
  return groups
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(':');
}
