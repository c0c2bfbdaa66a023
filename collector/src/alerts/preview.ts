import { setImmediate } from 'node:timers/promises';
import { Type, type Static } from 'typebox';
import { inSnapshot, type Pool, type Queryable } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { nullable } from '../http/schema-parts.ts';
import { FreshnessSchema, RangeSchema, readFreshness } from '../usage/answer-parts.ts';
import { formatInZone, rangeTexts } from '../usage/buckets.ts';
import { memberColumn } from '../usage/dimensions.ts';
import { FIGURE_COLUMNS, FIGURE_SUMS_SQL, FIGURES_SQL, type Figures } from '../usage/figures.ts';
import { GRAIN_MS } from '../usage/period.ts';
import { Parameters, rollupRows } from '../usage/rollup-source.ts';
import { advance, type AlertState } from './advance.ts';
import { metricOf, type FigureMetric } from './alert-metrics.ts';
import { judge, type Measured, type Observation } from './judge.ts';
import { BASELINE_WEEKS, baselineWindows, closedLook, SETTLE_MS } from './looks.ts';
import { NOTHING_DONE, settle } from './notices.ts';
import { memberKeyOf, observe } from './observe.ts';
import { measureOfNothing } from './read-members.ts';
import { timeZoneOf, type Rule } from './rule.ts';

const DAY_MS = 86_400_000;
export const MAX_PREVIEW_DAYS = 31;
/** Percentiles are read window by window. */
export const MAX_PERCENTILE_DAYS = 3;
const MAX_PREVIEW_MEMBERS = 20;
/** Values of windows that one preview reads. */
const MAX_VALUES = 150_000;
const MAX_PREVIEW_ALERTS = 500;

const Value = nullable(Type.Number());
export const PreviewSchema = Type.Object({
  period: RangeSchema,
  alerts: Type.Array(
    Type.Object({
      group: nullable(Type.Object({ dimension: Type.String(), member: nullable(Type.String()) })),
      started_at: Type.String(),
      resolved_at: nullable(Type.String(), 'null: it would go on'),
      first_value: Value,
      peak_value: Value,
    }),
    { description: 'When it would have fired, the first 500' },
  ),
  alert_count: Type.Integer(),
  notifications: Type.Object({
    firing: Type.Integer(),
    renotify: Type.Integer(),
    resolved: Type.Integer(),
  }),
  members: Type.Integer(),
  members_left_out: Type.Integer(),
  series: Type.Array(Type.Object({ timestamp: Type.String(), value: Value, baseline: Value }), {
    description: 'The value of the window that ends then; empty with group_by',
  }),
  freshness: FreshnessSchema,
});

type Preview = Static<typeof PreviewSchema>;
type PreviewedAlert = Preview['alerts'][number];

/** What a look at the end of each quarter of an hour sees of each member. */
type SeenAt = (endMs: number, member: string | null) => Observation;
interface Seen {
  members: (string | null)[];
  leftOut: number;
  at: SeenAt;
}

/**
 * Runs a rule over the past: by the same steps as the evaluator, at the end of each quarter of an hour. What fires between two of those, on a sum that is
 * too large already, fires here at the next one.
 * @param fromMs,toMs the period, on quarters of an hour
 * @throws Problem range-too-long, invalid-request for what has no past to run over
 */
export async function previewRule(
  readPool: Pool,
  rule: Rule,
  fromMs: number,
  toMs: number,
): Promise<Preview> {
  const metric = metricOf(rule.metric);
  if (metric.from === 'budgets')
    throw new Problem(
      'invalid-request',
      'metric: what a budget would have held is told by POST /v1/analytics/budgets/preview.',
    );
  if (metric.from === 'anomalies')
    throw new Problem(
      'invalid-request',
      'metric: the anomalies of the past are told by GET /v1/analytics/usage/anomalies.',
    );
  const mostDays = metric.from === 'latency' ? MAX_PERCENTILE_DAYS : MAX_PREVIEW_DAYS;
  if (toMs - fromMs > mostDays * DAY_MS) {
    throw new Problem(
      'range-too-long',
      `start_date: a rule about ${rule.metric} is run over at most ${mostDays} days.`,
      {
        extensions: { max_days: mostDays },
      },
    );
  }
  return inSnapshot(readPool, async (client) => {
    const ends = quarters(fromMs, toMs);
    const seen =
      metric.from === 'latency'
        ? await seeByWindows(client, rule, ends)
        : await seeBySeries(client, rule, metric, fromMs, toMs);
    const { alerts, notifications } = await run(rule, ends, seen);
    const timeZone = timeZoneOf(rule);
    alerts.sort((a, b) => (a.started_at < b.started_at ? -1 : 1));
    return {
      period: rangeTexts({ startMs: fromMs, endMs: toMs, timeZone }),
      alerts: alerts.slice(0, MAX_PREVIEW_ALERTS),
      alert_count: alerts.length,
      notifications,
      members: seen.members.length,
      members_left_out: seen.leftOut,
      series:
        rule.groupBy === null
          ? ends.map((endMs) => {
              const { value, baseline } = seen.at(endMs, null);
              return { timestamp: formatInZone(timeZone, endMs), value, baseline };
            })
          : [],
      freshness: await readFreshness(client, 'rollups'),
    };
  });
}

