import { expect, test } from '@jest/globals';
import { changePercent, count, duration, percent, usd } from './format.ts';

test.each([
  ['0', '$0.00'],
  ['142.816', '$142.82'],
  ['0.4217', '$0.4217'],
  ['0.004217', '$0.0042'],
  ['0.00000042', '$0.00000042'],
  ['1234567.8', '$1,234,568'],
  ['-12.5', '-$12.50'],
  [null, '–'],
])('%s USD is written %s', (value, text) => expect(usd(value)).toBe(text));

test('what is not known is never written as nothing', () => {
  for (const write of [usd, count, percent, duration, changePercent]) expect(write(null)).toBe('–');
});

test.each([
  [0.4, '0.4 ms'],
  [412.3, '412 ms'],
  [1840, '1.84 s'],
  [59_960, '60 s'],
  [125_000, '2 min 5 s'],
])('%s milliseconds are written %s', (value, text) => expect(duration(value)).toBe(text));

test('a change has its sign', () => {
  expect(changePercent(12)).toBe('+12 %');
  expect(changePercent(-3.14)).toBe('−3.1 %');
});
