import { chargesKey, type NewPrice, type StoredPrice } from './stored-price.ts';

/** What has to be done to a price book so that it has what a list says. */
export interface ListPlan {
  add: NewPrice[];
  /** Rows to be ended; at their own beginning when they should never have been in force. */
  end: { priceId: number; toMs: number }[];
  /** Rows whose model goes by other names in the list, or stands elsewhere in it. What they charge is the same. */
  rename: {
    priceId: number;
    modelPattern: string;
    modelMatch: NewPrice['modelMatch'];
    listPosition: number;
  }[];
}

/** Models that left the list come after all that are in it: they still price names that nothing else matches. */
const AFTER_THE_LIST = 1_000_000;

/**
 * Compares what a list says with the rows of the same source.
 *
 * A price with a date holds from that date, also when the list tells it late. A price that is another one than before and has no
 * new date holds from `nowMs` on: what was charged until then stays explained, and yesterday's usage keeps yesterday's price. With
 * `correctHistory` it is taken for the mending of an error and holds as far back as the list says.
 */
export function planList(
  existing: readonly StoredPrice[],
  wanted: readonly NewPrice[],
  nowMs: number,
  { correctHistory = false }: { correctHistory?: boolean } = {},
): ListPlan {
  const plan: ListPlan = { add: [], end: [], rename: [] };
  const existingBy = Map.groupBy(
    existing.filter(({ fromMs, toMs }) => fromMs < toMs),
    keyOf,
  );
  for (const [key, rows] of Map.groupBy(wanted, keyOf)) {
    const before = (existingBy.get(key) ?? []).sort((a, b) => a.fromMs - b.fromMs);
    const { add, end } = planModel(
      before,
      rows.sort((a, b) => a.fromMs - b.fromMs),
      nowMs,
      correctHistory,
    );
    plan.add.push(...add);
    plan.end.push(...end);
  }
  const models = Map.groupBy(wanted, modelOf);
  for (const row of existing) {
    const model = models.get(modelOf(row))?.[0];
    const listPosition = model?.listPosition ?? AFTER_THE_LIST + ((row.listPosition ?? 0) % AFTER_THE_LIST);
    const { modelPattern, modelMatch } = model ?? row;
    if (
      row.listPosition !== listPosition ||
      row.modelPattern !== modelPattern ||
      !isSameJson(row.modelMatch, modelMatch)
    )
      plan.rename.push({ priceId: row.priceId, modelPattern, modelMatch, listPosition });
  }
  return plan;
}

/** A stretch of time in which one row, old or new, shall hold. */
interface Piece {
  fromMs: number;
  toMs: number;
  charges: string;
  /** What to add where no old row can go on. */
  price: NewPrice;
}

function planModel(
  before: readonly StoredPrice[],
  wanted: readonly NewPrice[],
  nowMs: number,
  correctHistory: boolean,
): Pick<ListPlan, 'add' | 'end'> {
  if (before.length === 0) return { add: [...wanted], end: [] };
  const pieces = targetPieces(before, wanted, nowMs, correctHistory);
  const end: ListPlan['end'] = [];
  const kept: { fromMs: number; toMs: number }[] = [];
  for (const row of before) {
    const charges = chargesKey(row);
    let toMs = row.fromMs;
    for (const piece of pieces) {
      if (piece.fromMs <= toMs && toMs < piece.toMs && piece.charges === charges) toMs = piece.toMs;
    }
    toMs = Math.min(toMs, row.toMs);
    if (toMs < row.toMs) end.push({ priceId: row.priceId, toMs });
    if (toMs > row.fromMs) kept.push({ fromMs: row.fromMs, toMs });
  }
  const add: NewPrice[] = [];
  for (const piece of pieces) {
    let fromMs = piece.fromMs;
    for (const row of kept) {
      if (row.toMs <= fromMs || row.fromMs >= piece.toMs) continue;
      if (row.fromMs > fromMs) addTo(add, piece, fromMs, row.fromMs);
      fromMs = row.toMs;
    }
    if (fromMs < piece.toMs) addTo(add, piece, fromMs, piece.toMs);
  }
  return { add, end };
}

function addTo(add: NewPrice[], { price, charges }: Piece, fromMs: number, toMs: number): void {
  const last = add.at(-1);
  if (last !== undefined && last.toMs === fromMs && chargesKey(last) === charges) last.toMs = toMs;
  else add.push({ ...price, fromMs, toMs });
}

/** What shall hold when: cut at every moment at which anything begins or ends. */
function targetPieces(
  before: readonly StoredPrice[],
  wanted: readonly NewPrice[],
  nowMs: number,
  correctHistory: boolean,
): Piece[] {
  const times = [
    ...new Set([nowMs, ...[...before, ...wanted].flatMap(({ fromMs, toMs }) => [fromMs, toMs])]),
  ].sort((a, b) => a - b);
  const pieces: Piece[] = [];
  for (const [index, fromMs] of times.entries()) {
    const toMs = times[index + 1];
    if (toMs === undefined) break;
    const holds = (row: NewPrice): boolean => row.fromMs <= fromMs && fromMs < row.toMs;
    const old = before.find(holds);
    const listed = wanted.find(holds);
    const isPast = fromMs < nowMs;
    // What began within a stretch of the list that says the same at its end (or has no end yet) was a change without a date: the list
    // tells nothing about the time before it, so that stays as it was.
    const isUndated =
      listed === undefined ||
      (old !== undefined &&
        old.fromMs >= listed.fromMs &&
        (listed.toMs > nowMs || saysTheSameAtItsEnd(listed, before)));
    const price = isPast && isUndated && !correctHistory ? (old ?? listed) : listed;
    if (price === undefined) continue;
    const charges = chargesKey(price);
    const last = pieces.at(-1);
    if (last !== undefined && last.toMs === fromMs && last.charges === charges) last.toMs = toMs;
    else pieces.push({ fromMs, toMs, charges, price });
  }
  return pieces;
}

function saysTheSameAtItsEnd(listed: NewPrice, before: readonly StoredPrice[]): boolean {
  const last = before.find(({ fromMs, toMs }) => fromMs < listed.toMs && listed.toMs <= toMs);
  return last !== undefined && chargesKey(last) === chargesKey(listed);
}

function keyOf(price: NewPrice): string {
  return JSON.stringify([price.providerId, price.listModelId, price.serviceTier]);
}

function modelOf(price: NewPrice): string {
  return JSON.stringify([price.providerId, price.listModelId]);
}

/** jsonb gives an object's keys in another order than they were written. */
function isSameJson(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => isSameJson(item, b[index]));
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return (
    left.length === right.size &&
    left.every(([key, value]) => right.has(key) && isSameJson(value, right.get(key)))
  );
}
