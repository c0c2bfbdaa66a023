/** The part of the budget that one tenant may hold, so that a noisy one never shuts the others out. */
const TENANT_SHARE = 0.5;

/**
 * Bounds the bytes of request bodies in memory: a request reserves what it will hold before its body is read, and gives it back
 * when it is answered. One tenant holds half of the budget at the most.
 */
export class ByteBudget {
  readonly #max: number;
  #used = 0;
  readonly #usedBy = new Map<string, number>();

  constructor(maxBytes: number) {
    this.#max = maxBytes;
  }

  /** Bytes reserved now. */
  get used(): number {
    return this.#used;
  }

  /** @returns the reservation, or undefined when there is no room. One request always fits into an empty budget, however large. */
  reserve(tenantId: string, bytes: number): Reservation | undefined {
    if (!this.#hasRoom(tenantId, bytes, 0)) return undefined;
    this.#add(tenantId, bytes);
    let held = bytes;
    return {
      grow: (to: number): boolean => {
        if (to > held && !this.#hasRoom(tenantId, to - held, held)) return false;
        this.#add(tenantId, to - held);
        held = to;
        return true;
      },
      release: (): void => {
        this.#add(tenantId, -held);
        held = 0;
      },
    };
  }

  /** @param own what the request holds already */
  #hasRoom(tenantId: string, more: number, own: number): boolean {
    const byTenant = this.#usedBy.get(tenantId) ?? 0;
    const fits = this.#used + more <= this.#max || this.#used === own;
    return fits && (byTenant + more <= this.#max * TENANT_SHARE || byTenant === own);
  }

  #add(tenantId: string, bytes: number): void {
    this.#used += bytes;
    const byTenant = (this.#usedBy.get(tenantId) ?? 0) + bytes;
    if (byTenant === 0) this.#usedBy.delete(tenantId);
    else this.#usedBy.set(tenantId, byTenant);
  }
}

export interface Reservation {
  /** Changes the reservation to another size; false when there is no room. */
  grow(to: number): boolean;
  /** Gives all of it back; more than once does no harm. */
  release(): void;
}
