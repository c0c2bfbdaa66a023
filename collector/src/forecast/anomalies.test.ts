import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { incident as outageOf } from '../demo/story.ts';
import type { Workspace } from '../demo/workspace.ts';
import { DEFAULT_EVENTS_PER_DAY, DEMO_WORKSPACES, eventsPerDayOf } from '../demo/workspaces.ts';
import { mapleShop } from '../demo/workspaces/maple-shop.ts';
import { poisson } from '../demo/random.ts';
import { findIncidents, reasonOf, type Calendar, type GroupSeries, type Incident } from './anomalies.ts';
import { calendarsOf, incidentsOf } from './anomaly-search.ts';
import { demoCalls } from './demo-usage.ts';
import { seededRandom } from './statistics.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK = 168;
const options = { minEffect: 1, minPart: 0.3 };

const calendar = (weeks: number, judgedWeeks = 1): Calendar => ({
  grain: 'hour',
  slots: Array.from({ length: weeks * WEEK }, (_, hour) => hour % WEEK),
  firstJudged: (weeks - judgedWeeks) * WEEK,
});

/** Requests at `perHour` times a rhythm of day and night, each of `price`, with the chance of a Poisson process. */
function usage(weeks: number, perHour: number, price: number, seed = 1): GroupSeries {
  const random = seededRandom(seed);
  const requests = Float64Array.from({ length: weeks * WEEK }, (_, hour) =>
    poisson(random, perHour * (1 + 0.8 * Math.sin((2 * Math.PI * hour) / 24))),
  );
  return { requests, values: requests.map((count) => count * price) };
}

function multiplied(
  { values, requests }: GroupSeries,
  from: number,
  to: number,
  factor: number,
): GroupSeries {
  const within = (value: number, hour: number): number =>
    hour >= from && hour < to ? value * factor : value;
  return { values: values.map(within), requests: requests.map(within) };
}

describe('an incident', () => {
  const weeks = 9;
  const calm = usage(weeks, 100, 0.02);
  const at = 8 * WEEK + 60;

  test('of three hours is one incident, with its start, end, actual, expected and percent', () => {
    const found = findIncidents(multiplied(calm, at, at + 3, 3.4), calendar(weeks), options);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ firstBucket: at, endBucket: at + 3, direction: 'up', weeks: 4 });
    expect(Math.abs((found[0]?.percent ?? 0) - 240)).toBeLessThan(60);
  });

  test('of usage that went away points down', () => {
    const [found, ...more] = findIncidents(multiplied(calm, at, at + 6, 0), calendar(weeks), options);
    expect(found).toMatchObject({ firstBucket: at, endBucket: at + 6, direction: 'down', percent: -100 });
    expect(more).toEqual([]);
  });

  test('does not come back as its echo in the weeks after, when it is a part of what they are compared with', () => {
    const longer = multiplied(usage(11, 100, 0.02), at, at + 3, 5);
    const found = findIncidents(longer, calendar(11, 3), options);
    expect(found.map(({ firstBucket }) => firstBucket)).toEqual([at]);
  });

  test('of a group that is new has no percent', () => {
    const fresh = multiplied(calm, 0, at, 0);
    const [found] = findIncidents(fresh, calendar(weeks), options);
    expect(found).toMatchObject({ firstBucket: at, endBucket: weeks * WEEK, percent: null, direction: 'up' });
  });

  test('below the least effect in money is not told', () => {
    const spoilt = multiplied(calm, at, at + 3, 3.4);
    const effect = (found: Incident[]): number => (found[0]?.actual ?? 0) - (found[0]?.expected ?? 0);
    const told = effect(findIncidents(spoilt, calendar(weeks), options));
    expect(findIncidents(spoilt, calendar(weeks), { ...options, minEffect: told + 0.01 })).toEqual([]);
    expect(findIncidents(spoilt, calendar(weeks), { ...options, minEffect: told - 0.01 })).toHaveLength(1);
  });

  test('is not made of a single dear call, nor of a handful by chance', () => {
    const few = usage(weeks, 0.3, 0.5);
    few.values[at] = (few.values[at] ?? 0) + 1;
    few.requests[at] = (few.requests[at] ?? 0) + 2;
    expect(findIncidents(few, calendar(weeks), { minEffect: 0.1, minPart: 0.3 })).toEqual([]);
  });

  test('without any weeks before is none: there is nothing to compare with', () => {
    const { values, requests } = calm;
    const young = { values: values.slice(0, WEEK), requests: requests.slice(0, WEEK) };
    expect(findIncidents(young, { ...calendar(1), firstJudged: 0 }, options)).toEqual([]);
  });
});

