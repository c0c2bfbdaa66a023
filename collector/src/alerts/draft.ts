import { Type, type Static } from 'typebox';
import { ANOMALY_DIMENSIONS } from '../forecast/anomaly-search.ts';
import { checkedByRoute, FORMATS } from '../http/checked-by-route.ts';
import { invalidField } from '../http/invalid-field.ts';
import { IdSchema, nullable } from '../http/schema-parts.ts';
import { readName } from '../tenants/named-list.ts';
import { DIMENSION_PATTERN, dimensionOf, type DimensionName } from '../usage/dimensions.ts';
import { filteredDimensions, FiltersSchema, parseFilters } from '../usage/filters.ts';
import { isTimeZone, WEEKDAYS } from '../usage/time-zone.ts';
import { ALERT_METRIC_NAMES, ALERT_METRICS, metricOf } from './alert-metrics.ts';
import { MAX_MEMBERS } from './read-members.ts';
import { minuteOf, type MuteWindow } from './mute-windows.ts';
import { ALERT_TYPES, BASELINES, NO_DATA, OPERATORS, SEVERITIES, type RuleDraft } from './rule.ts';

const GRAIN_MINUTES = 15;
const DAY_MINUTES = 1440;
const LONGEST_WINDOW = 366 * DAY_MINUTES;
/** Dimensions that only the log of events has are read from it at every look. */
const LONGEST_EVENT_WINDOW = 7 * DAY_MINUTES;
const MAX_MUTE_WINDOWS = 20;
const LARGEST = 1e15;

const MuteWindowSchema = Type.Object(
  {
    days: Type.Array(Type.Enum(WEEKDAYS), { minItems: 1, maxItems: 7 }),
    start: Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$', description: 'HH:MM' }),
    end: Type.String({
      pattern: '^(([01]\\d|2[0-3]):[0-5]\\d|24:00)$',
      description: 'HH:MM up to 24:00, not included; before start: of the next day',
    }),
  },
  { additionalProperties: false },
);

const properties = {
  name: Type.String({ minLength: 1, maxLength: 200, description: 'Unique in the tenant' }),
  description: Type.String({ maxLength: 2000 }),
  alert_type: Type.Enum(ALERT_TYPES, { description: 'What kind of trouble it is; default custom' }),
  severity: Type.Enum(SEVERITIES, { description: 'Default medium' }),
  metric: Type.Enum(ALERT_METRIC_NAMES, {
    description: ALERT_METRIC_NAMES.map(
      (name) => `${name}: ${ALERT_METRICS[name].description} (${ALERT_METRICS[name].unit})`,
    ).join('; '),
  }),
  operator: Type.Enum(OPERATORS, { description: 'Default >' }),
  threshold: Type.Number({
    minimum: -LARGEST,
    maximum: LARGEST,
    description: "In the metric's unit; with a baseline a factor: 3 is three times as much",
  }),
  window_duration: Type.Integer({
    minimum: GRAIN_MINUTES,
    maximum: LONGEST_WINDOW,
    description: `Minutes, a multiple of ${GRAIN_MINUTES}; default 60. Budgets and anomalies have their own periods`,
  }),
  baseline: nullable(
    Type.Enum(BASELINES),
    'Compares with the window before, or with the median of the same time of the last four weeks; null: with the threshold itself',
  ),
  filters: FiltersSchema,
  group_by: nullable(
    Type.String({ pattern: DIMENSION_PATTERN }),
    `One alert for each member of a dimension, of the ${MAX_MEMBERS} members with the most usage; null: of all together`,
  ),
  time_zone: nullable(
    Type.String({ maxLength: 64, ...checkedByRoute({ format: FORMATS.timeZone }) }),
    "IANA time zone of mute windows and of weeks; null: the tenant's",
  ),
  for_minutes: Type.Integer({
    minimum: 0,
    maximum: 10_080,
    description: 'How long the condition must hold before it fires; default 0',
  }),
  resolve_threshold: nullable(
    Type.Number({ minimum: -LARGEST, maximum: LARGEST }),
    'An alert ends only when this is no longer passed either (hysteresis); null: the threshold',
  ),
  keep_firing_minutes: Type.Integer({
    minimum: 0,
    maximum: 10_080,
    description: 'How long the condition must be over before the alert ends; default 0',
  }),
  renotify_minutes: nullable(
    Type.Integer({ minimum: 5, maximum: 43_200 }),
    'How often it is told again while it goes on and nobody has acknowledged it; null (default): never',
  ),
  min_requests: Type.Integer({
    minimum: 0,
    maximum: 2_147_483_647,
    description: 'Windows with fewer requests are not judged; default 0',
  }),
  no_data: Type.Enum(NO_DATA, {
    description:
      'Without any request in the window: ok (default; a sum is 0, a rate is not judged), keep as it is, or fire',
  }),
  mute_windows: Type.Array(MuteWindowSchema, {
    maxItems: MAX_MUTE_WINDOWS,
    description: 'Times of the week at which nothing is sent; what is still true afterwards is sent then',
  }),
  budget_id: nullable(IdSchema, 'The budget of a budget metric; null: one alert for each enabled budget'),
  enabled: Type.Boolean(),
};

