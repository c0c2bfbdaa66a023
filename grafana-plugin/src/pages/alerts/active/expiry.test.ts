import { expect, test } from '@jest/globals';
import { expiryTime } from './expiry.ts';

const NOW = Date.parse('2026-10-24T20:00:00Z');

test('an acknowledgement of hours ends that many hours from now', () => {
  expect(expiryTime('1h', '', NOW, 'UTC')).toBe('2026-10-24T21:00:00.000Z');
  expect(expiryTime('4h', '', NOW, 'UTC')).toBe('2026-10-25T00:00:00.000Z');
});

test('until tomorrow 9:00 is by the clock of the page, also over the night that has 25 hours', () => {
  expect(expiryTime('tomorrow', '', NOW, 'Europe/Berlin')).toBe('2026-10-25T08:00:00.000Z');
  expect(expiryTime('tomorrow', '', NOW, 'Asia/Tokyo')).toBe('2026-10-26T00:00:00.000Z');
});

test('until it is resolved has no time', () => {
  expect(expiryTime('resolved', '', NOW, 'UTC')).toBeNull();
});

test('a time of one’s own is read in the zone of the page, and none that is over is taken', () => {
  expect(expiryTime('own', '2026-10-24T23:30', NOW, 'Europe/Berlin')).toBe('2026-10-24T21:30:00.000Z');
  expect(expiryTime('own', '2026-10-24T21:30', NOW, 'Europe/Berlin')).toBeUndefined();
  expect(expiryTime('own', '', NOW, 'UTC')).toBeUndefined();
});