test('calm usage of any size gives hardly a false alarm', () => {
  let incidents = 0;
  let weeks = 0;
  for (const perHour of [0.05, 0.5, 5, 50, 500]) {
    for (let seed = 1; seed <= 12; seed++) {
      incidents += findIncidents(usage(10, perHour, 1, seed), calendar(10, 2), {
        minEffect: 0,
        minPart: 0.3,
      }).length;
      weeks += 2;
    }
  }
  expect(incidents / weeks).toBeLessThan(0.03);
});

test('a slow rise that no single day shows is found over days', () => {
  const random = seededRandom(3);
  const requests = Float64Array.from({ length: 70 }, () => poisson(random, 110));
  const values = requests.map((count, day) => count * (day < 60 ? 0.005 : 0.0075));
  const slots = Array.from({ length: 70 }, (_, day) => day % 7);
  const found = findIncidents(
    { values, requests },
    { grain: 'day', slots, firstJudged: 56 },
    { minEffect: 0.5, minPart: 0.3 },
  );
  expect(found).toHaveLength(1);
  expect(Math.abs((found[0]?.firstBucket ?? 0) - 60)).toBeLessThanOrEqual(1);
  expect(found[0]?.endBucket).toBeGreaterThanOrEqual(66);
});

test('a thousand times the money gives the same incidents', () => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(0.5, 4, 1024), (seed, factor) => {
      const series = multiplied(usage(9, 20, 0.01, seed), 8 * WEEK + 30, 8 * WEEK + 36, 6);
      const one = findIncidents(series, calendar(9), options);
      const dearer = { ...series, values: series.values.map((value) => value * factor) };
      const other = findIncidents(dearer, calendar(9), { ...options, minEffect: factor });
      const placeOf = ({ firstBucket, endBucket, direction }: Incident): unknown => [
        firstBucket,
        endBucket,
        direction,
      ];
      expect(other.map(placeOf)).toEqual(one.map(placeOf));
      expect(one.length).toBeGreaterThan(0);
    }),
    { numRuns: 20 },
  );
});

describe('the reason', () => {
  const hour = { grain: 'hour', weeks: 4, firstBucket: 0, endBucket: 1 } as const;
  test.each([
    [{ ...hour, percent: 240 }, 'model gpt-4o: +240 % against the same hour in the last 4 weeks'],
    [
      { ...hour, endBucket: 3, percent: 61.4 },
      'model gpt-4o: +61 % against the same hours in the last 4 weeks',
    ],
    [
      { ...hour, grain: 'day', percent: -48 } as const,
      'model gpt-4o: −48 % against the same day in the last 4 weeks',
    ],
    [{ ...hour, weeks: 1, percent: 50 }, 'model gpt-4o: +50 % against the same hour a week before'],
    [{ ...hour, percent: 1500 }, 'model gpt-4o: 16 times the same hour in the last 4 weeks'],
    [{ ...hour, percent: -100 }, 'model gpt-4o: nothing now, usage in the same hour in the last 4 weeks'],
    [{ ...hour, percent: null }, 'model gpt-4o: nothing in the same hour in the last 4 weeks, usage now'],
  ])('%j', (incident, sentence) => expect(reasonOf('model gpt-4o', incident)).toBe(sentence));
});

interface Told extends Incident {
  group: string;
  startMs: number;
}

