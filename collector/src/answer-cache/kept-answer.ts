import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';

/** An answer as it is kept: its JSON text in two parts, between which its age is written when it is given. */
export interface KeptAnswer {
  head: Buffer;
  tail: Buffer;
  /** Strong: of the figures, and of whether they are complete; not of when they were computed. */
  etag: string;
  computedAtMs: number;
  /** Seconds that it may be given for. */
  ttlSeconds: number;
}

const FRESHNESS = '"freshness":{';
const AGE = '"cache_age_seconds":';
/** The age of an answer that was just computed. */
const NO_AGE = `${AGE}0`;

interface Freshness {
  as_of: string;
  complete_until: string;
}

/** Whether everything committed before the answer was computed is in it. */
export function isComplete({ as_of: asOf, complete_until: completeUntil }: Freshness): boolean {
  return Date.parse(completeUntil) >= Date.parse(asOf);
}

/**
 * @param json the text of an answer whose `freshness` says that its age is 0
 * @throws Error where it does not: a mistake in a route's schema
 */
export function keepAnswer(
  json: string,
  freshness: Freshness,
  computedAtMs: number,
  ttlSeconds: number,
): KeptAnswer {
  // Neither is found inside of a string: there, every quotation mark has a backslash before it.
  const at = json.lastIndexOf(NO_AGE);
  const freshnessAt = json.lastIndexOf(FRESHNESS, at);
  if (at < 0 || freshnessAt < 0)
    throw new Error('An answer that is to be kept has no freshness with cache_age_seconds.');
  const tail = json.slice(at + NO_AGE.length);
  const hash = createHash('sha256')
    .update(json.slice(0, freshnessAt))
    .update(isComplete(freshness) ? 'complete' : 'behind')
    .update(tail);
  return {
    head: Buffer.from(json.slice(0, at + AGE.length)),
    tail: Buffer.from(tail),
    etag: `"${hash.digest('base64url').slice(0, 27)}"`,
    computedAtMs,
    ttlSeconds,
  };
}

/** Up to here a copy is cheaper than a stream. */
const COPIED_BYTES = 64 * 1024;

/** The answer's JSON with its age: large ones in parts, since a copy of megabytes for every request is garbage that piles up. */
export function withAge(
  { head, tail }: KeptAnswer,
  ageSeconds: number,
): { body: Buffer | Readable; bytes: number } {
  const parts = [head, Buffer.from(String(ageSeconds)), tail];
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  return {
    body: bytes <= COPIED_BYTES ? Buffer.concat(parts) : Readable.from(parts, { objectMode: false }),
    bytes,
  };
}

export function sizeOf({ head, tail, etag }: KeptAnswer): number {
  return head.length + tail.length + etag.length + 200;
}

/** For a store outside of this process: a line of JSON, then both parts. */
export function encodeKept({ head, tail, etag, computedAtMs, ttlSeconds }: KeptAnswer): Buffer {
  const about = JSON.stringify({ etag, computedAtMs, ttlSeconds, headBytes: head.length });
  return Buffer.concat([Buffer.from(`${about}\n`), head, tail]);
}

/** undefined for what is not of `encodeKept`. */
export function decodeKept(bytes: Buffer): KeptAnswer | undefined {
  const end = bytes.indexOf(0x0a);
  if (end < 0) return undefined;
  let about: Partial<Record<'etag' | 'computedAtMs' | 'ttlSeconds' | 'headBytes', unknown>> | null;
  try {
    about = JSON.parse(bytes.toString('utf8', 0, end)) as typeof about;
  } catch {
    return undefined;
  }
  const { etag, computedAtMs, ttlSeconds, headBytes } = about ?? {};
  if (typeof etag !== 'string' || typeof computedAtMs !== 'number') return undefined;
  if (typeof ttlSeconds !== 'number' || typeof headBytes !== 'number') return undefined;
  const middle = end + 1 + headBytes;
  return {
    head: bytes.subarray(end + 1, middle),
    tail: bytes.subarray(middle),
    etag,
    computedAtMs,
    ttlSeconds,
  };
}
