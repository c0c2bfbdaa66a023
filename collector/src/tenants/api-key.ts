import { createHash, timingSafeEqual } from 'node:crypto';
import { BASE62, randomText } from './random-text.ts';

export const SCOPES = ['ingest', 'read', 'admin', 'metrics'] as const;
export type Scope = (typeof SCOPES)[number];

const SHAPE = /^po_([0-9A-Za-z]{8})_[0-9A-Za-z]{43}$/;

/** A new key: `po_<8 base62 id>_<43 base62 secret>`, 256 bits of secret. */
export function generateApiKey(): string {
  return `po_${randomText(BASE62, 8)}_${randomText(BASE62, 43)}`;
}

/** The public part that names a key in lists and logs. Keys of another shape (BOOTSTRAP_API_KEY) get one from their hash. */
export function keyIdOf(key: string): string {
  const id = SHAPE.exec(key)?.[1];
  if (id !== undefined) return id;
  return Array.from(hashApiKey(key).subarray(0, 8), (byte) => BASE62[byte % BASE62.length]).join('');
}

/** What is stored of a key. The secret has 256 random bits, so a plain SHA-256 cannot be searched. */
export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Compares a presented key with a stored hash in constant time. */
export function matchesHash(key: string, storedSha256: Buffer): boolean {
  const presented = hashApiKey(key);
  return presented.length === storedSha256.length && timingSafeEqual(presented, storedSha256);
}

/** `admin` includes every other scope. */
export function allows(scopes: readonly Scope[], needed: Scope): boolean {
  return scopes.includes(needed) || scopes.includes('admin');
}
