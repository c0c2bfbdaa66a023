import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ByteBudget } from './byte-budget.ts';

test('bodies in memory never exceed the budget, unless one alone does', () => {
  const steps = fc.array(
    fc.record({ kind: fc.constantFrom('reserve', 'grow', 'release'), bytes: fc.nat(200), which: fc.nat(9) }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (actions) => {
      const budget = new ByteBudget(250);
      const open: { bytes: number; reservation: NonNullable<ReturnType<ByteBudget['reserve']>> }[] = [];
      for (const { kind, bytes, which } of actions) {
        const at = which % Math.max(1, open.length);
        const chosen = open[at];
        if (kind === 'reserve') {
          const reservation = budget.reserve(bytes);
          if (reservation) open.push({ bytes, reservation });
          else expect(budget.used + bytes).toBeGreaterThan(250);
        } else if (chosen && kind === 'grow') {
          if (chosen.reservation.grow(bytes)) chosen.bytes = bytes;
        } else if (chosen) {
          chosen.reservation.release();
          chosen.reservation.release();
          open.splice(at, 1);
        }
        expect(budget.used).toBe(open.reduce((sum, { bytes: held }) => sum + held, 0));
        if (open.filter(({ bytes: held }) => held > 0).length > 1)
          expect(budget.used).toBeLessThanOrEqual(250);
      }
    }),
  );
});
