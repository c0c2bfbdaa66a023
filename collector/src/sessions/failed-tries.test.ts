import { expect, test } from '@jest/globals';
import { clientOf, FAILED_TRIES_WINDOW_MS, FailedTries, MOST_FAILED_TRIES } from './failed-tries.ts';

const started = (): { clock: { nowMs: number }; tries: FailedTries } => {
  const clock = { nowMs: 1_000 };
  return { clock, tries: new FailedTries(() => clock.nowMs) };
};

test('after the failed tries of a window an address waits for its end; other addresses do not', () => {
  const { clock, tries } = started();
  for (let index = 0; index < MOST_FAILED_TRIES; index += 1) tries.take('192.0.2.1');
  clock.nowMs += 60_000;
  expect(() => tries.take('192.0.2.1')).toThrow(
    expect.objectContaining({ status: 429, retryAfterSeconds: (FAILED_TRIES_WINDOW_MS - 60_000) / 1000 }),
  );
  expect(() => tries.take('192.0.2.2')).not.toThrow();
  clock.nowMs += FAILED_TRIES_WINDOW_MS - 60_000;
  expect(() => tries.take('192.0.2.1')).not.toThrow();
});

test('tries that succeed are not counted, however many', () => {
  const { tries } = started();
  for (let index = 0; index < MOST_FAILED_TRIES * 3; index += 1) tries.take('192.0.2.1')();
  expect(() => tries.take('192.0.2.1')).not.toThrow();
});

test('a success does not forgive the failures before it', () => {
  const { tries } = started();
  for (let index = 0; index < MOST_FAILED_TRIES - 1; index += 1) tries.take('192.0.2.1');
  tries.take('192.0.2.1')();
  tries.take('192.0.2.1');
  expect(() => tries.take('192.0.2.1')).toThrow(/Try again in/);
});

test('memory is bounded, however many addresses try', () => {
  const { tries } = started();
  for (let index = 0; index < 30_000; index += 1)
    tries.take(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
  expect(tries.size).toBe(10_000);
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0db8:0001:0002::6', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('%s is counted as %s: who has an IPv6 address has 2^64', (address, client) => {
  expect(clientOf(address)).toBe(client);
});
