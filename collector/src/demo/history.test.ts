import { describe, expect, test } from '@jest/globals';
import { calcPrice } from '@pydantic/genai-prices';
import { countHistory, generateHistory, historyStartMs, type HistoryOptions } from './history.ts';
import { generateLive } from './live.ts';
import { MODELS, UNPRICED_MODEL } from './models.ts';
import { incident, PRICE_CHANGE, storyOf } from './story.ts';
import { counted, totalsOf, TotalsBuilder } from './totals.ts';
import type { UsageEvent } from './usage-event.ts';
import type { Workspace } from './workspace.ts';
import { DEFAULT_EVENTS_PER_DAY, DEMO_WORKSPACES, eventsPerDayOf } from './workspaces.ts';

/** A Tuesday. The ends of daylight saving time in Berlin and New York lie within the 90 days. */
const NOW = Date.parse('2026-11-24T11:17:42.123Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const [shop, legal, devtools] = DEMO_WORKSPACES as [Workspace, Workspace, Workspace];

function plan(workspace: Workspace, overrides: Partial<HistoryOptions> = {}): HistoryOptions {
  return {
    seed: 1,
    nowMs: NOW,
    days: 90,
    eventsPerDay: eventsPerDayOf(workspace, 900),
    workspace,
    ...overrides,
  };
}

const histories = new Map(
  DEMO_WORKSPACES.map((workspace) => [workspace, [...generateHistory(plan(workspace))]]),
);
function history(workspace: Workspace): UsageEvent[] {
  return histories.get(workspace) ?? [];
}
const everything = DEMO_WORKSPACES.flatMap(history);

function failureShare(events: UsageEvent[]): number {
  return events.filter(({ status }) => status === 'error').length / events.length;
}

function mean(events: UsageEvent[], measure: (event: UsageEvent) => number): number {
  return events.reduce((sum, event) => sum + measure(event), 0) / events.length;
}

function before(events: UsageEvent[], atMs: number): UsageEvent[] {
  return events.filter(({ timestamp }) => Date.parse(timestamp) < atMs);
}

function since(events: UsageEvent[], atMs: number): UsageEvent[] {
  return events.filter(({ timestamp }) => Date.parse(timestamp) >= atMs);
}

/** Reads the weekday and hour on a zone's wall clock. */
function wallClock(timeZone: string): (event: UsageEvent) => { weekday: string; hour: number } {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: 'numeric',
    hourCycle: 'h23',
  });
  return ({ timestamp }) => {
    const parts = format.formatToParts(new Date(timestamp));
    const part = (type: string): string => parts.find((candidate) => candidate.type === type)?.value ?? '';
    return { weekday: part('weekday'), hour: Number(part('hour')) };
  };
}

describe('the same demo again', () => {
  test('makes the same events with the same ids', () => {
    const options = plan(devtools, { days: 5 });
    expect([...generateHistory(options)]).toEqual([...generateHistory(options)]);
  });

  test('later on the same day makes the same events and then those since', () => {
    const earlier = [...generateHistory(plan(shop, { days: 10 }))];
    const later = [...generateHistory(plan(shop, { days: 10, nowMs: NOW + 5 * HOUR }))];
    expect(later.slice(0, earlier.length)).toEqual(earlier);
    expect(later.length).toBeGreaterThan(earlier.length);
  });

  test('on the next day doubles next to nothing', () => {
    const today = new Set(history(legal).map(({ event_id }) => event_id));
    const tomorrow = before([...generateHistory(plan(legal, { nowMs: NOW + DAY }))], NOW);
    const fresh = tomorrow.filter(({ event_id }) => !today.has(event_id));
    expect(fresh.length / tomorrow.length).toBeLessThan(0.02);
  });

  test('with another seed makes other events', () => {
    const ids = new Set([...generateHistory(plan(shop, { days: 3 }))].map(({ event_id }) => event_id));
    const others = [...generateHistory(plan(shop, { days: 3, seed: 2 }))];
    expect(others.filter(({ event_id }) => ids.has(event_id))).toEqual([]);
  });
});

