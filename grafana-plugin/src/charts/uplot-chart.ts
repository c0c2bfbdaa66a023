import uPlot from 'uplot';
import type { ChartSeries, ChartAnnotation } from './chart-types.ts';

/** What a drawing of time series needs to know. */
export interface DrawingOptions {
  width: number;
  height: number;
  series: ChartSeries[];
  /** Seconds since the epoch. */
  times: number[];
  kind: 'bars' | 'lines' | 'area';
  stacked: boolean;
  timeZone: string;
  axisText: string;
  gridColor: string;
  fontFamily: string;
  formatValue(value: number): string;
  annotations: ChartAnnotation[];
  /** A shaded part between two of the series, by index: the bounds of a forecast. */
  band?: { upper: number; lower: number; fill: string } | undefined;
  onHover(index: number | null, left: number, top: number): void;
  onZoom?: ((fromMs: number, toMs: number) => void) | undefined;
}

/** Sums from the bottom up; what is not known adds nothing. */
export function stack(values: (number | null)[][]): (number | null)[][] {
  const sums: number[] = [];
  return values.map((one) =>
    one.map((value, index) => {
      sums[index] = (sums[index] ?? 0) + (value ?? 0);
      return sums[index];
    }),
  );
}

/** Draws on uPlot, the engine behind Grafana's own charts. The caller destroys the drawing. */
export function draw(element: HTMLElement, options: DrawingOptions): uPlot {
  const { series, times, stacked, kind } = options;
  const visible = series.filter(({ hidden }) => hidden !== true);
  const values = visible.map(({ values: own }) => own);
  const drawn = stacked ? stack(values) : values;
  // The highest of a stack is drawn first, so that the lower ones cover it.
  const order = visible.map((_one, index) => index);
  if (stacked) order.reverse();
  const bars = uPlot.paths.bars?.({ size: [0.8, 80], radius: 0.1 });
  const chart = new uPlot(
    {
      width: options.width,
      height: options.height,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), options.timeZone),
      legend: { show: false },
      cursor: {
        drag: { x: options.onZoom !== undefined, y: false, setScale: false },
        points: { show: kind !== 'bars' },
        y: false,
      },
      scales: {
        x: {
          time: true,
          range:
            kind === 'bars'
              ? (_chart, min, max) => widened(times, min, max)
              : (_chart, min, max) => [min, max],
        },
        y: { range: (_chart, min, max) => [Math.min(0, min), max === min ? max + 1 : max * 1.05] },
      },
      axes: [
        {
          stroke: options.axisText,
          font: `12px ${options.fontFamily}`,
          grid: { show: false },
          ticks: { stroke: options.gridColor },
        },
        {
          stroke: options.axisText,
          font: `12px ${options.fontFamily}`,
          grid: { stroke: options.gridColor, width: 1 },
          ticks: { show: false },
          size: (_chart, labels) =>
            16 + 7 * Math.max(3, ...((labels as string[] | null)?.map((label) => label.length) ?? [])),
          values: (_chart, splits) => splits.map((value) => options.formatValue(value)),
        },
      ],
      series: [
        {},
        ...order.map((index): uPlot.Series => {
          const one = visible[index];
          const color = one?.color ?? options.axisText;
          return {
            label: one?.label ?? '',
            stroke: color,
            width: kind === 'bars' ? 0 : (one?.width ?? 2),
            ...(one?.dash ? { dash: one.dash } : {}),
            ...(kind === 'lines' ? {} : { fill: kind === 'bars' ? color : stacked ? color : `${color}33` }),
            ...(kind === 'bars' && bars && one?.asLine !== true ? { paths: bars } : {}),
            ...(one?.asLine === true ? { width: 2, fill: 'transparent' } : {}),
            points: { show: kind !== 'bars' && times.length === 1 },
            spanGaps: false,
          };
        }),
      ],
      bands: bandOf(options, visible),
      hooks: {
        setCursor: [({ cursor }) => options.onHover(cursor.idx ?? null, cursor.left ?? -1, cursor.top ?? -1)],
        setSelect: [
          (self) => {
            if (self.select.width < 4 || !options.onZoom) return;
            const from = self.posToVal(self.select.left, 'x');
            const to = self.posToVal(self.select.left + self.select.width, 'x');
            self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            options.onZoom(from * 1000, to * 1000);
          },
        ],
        draw: [(self) => drawAnnotations(self, options)],
      },
    },
    [times, ...order.map((index) => drawn[index] ?? [])] as uPlot.AlignedData,
    element,
  );
  return chart;
}

/** The shaded part, counted among the series that are drawn; none when a bound of it is hidden. */
function bandOf({ band, series }: DrawingOptions, visible: ChartSeries[]): uPlot.Band[] {
  if (!band) return [];
  const place = (index: number): number => visible.findIndex((one) => one === series[index]) + 1;
  const [upper, lower] = [place(band.upper), place(band.lower)];
  return upper === 0 || lower === 0 ? [] : [{ series: [upper, lower], fill: band.fill }];
}

/** Half a bar of room on both sides. */
function widened(times: number[], min: number, max: number): [number, number] {
  const [first = min, second = first + 3600] = times;
  const step = times.length > 1 ? second - first : 3600;
  return [min - step / 2, max + step / 2];
}

function drawAnnotations(self: uPlot, { annotations }: DrawingOptions): void {
  const { ctx, bbox } = self;
  ctx.save();
  for (const { time, color } of annotations) {
    const x = self.valToPos(time / 1000, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = color;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}
