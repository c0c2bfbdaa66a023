import type { Queryable } from '../database/pool.ts';
import { metricOf, type FigureMetric, type PercentileMetric } from './alert-metrics.ts';
import { judge, type Measured, type Observation } from './judge.ts';
import { baselineWindows, looksAt, type Look } from './looks.ts';
import { measureOfNothing, readMembers, type MemberQuestion } from './read-members.ts';
import type { Rule } from './rule.ts';

/** What was seen of one member of a rule; without a group the only member is null and its key ''. */
export interface MemberSeen {
  dimension: string | null;
  member: string | null;
  memberKey: string;
  budgetId: number | null;
  closed: Observation;
  open: Observation | undefined;
}

export interface RuleSeen {
  rule: Rule;
  members: MemberSeen[];
  /** Members that nobody looked at: there were more than MAX_MEMBERS. */
  leftOut: number;
}

export function memberKeyOf(dimension: string | null, member: string | null): string {
  return dimension === null ? '' : JSON.stringify([dimension, member]);
}

/** Members of a rule that have an alert: they are looked at until it has ended, however little usage they have. */
export type LiveMembers = ReadonlyMap<number, readonly (string | null)[]>;

interface AskedLook {
  rule: Rule;
  metric: FigureMetric | PercentileMetric;
  look: Look;
}

/**
 * Looks at rules of any tenants that are judged by figures or latencies, when everything is known until `untilMs`.
 * @param looksOf which looks; by default those of `looksAt`
 */
export async function observe(
  client: Queryable,
  rules: readonly Rule[],
  untilMs: number,
  live: LiveMembers,
  looksOf: (rule: Rule) => readonly Look[] = (rule) => looksAt(rule, untilMs),
): Promise<RuleSeen[]> {
  const asked = rules.flatMap((rule): AskedLook[] => {
    const metric = metricOf(rule.metric);
    if (metric.from !== 'figures' && metric.from !== 'latency') return [];
    return looksOf(rule).map((look) => ({ rule, metric, look }));
  });
  const answers = await readMembers(
    client,
    asked.map(({ rule, metric, look }) => questionOf(rule, metric, look, live.get(rule.ruleId) ?? [])),
  );
  const compared = asked.flatMap(({ rule, metric, look }, place) => {
    const named = rule.groupBy === null ? [] : [...(answers[place]?.members.keys() ?? [])];
    return baselineWindows(rule, look).map((window) => ({
      place,
      question: questionOf(rule, metric, window, named),
    }));
  });
  const baselines = await readMembers(
    client,
    compared.map(({ question }) => question),
  );
  const baselinesOf = Map.groupBy(
    compared.map(({ place }, index) => ({ place, members: baselines[index]?.members })),
    ({ place }) => place,
  );
  const placesOf = Map.groupBy(
    asked.map((one, place) => ({ ...one, place, answer: answers[place] })),
    ({ rule }) => rule.ruleId,
  );
  return rules.flatMap((rule): RuleSeen[] => {
    const looks = placesOf.get(rule.ruleId) ?? [];
    const closedLook = looks.find(({ look }) => look.isClosed);
    if (!closedLook) return [];
    const members = new Set<string | null>(rule.groupBy === null ? [null] : (live.get(rule.ruleId) ?? []));
    for (const { answer } of looks) for (const member of answer?.members.keys() ?? []) members.add(member);
    const seenBy = (
      { look, metric, place, answer }: (typeof looks)[number],
      member: string | null,
    ): Observation => {
      const measured = answer?.members.get(member) ?? measureOfNothing(metric);
      const others = (baselinesOf.get(place) ?? []).map(
        (one): Measured => one.members?.get(member) ?? measureOfNothing(metric),
      );
      return judge(rule, look, measured, others);
    };
    const openLook = looks.find(({ look }) => !look.isClosed);
    return [
      {
        rule,
        leftOut: closedLook.answer?.leftOut ?? 0,
        members: [...members].map((member) => ({
          dimension: rule.groupBy,
          member,
          memberKey: memberKeyOf(rule.groupBy, member),
          budgetId: null,
          closed: seenBy(closedLook, member),
          open: openLook && seenBy(openLook, member),
        })),
      },
    ];
  });
}

function questionOf(
  { tenantId, filters, groupBy }: Rule,
  metric: FigureMetric | PercentileMetric,
  { startMs, endMs }: { startMs: number; endMs: number },
  named: readonly (string | null)[],
): MemberQuestion {
  return { tenantId, filters, groupBy, metric, startMs, endMs, named: groupBy === null ? [] : named };
}