describe('a history', () => {
  test.each(DEMO_WORKSPACES.map((workspace) => [workspace.name, workspace] as const))(
    'of %s is in the order of time and of ids, and each id is there once',
    (_name, workspace) => {
      const events = history(workspace);
      const ids = events.map(({ event_id }) => event_id);
      expect(ids).toEqual([...new Set(ids)].sort());
      const times = events.map(({ timestamp }) => timestamp);
      expect(times).toEqual([...times].sort());
      expect(Date.parse(times[0] ?? '')).toBeGreaterThanOrEqual(historyStartMs(plan(workspace)));
      expect(Date.parse(times.at(-1) ?? '')).toBeLessThan(NOW);
      expect(countHistory(plan(workspace))).toBe(events.length);
    },
  );

  test('is about 150,000 events with the defaults', () => {
    const total = DEMO_WORKSPACES.reduce((sum, workspace) => {
      const eventsPerDay = eventsPerDayOf(workspace, DEFAULT_EVENTS_PER_DAY);
      return sum + countHistory(plan(workspace, { eventsPerDay }));
    }, 0);
    expect(total).toBeGreaterThan(140_000);
    expect(total).toBeLessThan(160_000);
  });

  test('is made as it is read', () => {
    const whole = generateHistory(plan(shop, { eventsPerDay: 1_000_000 }));
    expect([...whole.take(1_000)]).toHaveLength(1_000);
  });

  test('keeps ids unique and in order with many events in one millisecond', () => {
    const crowded = plan(shop, {
      days: 0,
      eventsPerDay: 6_000_000,
      nowMs: Date.parse('2026-11-24T00:10:00Z'),
    });
    const ids = [...generateHistory(crowded)].map(({ event_id }) => event_id);
    expect(new Set(ids.map((id) => id.slice(0, 13))).size).toBeLessThan(ids.length);
    expect(ids).toEqual([...new Set(ids)].sort());
  });

  test('has events as the door takes them', () => {
    const known = new Set(
      (
        'event_id timestamp project_id prompt_id prompt_version endpoint model_provider model_name service_tier environment ' +
        'user_id session_id stream input_tokens cache_read_tokens cache_write_5m_tokens cache_write_1h_tokens output_tokens ' +
        'reasoning_tokens tokens_requested response_time_ms time_to_first_token_ms status status_code error_type cache_hit ' +
        'cost_usd metadata'
      ).split(' '),
    );
    const usage = [
      'input_tokens',
      'output_tokens',
      'cache_read_tokens',
      'cache_write_5m_tokens',
      'reasoning_tokens',
    ];
    const faults = new Set<string>();
    const demand = (holds: boolean, fault: string): void => {
      if (!holds) faults.add(fault);
    };
    for (const event of everything) {
      const { input_tokens: input = 0, output_tokens: output = 0, reasoning_tokens: reasoning = 0 } = event;
      const cache =
        (event.cache_read_tokens ?? 0) +
        (event.cache_write_5m_tokens ?? 0) +
        (event.cache_write_1h_tokens ?? 0);
      for (const [name, value] of Object.entries(event) as [string, unknown][]) {
        demand(known.has(name), `unknown field ${name}`);
        demand(value !== undefined && value !== null && value !== '', `${name} is empty`);
        if (name.endsWith('_tokens') || name === 'tokens_requested') {
          demand(Number.isSafeInteger(value) && (value as number) >= 0, `${name} is ${String(value)}`);
        }
      }
      demand(
        /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(event.event_id),
        'id',
      );
      demand(
        parseInt(event.event_id.replace('-', '').slice(0, 12), 16) === Date.parse(event.timestamp),
        'id time',
      );
      demand(new Date(event.timestamp).toISOString() === event.timestamp, 'timestamp');
      demand(cache <= input, 'more cached than input');
      demand(reasoning <= output, 'more reasoning than output');
      demand(output <= (event.tokens_requested ?? 0), 'more output than requested');
      demand(event.response_time_ms > 0 && Number.isFinite(event.response_time_ms), 'response time');
      demand((event.time_to_first_token_ms ?? 0) <= event.response_time_ms, 'first token after the last');
      demand(
        (event.time_to_first_token_ms !== undefined) === (event.stream && event.status === 'success'),
        'ttft',
      );
      demand((event.status === 'error') === (event.error_type !== undefined), 'error_type');
      demand((event.status === 'error') === event.status_code >= 400, 'status_code');
      demand((event.status === 'success') === (event.input_tokens !== undefined), 'usage of a failure');
      demand(event.status === 'success' || !usage.some((name) => name in event), 'usage of a failure');
    }
    expect([...faults]).toEqual([]);
  });

  test('has what the analytics can tell apart', () => {
    const values = (field: keyof UsageEvent): Set<unknown> =>
      new Set(everything.map((event) => event[field]));
    expect(values('environment')).toEqual(new Set(['production', 'staging']));
    expect(values('service_tier')).toEqual(new Set(['default', 'flex', 'batch']));
    expect(values('model_name')).toEqual(new Set(Object.keys(MODELS)));
    expect(values('error_type').size).toBeGreaterThanOrEqual(5);
    for (const workspace of DEMO_WORKSPACES) {
      expect(workspace.prompts.length).toBeGreaterThanOrEqual(5);
      expect(new Set(history(workspace).map(({ prompt_id }) => prompt_id)).size).toBe(
        workspace.prompts.length,
      );
    }
    expect(failureShare(everything)).toBeGreaterThan(0.004);
    expect(failureShare(everything)).toBeLessThan(0.012);
    expect(everything.filter(({ cache_hit }) => cache_hit).length).toBeGreaterThan(500);
    expect(everything.filter((event) => event.cache_write_1h_tokens !== undefined).length).toBeGreaterThan(
      50,
    );
    const perUser = [...Map.groupBy(history(shop), ({ user_id }) => user_id)]
      .filter(([user]) => user !== undefined)
      .map(([, events]) => events.length)
      .sort((left, right) => right - left);
    expect(perUser[0]).toBeGreaterThan(20 * (perUser[Math.floor(perUser.length / 2)] ?? 0));
  });

  test('the parts of the workspaces make the whole', () => {
    expect(DEMO_WORKSPACES.reduce((sum, { trafficShare }) => sum + trafficShare, 0)).toBeCloseTo(1);
    for (const { prompts, projects } of DEMO_WORKSPACES) {
      expect(new Set(prompts.map(({ project }) => project))).toEqual(new Set(Object.keys(projects)));
      expect(prompts.map(({ versions }) => versions[0]?.deployed)).toEqual(prompts.map(() => null));
    }
  });
});

