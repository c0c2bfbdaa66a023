/** What was seen that no mapping could make a call of. */
export interface UnknownShape {
  /** Scope of the emitter, with its version. */
  emitter: string;
  reason: string;
  /** An example: the names of its attributes, without values. */
  example: string;
  count: number;
}

const MAX_SHAPES = 200;
const LONGEST_EXAMPLE = 500;

/** Counts what could not be read, by emitter and reason; bounded, so that the rest of a long tail is counted as one. */
export class UnknownShapes {
  readonly #shapes = new Map<string, UnknownShape>();
  #other = 0;

  note(emitter: string, reason: string, keys: Iterable<string>, times = 1): void {
    const key = `${emitter}\0${reason}`;
    const known = this.#shapes.get(key);
    if (known) {
      known.count += times;
      return;
    }
    if (this.#shapes.size >= MAX_SHAPES) {
      this.#other += times;
      return;
    }
    const example = [...keys].toSorted().join(', ').slice(0, LONGEST_EXAMPLE);
    this.#shapes.set(key, { emitter, reason, example, count: times });
  }

  /** Adds what another one counted. */
  add(other: UnknownShapes): void {
    for (const shape of other.list()) {
      this.note(shape.emitter, shape.reason, [shape.example], shape.count);
    }
  }

  get total(): number {
    let total = this.#other;
    for (const { count } of this.#shapes.values()) total += count;
    return total;
  }

  /** The most frequent first. */
  list(): UnknownShape[] {
    const other: UnknownShape = {
      emitter: 'other',
      reason: 'more kinds than are told apart',
      example: '',
      count: this.#other,
    };
    return [...this.#shapes.values(), ...(this.#other > 0 ? [other] : [])].toSorted(
      (a, b) => b.count - a.count,
    );
  }
}
