import { expect, test } from '@jest/globals';
import { outlookOf, type BudgetStatus } from './outlook.ts';

const status = (changes: object): BudgetStatus =>
  ({
    measure: 'cost',
    limit: '100',
    spent: '60',
    percent: 60,
    is_exhausted: false,
    thresholds: [
      { percent: 80, kind: 'actual', is_crossed: false, crossed_at: null },
      { percent: 100, kind: 'forecast', is_crossed: false, crossed_at: null },
    ],
    forecast: { at_end: '80', lower: '75', upper: '85', level: 0.8, percent: 80, method: 'mean' },
    ...changes,
  }) as unknown as BudgetStatus;

test.each([
  ['spent', { is_exhausted: true, spent: '101', percent: 101 }, 'Used up', 'bad'],
  ['will be exceeded', { forecast: { at_end: '120', lower: '110', upper: '130', level: 0.8, percent: 120 } }, 'Will not last', 'bad'],
  ['may be exceeded', { forecast: { at_end: '95', lower: '85', upper: '105', level: 0.8, percent: 95 } }, 'May not last', 'warning'],
  ['is above a threshold', { percent: 82, thresholds: [{ percent: 80, kind: 'actual', is_crossed: true, crossed_at: null }] }, 'Above 80 %', 'warning'],
  ['will last', {}, 'Will last', 'good'],
  ['is a window without an end', { forecast: null }, 'Within', 'good'],
])('a budget that %s says so', (_name, changes, label, tone) => {
  expect(outlookOf(status(changes))).toMatchObject({ label, tone });
}); // prettier-ignore

test('the answer names the amounts that it is made of', () => {
  expect(outlookOf(status({})).sentence).toBe(
    'It is expected to last: the period ends at $80.00, 80 % of the budget.',
  );
});