describe('the rhythm', () => {
  test('of the office is the working day, and its weekends are quiet', () => {
    const desk = history(legal).filter(({ user_id }) => user_id !== undefined);
    const times = desk.map(wallClock(legal.timeZone));
    const weekend = times.filter(({ weekday }) => weekday === 'Sat' || weekday === 'Sun').length / 2;
    const weekdays = times.filter(({ weekday }) => weekday !== 'Sat' && weekday !== 'Sun').length / 5;
    expect(weekdays).toBeGreaterThan(5 * weekend);
    const working = times.filter(({ hour }) => hour >= 8 && hour < 18).length;
    expect(working / times.length).toBeGreaterThan(0.8);
  });

  test('of the shop has its peak in the local evening', () => {
    const hours = new Array<number>(24).fill(0);
    for (const { hour } of history(shop).map(wallClock(shop.timeZone))) {
      hours[hour] = (hours[hour] ?? 0) + 1;
    }
    expect(hours.indexOf(Math.max(...hours))).toBeGreaterThanOrEqual(19);
    expect(hours.indexOf(Math.max(...hours))).toBeLessThanOrEqual(21);
  });

  test('grows slowly', () => {
    for (const workspace of DEMO_WORKSPACES) {
      const events = history(workspace);
      const first = before(events, NOW - 62 * DAY).length / 28;
      const last = before(since(events, NOW - 28 * DAY), NOW).length / 28;
      expect(last / first).toBeGreaterThan(1 + workspace.growth / 3);
      expect(last / first).toBeLessThan(1 + workspace.growth * 1.5);
    }
  });
});

