import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { spread } from './spread.ts';

const amounts = fc.bigInt({ min: 0n, max: 10n ** 18n });
const weights = fc.array(fc.bigInt({ min: 0n, max: 10n ** 15n }), { minLength: 1, maxLength: 50 });

test('what is spread is all there, and nobody is a whole unit away from the exact share', () => {
  fc.assert(
    fc.property(amounts, weights, (amount, list) => {
      const shares = spread(amount, list);
      const total = list.reduce((sum, weight) => sum + weight, 0n);
      if (total === 0n) {
        expect(shares).toBeUndefined();
        return;
      }
      expect(shares?.reduce((sum, share) => sum + share, 0n)).toBe(amount);
      for (const [index, share] of (shares ?? []).entries()) {
        const exact = amount * (list[index] ?? 0n);
        const difference = share * total - exact;
        expect(difference < total && difference > -total).toBe(true);
        if (list[index] === 0n) expect(share).toBe(0n);
      }
    }),
  );
});

test('units that are left go to the largest remainders, the earlier first', () => {
  expect(spread(10n, [1n, 1n, 1n])).toEqual([4n, 3n, 3n]);
  expect(spread(100n, [1n, 2n, 4n])).toEqual([14n, 29n, 57n]);
  expect(spread(0n, [1n, 2n])).toEqual([0n, 0n]);
});
