import type { Random } from './random.ts';

/**
 * A UUIDv7 (RFC 9562): the 48-bit Unix time in milliseconds, then 74 bits of the given stream. Deterministic, and in time
 * order when sorted as text.
 */
export function eventId(timestampMs: number, random: Random): string {
  const time = hex(timestampMs, 12);
  const randA = hex(bits(random, 12), 3);
  const variant = hex(0x8000 | bits(random, 14), 4);
  const randB = hex(bits(random, 24), 6) + hex(bits(random, 24), 6);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randA}-${variant}-${randB}`;
}

function bits(random: Random, count: number): number {
  return Math.floor(random() * 2 ** count);
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