/** The ends of the quarters of an hour of a period. */
function quarters(fromMs: number, toMs: number): number[] {
  return Array.from(
    { length: Math.floor((toMs - fromMs) / GRAIN_MS) },
    (_, index) => fromMs + (index + 1) * GRAIN_MS,
  );
}

async function run(
  rule: Rule,
  ends: readonly number[],
  { members, at }: Seen,
): Promise<{ alerts: PreviewedAlert[]; notifications: Preview['notifications'] }> {
  const alerts: PreviewedAlert[] = [];
  const notifications = { firing: 0, renotify: 0, resolved: 0 };
  for (const member of members) {
    await setImmediate();
    let state: AlertState | undefined;
    let handling = NOTHING_DONE;
    let shown: PreviewedAlert | undefined;
    for (const endMs of ends) {
      const { state: next, transitions } = advance(rule, state, at(endMs, member), undefined);
      if (next === undefined) {
        state = undefined;
        continue;
      }
      const settled = settle(rule, next, transitions, handling, endMs + SETTLE_MS);
      handling = settled.handling;
      if (settled.notice) notifications[settled.notice] += 1;
      if (transitions.includes('firing')) {
        shown = {
          group: rule.groupBy === null ? null : { dimension: rule.groupBy, member },
          started_at: formatInZone(timeZoneOf(rule), next.startedAtMs ?? endMs),
          resolved_at: null,
          first_value: next.firstValue,
          peak_value: next.peakValue,
        };
        alerts.push(shown);
      }
      if (shown && next.status !== 'pending') shown.peak_value = next.peakValue;
      if (shown && transitions.includes('resolved'))
        shown.resolved_at = formatInZone(timeZoneOf(rule), next.resolvedAtMs ?? endMs);
      // One that has ended makes room for the next; what is owed of it after a mute window is one notification more.
      state = next.status === 'resolved' ? undefined : next;
      if (state === undefined) {
        if (handling.owed === 'resolved') notifications.resolved += 1;
        handling = NOTHING_DONE;
      }
    }
  }
  return { alerts, notifications };
}

/** Window by window, as the evaluator reads them. */
async function seeByWindows(client: Queryable, rule: Rule, ends: readonly number[]): Promise<Seen> {
  const byEnd = new Map<number, Map<string, Observation>>();
  const members = new Map<string, string | null>();
  let leftOut = 0;
  for (const endMs of ends) {
    const [seen] = await observe(client, [rule], endMs + SETTLE_MS, new Map(), () => [
      closedLook(rule, endMs),
    ]);
    leftOut = Math.max(leftOut, seen?.leftOut ?? 0);
    byEnd.set(endMs, new Map(seen?.members.map(({ memberKey, closed }) => [memberKey, closed])));
    for (const { memberKey, member } of seen?.members ?? []) members.set(memberKey, member);
  }
  const metric = metricOf(rule.metric);
  return {
    members: [...members.values()],
    leftOut,
    at: (endMs, member) =>
      byEnd.get(endMs)?.get(memberKeyOf(rule.groupBy, member)) ??
      judge(rule, closedLook(rule, endMs), metric.from === 'latency' ? measureOfNothing(metric) : NONE, []),
  };
}

const NONE: Measured = { value: null, requests: 0 };

