export interface ChartSeries {
  label: string;
  /** A value for each time; null where there is none or it is not known. */
  values: (number | null)[];
  /** A CSS colour; without one the palette is gone through. */
  color?: string;
  hidden?: boolean;
  dash?: number[];
  width?: number;
  /** A line also among bars: limits, totals of another period. */
  asLine?: boolean;
}

export interface ChartAnnotation {
  /** Epoch milliseconds. */
  time: number;
  text: string;
  color: string;
}
