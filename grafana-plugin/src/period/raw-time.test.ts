import { expect, test } from '@jest/globals';
import { apiTime } from './raw-time.ts';

test.each([
  ['now-7d/d', 'now-7d/d'],
  ['now', 'now'],
  ['2026-11-24', '2026-11-24'],
  ['1795560071078', '2026-11-24T22:41:11.078Z'],
  ['2026-11-24T06:00:00+01:00', '2026-11-24T05:00:00.000Z'],
  ['yesterday', undefined],
  ['now-5q', undefined],
  [null, undefined],
])('%s in the address is %s to the API', (raw, told) => expect(apiTime(raw)).toBe(told));
