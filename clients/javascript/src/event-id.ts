const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
/** Random bytes are asked for in blocks: one call for each id would cost more than the rest of it. */
const BLOCK_BYTES = 1024;
const block = new Uint8Array(BLOCK_BYTES);
let used = BLOCK_BYTES;

/**
 * Returns a UUID version 7 (RFC 9562) for a moment in Unix milliseconds. Ids that are made together sort together, which keeps
 * the collector's indexes compact.
 */
export function newEventId(unixMs: number): string {
  const time = Math.max(0, Math.floor(unixMs)).toString(16).padStart(12, '0').slice(-12);
  let tail = '';
  for (let index = 6; index < 16; index += 1) {
    let byte = randomByte();
    if (index === 6) byte = 0x70 | (byte & 0x0f);
    if (index === 8) byte = 0x80 | (byte & 0x3f);
    tail += HEX[byte] ?? '';
  }
  return `${time.slice(0, 8)}-${time.slice(8)}-${tail.slice(0, 4)}-${tail.slice(4, 8)}-${tail.slice(8)}`;
}

function randomByte(): number {
  if (used === BLOCK_BYTES) {
    used = 0;
    // Node 18 has no global crypto. What is lost there is secrecy, which an event id does not need.
    const { crypto } = globalThis as { crypto?: { getRandomValues(bytes: Uint8Array): unknown } };
    if (crypto) crypto.getRandomValues(block);
    else for (let index = 0; index < BLOCK_BYTES; index += 1) block[index] = Math.floor(Math.random() * 256);
  }
  const byte = block[used] ?? 0;
  used += 1;
  return byte;
}
