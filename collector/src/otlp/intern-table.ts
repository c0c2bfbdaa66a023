const SLOTS = 4096;
const LONGEST = 128;

interface Entry<Value> {
  bytes: Uint8Array;
  value: Value;
}

/**
 * What short texts mean, looked up by their bytes: the same few hundred attribute names, models and providers come with every span,
 * and decoding them anew would be half of the work. Bounded: two texts that meet in a slot take turns.
 */
export class InternTable<Value> {
  readonly #slots = new Array<Entry<Value> | undefined>(SLOTS).fill(undefined);
  readonly #make: (text: string) => Value;

  constructor(make: (text: string) => Value) {
    this.#make = make;
  }

  at(buffer: Buffer, start: number, end: number): Value {
    const length = end - start;
    if (length > LONGEST) return this.#make(buffer.toString('utf8', start, end));
    let hash = length;
    for (let index = start; index < end; index += 1) hash = (Math.imul(hash, 31) + (buffer[index] ?? 0)) | 0;
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const known = this.#slots[slot];
    if (known && isSame(known.bytes, buffer, start, length)) return known.value;
    const value = this.#make(buffer.toString('utf8', start, end));
    this.#slots[slot] = { bytes: Uint8Array.prototype.slice.call(buffer, start, end), value };
    return value;
  }
}

function isSame(bytes: Uint8Array, buffer: Buffer, start: number, length: number): boolean {
  if (bytes.length !== length) return false;
  for (let index = 0; index < length; index += 1) if (bytes[index] !== buffer[start + index]) return false;
  return true;
}
