import type { Static } from 'typebox';
import type { Queryable } from '../database/pool.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { Problem } from '../http/errors.ts';
import { bucketNumber, pointsOf } from '../usage/buckets.ts';
import type { Period, Range } from '../usage/period.ts';
import { Parameters } from '../usage/rollup-source.ts';
import { ALERT_COLUMNS, type AlertRow } from './alert.ts';
import type { AlertTrendsSchema, OpenCountsSchema } from './answer-schemas.ts';
import { SEVERITIES, type Severity } from './rule.ts';

/** What a list of alerts is narrowed to; several of one kind are joined by OR. */
export interface AlertFilter {
  severity?: readonly string[];
  status?: readonly string[];
  alertType?: readonly string[];
  source?: string;
  ruleId?: number;
  /** Whether somebody takes care of it. */
  isAcknowledged?: boolean;
  /** Of alerts that started in it. */
  started?: Range;
}

/** The alerts of a page and where the next one begins, the newest first. */
export async function listAlerts(
  client: Queryable,
  tenantId: string,
  filter: AlertFilter,
  limit: number,
  cursor: string | undefined,
): Promise<{ rows: AlertRow[]; nextCursor: string | null }> {
  const parameters = new Parameters();
  const conditions = conditionsOf(tenantId, filter, parameters);
  const isByStart = filter.started !== undefined;
  if (cursor !== undefined) {
    const position = readPosition(cursor, isByStart);
    conditions.push(
      isByStart
        ? `(started_at, alert_id) < (${parameters.add(new Date(position[0] ?? 0))}, ${parameters.add(position[1])})`
        : `alert_id < ${parameters.add(position[0])}`,
    );
  }
  const order = isByStart ? 'started_at DESC, alert_id DESC' : 'alert_id DESC';
  const { rows } = await client.query<AlertRow>(
    `SELECT ${ALERT_COLUMNS} FROM alerts WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT ${parameters.add(limit + 1)}`,
    parameters.values,
  );
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return { rows: page, nextCursor: last ? encodeCursor(positionOf(last, isByStart)) : null };
}

function positionOf({ alert_id, started_at }: AlertRow, isByStart: boolean): number[] {
  return isByStart ? [started_at?.getTime() ?? 0, alert_id] : [alert_id];
}

function readPosition(text: string, isByStart: boolean): number[] {
  const position = decodeCursor(text);
  const isPosition =
    position?.length === (isByStart ? 2 : 1) &&
    position.every((one) => Number.isSafeInteger(one) && (one as number) >= 0);
  if (isPosition) return position as number[];
  throw new Problem(
    'invalid-request',
    'cursor: is not a next_cursor of an answer. Ask without one for the newest alerts.',
  );
}

function conditionsOf(tenantId: string, filter: AlertFilter, parameters: Parameters): string[] {
  const conditions = [`tenant_id = ${parameters.add(tenantId)}`];
  const anyOf = (column: string, values: readonly string[] | undefined): void => {
    if (values !== undefined) conditions.push(`${column} = ANY(${parameters.add(values)}::text[])`);
  };
  anyOf('severity', filter.severity);
  anyOf('status', filter.status);
  anyOf('alert_type', filter.alertType);
  anyOf('source', filter.source === undefined ? undefined : [filter.source]);
  if (filter.ruleId !== undefined) conditions.push(`alert_rule_id = ${parameters.add(filter.ruleId)}`);
  if (filter.isAcknowledged !== undefined)
    conditions.push(`acknowledged_at IS ${filter.isAcknowledged ? 'NOT ' : ''}NULL`);
  if (filter.started) {
    const { startMs, endMs } = filter.started;
    conditions.push(
      `started_at >= ${parameters.add(new Date(startMs))} AND started_at < ${parameters.add(new Date(endMs))}`,
    );
  }
  return conditions;
}

type OpenCounts = Static<typeof OpenCountsSchema>;

/** How many alerts of a tenant are open now. */
export async function countOpen(client: Queryable, tenantId: string): Promise<OpenCounts> {
  const { rows } = await client.query<{
    severity: Severity;
    pending: number;
    firing: number;
    acknowledged: number;
  }>(
    `SELECT severity, count(*) FILTER (WHERE status = 'pending')::int AS pending, count(*) FILTER (WHERE status = 'firing')::int AS firing,
            count(*) FILTER (WHERE status = 'firing' AND acknowledged_at IS NOT NULL)::int AS acknowledged
     FROM alerts WHERE tenant_id = $1 AND status <> 'resolved' GROUP BY severity`,
    [tenantId],
  );
  const total = (of: 'pending' | 'firing' | 'acknowledged'): number =>
    rows.reduce((sum, row) => sum + row[of], 0);
  return {
    pending: total('pending'),
    firing: total('firing'),
    acknowledged: total('acknowledged'),
    by_severity: bySeverity(rows.map(({ severity, firing }) => [severity, firing])),
  };
}

