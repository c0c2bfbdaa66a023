import { hash, randomBytes } from 'node:crypto';

/** A time-ordered id (RFC 9562, version 7) for an event whose sender gave none. */
export function uuidv7(nowMs: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Math.floor(nowMs), 0, 6);
  return format(bytes, 0x70);
}

/**
 * The id of the n-th event of a request with an Idempotency-Key: the same at each re-send of the request, so the whole batch
 * is recognised (RFC 9562, version 8).
 */
export function idempotentEventId(idempotencyKey: string, index: number): string {
  return format(hash('sha256', `${index}:${idempotencyKey}`, 'buffer').subarray(0, 16), 0x80);
}

const CANONICAL_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The UUID under which an event id is kept: itself where it is one in canonical form, else one made from its hash (version 8). */
export function eventUuidOf(eventId: string): string {
  if (CANONICAL_UUID.test(eventId)) return eventId;
  return format(hash('sha256', eventId, 'buffer').subarray(0, 16), 0x80);
}

function format(bytes: Buffer, version: number): string {
  bytes[6] = version | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