/** What is told of a workspace's demo over the last days, by group. */
function told(
  workspace: Workspace,
  judgedDays: number,
  eventsPerDay: number,
  minEffect: number,
): { incidents: Told[]; groups: number } {
  const nowMs = Date.UTC(2026, 10, 24);
  const period = {
    startMs: nowMs - judgedDays * DAY_MS,
    endMs: nowMs,
    timeZone: workspace.timeZone,
    groupBy: 'day' as const,
  };
  const calendars = calendarsOf(period, nowMs);
  const first = calendars.hourStarts[0] ?? 0;
  const count = calendars.hourStarts.length;
  const groups = new Map<string, GroupSeries>();
  for (const call of demoCalls({ workspace, seed: 7, nowMs, days: judgedDays + 56, eventsPerDay })) {
    const hour = Math.floor((call.timestampMs - first) / HOUR_MS);
    for (const name of [
      'all',
      `project ${call.projectId}`,
      `prompt ${call.promptId}`,
      `model ${call.modelName}`,
    ]) {
      const group = groups.get(name) ?? {
        values: new Float64Array(count),
        requests: new Float64Array(count),
      };
      groups.set(name, group);
      group.values[hour] = (group.values[hour] ?? 0) + call.costUsd;
      group.requests[hour] = (group.requests[hour] ?? 0) + 1;
    }
  }
  const incidents = [...groups].flatMap(([group, series]) =>
    incidentsOf(series, calendars, { minEffect, minPart: 0.3 }).map((each) => {
      const starts = each.grain === 'hour' ? calendars.hourStarts : calendars.dayStarts;
      return { ...each, group, startMs: starts[each.firstBucket] ?? 0 };
    }),
  );
  return { incidents, groups: groups.size };
}

describe("the demo's story", () => {
  const nowMs = Date.UTC(2026, 10, 24);
  const { incidents } = told(mapleShop, 50, 2_000, 0.5);
  const near = (group: string, atMs: number, days: number): Told | undefined =>
    incidents.find((each) => each.group === group && Math.abs(each.startMs - atMs) <= days * DAY_MS);

  test('support-reply that doubles its output tokens is found from the day of its deployment on, in spite of an earlier step', () => {
    const found = near('prompt support-reply', Date.UTC(2026, 10, 12), 1.5);
    expect(found).toMatchObject({ direction: 'up', grain: 'day' });
    expect(found?.percent).toBeGreaterThan(30);
    expect(found?.percent).toBeLessThan(80);
  });

  test('a project that leaves gpt-4o for a cheaper model is found, in the model and in the project', () => {
    expect(near('model gpt-4o', Date.UTC(2026, 9, 13), 3)).toMatchObject({ direction: 'down' });
    expect(near('project checkout', Date.UTC(2026, 9, 13), 3)).toMatchObject({ direction: 'down' });
    expect(near('model gpt-5-mini', Date.UTC(2026, 9, 13), 3)).toMatchObject({ direction: 'up' });
  });

  test('a prompt that moves to a model without a price is found by its cost that went away', () => {
    const found = near('prompt suggest-return-label', Date.UTC(2026, 10, 10), 1.5);
    expect(found).toMatchObject({ direction: 'down' });
    expect(found?.percent).toBeLessThan(-85);
  });

  test('each is told once, not once an hour', () => {
    expect(incidents.length).toBeLessThan(20);
    expect(outageOf(nowMs).provider).toBe('openai');
  });
});

test('in the calm weeks of the demo less than one group in twenty has a false alarm a week, however small the effect', () => {
  let falseAlarms = 0;
  let groupWeeks = 0;
  for (const workspace of DEMO_WORKSPACES) {
    const outage = outageOf(Date.UTC(2026, 10, 24));
    const calm = {
      ...workspace,
      prompts: workspace.prompts.map((prompt) => ({ ...prompt, versions: prompt.versions.slice(0, 1) })),
    };
    const { incidents, groups } = told(calm, 35, eventsPerDayOf(workspace, DEFAULT_EVENTS_PER_DAY), 0.05);
    // The outage is in every workspace; what touches it is no false alarm.
    falseAlarms += incidents.filter(
      ({ startMs }) => Math.abs(startMs - outage.startMs) > 1.5 * DAY_MS,
    ).length;
    groupWeeks += groups * 5;
  }
  expect(groupWeeks).toBeGreaterThan(200);
  expect(falseAlarms / groupWeeks).toBeLessThan(0.05);
});
