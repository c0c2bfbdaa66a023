import type { GrafanaTheme2 } from '@grafana/data';

/** Colours of a chart's series, in Grafana's own order, told apart in both themes. */
export function seriesColors(theme: GrafanaTheme2, howMany: number): string[] {
  const { palette } = theme.visualization;
  return Array.from({ length: howMany }, (_none, index) =>
    theme.visualization.getColorByName(palette[index % palette.length] ?? 'blue'),
  );
}

/** Everything that is not in the top. */
export function otherColor(theme: GrafanaTheme2): string {
  return theme.colors.text.disabled;
}
