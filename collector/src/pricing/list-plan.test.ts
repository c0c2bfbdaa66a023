import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { planList, type ListPlan } from './list-plan.ts';
import { chargesKey, NO_OTHER_PRICES, type NewPrice, type StoredPrice } from './stored-price.ts';

const DAY_MS = 86_400_000;
const day = (number: number): number => Date.UTC(2026, 0, 1) + number * DAY_MS;

/** One model's prices over time: [from day, USD a million tokens], the first since ever. */
function list(...prices: [from: number, usd: number][]): NewPrice[] {
  return prices.map(([from, usd], index) => {
    const next = prices[index + 1]?.[0];
    const each = { attoUsd: BigInt(usd) * 10n ** 12n, basis: 'input_mtok' };
    return {
      kind: 'list',
      tenantId: null,
      providerId: 'acme',
      modelPattern: 'm',
      modelMatch: { equals: 'm' },
      listModelId: 'm',
      listPosition: 0,
      serviceTier: 'standard',
      fromMs: index === 0 ? -Infinity : day(from),
      toMs: next === undefined ? Infinity : day(next),
      bands: [
        {
          overInputTokens: -1,
          rates: {
            input: each,
            cacheRead: each,
            cacheWrite5m: each,
            cacheWrite1h: each,
            output: each,
            reasoning: null,
            request: null,
          },
        },
      ],
      windows: [],
      otherPrices: NO_OTHER_PRICES,
      unpricedReason: null,
      discountPercent: null,
      source: 'genai-prices',
      version: String(usd),
      note: null,
    };
  });
}

/** A table of rows that takes plans in and holds them to what the database would refuse. */
class Table {
  rows: StoredPrice[] = [];

  take(wanted: NewPrice[], nowDay: number, options = {}): ListPlan {
    const plan = planList(this.rows, wanted, day(nowDay), options);
    for (const { priceId, toMs } of plan.end) {
      const row = this.rows.find((each) => each.priceId === priceId);
      if (row === undefined || toMs >= row.toMs || toMs < row.fromMs) throw new Error('not an earlier end');
      row.toMs = toMs;
    }
    for (const { priceId, ...names } of plan.rename)
      Object.assign(this.rows.find((each) => each.priceId === priceId) ?? {}, names);
    for (const price of plan.add) {
      if (this.rows.some((row) => Math.max(row.fromMs, price.fromMs) < Math.min(row.toMs, price.toMs)))
        throw new Error('an overlap');
      this.rows.push({
        ...price,
        priceId: this.rows.length + 1,
        createdAt: new Date(0),
        createdBy: 'test',
        endedAt: null,
        endedBy: null,
      });
    }
    return plan;
  }

  at(atDay: number): string | undefined {
    return this.rows.find(({ fromMs, toMs }) => fromMs <= day(atDay) && day(atDay) < toMs)?.version;
  }

  over(...days: number[]): (string | undefined)[] {
    return days.map((each) => this.at(each));
  }
}

