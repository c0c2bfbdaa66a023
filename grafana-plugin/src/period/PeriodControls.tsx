import { dateTime, isDateTime, rangeUtil, type TimeRange } from '@grafana/data';
import { TimeRangePicker } from '@grafana/ui';
import { useIsFetching, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useSearchParams } from 'react-router-dom';
import { useSetParameters } from '../navigation/use-set-parameters.ts';
import { QUICK_RANGES } from './quick-ranges.ts';
import { RefreshControl } from './RefreshControl.tsx';
import { useTimeZone } from './time-zone.tsx';
import { usePeriod } from './use-period.ts';

const INTERVALS = ['30s', '1m', '5m', '15m'];

/** Time range, time zone and refresh of the page; all of it is in the URL. */
export function PeriodControls() {
  const { range, timeZone, setRange } = usePeriod();
  const { setTimeZone } = useTimeZone();
  const [search] = useSearchParams();
  const set = useSetParameters();
  const client = useQueryClient();
  const isLoading = useIsFetching({ queryKey: ['api'] }) > 0;
  const refresh = search.get('refresh') ?? '';
  const read = () => void client.invalidateQueries({ queryKey: ['api'] });

  useEffect(() => {
    if (!INTERVALS.includes(refresh)) return;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void client.invalidateQueries({ queryKey: ['api'] });
    }, rangeUtil.intervalToMs(refresh));
    return () => clearInterval(timer);
  }, [refresh, client]);

  const choose = ({ raw }: TimeRange) =>
    setRange({
      from: isDateTime(raw.from) ? String(raw.from.valueOf()) : raw.from,
      to: isDateTime(raw.to) ? String(raw.to.valueOf()) : raw.to,
    });
  const move = (direction: -1 | 1) => {
    const length = range.to.valueOf() - range.from.valueOf();
    setRange({
      from: String(range.from.valueOf() + direction * length),
      to: String(range.to.valueOf() + direction * length),
    });
  };
  const zoomOut = () => {
    const half = (range.to.valueOf() - range.from.valueOf()) / 2;
    setRange({
      from: String(Math.round(range.from.valueOf() - half)),
      to: String(Math.min(Math.round(range.to.valueOf() + half), dateTime().valueOf())),
    });
  };

  return (
    <>
      <TimeRangePicker
        value={range}
        timeZone={timeZone}
        quickRanges={QUICK_RANGES}
        onChange={choose}
        onChangeTimeZone={setTimeZone}
        onMoveBackward={() => move(-1)}
        onMoveForward={() => move(1)}
        onZoom={zoomOut}
        weekStart="monday"
      />
      <RefreshControl
        every={refresh}
        choices={INTERVALS}
        isLoading={isLoading}
        onRefresh={read}
        onEvery={(interval) => set({ refresh: interval === '' ? null : interval })}
      />
    </>
  );
}
