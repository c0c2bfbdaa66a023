import type { BudgetStatus } from '../budgets/status.ts';
import type { Incident } from '../usage/error-incidents.ts';
import { percent, sharePercent } from '../usage/change.ts';
import type { Figures } from '../usage/figures.ts';
import { nanoUsdOf } from '../usage/figure-kinds.ts';
import type { Percentiles } from '../usage/answer-parts.ts';
import { capital, count, dollars, memberText, milliseconds, percentText } from './wording.ts';

/*
 * What of two periods is worth a sentence (docs/analytics-views.md has the rules in words). Each sentence is made of numbers that stand beside it.
 */
export const RULES = {
  costPercent: 10,
  requestsPercent: 20,
  /** A member's part of the change of the cost. */
  contributionPercent: 30,
  /** A new or gone member's part of the cost. */
  memberCostPercent: 5,
  errorRatePoints: 1,
  errorRateRatio: 1.5,
  latencyPercent: 20,
  unpricedPercent: 1,
  /** With fewer requests in either period, rates and percentiles say nothing. */
  leastRequests: 100,
  mostIncidents: 3,
} as const;

export const KINDS = [
  'budget_exhausted', 'incident', 'budget_forecast', 'budget_threshold', 'cost', 'cost_contributor', 'new_member', 'gone_member', 'requests',
  'error_rate', 'latency', 'unpriced',
] as const; // prettier-ignore
export type Kind = (typeof KINDS)[number];
export type Severity = 'critical' | 'warning' | 'info';
const SEVERITIES: Severity[] = ['critical', 'warning', 'info'];

export interface Evidence {
  measure: string;
  dimension: string | null;
  member: string | null;
  current: string | number | null;
  previous: string | number | null;
  change_percent: number | null;
}
export interface Sentence {
  kind: Kind;
  severity: Severity;
  text: string;
  evidence: Evidence;
  /** The API path that answers with these numbers. */
  link: string;
}

export interface ComparedMember {
  dimension: string;
  member: string | null;
  status: 'new' | 'gone' | 'both';
  current: Figures;
  previous: Figures;
  /** The member's part of the change of the whole cost; USD and percent. */
  contribution: { absolute: string; share_percent: number | null };
  link: string;
}

export interface Facts {
  current: Figures;
  previous: Figures;
  latency: {
    current: Percentiles;
    previous: Percentiles;
    timed: { current: number; previous: number };
  } | null;
  members: ComparedMember[];
  incidents: Incident[];
  budgets: BudgetStatus[];
  links: { compare: string; latency: string; unpriced: string; errors: string; budgets: string };
}

/** The sentences that the facts are worth, the gravest first; none where nothing is notable. */
export function notable(facts: Facts): Sentence[] {
  return [
    ...budgets(facts),
    ...incidents(facts),
    ...cost(facts),
    ...members(facts),
    ...requests(facts),
    ...errorRate(facts),
    ...latency(facts),
    ...unpriced(facts),
  ].sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind),
  );
}

const amountOf = (measure: string, text: string): string =>
  measure === 'cost' ? dollars(text) : count(Number(text));

function budgets({ budgets, links }: Facts): Sentence[] {
  return budgets.flatMap((status): Sentence[] => {
    const { name, measure, spent, limit, percent, forecast } = status;
    const evidence = (current: string, changePercent: number): Evidence => ({
      measure: `budget_${measure}`, dimension: 'budget', member: name, current, previous: limit, change_percent: changePercent,
    }); // prettier-ignore
    const of = `${amountOf(measure, limit)}${measure === 'cost' ? '' : ` ${measure}`}`;
    const quoted = JSON.stringify(name);
    if (status.is_exhausted) {
      const text = `The budget ${quoted} is exhausted: ${amountOf(measure, spent)} of ${of} (${percentText(percent)}).`;
      return [{ kind: 'budget_exhausted', severity: 'critical', text, evidence: evidence(spent, percent), link: links.budgets }];
    }
    if (forecast !== null && forecast.percent > 100) {
      const text = `The budget ${quoted} is expected to end at ${amountOf(measure, forecast.at_end)}, ${percentText(forecast.percent)} of ${of}.`;
      return [{ kind: 'budget_forecast', severity: 'warning', text, evidence: evidence(forecast.at_end, forecast.percent), link: links.budgets }];
    }
    const crossed = status.thresholds.filter(({ kind, is_crossed }) => kind === 'actual' && is_crossed).at(-1);
    if (crossed === undefined) return [];
    const text = `The budget ${quoted} is at ${percentText(percent)} of ${of}, above its threshold of ${percentText(crossed.percent)}.`;
    return [{ kind: 'budget_threshold', severity: 'warning', text, evidence: evidence(spent, percent), link: links.budgets }];
  }); // prettier-ignore
}

