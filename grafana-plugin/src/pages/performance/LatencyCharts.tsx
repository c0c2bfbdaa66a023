import type { UseQueryResult } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { ApiProblem } from '../../api/problem.ts';
import type { Answer } from '../../api/use-api.ts';
import type { ChartAnnotation } from '../../charts/chart-types.ts';
import { Heatmap } from '../../charts/Heatmap.tsx';
import { TimeSeriesChart } from '../../charts/TimeSeriesChart.tsx';
import { percent } from '../../figures/format.ts';
import { Nothing } from '../../panels/Nothing.tsx';
import { QueryPanel } from '../../panels/QueryPanel.tsx';
import { usePeriod } from '../../period/use-period.ts';
import { useGrain } from './use-grain.ts';

type Latency = Answer<'/v1/analytics/usage/latency'>;
type LatencyQuery = UseQueryResult<Latency, ApiProblem>;

interface OverTimeProps {
  answer: LatencyQuery;
  annotations: ChartAnnotation[];
}

const PERCENTILES = ['p50', 'p90', 'p95', 'p99'] as const;
const NOBODY_TIMED = <Nothing>No call of this period has a known time.</Nothing>;

/** Percentiles of the response time over time. */
export function ResponseTimes({ answer, annotations }: OverTimeProps) {
  return (
    <QueryPanel
      title="Response time"
      description={describe(answer.data)}
      span={6}
      query={answer}
      height={300}
      empty={({ total }) => total.timed_requests === 0 && NOBODY_TIMED}
    >
      {(data) => <PercentileChart label="Response time over time" data={data} annotations={annotations} />}
    </QueryPanel>
  );
}

/** Percentiles of the time to the first token over time: only of streamed calls whose sender told it. */
export function FirstToken({ answer, annotations }: OverTimeProps) {
  return (
    <QueryPanel
      title="Time to first token"
      description={`Of calls whose sender told it. ${describe(answer.data)}`}
      span={6}
      query={answer}
      height={300}
      empty={({ total }) =>
        total.timed_requests === 0 && (
          <Nothing>
            No call of this period tells it. SDKs send it as time_to_first_token_ms of streamed calls.
          </Nothing>
        )
      }
    >
      {(data) => (
        <PercentileChart label="Time to first token over time" data={data} annotations={annotations} />
      )}
    </QueryPanel>
  );
}

/** How response times are spread, over time. */
export function LatencyHeatmap({ answer }: { answer: LatencyQuery }) {
  const { timeZone, zoomTo } = usePeriod();
  const grain = useGrain();
  const heatmap = answer.data?.total.heatmap;
  const map = useMemo(
    () => ({
      times: heatmap?.points.map(({ timestamp }) => timestamp) ?? [],
      rows: heatmap?.bars.map(({ above_ms, up_to_ms }) => ({ low: above_ms, high: up_to_ms })) ?? [],
      counts: heatmap?.points.map(({ requests }) => requests) ?? [],
    }),
    [heatmap],
  );
  return (
    <QueryPanel
      title="Spread of response times"
      description={`Each column is a ${grain} of ${timeZone}, each row a band of response times on a logarithmic scale; the stronger the colour, the more calls.`}
      span={6}
      query={answer}
      height={300}
      empty={({ total }) => total.timed_requests === 0 && NOBODY_TIMED}
    >
      {() => (
        <Heatmap
          label="Calls by response time, over time"
          {...map}
          unit="ms"
          counted="calls"
          groupBy={grain}
          timeZone={timeZone}
          onChoose={zoomTo}
        />
      )}
    </QueryPanel>
  );
}

function PercentileChart({
  label,
  data,
  annotations,
}: {
  label: string;
  data: Latency;
  annotations: ChartAnnotation[];
}) {
  const { timeZone, zoomTo } = usePeriod();
  const grain = useGrain();
  const { times, series } = useMemo(() => {
    const points = data.total.time_series ?? [];
    return {
      times: points.map(({ timestamp }) => timestamp),
      series: PERCENTILES.map((name) => ({
        label: name,
        values: points.map(({ percentiles_ms }) => percentiles_ms[name]),
      })),
    };
  }, [data]);
  return (
    <TimeSeriesChart
      label={label}
      times={times}
      series={series}
      unit="ms"
      groupBy={grain}
      timeZone={timeZone}
      kind="lines"
      legend="last"
      annotations={annotations}
      onZoom={zoomTo}
    />
  );
}

function describe(data: Latency | undefined): string {
  if (data === undefined) return 'Percentiles.';
  const error = percent(100 * data.total.percentiles_ms.relative_error);
  return `Half of the calls were faster than p50, 99 of 100 faster than p99. Read from log-scale buckets of the ${data.source === 'rollups' ? 'rollups' : 'events'}: within ${error} of the true value.`;
}
