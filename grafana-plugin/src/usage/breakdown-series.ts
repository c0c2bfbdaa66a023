import type { GrafanaTheme2 } from '@grafana/data';
import type { ChartSeries } from '../charts/chart-types.ts';
import { otherColor } from '../charts/colors.ts';
import { visibleLabel } from '../filters/dimensions.ts';
import type { Breakdown } from '../panels/breakdown-rows.ts';

type Point = NonNullable<Breakdown['members'][number]['time_series']>[number];

/**
 * A figure over time by the top members of a breakdown, and everything else as one.
 * @param colorOf the colour of a member by its label; default: that of its place in the chart
 */
export function breakdownSeries(
  { members, other }: Pick<Breakdown, 'members' | 'other'>,
  theme: GrafanaTheme2,
  valueOf: (point: Point) => number | null,
  colorOf?: (label: string) => string,
): { times: string[]; series: ChartSeries[] } {
  const parts = [
    ...members.map(({ label, time_series: points = [] }) => ({
      label: visibleLabel(label),
      points,
      ...(colorOf ? { color: colorOf(label) } : {}),
    })),
    ...(other
      ? [
          {
            label: `Other (${other.members})`,
            points: other.time_series ?? [],
            color: otherColor(theme),
          },
        ]
      : []),
  ];
  return {
    times: (parts[0]?.points ?? []).map(({ timestamp }) => timestamp),
    series: parts.map(({ points, ...one }) => ({ ...one, values: points.map(valueOf) })),
  };
}
