import { toNumber } from '../figures/format.ts';
import { pricedCalls, type UsageFigures } from './usage-rates.ts';

/** The calls of one group (a version with its model, a prompt, …) in two periods. */
export interface CostSegment {
  label: string;
  previous: UsageFigures;
  current: UsageFigures;
}

export interface CostChangeParts {
  /** US dollars, all of them: moreCalls + mix + dearerCalls = change. */
  change: number;
  /** More or fewer calls, each at the mean cost of the period before. */
  moreCalls: number;
  /** Other groups were called than before: dearer or cheaper ones took a larger part of the calls, new ones came, others went. */
  mix: number;
  /** A call of the same group costs more or less than before: longer prompts or answers, fewer cache hits, other prices. */
  dearerCalls: number;
  /** `dearerCalls` by group, the largest first. */
  byGroup: { label: string; usd: number }[];
}

/**
 * Why the cost of a group of calls changed: the standard split of a change into volume, mix and rate, of the calls that have a price.
 * The segments are all calls of both periods, each in one.
 * @returns null where nothing was priced in one of the two periods: there is no cost of a call to compare then
 */
export function costChangeParts(segments: CostSegment[]): CostChangeParts | null {
  const rates = segments.map(({ label, previous, current }) => ({
    label,
    before: { calls: pricedCalls(previous), cost: toNumber(previous.total_cost_usd) ?? 0 },
    now: { calls: pricedCalls(current), cost: toNumber(current.total_cost_usd) ?? 0 },
  }));
  const callsBefore = sum(rates.map(({ before }) => before.calls));
  const callsNow = sum(rates.map(({ now }) => now.calls));
  if (callsBefore === 0 || callsNow === 0) return null;
  const costBefore = sum(rates.map(({ before }) => before.cost));
  const costNow = sum(rates.map(({ now }) => now.cost));
  // Nothing but calls that cost nothing beside calls without a price: the cost is not known.
  const hasUnpriced = (period: 'previous' | 'current') =>
    segments.some((segment) => segment[period].unpriced_requests > 0);
  if ((costBefore === 0 && hasUnpriced('previous')) || (costNow === 0 && hasUnpriced('current'))) return null;
  const change = costNow - costBefore;
  const moreCalls = ((callsNow - callsBefore) * costBefore) / callsBefore;
  const byGroup = rates
    .filter(({ before, now }) => before.calls > 0 && now.calls > 0)
    .map(({ label, before, now }) => ({
      label,
      usd: now.cost - (now.calls * before.cost) / before.calls,
    }))
    .sort((a, b) => Math.abs(b.usd) - Math.abs(a.usd));
  const dearerCalls = sum(byGroup.map(({ usd }) => usd));
  return { change, moreCalls, mix: change - moreCalls - dearerCalls, dearerCalls, byGroup };
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
