import type { Pool } from '../database/pool.ts';
import { searchAnomalies, type AnomalyDimension } from '../forecast/anomaly-search.ts';
import { DEFAULT_MIN_EFFECT } from '../forecast/anomaly-route.ts';
import { metricOf } from './alert-metrics.ts';
import { isPast } from './judge.ts';
import { memberKeyOf, type MemberSeen, type RuleSeen } from './observe.ts';
import { timeZoneOf, type Rule } from './rule.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Looks at a rule about anomalies: members whose usage of the hours or days just over is above that of the weeks before, by more than chance and by at
 * least the threshold in percent. One search reads eight weeks of hours, so it is made once an hour.
 */
export async function observeAnomalies(readPool: Pool, rule: Rule, untilMs: number): Promise<RuleSeen> {
  const metric = metricOf(rule.metric);
  if (metric.from !== 'anomalies') throw new Error(`${rule.metric} is no anomaly.`);
  const endMs = Math.floor(untilMs / HOUR_MS) * HOUR_MS;
  const timeZone = timeZoneOf(rule);
  const dimension = (rule.groupBy ?? 'total') as AnomalyDimension;
  const { incidents } = await searchAnomalies(readPool, {
    tenantId: rule.tenantId,
    filters: rule.filters,
    measure: metric.measure,
    dimensions: [dimension],
    period: { startMs: endMs - DAY_MS, endMs, timeZone, groupBy: 'hour' },
    nowMs: endMs,
    minEffect: DEFAULT_MIN_EFFECT[metric.measure],
    minPart: rule.threshold / 100,
  });
  const ongoing = incidents.filter(({ ongoing: isOn, direction }) => isOn && direction === 'up');
  const members = new Map<string | null, MemberSeen>();
  for (const { member, percent, start } of ongoing) {
    // Where nothing was expected, whatever there is is past every factor of it.
    const isBreached = percent === null || isPast(percent, rule.operator, rule.threshold);
    if (!isBreached || members.has(member)) continue;
    members.set(member, {
      dimension: rule.groupBy,
      member: rule.groupBy === null ? null : member,
      memberKey: memberKeyOf(rule.groupBy, rule.groupBy === null ? null : member),
      budgetId: null,
      closed: {
        look: { isClosed: true, startMs: Date.parse(start), endMs },
        verdict: 'breached',
        value: percent,
        baseline: null,
        isNoData: false,
      },
      open: undefined,
    });
  }
  return { rule, members: [...members.values()], leftOut: 0 };
}