function bySeverity(counts: readonly (readonly [Severity, number])[]): Record<Severity, number> {
  const all = Object.fromEntries(SEVERITIES.map((severity) => [severity, 0])) as Record<Severity, number>;
  for (const [severity, count] of counts) all[severity] += count;
  return all;
}

// An alert that fired by its data's time may be acknowledged before that; greatest() alone takes a NULL for nothing.
const TO_ACKNOWLEDGE = `CASE WHEN first_acknowledged_at IS NOT NULL THEN greatest(extract(epoch FROM first_acknowledged_at - started_at), 0) END`;
const TIMES_SQL = `
  count(*)::int AS alerts,
  count(first_acknowledged_at)::int AS acknowledged,
  count(*) FILTER (WHERE status = 'resolved')::int AS resolved,
  avg(${TO_ACKNOWLEDGE})::float8 AS mean_ack,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY ${TO_ACKNOWLEDGE})::float8 AS median_ack,
  avg(extract(epoch FROM resolved_at - started_at))::float8 AS mean_resolve,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM resolved_at - started_at))::float8 AS median_resolve`;

interface TimesRow {
  alerts: number;
  acknowledged: number;
  resolved: number;
  mean_ack: number | null;
  median_ack: number | null;
  mean_resolve: number | null;
  median_resolve: number | null;
}

type AlertTrends = Omit<Static<typeof AlertTrendsSchema>, 'period'>;

const whole = (seconds: number | null): number | null => (seconds === null ? null : Math.round(seconds));
function timesOf(row: TimesRow): AlertTrends['total'] {
  return {
    alerts: row.alerts,
    acknowledged: row.acknowledged,
    resolved: row.resolved,
    time_to_acknowledge_seconds: { mean: whole(row.mean_ack), median: whole(row.median_ack) },
    time_to_resolve_seconds: { mean: whole(row.mean_resolve), median: whole(row.median_resolve) },
  };
}

const MAX_TREND_RULES = 100;

/** How often alerts started in a period, of which rules and severities, and how long they took. */
export async function readTrends(client: Queryable, tenantId: string, period: Period): Promise<AlertTrends> {
  const range = [tenantId, new Date(period.startMs), new Date(period.endMs)];
  const where = 'tenant_id = $1 AND started_at >= $2 AND started_at < $3';
  const { rows: grouped } = await client.query<
    TimesRow & {
      severity: Severity | null;
      rule_id: number | null;
      rule_name: string | null;
      is_rule: boolean;
      is_severity: boolean;
    }
  >(
    `SELECT grouping(rule_name) = 0 AS is_rule, grouping(rule_name) = 1 AND grouping(severity) = 0 AS is_severity,
            alert_rule_id AS rule_id, rule_name, severity, ${TIMES_SQL}
     FROM alerts WHERE ${where}
     GROUP BY GROUPING SETS ((), (severity), (alert_rule_id, rule_name, severity))
     ORDER BY count(*) DESC, rule_name`,
    range,
  );
  const parameters = new Parameters();
  const bucket = bucketNumber(period, parameters);
  const inRange = `tenant_id = ${parameters.add(range[0])} AND started_at >= ${parameters.add(range[1])} AND started_at < ${parameters.add(range[2])}`;
  const { rows: points } = await client.query<{ bucket: number; severity: Severity; alerts: number }>(
    `SELECT ${bucket} AS bucket, severity, count(*)::int AS alerts
     FROM (SELECT started_at AS "timestamp", severity FROM alerts WHERE ${inRange}) started GROUP BY 1, 2`,
    parameters.values,
  );
  const byNumber = new Map(
    [...Map.groupBy(points, (row) => row.bucket)].map(([number, rows]) => [
      number,
      {
        alerts: rows.reduce((sum, row) => sum + row.alerts, 0),
        by_severity: bySeverity(rows.map(({ severity, alerts }) => [severity, alerts])),
      },
    ]),
  );
  const rules = grouped.filter(({ is_rule }) => is_rule);
  const rest = rules.slice(MAX_TREND_RULES);
  const total = grouped.find(({ is_rule, is_severity }) => !is_rule && !is_severity);
  return {
    total: timesOf(total ?? NO_TIMES),
    by_severity: SEVERITIES.map((severity) => ({
      severity,
      ...timesOf(grouped.find((row) => row.is_severity && row.severity === severity) ?? NO_TIMES),
    })),
    by_rule: rules.slice(0, MAX_TREND_RULES).map((row) => ({
      rule_id: row.rule_id,
      rule_name: row.rule_name ?? '',
      severity: row.severity ?? 'medium',
      ...timesOf(row),
    })),
    other_rules: { rules: rest.length, alerts: rest.reduce((sum, row) => sum + row.alerts, 0) },
    time_series: pointsOf(period, byNumber, { alerts: 0, by_severity: bySeverity([]) }),
  };
}

const NO_TIMES: TimesRow = {
  alerts: 0, acknowledged: 0, resolved: 0, mean_ack: null, median_ack: null, mean_resolve: null, median_resolve: null,
}; // prettier-ignore
