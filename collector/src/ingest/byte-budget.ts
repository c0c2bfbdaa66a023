/**
 * Bounds the bytes of request bodies in memory: a request reserves what it will hold before its body is read, and gives it back
 * when it is answered.
 */
export class ByteBudget {
  readonly #max: number;
  #used = 0;

  constructor(maxBytes: number) {
    this.#max = maxBytes;
  }

  /** Bytes reserved now. */
  get used(): number {
    return this.#used;
  }

  /** @returns the reservation, or undefined when there is no room. One request always fits, however large. */
  reserve(bytes: number): Reservation | undefined {
    if (this.#used > 0 && this.#used + bytes > this.#max) return undefined;
    this.#used += bytes;
    let held = bytes;
    return {
      grow: (to: number): boolean => {
        const more = to - held;
        const isAlone = this.#used === held;
        if (more > 0 && !isAlone && this.#used + more > this.#max) return false;
        this.#used += more;
        held = to;
        return true;
      },
      release: (): void => {
        this.#used -= held;
        held = 0;
      },
    };
  }
}

export interface Reservation {
  /** Changes the reservation to another size; false when there is no room. */
  grow(to: number): boolean;
  /** Gives all of it back; more than once does no harm. */
  release(): void;
}
