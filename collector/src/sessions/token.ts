import { createHash, randomBytes } from 'node:crypto';

/** Of the texts of tokens, for schemas. */
export const TOKEN_PATTERN = '^[A-Za-z0-9_-]{43}$';
const SHAPE = new RegExp(TOKEN_PATTERN);

/** A token of a session or of a sign-in link: 256 random bits, base64url. */
export function generateToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether a text can be a token at all; what cannot is refused without asking the database. */
export function looksLikeToken(text: string): boolean {
  return SHAPE.test(text);
}

/**
 * What is stored of a token, and what it is looked up by. The time that an index takes tells something of hashes alone, of which a guess chooses no bit;
 * and 256 random bits need no slow hash.
 */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
