import { describe, expect, test } from '@jest/globals';
import { seededRandom } from '../forecast/statistics.ts';
import { binomialUpperTail, wilsonUpperBound } from './binomial.ts';
import { findIncidents, type ErrorBucket } from './incidents.ts';

const QUARTER_MS = 900_000;
const START_MS = Date.parse('2026-03-02T00:00:00Z');

interface Made {
  days: number;
  /** Calls a quarter of an hour at noon; a tenth of it at night. */
  requests: number;
  rate: number;
  seed: number;
  outages?: { start: string; end: string; rate: number }[];
}

/** A busy application by days and nights; each call fails by its own chance. */
function made({ days, requests, rate, seed, outages = [] }: Made): ErrorBucket[] {
  const random = seededRandom(seed);
  return Array.from({ length: days * 96 }, (_, index) => {
    const startMs = START_MS + index * QUARTER_MS;
    const phase = Math.sin(((index % 96) / 96) * Math.PI);
    const count = Math.round(requests * (0.1 + 0.9 * phase) * (0.7 + 0.6 * random()));
    const outage = outages.find(
      ({ start, end }) => startMs >= Date.parse(start) && startMs < Date.parse(end),
    );
    let errors = 0;
    for (let call = 0; call < count; call++) if (random() < (outage?.rate ?? rate)) errors += 1;
    return { startMs, requests: count, errors };
  });
}
const found = (buckets: ErrorBucket[], grainMs = QUARTER_MS): [string, string][] =>
  findIncidents(buckets, grainMs).map(({ startMs, endMs }) => [
    new Date(startMs).toISOString(),
    new Date(endMs).toISOString(),
  ]);

describe('noise is no incident', () => {
  test.each([
    [0, 20],
    [0.005, 3],
    [0.02, 40],
    [0.05, 200],
    [0.2, 30],
    [0.5, 100],
  ])('error rate %d with %d calls a quarter of an hour, five times 60 days', (rate, requests) => {
    for (const seed of [1, 2, 3, 4, 5]) expect(found(made({ days: 60, requests, rate, seed }))).toEqual([]);
  });
});

test.each([0.3, 0.6, 1])(
  'an outage with error rate %d is found from its first to its last quarter of an hour',
  (rate) => {
    const outages = [
      { start: '2026-03-14T10:15:00Z', end: '2026-03-14T12:30:00Z', rate },
      { start: '2026-03-20T15:00:00Z', end: '2026-03-20T15:15:00Z', rate },
    ];
    const buckets = made({ days: 30, requests: 80, rate: 0.02, seed: 7, outages });
    expect(found(buckets)).toEqual(
      outages.map(({ start, end }) => [new Date(start).toISOString(), new Date(end).toISOString()]),
    );
    const [first] = findIncidents(buckets, QUARTER_MS);
    const inside = buckets.filter(
      ({ startMs }) =>
        startMs >= Date.parse('2026-03-14T10:15:00Z') && startMs < Date.parse('2026-03-14T12:30:00Z'),
    );
    expect(first?.requests).toBe(inside.reduce((sum, { requests }) => sum + requests, 0));
    expect(first?.errors).toBe(inside.reduce((sum, { errors }) => sum + errors, 0));
    expect(first?.baselineRate).toBeGreaterThan(0.015);
    expect(first?.baselineRate).toBeLessThan(0.025);
    expect(first?.peakRate).toBeGreaterThanOrEqual(rate - 0.15);
  },
);

test('short pauses are within one incident, long ones part two', () => {
  const at = (start: string, end: string) => ({
    start: `2026-03-14T${start}:00Z`,
    end: `2026-03-14T${end}:00Z`,
    rate: 0.8,
  });
  const buckets = made({
    days: 15,
    requests: 80,
    rate: 0.01,
    seed: 3,
    outages: [at('10:00', '10:30'), at('11:00', '11:30'), at('14:00', '14:30')],
  });
  expect(found(buckets)).toEqual([
    ['2026-03-14T10:00:00.000Z', '2026-03-14T11:30:00.000Z'],
    ['2026-03-14T14:00:00.000Z', '2026-03-14T14:30:00.000Z'],
  ]);
});

test('what stays becomes the new normal: the incident ends when the days before know nothing else', () => {
  const buckets = made({
    days: 40,
    requests: 60,
    rate: 0.01,
    seed: 5,
    outages: [{ start: '2026-03-14T00:00:00Z', end: '2027-01-01T00:00:00Z', rate: 0.15 }],
  });
  const incidents = findIncidents(buckets, QUARTER_MS);
  expect(incidents.length).toBeGreaterThan(0);
  const last = incidents.at(-1)?.endMs ?? 0;
  expect(last).toBeLessThanOrEqual(Date.parse('2026-03-22T00:00:00Z'));
});

test('an outage in the first hours of all is not judged, as nothing is known before it', () => {
  const buckets = Array.from({ length: 12 }, (_, index) => ({
    startMs: START_MS + index * QUARTER_MS,
    requests: 8,
    errors: 8,
  }));
  expect(found(buckets)).toEqual([]);
});

test('a quiet application with a few failed calls in a row is found, two are not', () => {
  const calm = Array.from({ length: 200 }, (_, index) => ({
    startMs: START_MS + index * QUARTER_MS,
    requests: 2,
    errors: 0,
  }));
  const at = START_MS + 200 * QUARTER_MS;
  expect(found([...calm, { startMs: at, requests: 5, errors: 5 }])).toHaveLength(1);
  expect(found([...calm, { startMs: at, requests: 2, errors: 2 }])).toEqual([]);
});

test('the binomial tail is that of adding all terms up', () => {
  for (const [n, p] of [
    [5, 0.3],
    [40, 0.02],
    [200, 0.5],
    [1000, 0.01],
  ] as const) {
    // Pascal's way: n convolutions, no factorial.
    let distribution = [1];
    for (let trial = 0; trial < n; trial++) {
      const next = new Array<number>(distribution.length + 1).fill(0);
      for (const [k, chance] of distribution.entries()) {
        next[k] = (next[k] ?? 0) + chance * (1 - p);
        next[k + 1] = (next[k + 1] ?? 0) + chance * p;
      }
      distribution = next;
    }
    for (const k of [0, 1, 2, Math.floor(n * p), Math.ceil(n * p) + 1, Math.floor(n / 2), n]) {
      const tail = distribution.slice(k).reduce((sum, chance) => sum + chance, 0);
      expect(Math.abs(binomialUpperTail(k, n, p) - tail)).toBeLessThanOrEqual(tail * 1e-7 + 1e-15);
    }
  }
  expect(binomialUpperTail(1_000_000, 1_000_000, 0.999999)).toBeCloseTo(
    Math.exp(1e6 * Math.log(0.999999)),
    6,
  );
  expect(binomialUpperTail(3, 2, 0.5)).toBe(0);
});

test("Wilson's bound: of no error among 100 about 3.7 %, of half about 59.6 %", () => {
  expect(wilsonUpperBound(0, 100, 1.96)).toBeCloseTo(0.037, 3);
  expect(wilsonUpperBound(50, 100, 1.96)).toBeCloseTo(0.596, 3);
  expect(wilsonUpperBound(0, 0, 1.96)).toBe(1);
});