describe('a newer price list', () => {
  test('that says the same changes nothing', () => {
    const table = new Table();
    table.take(list([0, 2], [10, 3]), 20);
    expect(table.take(list([0, 2], [10, 3]), 30)).toEqual({ add: [], end: [], rename: [] });
  });

  test('with a price from a date on ends the old price there, also when that date is past', () => {
    for (const now of [5, 20]) {
      const table = new Table();
      table.take(list([0, 2]), 1);
      const plan = table.take(list([0, 2], [10, 3]), now);
      expect(plan.end).toEqual([{ priceId: 1, toMs: day(10) }]);
      expect(plan.add).toHaveLength(1);
      expect(table.over(-100, 9, 10, 100)).toEqual(['2', '2', '3', '3']);
    }
  });

  test("with another price and no date changes it from now on: last year's usage keeps last year's price", () => {
    const table = new Table();
    table.take(list([0, 2]), 1);
    table.take(list([0, 4]), 20);
    expect(table.over(-100, 19, 20, 100)).toEqual(['2', '2', '4', '4']);
    expect(table.take(list([0, 4]), 25)).toEqual({ add: [], end: [], rename: [] });
    table.take(list([0, 6]), 30);
    expect(table.over(-100, 19, 20, 29, 30)).toEqual(['2', '2', '4', '4', '6']);
  });

  test('taken as the mending of an error holds as far back as the list says', () => {
    const table = new Table();
    table.take(list([0, 2]), 1);
    const plan = table.take(list([0, 4]), 20, { correctHistory: true });
    expect(plan.end).toEqual([{ priceId: 1, toMs: -Infinity }]);
    expect(table.over(-100, 19, 20, 100)).toEqual(['4', '4', '4', '4']);
  });

  test('that tells a past price which it had not known corrects it', () => {
    const table = new Table();
    table.take(list([0, 3]), 20);
    table.take(list([0, 2], [10, 3]), 30);
    expect(table.over(-100, 9, 10, 100)).toEqual(['2', '2', '3', '3']);
  });

  test('that gives a change its date afterwards moves it there', () => {
    const table = new Table();
    table.take(list([0, 2]), 1);
    table.take(list([0, 3]), 20);
    table.take(list([0, 2], [18, 3]), 30);
    expect(table.over(17, 18, 19, 20, 40)).toEqual(['2', '3', '3', '3', '3']);
  });

  test('that goes on from an undated change to a dated one leaves what was before both', () => {
    const table = new Table();
    table.take(list([0, 2]), 1);
    table.take(list([0, 3]), 20);
    table.take(list([0, 3], [25, 4]), 30);
    expect(table.over(0, 19, 20, 24, 25)).toEqual(['2', '2', '3', '3', '4']);
  });

  test('that takes an announced price back goes on with the old one', () => {
    const table = new Table();
    table.take(list([0, 2], [50, 3]), 1);
    table.take(list([0, 2]), 20);
    expect(table.over(0, 49, 50, 100)).toEqual(['2', '2', '2', '2']);
  });

  test('with other names and places for a model tells its rows, ended ones too; one without the model puts it last', () => {
    const table = new Table();
    table.take(list([0, 2], [10, 3]), 20);
    const renamed = list([0, 2], [10, 3]).map((row) => ({
      ...row,
      modelPattern: 'm or n',
      modelMatch: { or: [{ equals: 'm' }, { equals: 'n' }] },
      listPosition: 7,
    }));
    const plan = table.take(renamed, 30);
    expect(plan).toMatchObject({
      add: [],
      end: [],
      rename: [
        { priceId: 1, modelPattern: 'm or n' },
        { priceId: 2, listPosition: 7 },
      ],
    });
    expect(table.take([], 40)).toMatchObject({
      add: [],
      end: [],
      rename: [{ listPosition: 1_000_007 }, { listPosition: 1_000_007 }],
    });
    expect(table.take([], 50).rename).toEqual([]);
    expect(table.at(60)).toBe('3');
  });

  test('whatever the lists and times: now and later as it says, no overlap, no row altered, and a second time nothing', () => {
    const prices = fc
      .tuple(
        fc.integer({ min: 1, max: 4 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 3 }),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 3 }),
      )
      .map(([first, starts, later]) =>
        list(
          [0, first],
          ...starts.sort((a, b) => a - b).map((start, index): [number, number] => [start, later[index] ?? 1]),
        ),
      );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(prices, fc.integer({ min: 1, max: 10 }), fc.boolean()), {
          minLength: 1,
          maxLength: 6,
        }),
        (imports) => {
          const table = new Table();
          let now = 0;
          for (const [wanted, pause, correctHistory] of imports) {
            const before = table.rows.map((row) => ({
              id: row.priceId,
              from: row.fromMs,
              charges: chargesKey(row),
              to: row.toMs,
            }));
            now += pause;
            const history = Array.from({ length: now }, (_, index) => table.at(index));
            table.take(wanted, now, { correctHistory });
            for (const { id, from, charges, to } of before) {
              const row = table.rows.find(({ priceId }) => priceId === id);
              expect([row?.fromMs, row && chargesKey(row)]).toEqual([from, charges]);
              expect(row?.toMs).toBeLessThanOrEqual(to);
            }
            const listed = (at: number): string | undefined =>
              wanted.find(({ fromMs, toMs }) => fromMs <= day(at) && day(at) < toMs)?.version;
            for (let at = now; at < 70; at++) expect(table.at(at)).toBe(listed(at));
            for (let at = 0; at < now; at++) {
              if (correctHistory) expect(table.at(at)).toBe(listed(at));
              else expect([history[at] ?? listed(at), listed(at)]).toContain(table.at(at));
            }
            expect(table.take(wanted, now + 1, { correctHistory })).toEqual({ add: [], end: [], rename: [] });
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
