import { dateTime, rangeUtil, type TimeRange } from '@grafana/data';
import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router-dom';
import { useSetParameters } from '../navigation/use-set-parameters.ts';
import { DEFAULT_RANGE } from './quick-ranges.ts';
import { apiTime } from './raw-time.ts';
import { useTimeZone } from './time-zone.tsx';

export interface PeriodQuery {
  start_date: string;
  end_date: string;
  timezone: string;
}

export interface PagePeriod {
  /** For the picker and for charts. */
  range: TimeRange;
  timeZone: string;
  /** What every analytics route takes. */
  query: PeriodQuery;
  days: number;
  /** The width of points that a chart of the whole range wants. */
  groupBy: 'hour' | 'day' | 'week' | 'month';
  /** As in the URL, for links to other pages. */
  raw: { from: string; to: string };
  setRange: (range: { from: string; to: string }) => void;
  zoomTo: (fromMs: number, toMs: number) => void;
}

/** The period of the page: `from` and `to` of the URL (raw, so that relative ones stay relative), in the chosen time zone. */
export function usePeriod(): PagePeriod {
  const [search] = useSearchParams();
  const setParameters = useSetParameters();
  const { timeZone } = useTimeZone();
  const fromText = search.get('from');
  const toText = search.get('to');

  const setRange = useCallback(
    ({ from, to }: { from: string; to: string }) => setParameters({ from, to }, 'go'),
    [setParameters],
  );

  return useMemo(() => {
    const start = apiTime(fromText);
    const end = apiTime(toText);
    const raw = start !== undefined && end !== undefined ? { from: start, to: end } : DEFAULT_RANGE;
    const range = rangeUtil.convertRawToRange(
      {
        from: raw.from.startsWith('now') ? raw.from : dateTime(raw.from),
        to: raw.to.startsWith('now') ? raw.to : dateTime(raw.to),
      },
      timeZone,
    );
    const days = (range.to.valueOf() - range.from.valueOf()) / 86_400_000;
    return {
      range,
      timeZone,
      query: { start_date: raw.from, end_date: raw.to, timezone: timeZone },
      days,
      groupBy: days <= 2 ? 'hour' : days <= 120 ? 'day' : days <= 800 ? 'week' : 'month',
      raw,
      setRange,
      zoomTo: (fromMs, toMs) => setRange({ from: String(Math.round(fromMs)), to: String(Math.round(toMs)) }),
    } satisfies PagePeriod;
  }, [fromText, toText, timeZone, setRange]);
}
