import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2, useTheme2 } from '@grafana/ui';
import { useEffect, useMemo, useRef, useState } from 'react';
import 'uplot/dist/uPlot.min.css';
import { formatter, type Unit } from '../figures/format.ts';
import { pointTime } from '../figures/time.ts';
import { CaptionButton } from './CaptionButton.tsx';
import type { ChartAnnotation, ChartSeries } from './chart-types.ts';
import { ChartTable, ChartTableButton, useShownTable } from './ChartTable.tsx';
import { seriesColors } from './colors.ts';
import { draw } from './uplot-chart.ts';
import { useWidth } from './use-width.ts';

export interface TimeSeriesChartProps {
  /** What the chart shows, for people who do not see it. */
  label: string;
  /** Epoch milliseconds or RFC 3339 texts, ascending. */
  times: (number | string)[];
  series: ChartSeries[];
  unit: Unit;
  groupBy: 'hour' | 'day' | 'week' | 'month';
  timeZone: string;
  kind?: 'bars' | 'lines' | 'area';
  stacked?: boolean;
  height?: number;
  annotations?: ChartAnnotation[];
  band?: { upper: number; lower: number };
  /** What the legend says of each series: the sum over the chart, the last value, or nothing. */
  legend?: 'sum' | 'last' | 'none';
  onZoom?: (fromMs: number, toMs: number) => void;
}

/**
 * Time series with a legend that hides and shows series, a tooltip, zoom by dragging, and the same figures as a table: charts are canvases,
 * which screen readers cannot read.
 */
export function TimeSeriesChart({
  label,
  times,
  series,
  unit,
  groupBy,
  timeZone,
  kind = 'bars',
  stacked = false,
  height = 260,
  annotations,
  band,
  legend = 'sum',
  onZoom,
}: TimeSeriesChartProps) {
  const theme = useTheme2();
  const styles = useStyles2(getStyles);
  const [holder, width] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLDivElement>(null);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [hover, setHover] = useState<{ index: number; left: number; top: number } | null>(null);
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  const table = useShownTable();

  const format = formatter(unit);
  const millis = useMemo(
    () => times.map((time) => (typeof time === 'string' ? Date.parse(time) : time)),
    [times],
  );
  const colored = useMemo(() => {
    const palette = seriesColors(theme, series.length);
    return series.map((one, index) => ({
      ...one,
      color: one.color ?? palette[index] ?? theme.colors.text.secondary,
    }));
  }, [series, theme]);

  useEffect(() => {
    const element = canvas.current;
    if (!element || width < 40) return;
    const chart = draw(element, {
      width,
      height,
      series: colored.map((one) => ({ ...one, hidden: one.hidden === true || hidden.has(one.label) })),
      times: millis.map((ms) => ms / 1000),
      kind,
      stacked,
      timeZone,
      axisText: theme.colors.text.secondary,
      gridColor: theme.colors.border.weak,
      fontFamily: theme.typography.fontFamily,
      formatValue: formatter(unit, { short: true }),
      annotations: annotations ?? [],
      band: band && { ...band, fill: theme.colors.action.selected },
      onHover: (index, left, top) => setHover(index === null || left < 0 ? null : { index, left, top }),
      onZoom: zoom.current ? (from, to) => zoom.current?.(from, to) : undefined,
    });
    return () => chart.destroy();
  }, [width, height, colored, hidden, millis, kind, stacked, timeZone, theme, unit, annotations, band]);

  const toggle = (name: string) =>
    setHidden((before) => {
      const after = new Set(before);
      if (!after.delete(name)) after.add(name);
      return after;
    });
  const shown = colored.filter((one) => one.hidden !== true);
  const told = hover && nearby(annotations ?? [], millis, hover.index);

  return (
    <figure className={styles.figure} ref={holder} aria-label={label}>
      <div className={styles.plot} style={{ height }}>
        <div
          ref={canvas}
          role="img"
          aria-label={label}
          aria-describedby={table.isShown ? table.id : undefined}
        />
        {hover && (
          <div
            className={styles.tooltip}
            style={{
              top: 8,
              ...(hover.left > width / 2 ? { right: width - hover.left } : { left: hover.left + 60 }),
            }}
          >
            <div className={styles.tooltipTime}>{pointTime(millis[hover.index] ?? 0, groupBy, timeZone)}</div>
            {shown
              .filter((one) => !hidden.has(one.label))
              .map((one) => (
                <div key={one.label} className={styles.row}>
                  <span className={styles.swatch} style={{ background: one.color }} />
                  <span className={styles.name}>{one.label}</span>
                  <span className={styles.value}>{format(one.values[hover.index])}</span>
                </div>
              ))}
            {told?.map(({ time, text, color }) => (
              <div key={`${time}${text}`} className={styles.row}>
                <span className={styles.swatch} style={{ background: color }} />
                <span className={styles.name}>{text}</span>
              </div>
            ))}
          </div>
        )}
      </div>
      <figcaption className={styles.caption}>
        {legend !== 'none' &&
          shown.map((one) => (
            <CaptionButton
              key={one.label}
              aria-pressed={!hidden.has(one.label)}
              onClick={() => toggle(one.label)}
            >
              <span
                className={styles.swatch}
                style={{
                  background: hidden.has(one.label) ? 'transparent' : one.color,
                  borderColor: one.color,
                }}
              />
              {one.label}
              <span className={styles.value}>{format(legendValue(one.values, legend))}</span>
            </CaptionButton>
          ))}
        <ChartTableButton table={table} />
      </figcaption>
      <ChartTable
        table={table}
        label={label}
        times={millis}
        groupBy={groupBy}
        timeZone={timeZone}
        columns={shown.map(({ label: name, values }) => ({
          key: name,
          header: name,
          text: (row) => format(values[row]),
        }))}
      />
    </figure>
  );
}

function legendValue(values: (number | null)[], kind: 'sum' | 'last'): number | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  return kind === 'sum' ? known.reduce((sum, value) => sum + value, 0) : (known.at(-1) ?? null);
}

function nearby(annotations: ChartAnnotation[], times: number[], index: number): ChartAnnotation[] {
  const at = times[index] ?? 0;
  const next = times[index + 1] ?? at + (at - (times[index - 1] ?? at - 3_600_000));
  return annotations.filter(({ time }) => time >= at && time < next);
}

const getStyles = (theme: GrafanaTheme2) => ({
  figure: css({ margin: 0, minWidth: 0 }),
  plot: css({ position: 'relative' }),
  tooltip: css({
    position: 'absolute',
    zIndex: theme.zIndex.tooltip,
    pointerEvents: 'none',
    maxWidth: 320,
    padding: theme.spacing(1),
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.medium}`,
    borderRadius: theme.shape.radius.default,
    boxShadow: theme.shadows.z2,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  tooltipTime: css({ fontWeight: theme.typography.fontWeightMedium, marginBottom: theme.spacing(0.5) }),
  row: css({ display: 'flex', alignItems: 'center', gap: theme.spacing(1) }),
  swatch: css({ width: 12, height: 4, borderRadius: 2, flex: 'none', border: '1px solid transparent' }),
  name: css({ overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }),
  value: css({
    marginLeft: 'auto',
    paddingLeft: theme.spacing(1),
    fontVariantNumeric: 'tabular-nums',
    fontWeight: theme.typography.fontWeightMedium,
  }),
  caption: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(0.5, 1),
    marginTop: theme.spacing(1),
  }),
});