describe('the story', () => {
  test('has an incident of one provider, about three weeks ago', () => {
    const outage = incident(NOW);
    expect((NOW - outage.startMs) / DAY).toBeGreaterThan(17);
    expect((NOW - outage.startMs) / DAY).toBeLessThan(25);
    // The story of NOW, read only until two days after the incident.
    const whole = generateHistory(plan(shop, { days: 22, eventsPerDay: 6_000 }));
    const busy: UsageEvent[] = [];
    for (const event of whole) {
      if (Date.parse(event.timestamp) >= outage.endMs + 2 * DAY) break;
      busy.push(event);
    }
    const during = before(since(busy, outage.startMs), outage.endMs).filter(({ cache_hit }) => !cache_hit);
    const hit = during.filter(({ model_provider }) => model_provider === outage.provider);
    const others = during.filter(({ model_provider }) => model_provider !== outage.provider);
    expect(failureShare(hit)).toBeGreaterThan(0.28);
    expect(failureShare(hit)).toBeLessThan(0.42);
    expect(failureShare(others)).toBeLessThan(0.05);
    const speed = (events: UsageEvent[]): number =>
      mean(
        events.filter(({ model_name, status }) => model_name === 'gpt-4o-mini' && status === 'success'),
        ({ response_time_ms }) => response_time_ms,
      );
    const normal = before(since(busy, outage.endMs), outage.endMs + 2 * DAY).filter(
      ({ cache_hit }) => !cache_hit,
    );
    expect(speed(hit) / speed(normal)).toBeGreaterThan(3);
  });

  test('has the same incident all day, and on the days around', () => {
    const starts = [0, 6 * HOUR, 12 * HOUR, DAY].map((later) => incident(NOW + later).startMs);
    expect(new Set(starts).size).toBe(1);
    for (let day = 0; day < 14; day++) {
      const { startMs } = incident(NOW + day * DAY);
      expect(new Date(startMs).getUTCDay()).toBe(2);
      expect(Math.abs(NOW + day * DAY - startMs - 21 * DAY)).toBeLessThan(4 * DAY);
    }
  });

  test('has a prompt version that doubled its output', () => {
    const replies = history(shop).filter(
      (event) => event.prompt_id === 'support-reply' && event.status === 'success',
    );
    const of = (version: string): number =>
      mean(
        replies.filter(({ prompt_version }) => prompt_version === version),
        ({ output_tokens = 0 }) => output_tokens,
      );
    expect(of('12') / of('11')).toBeGreaterThan(1.7);
    expect(of('12') / of('11')).toBeLessThan(2.3);
  });

  test('has a project that moved from one model to another', () => {
    const prompts = new Set(['summarise-order', 'address-check']);
    const calls = history(shop).filter(({ prompt_id }) => prompts.has(prompt_id));
    const names = (events: UsageEvent[]): Set<string> => new Set(events.map(({ model_name }) => model_name));
    expect(names(before(calls, NOW - 50 * DAY))).toEqual(new Set(['gpt-4o']));
    expect(names(since(calls, NOW - 38 * DAY))).toEqual(new Set(['gpt-5-mini']));
  });

  test('has a prompt whose cached share grows when its version turns caching on', () => {
    const replies = history(shop).filter(({ prompt_id }) => prompt_id === 'support-reply');
    const share = (events: UsageEvent[]): number =>
      mean(events, ({ cache_read_tokens = 0 }) => cache_read_tokens) /
      mean(events, ({ input_tokens = 0 }) => input_tokens);
    expect(share(before(replies, NOW - 67 * DAY))).toBe(0);
    expect(share(since(replies, NOW - 57 * DAY))).toBeGreaterThan(0.5);
  });

  test('has exactly one model without a price', () => {
    const unpriced = new Set(
      [...new Map(everything.map((event) => [event.model_name, event])).values()]
        .filter(
          (event) =>
            calcPrice({ input_tokens: 1_000, output_tokens: 100 }, event.model_name, {
              providerId: event.model_provider,
              timestamp: new Date(event.timestamp),
            }) === null,
        )
        .map(({ model_name }) => model_name),
    );
    expect(unpriced).toEqual(new Set([UNPRICED_MODEL]));
    expect(everything.filter(({ model_name }) => model_name === UNPRICED_MODEL).length).toBeGreaterThan(500);
  });

  test('has a model whose price changed', () => {
    const price = (timestampMs: number): number | undefined =>
      calcPrice({ input_tokens: 1_000, output_tokens: 100 }, PRICE_CHANGE.model, {
        providerId: PRICE_CHANGE.provider,
        timestamp: new Date(timestampMs),
      })?.total_price;
    expect(price(PRICE_CHANGE.atMs)).toBeLessThan(price(PRICE_CHANGE.atMs - 1) ?? 0);
    const calls = history(devtools).filter(({ model_name }) => model_name === PRICE_CHANGE.model);
    expect(before(calls, PRICE_CHANGE.atMs).length).toBeGreaterThan(50);
    expect(since(calls, PRICE_CHANGE.atMs).length).toBeGreaterThan(50);
  });

  test('is told in the order of time, and only what is in the history', () => {
    const whole = storyOf(shop, { fromMs: historyStartMs(plan(shop)), nowMs: NOW });
    expect(whole.length).toBeGreaterThanOrEqual(4);
    expect(whole.map(({ atMs }) => atMs)).toEqual(whole.map(({ atMs }) => atMs).sort((a, b) => a - b));
    expect(storyOf(shop, { fromMs: NOW - DAY, nowMs: NOW })).toEqual([]);
  });
});