export const RuleBody = Type.Object(
  {
    ...Type.Partial(Type.Object(properties)).properties,
    name: properties.name,
    metric: properties.metric,
    threshold: properties.threshold,
  },
  { additionalProperties: false },
);
export const RulePatch = Type.Partial(Type.Object(properties), {
  additionalProperties: false,
  minProperties: 1,
});
export const PreviewRuleBody = Type.Object(
  { ...RuleBody.properties, name: Type.Optional(properties.name) },
  { additionalProperties: false },
);
export type RuleFields = Static<typeof RulePatch>;

export const RuleSchemaProperties = {
  rule_id: Type.Integer(),
  ...properties,
  effective_time_zone: Type.String(),
};

/**
 * A draft of a posted rule, or of an existing one with what a PATCH changes.
 * @throws Problem invalid-request that names the field
 */
export function readRuleDraft(body: RuleFields, existing?: RuleDraft, defaultName = ''): RuleDraft {
  const metric = body.metric ?? existing?.metric;
  if (metric === undefined) throw invalidField('metric', 'is required.');
  const threshold = body.threshold ?? existing?.threshold;
  if (threshold === undefined) throw invalidField('threshold', 'is required.');
  const name = readName(body.name ?? existing?.name ?? defaultName);
  const given = <Value>(value: Value | undefined, before: Value | undefined, fallback: Value): Value =>
    value === undefined ? (before === undefined ? fallback : before) : value;
  const draft: RuleDraft = {
    name,
    description: body.description ?? existing?.description ?? '',
    alertType: body.alert_type ?? existing?.alertType ?? 'custom',
    severity: body.severity ?? existing?.severity ?? 'medium',
    metric,
    operator: body.operator ?? existing?.operator ?? '>',
    threshold,
    windowMinutes: body.window_duration ?? existing?.windowMinutes ?? 60,
    baseline: given(body.baseline, existing?.baseline, null),
    filters: body.filters === undefined ? (existing?.filters ?? {}) : parseFilters(body.filters),
    groupBy: given(body.group_by as DimensionName | null | undefined, existing?.groupBy, null),
    ownTimeZone: given(body.time_zone, existing?.ownTimeZone, null),
    forMinutes: body.for_minutes ?? existing?.forMinutes ?? 0,
    resolveThreshold: given(body.resolve_threshold, existing?.resolveThreshold, null),
    keepFiringMinutes: body.keep_firing_minutes ?? existing?.keepFiringMinutes ?? 0,
    renotifyMinutes: given(body.renotify_minutes, existing?.renotifyMinutes, null),
    minRequests: body.min_requests ?? existing?.minRequests ?? 0,
    noData: body.no_data ?? existing?.noData ?? 'ok',
    muteWindows:
      body.mute_windows === undefined
        ? (existing?.muteWindows ?? [])
        : body.mute_windows.map(checkMuteWindow),
    budgetId: given(body.budget_id, existing?.budgetId, null),
    enabled: body.enabled ?? existing?.enabled ?? true,
  };
  checkTogether(draft);
  return draft;
}

function checkMuteWindow(window: MuteWindow, index: number): MuteWindow {
  const place = `mute_windows.${index}`;
  const [start, end] = [minuteOf(window.start), minuteOf(window.end)];
  if (start === undefined || start === DAY_MINUTES)
    throw invalidField(
      `${place}.start`,
      `${JSON.stringify(window.start)} is no time of the day such as 22:00.`,
    );
  if (end === undefined)
    throw invalidField(
      `${place}.end`,
      `${JSON.stringify(window.end)} is no time of the day such as 06:00 or 24:00.`,
    );
  if (start === end) throw invalidField(place, 'starts when it ends; a whole day is 00:00 to 24:00.');
  return { days: [...new Set(window.days)], start: window.start, end: window.end };
}

