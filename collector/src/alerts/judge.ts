import type { Look } from './looks.ts';
import type { Operator, Rule } from './rule.ts';

/** What a look at a member showed: its value, and how many requests that is of. */
export interface Measured {
  value: number | null;
  requests: number;
}

/** breached: past the threshold; between: not, but not back either; recovered: back. */
export type Verdict = 'breached' | 'between' | 'recovered';

export interface Observation {
  look: Look;
  verdict: Verdict;
  value: number | null;
  /** What the value is compared with, where that is no constant. */
  baseline: number | null;
  isNoData: boolean;
}

type Judged = Pick<
  Rule,
  'operator' | 'threshold' | 'resolveThreshold' | 'baseline' | 'minRequests' | 'noData'
>;

export function isPast(value: number, operator: Operator, threshold: number): boolean {
  if (operator === '>') return value > threshold;
  if (operator === '>=') return value >= threshold;
  return operator === '<' ? value < threshold : value <= threshold;
}

/**
 * Judges a look at a rule, or at one member of it.
 * @param baselines the same of the windows that it is compared with; those without requests are no comparison
 */
export function judge(
  rule: Judged,
  look: Look,
  measured: Measured,
  baselines: readonly Measured[],
): Observation {
  const { value, requests } = measured;
  const seen = { look, value, baseline: null, isNoData: false };
  if (requests === 0 && rule.noData === 'fire') return { ...seen, verdict: 'breached', isNoData: true };
  if (requests === 0 && rule.noData === 'keep') return { ...seen, verdict: 'between' };
  if (value === null || requests < rule.minRequests) return { ...seen, verdict: 'recovered' };
  if (rule.baseline === null) return { ...seen, verdict: verdictOf(rule, value) };
  const baseline = median(
    baselines
      .filter(({ requests: many }) => many > 0)
      .flatMap(({ value: one }) => (one === null ? [] : [one])),
  );
  // Nothing, or nothing but zeros, to compare with: no factor of it says anything.
  if (baseline === null || baseline <= 0) return { ...seen, verdict: 'recovered' };
  return { ...seen, baseline, verdict: verdictOf(rule, value / baseline) };
}

function verdictOf({ operator, threshold, resolveThreshold }: Judged, value: number): Verdict {
  if (isPast(value, operator, threshold)) return 'breached';
  return resolveThreshold !== null && isPast(value, operator, resolveThreshold) ? 'between' : 'recovered';
}

function median(values: number[]): number | null {
  const sorted = values.sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}
