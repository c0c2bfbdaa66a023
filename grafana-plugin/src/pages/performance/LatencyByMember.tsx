import { useMemo } from 'react';
import { useApi } from '../../api/use-api.ts';
import type { ChartAnnotation } from '../../charts/chart-types.ts';
import { TimeSeriesChart } from '../../charts/TimeSeriesChart.tsx';
import type { Unit } from '../../figures/format.ts';
import { dimensionLabel } from '../../filters/dimensions.ts';
import { useFilters } from '../../filters/use-filters.ts';
import { Nothing } from '../../panels/Nothing.tsx';
import { QueryPanel } from '../../panels/QueryPanel.tsx';
import { usePeriod } from '../../period/use-period.ts';
import { useGrain } from './use-grain.ts';
import { useLatencyDimension } from './use-latency-dimension.ts';

const MEMBERS = 6;

/** The 95th percentile and the output speed over time, of the members of a dimension with the most calls. */
export function LatencyByMember({ annotations }: { annotations: ChartAnnotation[] }) {
  const { query, timeZone, zoomTo } = usePeriod();
  const { query: filters } = useFilters();
  const grain = useGrain();
  const [dimension] = useLatencyDimension();
  const answer = useApi('/v1/analytics/usage/latency', {
    query: { ...query, ...filters, group_by: grain, dimension, limit: MEMBERS, bars: 1 },
  });
  const charts = useMemo(() => {
    const members = answer.data?.members ?? [];
    const series = (
      value: (point: NonNullable<(typeof members)[number]['time_series']>[number]) => number | null,
    ) => members.map(({ label, time_series }) => ({ label, values: (time_series ?? []).map(value) }));
    return {
      times: members[0]?.time_series?.map(({ timestamp }) => timestamp) ?? [],
      p95: series(({ percentiles_ms }) => percentiles_ms.p95),
      // Embeddings have no output: a line at 0 would tell nothing of their speed.
      speed: series(({ output_tokens_per_second }) => output_tokens_per_second).filter(({ values }) =>
        values.some((value) => value !== null && value > 0),
      ),
    };
  }, [answer.data]);
  const name = dimensionLabel(dimension).toLowerCase();
  const panel = (
    title: string,
    description: string,
    parts: { label: string; values: (number | null)[] }[],
    unit: Unit,
    span: number,
  ) => (
    <QueryPanel
      title={`${title} by ${name}`}
      description={`${description} The ${MEMBERS} with the most calls.`}
      span={span}
      query={answer}
      height={300}
      empty={({ total }) =>
        total.timed_requests === 0 && <Nothing>No call of this period has a known time.</Nothing>
      }
    >
      {() => (
        <TimeSeriesChart
          label={`${title} over time by ${name}`}
          times={charts.times}
          series={parts}
          unit={unit}
          groupBy={grain}
          timeZone={timeZone}
          kind="lines"
          legend="last"
          annotations={annotations}
          onZoom={zoomTo}
        />
      )}
    </QueryPanel>
  );
  return (
    <>
      {panel(
        'Output tokens per second',
        'Output tokens over response time; answers from your own cache count too, and are fast.',
        charts.speed,
        'count',
        6,
      )}
      {panel('Response time, p95,', '95 of 100 calls were faster.', charts.p95, 'ms', 12)}
    </>
  );
}
