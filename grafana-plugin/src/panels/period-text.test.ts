import { expect, test } from '@jest/globals';
import { periodText } from './period-text.ts';

test('whole days are told by the first and the last of them, in the zone of the page', () => {
  const november = { start: '2026-10-31T23:00:00Z', end: '2026-11-30T23:00:00Z' };
  expect(periodText(november, 'Europe/Berlin')).toBe('Sun 1 Nov 2026 to Mon 30 Nov 2026');
  expect(periodText({ start: '2026-11-01T00:00:00Z', end: '2026-11-02T00:00:00Z' }, 'UTC')).toBe(
    'Sun 1 Nov 2026',
  );
});

test('a day that is not over is told until when', () => {
  expect(periodText({ start: '2026-11-01T00:00:00Z', end: '2026-11-01T09:15:00Z' }, 'UTC')).toBe(
    'Sun 1 Nov 2026 00:00 to 09:15',
  );
  expect(periodText({ start: '2026-11-01T22:00:00Z', end: '2026-11-02T00:00:00Z' }, 'UTC')).toBe(
    'Sun 1 Nov 2026 22:00 to Mon 2 Nov 2026 00:00',
  );
});