function incidents({ incidents, links }: Facts): Sentence[] {
  return incidents
    .toSorted((a, b) => b.errors - a.errors)
    .slice(0, RULES.mostIncidents)
    .map((incident) => {
      const of = incident.model === null ? '' : ` of model ${JSON.stringify(incident.model.model_name)}`;
      const type = incident.top_error_type?.error_type;
      const until = incident.is_open
        ? `since ${incident.start}`
        : `from ${incident.start} to ${incident.end}`;
      return {
        kind: 'incident',
        severity: incident.is_open ? 'critical' : 'warning',
        text: `${capital(until)}, ${count(incident.errors)} of ${count(incident.requests)} requests${of} failed (${percentText(incident.error_rate_percent)}, usually ${percentText(incident.baseline_error_rate_percent)})${type == null ? '' : `, mostly ${JSON.stringify(type)}`}.`,
        evidence: {
          measure: 'error_rate_percent',
          dimension: incident.model === null ? null : 'model_name',
          member: incident.model?.model_name ?? null,
          current: incident.error_rate_percent,
          previous: incident.baseline_error_rate_percent,
          change_percent: null,
        },
        link: links.errors,
      } satisfies Sentence;
    });
}

/** Percent that the cost changed by, of what is known of it; null from nothing. */
export function costChange({ current, previous }: { current: Figures; previous: Figures }): number | null {
  const known = ({ total_cost_usd: usd }: Figures): number => Number(nanoUsdOf(usd ?? '0'));
  return percent(known(current), known(previous));
}

const direction = (change: number): string => (change > 0 ? 'rose' : 'fell');

function cost(facts: Facts): Sentence[] {
  const change = costChange(facts);
  if (change === null || Math.abs(change) < RULES.costPercent) return [];
  const [now, before] = [facts.current.total_cost_usd ?? '0', facts.previous.total_cost_usd ?? '0'];
  const sentences: Sentence[] = [
    {
      kind: 'cost',
      severity: 'info',
      text: `Cost ${direction(change)} by ${percentText(change)}, from ${dollars(before)} to ${dollars(now)}.`,
      evidence: { measure: 'total_cost_usd', dimension: null, member: null, current: now, previous: before, change_percent: change },
      link: facts.links.compare,
    },
  ]; // prettier-ignore
  // One of each dimension, and none that is new or gone and has a sentence of its own.
  for (const members of Map.groupBy(facts.members, ({ dimension }) => dimension).values()) {
    const top = members.find(
      ({ contribution }) => (contribution.share_percent ?? 0) >= RULES.contributionPercent,
    );
    if (top?.status !== 'both') continue;
    const share = top.contribution.share_percent ?? 0;
    const rise = change > 0 ? 'rise' : 'fall';
    const more = nanoUsdOf(top.contribution.absolute) < 0n ? 'less' : 'more';
    sentences.push({
      kind: 'cost_contributor',
      severity: 'info',
      text: `${capital(memberText(top.dimension, top.member))} made ${percentText(share)} of the ${rise}: ${dollars(top.contribution.absolute.replace('-', ''))} ${more} than before.`,
      evidence: {
        measure: 'total_cost_usd',
        dimension: top.dimension,
        member: top.member,
        current: top.current.total_cost_usd,
        previous: top.previous.total_cost_usd,
        change_percent: costChange(top),
      },
      link: top.link,
    });
  }
  return sentences;
}

