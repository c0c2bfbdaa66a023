import { useTheme2 } from '@grafana/ui';
import { useMemo } from 'react';
import { otherColor, seriesColors } from '../../charts/colors.ts';
import { TimeSeriesChart } from '../../charts/TimeSeriesChart.tsx';
import { usePeriod } from '../../period/use-period.ts';
import type { Breakdown } from './BreakdownTable.tsx';
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
    const parts = [
      ...answer.members.map((one) => ({
        label: one.label === '' ? '""' : one.label,
        points: one.time_series ?? [],
        color: palette[order.indexOf(one.label)] ?? theme.colors.text.secondary,
      })),
      ...(answer.other
        ? [
            {
              label: `Other (${answer.other.members})`,
              points: answer.other.time_series ?? [],
              color: otherColor(theme),
            },
          ]
        : []),
    ];
    return {
      times: (parts[0]?.points ?? []).map(({ timestamp }) => timestamp),
      series: parts.map(({ points, ...one }) => ({
        ...one,
        values: points.map((point) => measureValue(measure, point)),
      })),
    };
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
