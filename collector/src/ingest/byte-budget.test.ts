import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ByteBudget } from './byte-budget.ts';

test('bodies in memory never exceed the budget, nor one tenant its half, unless one body alone does', () => {
  const steps = fc.array(
    fc.record({
      kind: fc.constantFrom('reserve', 'grow', 'release'),
      tenant: fc.constantFrom('a', 'b', 'c'),
      bytes: fc.nat(200),
      which: fc.nat(9),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (actions) => {
      const budget = new ByteBudget(250);
      const open: {
        tenant: string;
        bytes: number;
        reservation: NonNullable<ReturnType<ByteBudget['reserve']>>;
      }[] = [];
      const held = (tenant?: string): number[] =>
        open
          .filter((one) => one.bytes > 0 && (tenant === undefined || one.tenant === tenant))
          .map(({ bytes }) => bytes);
      const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
      for (const { kind, tenant, bytes, which } of actions) {
        const at = which % Math.max(1, open.length);
        const chosen = open[at];
        if (kind === 'reserve') {
          const reservation = budget.reserve(tenant, bytes);
          if (reservation) open.push({ tenant, bytes, reservation });
          else expect(budget.used + bytes > 250 || sum(held(tenant)) + bytes > 125).toBe(true);
        } else if (chosen && kind === 'grow') {
          if (chosen.reservation.grow(bytes)) chosen.bytes = bytes;
        } else if (chosen) {
          chosen.reservation.release();
          chosen.reservation.release();
          open.splice(at, 1);
        }
        expect(budget.used).toBe(sum(held()));
        if (held().length > 1) expect(budget.used).toBeLessThanOrEqual(250);
        for (const one of ['a', 'b', 'c'])
          if (held(one).length > 1) expect(sum(held(one))).toBeLessThanOrEqual(125);
      }
    }),
  );
});

test('a tenant that sends without end leaves room for another', () => {
  const budget = new ByteBudget(1000);
  while (budget.reserve('noisy', 10)) continue;
  expect(budget.reserve('quiet', 400)).toBeDefined();
});
