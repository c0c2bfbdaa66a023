import { useTheme2 } from '@grafana/ui';
import { useMemo } from 'react';
import { useApi } from '../../api/use-api.ts';
import { TimeSeriesChart } from '../../charts/TimeSeriesChart.tsx';
import { toNumber } from '../../figures/format.ts';
import { Nothing } from '../../panels/Nothing.tsx';
import { QueryPanel } from '../../panels/QueryPanel.tsx';
import { usePeriod } from '../../period/use-period.ts';

interface Props {
  filters: Record<string, string[]>;
}

/** Percentiles of the response time over the period. */
export function ResponseTimeOverTime({ filters }: Props) {
  const theme = useTheme2();
  const { query, groupBy, timeZone, zoomTo } = usePeriod();
  const answer = useApi('/v1/analytics/usage/latency', {
    query: { ...query, ...filters, group_by: groupBy, bars: 1 },
  });
  const points = answer.data?.total.time_series;
  const { times, series } = useMemo(
    () => ({
      times: (points ?? []).map(({ timestamp }) => timestamp),
      series: (['p50', 'p95'] as const).map((name, index) => ({
        label: name,
        color: theme.visualization.getColorByName(index === 0 ? 'blue' : 'orange'),
        values: (points ?? []).map((point) => point.percentiles_ms[name]),
      })),
    }),
    [points, theme],
  );
  return (
    <QueryPanel
      title="Response time"
      description={`Percentiles of all calls of a ${groupBy}, never means of percentiles.`}
      span={6}
      query={answer}
      height={300}
      empty={({ total }) => total.timed_requests === 0 && <Nothing>No timed calls in this period.</Nothing>}
    >
      {() => (
        <TimeSeriesChart
          label="Response time over time, p50 and p95"
          times={times}
          series={series}
          unit="ms"
          groupBy={groupBy}
          timeZone={timeZone}
          kind="lines"
          legend="last"
          onZoom={zoomTo}
        />
      )}
    </QueryPanel>
  );
}

/** What the model cost over the period. */
export function CostOverTime({ filters }: Props) {
  const { query, groupBy, timeZone, zoomTo } = usePeriod();
  const answer = useApi('/v1/analytics/usage/overview', {
    query: { ...query, ...filters, group_by: groupBy },
  });
  const points = answer.data?.time_series;
  const { times, series } = useMemo(
    () => ({
      times: (points ?? []).map(({ timestamp }) => timestamp),
      series: [
        { label: 'Cost', values: (points ?? []).map(({ total_cost_usd }) => toNumber(total_cost_usd)) },
      ],
    }),
    [points],
  );
  return (
    <QueryPanel
      title="Cost"
      span={6}
      query={answer}
      height={300}
      empty={({ summary }) => summary.total_requests === 0 && <Nothing>No calls in this period.</Nothing>}
    >
      {() => (
        <TimeSeriesChart
          label="Cost over time"
          times={times}
          series={series}
          unit="usd"
          groupBy={groupBy}
          timeZone={timeZone}
          onZoom={zoomTo}
        />
      )}
    </QueryPanel>
  );
}