describe('live traffic', () => {
  const options = { seed: 1, fromMs: NOW, eventsPerSecond: 2, workspace: shop };

  test('goes on from now, in the order of time, at about its rate', () => {
    const events = [...generateLive(options).take(2_000)];
    const ids = events.map(({ event_id }) => event_id);
    expect(ids).toEqual([...new Set(ids)].sort());
    const seconds = (Date.parse(events.at(-1)?.timestamp ?? '') - NOW) / 1_000;
    expect(Date.parse(events[0]?.timestamp ?? '')).toBeGreaterThan(NOW);
    expect(2_000 / seconds).toBeGreaterThan(2 * 0.35);
    expect(2_000 / seconds).toBeLessThan(2 * 2);
  });

  test('is the same for the same start and another for another', () => {
    const ids = (fromMs: number): string[] =>
      [...generateLive({ ...options, fromMs }).take(20)].map(({ event_id }) => event_id);
    expect(ids(NOW)).toEqual(ids(NOW));
    expect(ids(NOW + 1)).not.toEqual(ids(NOW));
  });
});

describe('the totals', () => {
  test('add up to the same whole in every cut', () => {
    const totals = totalsOf(history(legal), legal.timeZone);
    expect(totals.requests).toBe(history(legal).length);
    expect(totals.successes + totals.failures).toBe(totals.requests);
    expect(totals.tokensUsed).toBe(totals.inputTokens + totals.outputTokens);
    for (const groups of [totals.perDay, totals.perPrompt, totals.perModel]) {
      for (const measure of [
        'requests',
        'tokensUsed',
        'tokensRequested',
        'failures',
        'cacheReadTokens',
      ] as const) {
        expect([...groups.values()].reduce((sum, measures) => sum + measures[measure], 0)).toBe(
          totals[measure],
        );
      }
    }
  });

  test('know the days of the time zone', () => {
    const [event] = history(shop);
    if (!event) throw new Error('no events');
    const late = { ...event, timestamp: '2026-10-24T22:30:00.000Z' };
    expect([...totalsOf([late], 'Europe/Berlin').perDay.keys()]).toEqual(['2026-10-25']);
    expect([...totalsOf([late], 'America/New_York').perDay.keys()]).toEqual(['2026-10-24']);
    expect([
      ...totalsOf([{ ...event, timestamp: '2026-10-24T18:30:00.000Z' }], 'Asia/Kolkata').perDay.keys(),
    ]).toEqual(['2026-10-25']);
  });

  test('can be taken from events on their way', () => {
    const builder = new TotalsBuilder();
    const passed = [...counted(history(shop), builder)];
    expect(passed).toEqual(history(shop));
    expect(builder.totals).toEqual(totalsOf(history(shop)));
  });
});
