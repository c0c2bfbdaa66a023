/**
 * Divides an amount among parts in proportion to their weights, in whole units: each gets the floor of its share, and the units that are left
 * go to the largest remainders (Hamilton's method), the earlier part first among equal ones. The sum is the amount, exactly.
 * @param amount >= 0
 * @param weights each >= 0
 * @returns one share a weight; undefined when there is nobody to give to (no weight above 0)
 */
export function spread(amount: bigint, weights: readonly bigint[]): bigint[] | undefined {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  if (total === 0n) return undefined;
  const shares = weights.map((weight) => (amount * weight) / total);
  let left = amount - shares.reduce((sum, share) => sum + share, 0n);
  const byRemainder = weights
    .map((weight, index) => ({ index, remainder: (amount * weight) % total }))
    .sort((one, other) =>
      one.remainder === other.remainder ? one.index - other.index : one.remainder < other.remainder ? 1 : -1,
    );
  for (const { index } of byRemainder) {
    if (left === 0n) break;
    shares[index] = (shares[index] ?? 0n) + 1n;
    left -= 1n;
  }
  return shares;
}
