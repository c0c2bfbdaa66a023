import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FairQueue, type Waiting } from './fair-queue.ts';

const item = (tenantId: string, rows: number, queuedAt = 0): Waiting => ({
  tenantId,
  rows: Array.from({ length: rows }),
  queuedAt,
});

test('a noisy tenant does not starve a quiet one', () => {
  const queue = new FairQueue<Waiting>();
  for (let index = 0; index < 1000; index += 1) queue.push(item('noisy', 100));
  queue.push(item('quiet', 10));
  const groups = [queue.take(1000), queue.take(1000)];
  expect(groups.flat().some(({ tenantId }) => tenantId === 'quiet')).toBe(true);
});

test('tenants that always have something get the same number of rows, whatever the size of their requests', () => {
  const queue = new FairQueue<Waiting>();
  const sizes = { small: 1, middle: 90, large: 2000 };
  const served: Record<string, number> = { small: 0, middle: 0, large: 0 };
  for (const [tenant, size] of Object.entries(sizes))
    for (let rows = 0; rows < 200_000; rows += size) queue.push(item(tenant, size));
  for (let taken = 0; taken < 300_000;) {
    for (const { tenantId, rows } of queue.take(3000)) {
      served[tenantId] = (served[tenantId] ?? 0) + rows.length;
      taken += rows.length;
    }
  }
  for (const rows of Object.values(served)) expect(Math.abs(rows - 100_000)).toBeLessThan(5_000);
});

test('everything comes out once, each tenant in order, groups within their limit, and the counts are right', () => {
  const pushes = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(700)), { maxLength: 50 });
  fc.assert(
    fc.property(pushes, fc.integer({ min: 1, max: 1500 }), (items, maxRows) => {
      const queue = new FairQueue<Waiting>();
      const all = items.map(([tenant, rows], index) => item(tenant, rows, index));
      for (const one of all) queue.push(one);
      expect(queue.oldestAt).toBe(all[0]?.queuedAt);
      const out: Waiting[] = [];
      while (queue.length > 0) {
        const group = queue.take(maxRows);
        expect(group.length).toBeGreaterThan(0);
        if (group.length > 1)
          expect(group.reduce((sum, { rows }) => sum + rows.length, 0)).toBeLessThanOrEqual(maxRows);
        out.push(...group);
        expect(queue.rows).toBe(
          all.filter((one) => !out.includes(one)).reduce((sum, { rows }) => sum + rows.length, 0),
        );
      }
      for (const tenant of ['a', 'b', 'c']) {
        expect(out.filter(({ tenantId }) => tenantId === tenant)).toEqual(
          all.filter(({ tenantId }) => tenantId === tenant),
        );
      }
    }),
  );
});
