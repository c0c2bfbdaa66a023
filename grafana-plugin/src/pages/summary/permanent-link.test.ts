import { expect, test } from '@jest/globals';
import { permanentQuery } from './permanent-link.ts';

const asked = {
  fromMs: Date.parse('2026-11-01T00:00:00Z'),
  toMs: Date.parse('2026-12-01T00:00:00Z'),
  timeZone: 'Europe/Berlin',
};
const search = new URLSearchParams('from=now/M&to=now/M&project_id=search&refresh=30s');

test('relative times become those that were answered; filters and comparison go along, refreshing does not', () => {
  const after = permanentQuery(
    search,
    asked,
    { start: '2026-11-01T00:00:00+01:00', end: '2026-11-24T13:15:00+01:00', is_cut_at_now: true },
    'last_month',
  );
  expect(Object.fromEntries(after)).toEqual({
    from: String(Date.parse('2026-10-31T23:00:00Z')),
    to: String(Date.parse('2026-11-24T12:15:00Z')),
    timezone: 'Europe/Berlin',
    compare_with: 'last_month',
    project_id: 'search',
  });
});

test('a period that is cut at now and compared with the one before it stays whole: its other period would be another one', () => {
  const after = permanentQuery(
    search,
    asked,
    { start: '2026-11-01T00:00:00Z', end: '2026-11-24T13:15:00Z', is_cut_at_now: true },
    'previous_period',
  );
  expect(after.get('to')).toBe(String(asked.toMs));
});

test('before there is an answer the asked times are taken', () => {
  expect(permanentQuery(search, asked, undefined, 'last_week').get('from')).toBe(String(asked.fromMs));
});
