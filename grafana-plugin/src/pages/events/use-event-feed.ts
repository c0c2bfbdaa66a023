import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { ApiProblem } from '../../api/problem.ts';
import { apiPath, useApi } from '../../api/use-api.ts';
import { useHost } from '../../host/host.ts';
import type { PeriodQuery } from '../../period/use-period.ts';
import {
  feedOf,
  newOf,
  tailStart,
  withNewer,
  withOlder,
  type EventFeed,
  type EventsPage,
} from './event-feed.ts';

const PAGE = 50;
const TAIL_PAGE = 200;
/** Between two looks of the tail while the tab is visible. */
export const TAIL_EVERY_MS = 3_000;
const AFTER_PROBLEM_MS = 15_000;

const PATH = '/v1/analytics/usage/events';

export interface EventList {
  first: UseQueryResult<EventsPage, ApiProblem>;
  feed: EventFeed | undefined;
  /** How many have come in that are not shown yet. */
  waiting: number;
  showWaiting: () => void;
  tailProblem: ApiProblem | null;
  loadOlder: () => void;
  isLoadingOlder: boolean;
  olderProblem: ApiProblem | null;
}

/**
 * The events of a period and what came since: the first page, older ones page by page, and in the tail those that come in. One use is for one
 * question; the caller makes a new one for another.
 * @param isHeld while true, what comes in waits instead of moving what is read
 */
export function useEventFeed(
  question: PeriodQuery & Record<string, string | string[]>,
  { isLive, isHeld }: { isLive: boolean; isHeld: boolean },
): EventList {
  const host = useHost();
  const first = useApi(PATH, { query: { ...question, limit: PAGE } });
  const [feed, setFeed] = useState<EventFeed>();
  /** The last page of the tail that has something new, until it may be shown. */
  const [waitingPage, setWaitingPage] = useState<EventsPage | null>(null);
  const latest = useRef(feed);
  latest.current = feed;

  useEffect(() => {
    if (!first.data || first.isPlaceholderData) return;
    const page = first.data;
    setFeed((before) => (before ? withNewer(before, page) : feedOf(page)));
  }, [first.data, first.isPlaceholderData]);

  const tail = useQuery<EventsPage, ApiProblem>({
    queryKey: ['events-tail', question],
    queryFn: async ({ signal }) => {
      const start = latest.current ? tailStart(latest.current, question.start_date) : question.start_date;
      const query = { ...question, start_date: start, end_date: 'now', limit: TAIL_PAGE };
      return (await host.request(apiPath(PATH, { query }), { signal })).data as EventsPage;
    },
    enabled: isLive && feed !== undefined,
    refetchInterval: ({ state }) => (state.error ? AFTER_PROBLEM_MS : TAIL_EVERY_MS),
    retry: false,
    gcTime: 0,
    staleTime: 0,
  });

  useEffect(() => {
    const known = latest.current;
    if (!tail.data || !known) return;
    if (newOf(known, tail.data).length > 0) setWaitingPage(tail.data);
  }, [tail.data]);

  const showWaiting = useCallback(() => {
    if (waitingPage) setFeed((before) => before && withNewer(before, waitingPage));
    setWaitingPage(null);
  }, [waitingPage]);
  useEffect(() => {
    if (waitingPage && !isHeld) showWaiting();
  }, [waitingPage, isHeld, showWaiting]);

  const [older, setOlder] = useState<{ isLoading: boolean; problem: ApiProblem | null }>({
    isLoading: false,
    problem: null,
  });
  const loadOlder = useCallback(() => {
    const from = latest.current?.older;
    if (!from) return;
    setOlder({ isLoading: true, problem: null });
    const query =
      'cursor' in from
        ? { ...question, limit: PAGE, cursor: from.cursor }
        : // The end is not included, and events of the same millisecond may be missing: they are told apart by what is known.
          { ...question, limit: PAGE, end_date: new Date(Date.parse(from.before) + 1).toISOString() };
    host.request(apiPath(PATH, { query })).then(
      ({ data }) => {
        setFeed((before) => before && withOlder(before, data as EventsPage));
        setOlder({ isLoading: false, problem: null });
      },
      (problem: unknown) => setOlder({ isLoading: false, problem: problem as ApiProblem }),
    );
  }, [host, question]);

  const waiting = useMemo(
    () => (waitingPage && feed ? newOf(feed, waitingPage).length : 0),
    [waitingPage, feed],
  );
  return {
    first,
    feed,
    waiting,
    showWaiting,
    tailProblem: isLive ? tail.error : null,
    loadOlder,
    isLoadingOlder: older.isLoading,
    olderProblem: older.problem,
  };
}
