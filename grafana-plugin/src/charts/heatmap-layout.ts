/** Where the cells of a heat map are drawn, in CSS pixels. */
export interface HeatmapFrame {
  left: number;
  top: number;
  width: number;
  height: number;
  columns: number;
  rows: number;
}

export interface HeatmapCell {
  /** From the earliest. */
  column: number;
  /** From the lowest. */
  row: number;
}

/** A gap of a pixel between cells that are wide enough for one. */
const GAP = 1;

export function placeOf(
  frame: HeatmapFrame,
  { column, row }: HeatmapCell,
): {
  x: number;
  y: number;
  width: number;
  height: number;
} {
  const [width, height] = [frame.width / frame.columns, frame.height / frame.rows];
  return {
    x: frame.left + column * width,
    y: frame.top + frame.height - (row + 1) * height,
    width: width > 4 ? width - GAP : width,
    height: height > 4 ? height - GAP : height,
  };
}

/** The cell under a point; null beside all. */
export function cellAt(frame: HeatmapFrame, x: number, y: number): HeatmapCell | null {
  const column = Math.floor(((x - frame.left) / frame.width) * frame.columns);
  const row = Math.floor(((frame.top + frame.height - y) / frame.height) * frame.rows);
  return column >= 0 && column < frame.columns && row >= 0 && row < frame.rows ? { column, row } : null;
}

/** How strongly a count is drawn, 0 to 1: by its square root, so that single calls stay visible beside hundreds. */
export function intensity(count: number, most: number): number {
  return count <= 0 || most <= 0 ? 0 : 0.1 + 0.9 * Math.sqrt(count / most);
}

/** Every how many cells a label fits: 1, 2, 4, 8 … */
export function labelledEvery(cellPixels: number, labelPixels: number): number {
  if (cellPixels <= 0) return Number.MAX_SAFE_INTEGER;
  let every = 1;
  while (every * cellPixels < labelPixels) every *= 2;
  return every;
}
