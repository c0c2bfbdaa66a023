import { css } from '@emotion/css';
import { dateTimeFormat, type GrafanaTheme2 } from '@grafana/data';
import { useStyles2, useTheme2 } from '@grafana/ui';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import { count, formatter, type Unit } from '../figures/format.ts';
import { pointTime } from '../figures/time.ts';
import { ChartTable, ChartTableButton, useShownTable } from './ChartTable.tsx';
import {
  cellAt,
  intensity,
  labelledEvery,
  placeOf,
  type HeatmapCell,
  type HeatmapFrame,
} from './heatmap-layout.ts';
import { useWidth } from './use-width.ts';

export interface HeatmapProps {
  /** What the map shows, for people who do not see it. */
  label: string;
  /** Epoch milliseconds or RFC 3339 texts at which the columns begin, ascending. */
  times: (number | string)[];
  /** The rows from the lowest to the highest; each holds what is above `low` and up to `high`. */
  rows: { low: number; high: number }[];
  /** How many are in each cell: of each time, of each row. */
  counts: number[][];
  /** Of the rows' boundaries. */
  unit: Unit;
  /** What is counted, e.g. 'calls'. */
  counted: string;
  groupBy: 'hour' | 'day' | 'week' | 'month';
  timeZone: string;
  height?: number;
  /** A click on a column, or Enter: its begin and end. */
  onChoose?: (fromMs: number, toMs: number) => void;
}

const AXIS_HEIGHT = 24;
const MARGIN = 8;

/**
 * Counts by time and size: darker (or lighter, on dark) is more. Pointer and arrow keys tell the cell in words; the same figures are there as a
 * table, since a canvas cannot be read aloud.
 */
