import { expect, test } from '@jest/globals';
import {
  eventKey,
  feedOf,
  MOST_ROWS,
  newOf,
  tailStart,
  withNewer,
  withOlder,
  type EventsPage,
  type StoredEvent,
} from './event-feed.ts';
import { GROUPS } from './EventDetail.tsx';
import { FIELD_NAMES } from './event-fields.ts';

const START = Date.parse('2026-11-24T10:00:00Z');
const event = (second: number, id = `e-${second}`): StoredEvent =>
  ({ event_id: id, timestamp: new Date(START + second * 1000).toISOString() }) as StoredEvent;
const page = (seconds: number[], next_cursor: string | null = null): EventsPage =>
  ({
    events: seconds.map((second) => event(second)),
    next_cursor,
    searched_back_to: '2026-11-24T10:00:00Z',
  }) as unknown as EventsPage;
const seconds = ({ events }: { events: StoredEvent[] }) =>
  events.map(({ timestamp }) => (Date.parse(timestamp) - START) / 1000);

test('what comes in is on top, what came late where its time puts it, and nothing is there twice', () => {
  const feed = feedOf(page([9, 7, 5], 'older'));
  const after = withNewer(feed, page([11, 10, 9, 8, 7, 5]));
  expect(seconds(after)).toEqual([11, 10, 9, 8, 7, 5]);
  expect(after.older).toEqual({ cursor: 'older' });
  expect(newOf(after, page([11, 10]))).toEqual([]);
  expect(withNewer(after, page([11, 10]))).toBe(after);
});

test('times that differ by microseconds alone are in their order', () => {
  const at = (timestamp: string) => ({ event_id: timestamp, timestamp }) as StoredEvent;
  const [first, second, third] = [
    at('2026-11-24T10:00:00Z'),
    at('2026-11-24T10:00:00.0001Z'),
    at('2026-11-24T10:00:00.000200Z'),
  ] as const;
  const feed = withNewer({ ...feedOf(page([])), events: [second] }, { ...page([]), events: [third, first] });
  expect(feed.events).toEqual([third, second, first]);
});

test('where more came than a page has, the list begins anew rather than hide a gap', () => {
  const feed = feedOf(page([3, 2, 1]));
  const after = withNewer(feed, page([99, 98, 97], 'gap'));
  expect(seconds(after)).toEqual([99, 98, 97]);
  expect(after.older).toEqual({ cursor: 'gap' });
});

test('a tail of hours keeps the newest thousand, and knows where the rest begins', () => {
  let feed = feedOf(page([0], 'older'));
  for (let second = 0; second < 5 * MOST_ROWS; second += 100)
    feed = withNewer(feed, page(Array.from({ length: 100 }, (_none, index) => second + 100 - index)));
  expect(feed.events).toHaveLength(MOST_ROWS);
  expect(seconds(feed)[0]).toBe(5 * MOST_ROWS);
  expect(feed.older).toEqual({ before: feed.events.at(-1)?.timestamp });
});

test('older ones are added below; those of the same moment are not there twice', () => {
  const feed = withOlder(feedOf(page([5, 4], 'next')), page([4, 3, 2]));
  expect(seconds(feed)).toEqual([5, 4, 3, 2]);
  expect(feed.older).toBeNull();
});

test('the same id at two times is two events: ids may come again long after', () => {
  expect(eventKey(event(1, 'same'))).not.toBe(eventKey(event(2, 'same')));
});

test('the tail asks from two minutes before the newest, and from the period start while there is none', () => {
  expect(tailStart(feedOf(page([200, 100])), 'now-1h')).toBe('2026-11-24T10:01:20.000Z');
  expect(tailStart(feedOf(page([])), 'now-1h')).toBe('now-1h');
});

test('the details of an event have every field that is stored', () => {
  expect([...GROUPS.flatMap(({ fields }) => fields), 'metadata'].sort()).toEqual([...FIELD_NAMES].sort());
});
