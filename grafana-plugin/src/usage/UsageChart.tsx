import { useTheme2 } from '@grafana/ui';
import { useApi } from '../api/use-api.ts';
import { TimeSeriesChart } from '../charts/TimeSeriesChart.tsx';
import { toNumber, type Unit } from '../figures/format.ts';
import { dimensionLabel } from '../filters/dimensions.ts';
import { useFilters } from '../filters/use-filters.ts';
import { Nothing } from '../panels/Nothing.tsx';
import { QueryPanel } from '../panels/QueryPanel.tsx';
import { usePeriod } from '../period/use-period.ts';
import { breakdownSeries } from './breakdown-series.ts';

interface Props {
  title: string;
  measure: 'total_cost_usd' | 'total_requests' | 'total_tokens_used';
  dimension: string;
  unit: Unit;
  span?: number;
}

/** A measure over time, stacked by the top members of a dimension and everything else. */
export function UsageChart({ title, measure, dimension, unit, span = 6 }: Props) {
  const theme = useTheme2();
  const { query, groupBy, timeZone, zoomTo } = usePeriod();
  const { query: filters } = useFilters();
  const answer = useApi('/v1/analytics/usage/breakdown', {
    query: { ...query, ...filters, dimension, order_by: measure, limit: 6, group_by: groupBy },
  });
  return (
    <QueryPanel
      title={`${title} by ${dimensionLabel(dimension).toLowerCase()}`}
      description={`The six with the most, and everything else as one. Points are a ${groupBy} of ${timeZone}.`}
      span={span}
      query={answer}
      height={300}
      empty={({ total }) => total.total_requests === 0 && <Nothing>No calls in this period.</Nothing>}
    >
      {(data) => (
        <TimeSeriesChart
          label={`${title} over time by ${dimensionLabel(dimension)}`}
          {...breakdownSeries(data, theme, (point) => toNumber(point[measure]))}
          unit={unit}
          groupBy={groupBy}
          timeZone={timeZone}
          stacked
          onZoom={zoomTo}
        />
      )}
    </QueryPanel>
  );
}