function checkTogether(draft: RuleDraft): void {
  const { operator, threshold, resolveThreshold, groupBy, filters, windowMinutes, ownTimeZone } = draft;
  const metric = metricOf(draft.metric);
  if (ownTimeZone !== null && !isTimeZone(ownTimeZone)) {
    throw invalidField(
      'time_zone',
      `${JSON.stringify(ownTimeZone)} is not an IANA time zone such as Europe/Berlin or UTC.`,
    );
  }
  if (windowMinutes % GRAIN_MINUTES !== 0) {
    const [below, above] = [
      Math.floor(windowMinutes / GRAIN_MINUTES),
      Math.ceil(windowMinutes / GRAIN_MINUTES),
    ];
    throw invalidField(
      'window_duration',
      `${windowMinutes} is no multiple of ${GRAIN_MINUTES}: usage is kept by quarters of an hour. Use ${Math.max(1, below) * GRAIN_MINUTES} or ${above * GRAIN_MINUTES}.`,
    );
  }
  if (resolveThreshold !== null) {
    const isBack = operator.startsWith('>') ? resolveThreshold <= threshold : resolveThreshold >= threshold;
    if (!isBack) {
      throw invalidField(
        'resolve_threshold',
        `with ${operator} ${threshold} an alert ends at ${operator.startsWith('>') ? 'that or less' : 'that or more'}, not at ${resolveThreshold}.`,
      );
    }
  }
  if (draft.baseline !== null && threshold <= 0)
    throw invalidField('threshold', 'is a factor of the baseline, so it is above 0.');
  if (draft.noData === 'fire' && groupBy !== null)
    throw invalidField('no_data', 'fire cannot be grouped: a member without requests is not known.');
  if (metric.from !== 'budgets' && draft.budgetId !== null)
    throw invalidField(
      'budget_id',
      `is for budget_used_percent and budget_forecast_percent, not for ${draft.metric}.`,
    );
  if (metric.from === 'budgets' || metric.from === 'anomalies') {
    if (draft.baseline !== null)
      throw invalidField('baseline', `${draft.metric} has one of its own; leave it out.`);
    if (draft.minRequests > 0) throw invalidField('min_requests', `is not for ${draft.metric}.`);
    if (draft.noData !== 'ok') throw invalidField('no_data', `is not for ${draft.metric}; leave it at ok.`);
  }
  if (metric.from === 'budgets') {
    if (groupBy !== null)
      throw invalidField('group_by', 'a budget rule has one alert a budget; leave it out.');
    if (Object.keys(filters).length > 0)
      throw invalidField('filters', 'what a budget counts is said by the budget; leave them out.');
    return;
  }
  if (metric.from === 'anomalies') {
    if (!operator.startsWith('>')) throw invalidField('operator', `${draft.metric} is judged by > or >=.`);
    if (threshold <= 0)
      throw invalidField('threshold', 'is the percent above what was expected, so it is above 0.');
    if (groupBy !== null && !(ANOMALY_DIMENSIONS as readonly string[]).includes(groupBy)) {
      throw invalidField(
        'group_by',
        `anomalies are found in ${ANOMALY_DIMENSIONS.filter((name) => name !== 'total').join(', ')}.`,
      );
    }
    const unknown = filteredDimensions(filters).filter((name) => !dimensionOf(name).inRollups);
    if (unknown.length > 0)
      throw invalidField(
        'filters',
        `${unknown.join(' and ')}: anomalies are found in the rollups, which do not have it.`,
      );
    return;
  }
  const needed = [...filteredDimensions(filters), ...(groupBy === null ? [] : [groupBy])];
  const fromEvents = needed.filter((name) =>
    metric.from === 'latency' ? !dimensionOf(name).inLatencyRollups : !dimensionOf(name).inRollups,
  );
  if (fromEvents.length > 0 && windowMinutes > LONGEST_EVENT_WINDOW) {
    throw invalidField(
      'window_duration',
      `${[...new Set(fromEvents)].join(' and ')}: read from the events themselves at every look, over at most ${LONGEST_EVENT_WINDOW} minutes (7 days).`,
    );
  }
}

/** A draft as answers have it. */
type DescribedDraft = { [Field in keyof typeof properties]: Static<(typeof properties)[Field]> };

export function describeRuleDraft(draft: RuleDraft): DescribedDraft {
  return {
    name: draft.name,
    description: draft.description,
    alert_type: draft.alertType,
    severity: draft.severity,
    metric: draft.metric,
    operator: draft.operator,
    threshold: draft.threshold,
    window_duration: draft.windowMinutes,
    baseline: draft.baseline,
    filters: draft.filters,
    group_by: draft.groupBy,
    time_zone: draft.ownTimeZone,
    for_minutes: draft.forMinutes,
    resolve_threshold: draft.resolveThreshold,
    keep_firing_minutes: draft.keepFiringMinutes,
    renotify_minutes: draft.renotifyMinutes,
    min_requests: draft.minRequests,
    no_data: draft.noData,
    mute_windows: draft.muteWindows.map((window) => ({ ...window, days: [...window.days] })),
    budget_id: draft.budgetId,
    enabled: draft.enabled,
  };
}
