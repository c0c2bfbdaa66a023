/** What waits: how many rows it is, whose, and since when (performance.now()). */
export interface Waiting {
  tenantId: string;
  rows: readonly unknown[];
  queuedAt: number;
}

/** Rows that a tenant may send in its turn. */
const QUANTUM_ROWS = 500;

/** Past items are cut off once there are so many: shifting an array costs its length each time. */
const COMPACT_AT = 256;

class Lane<Item> {
  #items: Item[] = [];
  #head = 0;
  /** Rows that it may still send in this turn; below zero it has to sit turns out. */
  credit = 0;
  /** Its turn was cut short by a full group, and goes on in the next one. */
  isInTurn = false;

  get first(): Item | undefined {
    return this.#items[this.#head];
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  shift(): void {
    this.#head += 1;
    if (this.#head < COMPACT_AT) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}

/**
 * A queue with a lane a tenant, served by deficit round robin: however much one tenant sends, another's next request waits for a
 * turn of each tenant at the most. Inside a lane it is first come, first served. (Shreedhar and Varghese, 1995.)
 */
export class FairQueue<Item extends Waiting> {
  readonly #lanes = new Map<string, Lane<Item>>();
  #rows = 0;
  #length = 0;

  /** Rows of everything that waits. */
  get rows(): number {
    return this.#rows;
  }

  get length(): number {
    return this.#length;
  }

  /** When the item that waits longest came; undefined when nothing waits. */
  get oldestAt(): number | undefined {
    let oldest: number | undefined;
    for (const { first } of this.#lanes.values()) {
      const at = first?.queuedAt;
      if (at !== undefined && (oldest === undefined || at < oldest)) oldest = at;
    }
    return oldest;
  }

  push(item: Item): void {
    let lane = this.#lanes.get(item.tenantId);
    if (!lane) this.#lanes.set(item.tenantId, (lane = new Lane()));
    lane.push(item);
    this.#rows += item.rows.length;
    this.#length += 1;
  }

  /** The next group: whole items, up to `maxRows` rows, at least one item. */
  take(maxRows: number): Item[] {
    const group: Item[] = [];
    let rows = 0;
    while (this.#lanes.size > 0) {
      for (const [tenantId, lane] of this.#lanes) {
        if (!lane.isInTurn) lane.credit += QUANTUM_ROWS;
        lane.isInTurn = true;
        for (let item = lane.first; item && lane.credit > 0; item = lane.first) {
          if (group.length > 0 && rows + item.rows.length > maxRows) return group;
          lane.shift();
          // An item without rows (all were refused) takes a turn too.
          lane.credit -= Math.max(1, item.rows.length);
          rows += item.rows.length;
          this.#rows -= item.rows.length;
          this.#length -= 1;
          group.push(item);
        }
        // To the end of the line, or out of it.
        lane.isInTurn = false;
        this.#lanes.delete(tenantId);
        if (lane.first) this.#lanes.set(tenantId, lane);
        if (rows >= maxRows) return group;
      }
    }
    return group;
  }
}
