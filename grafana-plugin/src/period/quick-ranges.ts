import type { TimeOption } from '@grafana/data';

/** The ranges that are offered by name. Ranges of days begin with a day, so that no first bar is a part of one. */
export const QUICK_RANGES: TimeOption[] = [
  { from: 'now-1h', to: 'now', display: 'Last hour' },
  { from: 'now-6h', to: 'now', display: 'Last 6 hours' },
  { from: 'now-24h', to: 'now', display: 'Last 24 hours' },
  { from: 'now/d', to: 'now', display: 'Today so far' },
  { from: 'now-1d/d', to: 'now-1d/d', display: 'Yesterday' },
  { from: 'now-6d/d', to: 'now', display: 'Last 7 days' },
  { from: 'now-29d/d', to: 'now', display: 'Last 30 days' },
  { from: 'now-89d/d', to: 'now', display: 'Last 90 days' },
  { from: 'now/w', to: 'now', display: 'This week so far' },
  { from: 'now/M', to: 'now', display: 'This month so far' },
  { from: 'now-1M/M', to: 'now-1M/M', display: 'Last month' },
  { from: 'now/y', to: 'now', display: 'This year so far' },
];

export const DEFAULT_RANGE = { from: 'now-29d/d', to: 'now' };
