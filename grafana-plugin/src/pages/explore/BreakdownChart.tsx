import { useTheme2 } from '@grafana/ui';
import { useMemo } from 'react';
import { seriesColors } from '../../charts/colors.ts';
import { TimeSeriesChart } from '../../charts/TimeSeriesChart.tsx';
import type { Breakdown } from '../../panels/breakdown-rows.ts';
import { usePeriod } from '../../period/use-period.ts';
import { breakdownSeries } from '../../usage/breakdown-series.ts';
import { MEASURES, measureValue, type MeasureName } from './measures.ts';

/** More lines than this cannot be told apart; everything else is one. */
export const CHARTED = 8;

interface Props {
  label: string;
  answer: Breakdown;
  measure: MeasureName;
  kind: 'bars' | 'lines';
  /** Members in the order of the colours, so that charts beside each other agree. */
  colorsFor?: string[];
  height?: number;
}

/** A measure over time by the top members: bars stack what adds up, lines stand for themselves. */
export function BreakdownChart({ label, answer, measure, kind, colorsFor, height = 300 }: Props) {
  const theme = useTheme2();
  const { groupBy, timeZone, zoomTo } = usePeriod();
  const { isSum, unit } = MEASURES[measure];
  const { times, series } = useMemo(() => {
    const order = colorsFor ?? answer.members.map((one) => one.label);
    const palette = seriesColors(theme, order.length);
    return breakdownSeries(
      answer,
      theme,
      (point) => measureValue(measure, point),
      (member) => palette[order.indexOf(member)] ?? theme.colors.text.secondary,
    );
  }, [answer, measure, colorsFor, theme]);
  return (
    <TimeSeriesChart
      label={label}
      times={times}
      series={series}
      unit={unit}
      groupBy={groupBy}
      timeZone={timeZone}
      kind={isSum ? kind : 'lines'}
      stacked={isSum && kind === 'bars'}
      legend={isSum ? 'sum' : 'last'}
      height={height}
      onZoom={zoomTo}
    />
  );
}