export function Heatmap({
  label,
  times,
  rows,
  counts,
  unit,
  counted,
  groupBy,
  timeZone,
  height = 280,
  onChoose,
}: HeatmapProps) {
  const theme = useTheme2();
  const styles = useStyles2(getStyles);
  const [holder, width] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [cell, setCell] = useState<HeatmapCell | null>(null);
  const table = useShownTable();
  const format = formatter(unit);
  const millis = useMemo(
    () => times.map((time) => (typeof time === 'string' ? Date.parse(time) : time)),
    [times],
  );
  const most = useMemo(() => counts.reduce((max, column) => Math.max(max, ...column), 0), [counts]);
  const color = theme.visualization.getColorByName(theme.isDark ? 'light-orange' : 'dark-blue');
  const frame = useMemo((): HeatmapFrame => {
    const left = 16 + 7 * Math.max(3, ...rows.map(({ high }) => formatter(unit)(high).length));
    return {
      left,
      top: MARGIN,
      width: Math.max(0, width - left - MARGIN),
      height: height - AXIS_HEIGHT - MARGIN,
      columns: millis.length,
      rows: rows.length,
    };
  }, [rows, unit, width, height, millis.length]);

  useEffect(() => {
    if (!canvas.current || frame.width === 0) return;
    const context = canvas.current.getContext('2d');
    if (!context) return;
    canvas.current.width = width * devicePixelRatio;
    canvas.current.height = height * devicePixelRatio;
    context.scale(devicePixelRatio, devicePixelRatio);
    context.clearRect(0, 0, width, height);
    context.fillStyle = color;
    counts.forEach((column, x) =>
      column.forEach((value, y) => {
        if (value === 0) return;
        context.globalAlpha = intensity(value, most);
        const place = placeOf(frame, { column: x, row: y });
        context.fillRect(place.x, place.y, place.width, place.height);
      }),
    );
    context.globalAlpha = 1;
    context.fillStyle = theme.colors.text.secondary;
    context.font = `12px ${theme.typography.fontFamily}`;
    context.textBaseline = 'middle';
    context.textAlign = 'right';
    const everyRow = labelledEvery(frame.height / Math.max(1, frame.rows), 18);
    rows.forEach(({ high }, y) => {
      if (y % everyRow !== everyRow - 1) return;
      const place = placeOf(frame, { column: 0, row: y });
      context.fillText(formatter(unit)(high), frame.left - 6, Math.max(frame.top + 5, place.y));
    });
    context.textAlign = 'left';
    const everyColumn = labelledEvery(frame.width / Math.max(1, frame.columns), 64);
    millis.forEach((ms, x) => {
      if (x % everyColumn !== 0) return;
      const place = placeOf(frame, { column: x, row: 0 });
      if (place.x + 40 > frame.left + frame.width) return;
      context.fillText(
        dateTimeFormat(ms, { format: groupBy === 'hour' ? 'D MMM HH:mm' : 'D MMM', timeZone }),
        place.x,
        height - AXIS_HEIGHT / 2,
      );
    });
  }, [width, height, frame, rows, counts, most, millis, groupBy, timeZone, unit, theme, color]);

  const columnRange = (column: number): [number, number] => {
    const from = millis[column] ?? 0;
    const before = millis[column - 1];
    return [from, millis[column + 1] ?? from + (before === undefined ? 3_600_000 : from - before)];
  };
  const words = ({ column, row }: HeatmapCell): string => {
    const { low, high } = rows[row] ?? { low: 0, high: 0 };
    return `${pointTime(millis[column] ?? 0, groupBy, timeZone)}, ${format(low)} to ${format(high)}: ${count(counts[column]?.[row] ?? 0)} ${counted}`;
  };
  const follow = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    setCell(cellAt(frame, event.clientX - box.left, event.clientY - box.top));
  };
  const move = (event: KeyboardEvent<HTMLElement>) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (event.key === 'Enter' && cell && onChoose) onChoose(...columnRange(cell.column));
    if (event.key === 'Escape') setCell(null);
    if (!step || frame.columns === 0 || frame.rows === 0) return;
    event.preventDefault();
    const [dx = 0, dy = 0] = step;
    const at = cell ?? { column: frame.columns - 1 - dx, row: -dy };
    setCell({
      column: Math.min(frame.columns - 1, Math.max(0, at.column + dx)),
      row: Math.min(frame.rows - 1, Math.max(0, at.row + dy)),
    });
  };
  const marked = cell && placeOf(frame, cell);

  return (
    <figure className={styles.figure} ref={holder} aria-label={label}>
      {/* A picture that arrow keys go through cell by cell: no native element is that. */}
      <div
        className={styles.plot}
        style={{ height, cursor: onChoose && cell ? 'pointer' : 'default' }}
        role="application"
        aria-label={`${label}. Arrow keys go from cell to cell${onChoose ? ', Enter zooms to the time' : ''}.`}
        tabIndex={0}
        onPointerMove={follow}
        onPointerLeave={() => setCell(null)}
        onBlur={() => setCell(null)}
        onClick={() => cell && onChoose?.(...columnRange(cell.column))}
        onKeyDown={move}
      >
        <canvas ref={canvas} style={{ width: '100%', height }} aria-hidden />
        {marked && (
          <div
            className={styles.marked}
            style={{ left: marked.x, top: marked.y, width: marked.width, height: marked.height }}
          />
        )}
        {cell && marked && (
          <div
            className={styles.tooltip}
            style={{
              top: marked.y > height / 2 ? 8 : height / 2,
              ...(marked.x > width / 2
                ? { right: Math.max(0, width - marked.x + 8) }
                : { left: marked.x + marked.width + 8 }),
            }}
          >
            {words(cell)}
          </div>
        )}
      </div>
      <span className={styles.spoken} aria-live="polite">
        {cell ? words(cell) : ''}
      </span>
      <figcaption className={styles.caption}>
        <span className={styles.scale}>
          1
          <span
            className={styles.ramp}
            style={{
              backgroundImage: `linear-gradient(to right, ${[0, 0.25, 0.5, 0.75, 1]
                .map((part) => withAlpha(color, intensity(Math.max(1, part * most), most)))
                .join(', ')})`,
            }}
          />
          {count(most, { short: true })} {counted}
        </span>
        <ChartTableButton table={table} />
      </figcaption>
      <ChartTable
        table={table}
        label={label}
        times={millis}
        groupBy={groupBy}
        timeZone={timeZone}
        columns={rows.map(({ high }, row) => ({
          key: String(high),
          header: `to ${format(high)}`,
          text: (column) => count(counts[column]?.[row] ?? 0),
        }))}
      />
    </figure>
  );
}

function withAlpha(color: string, alpha: number): string {
  return `color-mix(in srgb, ${color} ${Math.round(alpha * 100)}%, transparent)`;
}

const getStyles = (theme: GrafanaTheme2) => ({
  figure: css({ margin: 0, minWidth: 0 }),
  plot: css({ position: 'relative' }),
  marked: css({
    position: 'absolute',
    pointerEvents: 'none',
    outline: `2px solid ${theme.colors.text.maxContrast}`,
    minWidth: 2,
  }),
  tooltip: css({
    position: 'absolute',
    zIndex: theme.zIndex.tooltip,
    pointerEvents: 'none',
    maxWidth: 260,
    padding: theme.spacing(1),
    background: theme.colors.background.elevated,
    border: `1px solid ${theme.colors.border.medium}`,
    borderRadius: theme.shape.radius.default,
    boxShadow: theme.shadows.z2,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  spoken: css({ position: 'absolute', width: 1, height: 1, overflow: 'hidden', clipPath: 'inset(50%)' }),
  caption: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(0.5, 2),
    marginTop: theme.spacing(1),
  }),
  scale: css({
    display: 'inline-flex',
    alignItems: 'center',
    gap: theme.spacing(0.75),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    fontVariantNumeric: 'tabular-nums',
  }),
  ramp: css({ width: 96, height: 12, borderRadius: 2, border: `1px solid ${theme.colors.border.weak}` }),
});
