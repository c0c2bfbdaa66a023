import type { Answer } from '../../api/use-api.ts';

export type EventsPage = Answer<'/v1/analytics/usage/events'>;
export type StoredEvent = EventsPage['events'][number];

/** Events that are kept on the page, at the most: a tail that runs for hours stays as small as this. */
export const MOST_ROWS = 1000;

/** What the list knows: events in the order of the API, the newest first. */
export interface EventFeed {
  events: StoredEvent[];
  /** Where older ones are asked for: a page's cursor, or the time of the last event where the list was cut; null: there are none. */
  older: { cursor: string } | { before: string } | null;
  /** How far the last page of older ones has looked. */
  searchedBackTo: string;
}

/** Ids are unique within a tenant; the time is part of it for those that were sent again long after. */
export function eventKey({ event_id, timestamp }: StoredEvent): string {
  return `${event_id} ${timestamp}`;
}

export function feedOf(page: EventsPage): EventFeed {
  return {
    events: page.events,
    older: page.next_cursor === null ? null : { cursor: page.next_cursor },
    searchedBackTo: page.searched_back_to,
  };
}

export function withOlder(feed: EventFeed, page: EventsPage): EventFeed {
  const known = new Set(feed.events.map(eventKey));
  return {
    ...feedOf(page),
    events: [...feed.events, ...page.events.filter((one) => !known.has(eventKey(one)))],
  };
}

/** Those of a page that the list does not have yet. */
export function newOf(feed: EventFeed, page: EventsPage): StoredEvent[] {
  const known = new Set(feed.events.map(eventKey));
  return page.events.filter((one) => !known.has(eventKey(one)));
}

/**
 * The list with the newest events of a page taken in, each where its time puts it. Where more came than a page has, so that some between would be
 * missing, the list begins anew with the page. What is too much falls off the end.
 */
export function withNewer(feed: EventFeed, page: EventsPage): EventFeed {
  const fresh = newOf(feed, page);
  if (fresh.length === 0) return feed;
  const hasGap = page.next_cursor !== null && fresh.length === page.events.length && feed.events.length > 0;
  if (hasGap) return feedOf(page);
  const events = [...fresh, ...feed.events].sort(newestFirst);
  if (events.length <= MOST_ROWS) return { ...feed, events };
  const kept = events.slice(0, MOST_ROWS);
  return { ...feed, events: kept, older: { before: kept.at(-1)?.timestamp ?? feed.searchedBackTo } };
}

/** The API tells times to the microsecond in texts of different lengths: milliseconds decide, then the text. */
function newestFirst(a: StoredEvent, b: StoredEvent): number {
  return (
    Date.parse(b.timestamp) - Date.parse(a.timestamp) ||
    compareText(microseconds(b.timestamp), microseconds(a.timestamp)) ||
    compareText(b.event_id, a.event_id)
  );
}

function microseconds(timestamp: string): string {
  return (/\.(\d+)/.exec(timestamp)?.[1] ?? '').padEnd(6, '0');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** So far back the tail looks again at each turn, for events that arrive late. */
const OVERLAP_MS = 120_000;

/** From when on the tail asks: a little before the newest event that it knows. */
export function tailStart(feed: EventFeed, periodStart: string): string {
  const [newest] = feed.events;
  return newest === undefined
    ? periodStart
    : new Date(Date.parse(newest.timestamp) - OVERLAP_MS).toISOString();
}
