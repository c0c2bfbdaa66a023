import { dateTimeParse } from '@grafana/data';
import { useTheme2 } from '@grafana/ui';
import { useMemo } from 'react';
import { TimeSeriesChart } from '../../charts/TimeSeriesChart.tsx';
import { percent, type Unit } from '../../figures/format.ts';
import { ChartKey } from './ChartKey.tsx';
import type { EndCurve } from './spend/end-curve.ts';

/** A line beside the forecast: what is to be compared with it. */
export interface BesideForecast {
  label: string;
  values: number[];
  color: string;
  width?: number;
}

interface Props {
  /** What the chart shows, for people who do not see it. */
  label: string;
  curve: EndCurve;
  /** What the curve is called up to now, and its bounds from now on. */
  known: string;
  upper: string;
  lower: string;
  /** How likely the end is between the bounds, 0 to 1. */
  level: number;
  beside: BesideForecast | null;
  unit: Unit;
  timeZone: string;
  height: number;
}

/** The bounds come first among the series: the shading between them is told by their place. */
const BAND = { upper: 0, lower: 1 };

/** A sum by day up to now, and what is expected of it to the end of its period, with the bounds that this is likely in. */
export function ForecastChart({
  label,
  curve,
  known,
  upper,
  lower,
  level,
  beside,
  unit,
  timeZone,
  height,
}: Props) {
  const theme = useTheme2();
  const main = theme.visualization.getColorByName('blue');
  const { times, series } = useMemo(
    () => ({
      times: curve.dates.map((date) => dateTimeParse(date, { timeZone, format: 'YYYY-MM-DD' }).valueOf()),
      series: [
        { label: upper, values: curve.upper, color: theme.colors.text.disabled, width: 1 },
        { label: lower, values: curve.lower, color: theme.colors.text.disabled, width: 1 },
        { label: known, values: curve.spent, color: main, width: 3 },
        { label: 'Expected', values: curve.expected, color: main, dash: [6, 4] },
        ...(beside ? [{ ...beside, dash: [2, 3] }] : []),
      ],
    }),
    [curve, known, upper, lower, beside, timeZone, theme, main],
  );
  return (
    <>
      <ChartKey
        entries={[
          { label: known, color: main, look: 'line' },
          { label: 'Expected', color: main, look: 'dashed' },
          { label: `${percent(100 * level)} likely`, color: theme.colors.action.selected, look: 'band' },
          ...(beside ? [{ label: beside.label, color: beside.color, look: 'dashed' as const }] : []),
        ]}
      />
      <TimeSeriesChart
        label={label}
        times={times}
        series={series}
        unit={unit}
        groupBy="day"
        timeZone={timeZone}
        kind="lines"
        height={height}
        band={BAND}
        legend="none"
      />
    </>
  );
}
