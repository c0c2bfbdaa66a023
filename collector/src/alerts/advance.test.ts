import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { advance, type AlertState } from './advance.ts';
import type { Observation, Verdict } from './judge.ts';
import { baselineWindows, closedEnd, looksAt } from './looks.ts';
import { isMuted, type MuteWindow } from './mute-windows.ts';

const QUARTER_MS = 900_000;
const MINUTE_MS = 60_000;
const seen = (endMs: number, verdict: Verdict, isClosed: boolean): Observation => ({
  look: { isClosed, startMs: endMs - QUARTER_MS, endMs },
  verdict,
  value: verdict === 'breached' ? 10 : 1,
  baseline: null,
  isNoData: false,
});
const verdicts = fc.constantFrom<Verdict>('breached', 'between', 'recovered');

describe('whatever is seen', () => {
  const steps = fc.array(
    fc.record({ closed: verdicts, open: fc.option(verdicts), minute: fc.integer({ min: 1, max: 14 }) }),
    {
      minLength: 1,
      maxLength: 60,
    },
  );
  const rules = fc.record({
    operator: fc.constant('>' as const),
    forMinutes: fc.constantFrom(0, 10, 30),
    keepFiringMinutes: fc.constantFrom(0, 30),
  });

  test('starts and ends take turns, seeing the same again moves nothing, and only closed looks end an alert', () => {
    fc.assert(
      fc.property(rules, steps, (rule, all) => {
        let state: AlertState | undefined;
        const kinds: string[] = [];
        all.forEach(({ closed, open, minute }, index) => {
          const endMs = (index + 1) * QUARTER_MS;
          const openSeen = open === null ? undefined : seen(endMs + minute * MINUTE_MS, open, false);
          const moved = advance(rule, state, seen(endMs, closed, true), openSeen);
          if (moved.state && moved.state.status !== 'resolved') {
            const again = advance(rule, moved.state, seen(endMs, closed, true), openSeen);
            expect(again.transitions).toEqual([]);
          }
          if (moved.transitions.includes('resolved')) {
            expect(closed).toBe('recovered');
            expect(open).not.toBe('breached');
          }
          kinds.push(...moved.transitions.filter((kind) => kind === 'firing' || kind === 'resolved'));
          state = moved.state?.status === 'resolved' ? undefined : moved.state;
        });
        kinds.forEach((kind, index) => expect(kind).toBe(index % 2 === 0 ? 'firing' : 'resolved'));
      }),
    );
  });

  test('nothing fires before the condition has held as long as it must', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const rule = { operator: '>' as const, forMinutes: 30, keepFiringMinutes: 0 };
        let state: AlertState | undefined;
        all.forEach(({ closed }, index) => {
          const moved = advance(rule, state, seen((index + 1) * QUARTER_MS, closed, true), undefined);
          if (moved.transitions.includes('firing'))
            expect(all.slice(index - 2, index + 1).map((one) => one.closed)).toEqual([
              'breached',
              'breached',
              'breached',
            ]);
          state = moved.state?.status === 'resolved' ? undefined : moved.state;
        });
      }),
    );
  });
});

describe('looks', () => {
  const rule = {
    metric: 'requests' as const,
    operator: '>' as const,
    windowMinutes: 60,
    baseline: null,
    ownTimeZone: null,
    tenantTimeZone: 'UTC',
  };
  const at = (time: string): number => Date.parse(`2026-03-10T${time}Z`);
  const told = (untilMs: number, fields: object = {}): string[] =>
    looksAt({ ...rule, ...fields }, untilMs).map(({ isClosed, startMs, endMs }) =>
      [
        isClosed ? 'closed' : 'open',
        new Date(startMs).toISOString().slice(11, 16),
        new Date(endMs).toISOString().slice(11, 19),
      ].join(' '),
    );

  test('a window is whole half a minute after its end', () => {
    expect(closedEnd(at('12:00:29'))).toBe(at('11:45:00'));
    expect(closedEnd(at('12:00:30'))).toBe(at('12:00:00'));
  });

  test('an open look at a sum is shorter than the window, at anything else longer', () => {
    expect(told(at('12:07:00'))).toEqual(['closed 11:00 12:00:00', 'open 11:15 12:07:00']);
    expect(told(at('12:07:00'), { operator: '<' })).toEqual(['closed 11:00 12:00:00', 'open 11:00 12:07:00']);
    expect(told(at('12:07:00'), { metric: 'error_rate' })).toEqual([
      'closed 11:00 12:00:00',
      'open 11:00 12:07:00',
    ]);
    expect(told(at('12:00:10'), { windowMinutes: 15 })).toEqual([
      'closed 11:30 11:45:00',
      'open 12:00 12:00:10',
    ]);
  });

  test('weeks are those of the clock', () => {
    const berlin = { ...rule, baseline: 'same_hour_last_weeks' as const, ownTimeZone: 'Europe/Berlin' };
    const startMs = Date.parse('2026-03-31T08:00:00Z');
    const starts = baselineWindows(berlin, { isClosed: true, startMs, endMs: startMs + 3_600_000 }).map(
      (one) => new Date(one.startMs).toISOString().slice(0, 16),
    );
    expect(starts).toEqual(['2026-03-24T09:00', '2026-03-17T09:00', '2026-03-10T09:00', '2026-03-03T09:00']);
  });
});

describe('mute windows', () => {
  const window: MuteWindow[] = [{ days: ['friday'], start: '22:00', end: '06:00' }];
  test.each([
    // A Friday, in Berlin.
    ['2026-03-27T20:59:59Z', false],
    ['2026-03-27T21:00:00Z', true],
    ['2026-03-28T04:59:59Z', true],
    ['2026-03-28T05:00:00Z', false],
    ['2026-03-28T21:30:00Z', false],
    // In summer time.
    ['2026-04-03T20:00:00Z', true],
    ['2026-04-04T04:00:00Z', false],
  ])('%s is muted: %s', (time, expected) => {
    expect(isMuted(window, 'Europe/Berlin', Date.parse(time))).toBe(expected);
  });

  test('a whole day is 00:00 to 24:00', () => {
    const sunday: MuteWindow[] = [{ days: ['sunday'], start: '00:00', end: '24:00' }];
    expect(isMuted(sunday, 'UTC', Date.parse('2026-03-29T23:59:59Z'))).toBe(true);
    expect(isMuted(sunday, 'UTC', Date.parse('2026-03-30T00:00:00Z'))).toBe(false);
  });
});