function members({ members, current, previous }: Facts): Sentence[] {
  const shareOf = (part: Figures, whole: Figures): number => {
    const all = Number(nanoUsdOf(whole.total_cost_usd ?? '0'));
    return all === 0 ? 0 : (Number(nanoUsdOf(part.total_cost_usd ?? '0')) * 100) / all;
  };
  // A first period has nothing before it: there everything is new.
  if (previous.total_requests === 0 || current.total_requests === 0) return [];
  return members.flatMap((member): Sentence[] => {
    if (member.status === 'both') return [];
    const isNew = member.status === 'new';
    const [part, whole] = isNew ? [member.current, current] : [member.previous, previous];
    const share = shareOf(part, whole);
    if (share < RULES.memberCostPercent) return [];
    const told = `${dollars(part.total_cost_usd ?? '0')}, ${percentText(share)} of the cost`;
    const who = capital(memberText(member.dimension, member.member));
    return [
      {
        kind: isNew ? 'new_member' : 'gone_member',
        severity: 'info',
        text: isNew ? `${who} is new: ${told}.` : `${who} is gone: before, ${told}.`,
        evidence: {
          measure: 'total_cost_usd',
          dimension: member.dimension,
          member: member.member,
          current: member.current.total_cost_usd,
          previous: member.previous.total_cost_usd,
          change_percent: null,
        },
        link: member.link,
      },
    ];
  });
}

function requests({ current, previous, links }: Facts): Sentence[] {
  const [now, before] = [current.total_requests, previous.total_requests];
  const change = percent(now, before);
  if (change === null || Math.abs(change) < RULES.requestsPercent) return [];
  return [
    {
      kind: 'requests',
      severity: 'info',
      text: `Requests ${direction(change)} by ${percentText(change)}, from ${count(before)} to ${count(now)}.`,
      evidence: { measure: 'total_requests', dimension: null, member: null, current: now, previous: before, change_percent: change },
      link: links.compare,
    },
  ]; // prettier-ignore
}

/** Percent of failed calls, to four decimals; null without calls. */
export function errorRateOf({ failed_requests, total_requests }: Figures): number | null {
  return sharePercent(failed_requests, total_requests);
}

function errorRate({ current, previous, links }: Facts): Sentence[] {
  if (Math.min(current.total_requests, previous.total_requests) < RULES.leastRequests) return [];
  const [now, before] = [errorRateOf(current) ?? 0, errorRateOf(previous) ?? 0];
  const [low, high] = [Math.min(now, before), Math.max(now, before)];
  if (high - low < RULES.errorRatePoints || high < low * RULES.errorRateRatio) return [];
  return [
    {
      kind: 'error_rate',
      severity: now > before ? 'warning' : 'info',
      text: `The error rate ${direction(now - before)} from ${percentText(before)} to ${percentText(now)} (${count(current.failed_requests)} of ${count(current.total_requests)} requests).`,
      evidence: {
        measure: 'error_rate_percent',
        dimension: null,
        member: null,
        current: now,
        previous: before,
        change_percent: percent(now, before),
      },
      link: links.errors,
    },
  ];
}

function latency({ latency, links }: Facts): Sentence[] {
  if (latency === null) return [];
  const { timed } = latency;
  const [now, before] = [latency.current.p95, latency.previous.p95];
  if (now === null || before === null || Math.min(timed.current, timed.previous) < RULES.leastRequests)
    return [];
  const change = percent(now, before);
  if (change === null || Math.abs(change) < RULES.latencyPercent) return [];
  return [
    {
      kind: 'latency',
      severity: change > 0 ? 'warning' : 'info',
      text: `The 95th percentile of response times ${direction(change)} by ${percentText(change)}, from ${milliseconds(before)} to ${milliseconds(now)}.`,
      evidence: { measure: 'response_time_p95_ms', dimension: null, member: null, current: now, previous: before, change_percent: change },
      link: links.latency,
    },
  ]; // prettier-ignore
}

/** Percent of calls without a known cost; null without calls. */
export function unpricedShareOf({ unpriced_requests, total_requests }: Figures): number | null {
  return sharePercent(unpriced_requests, total_requests);
}

function unpriced({ current, previous, links }: Facts): Sentence[] {
  const share = unpricedShareOf(current) ?? 0;
  if (share < RULES.unpricedPercent) return [];
  return [
    {
      kind: 'unpriced',
      severity: 'warning',
      text: `${percentText(share)} of the requests (${count(current.unpriced_requests)}) have no known cost: the true cost is higher than the one told.`,
      evidence: {
        measure: 'unpriced_share_percent',
        dimension: null,
        member: null,
        current: share,
        previous: unpricedShareOf(previous),
        change_percent: null,
      },
      link: links.unpriced,
    },
  ];
}