/** All windows of the period in one statement: sums over quarters of an hour that slide along. */
async function seeBySeries(
  client: Queryable,
  rule: Rule,
  metric: FigureMetric,
  fromMs: number,
  toMs: number,
): Promise<Seen> {
  const lengthMs = rule.windowMinutes * 60_000;
  const before =
    rule.baseline === 'previous_window'
      ? lengthMs
      : rule.baseline === null
        ? 0
        : BASELINE_WEEKS * 7 * DAY_MS + DAY_MS;
  const firstEndMs = fromMs + GRAIN_MS - before;
  const windows = (toMs - firstEndMs) / GRAIN_MS + 1;
  const mostMembers = rule.groupBy === null ? 1 : MAX_PREVIEW_MEMBERS;
  if (windows * mostMembers > MAX_VALUES) {
    throw new Problem(
      'range-too-long',
      `start_date: ${Math.round(windows)} windows of ${mostMembers} members are more than ${MAX_VALUES} values; ask for a shorter period.`,
    );
  }
  const parameters = new Parameters();
  const rows = rollupRows(
    {
      tenantId: rule.tenantId,
      startMs: firstEndMs - lengthMs,
      endMs: toMs,
      filters: rule.filters,
      groupBy: rule.groupBy === null ? [] : [rule.groupBy],
      maxGrainMs: GRAIN_MS,
    },
    parameters,
  );
  // One key that is never null, so that rows can be found by it: no member begins with a control character of its own accord, and one that did would
  // only be shown with those that have none.
  const key = rule.groupBy === null ? `''` : `coalesce(${memberColumn(rule.groupBy, 0)}, chr(1))`;
  const sums = FIGURE_COLUMNS.map((column) => `sum(c.${column}) OVER slide AS ${column}`).join(', ');
  const answer = await client.query<Figures & { key: string; members: number; end_ms: number }>(
    `WITH cells AS MATERIALIZED (
       SELECT ${key} AS key, date_bin('15 minutes', "timestamp", '2000-01-01Z') AS cell, ${FIGURE_SUMS_SQL} FROM (${rows}) rows GROUP BY 1, 2
     ), watched AS (
       SELECT key, count(*) OVER () AS members FROM cells GROUP BY key ORDER BY coalesce(sum(${metric.weight}), 0) DESC, key LIMIT ${mostMembers}
     ), grid AS (
       SELECT key, members, cell FROM ${rule.groupBy === null ? `(SELECT '' AS key, 1::bigint AS members)` : 'watched'} w
       CROSS JOIN generate_series(${parameters.add(new Date(firstEndMs - lengthMs))}::timestamptz, ${parameters.add(new Date(toMs - GRAIN_MS))}::timestamptz, interval '15 minutes') AS cell
     ), r AS (
       SELECT g.key, g.members, g.cell + interval '15 minutes' AS window_end, ${sums}
       FROM grid g LEFT JOIN cells c ON c.key = g.key AND c.cell = g.cell
       WINDOW slide AS (PARTITION BY g.key ORDER BY g.cell ROWS BETWEEN ${rule.windowMinutes / 15 - 1} PRECEDING AND CURRENT ROW)
     )
     SELECT r.key, r.members, (extract(epoch FROM r.window_end) * 1000)::bigint AS end_ms, ${FIGURES_SQL}
     FROM r WHERE r.window_end >= ${parameters.add(new Date(firstEndMs))} GROUP BY r.key, r.members, r.window_end`,
    parameters.values,
  );
  const byMember = new Map<string | null, Map<number, Measured>>();
  let all = 0;
  for (const { key: text, members, end_ms, ...figures } of answer.rows) {
    const member = rule.groupBy === null || text === '\u0001' ? null : text;
    let values = byMember.get(member);
    if (!values) byMember.set(member, (values = new Map<number, Measured>()));
    values.set(end_ms, { value: metric.value(figures), requests: figures.total_requests });
    all = members;
  }
  const nothing = measureOfNothing(metric);
  const measuredAt = (endMs: number, member: string | null): Measured =>
    byMember.get(member)?.get(endMs) ?? nothing;
  return {
    members: [...byMember.keys()],
    leftOut: Math.max(0, all - byMember.size),
    at: (endMs, member) => {
      const look = closedLook(rule, endMs);
      const baselines = baselineWindows(rule, look).map((window) => measuredAt(window.endMs, member));
      return judge(rule, look, measuredAt(endMs, member), baselines);
    },
  };
}
