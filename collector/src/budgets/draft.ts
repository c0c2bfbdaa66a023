import { Type, type Static } from 'typebox';
import { invalidField } from '../http/invalid-field.ts';
import { readName } from '../tenants/named-list.ts';
import { MAX_EVENT_DAYS } from '../usage/event-source.ts';
import { dimensionOf } from '../usage/dimensions.ts';
import { filteredDimensions, FiltersSchema, parseFilters } from '../usage/filters.ts';
import { isTimeZone, WEEKDAYS } from '../usage/time-zone.ts';
import { BUDGET_MEASURES, formatAmount, parseAmount } from './amount.ts';
import { ENFORCEMENTS, THRESHOLD_KINDS, type BudgetDraft, type Threshold } from './budget.ts';
import { PERIOD_TYPES, type BudgetPeriod } from './period.ts';

/** A leap year of hours. */
const LONGEST_ROLLING_HOURS = 8_784;
const MAX_THRESHOLDS = 20;
const LARGEST_PERCENT = 1_000;

const PeriodBody = Type.Object(
  {
    type: Type.Enum(PERIOD_TYPES, { description: 'A calendar period, or a rolling window' }),
    week_start: Type.Optional(Type.Enum(WEEKDAYS, { description: 'Of weeks; default monday' })),
    time_zone: Type.Optional(
      Type.Union([Type.String({ maxLength: 64 }), Type.Null()], {
        description: "IANA time zone of the calendar; null (default) is the tenant's",
      }),
    ),
    days: Type.Optional(Type.Integer({ description: 'Length of a rolling window in days of 24 hours' })),
    hours: Type.Optional(Type.Integer({ description: 'Length of a rolling window in hours' })),
  },
  { additionalProperties: false },
);
const ThresholdSchema = Type.Object(
  {
    percent: Type.Number({
      description: `Above 0, at most ${LARGEST_PERCENT}, three digits after the point`,
    }),
    kind: Type.Optional(
      Type.Enum(THRESHOLD_KINDS, {
        description: 'By what is spent (default), or by what is expected at the end of the period',
      }),
    ),
  },
  { additionalProperties: false },
);

const properties = {
  name: Type.String({ minLength: 1, maxLength: 200, description: 'Unique in the tenant' }),
  description: Type.String({ maxLength: 2000 }),
  measure: Type.Enum(BUDGET_MEASURES, { description: 'What is limited; default cost' }),
  amount: Type.String({
    maxLength: 40,
    description:
      'US dollars as a decimal string, to the nano-dollar; or a whole number of requests or tokens',
  }),
  filters: FiltersSchema,
  period: PeriodBody,
  thresholds: Type.Array(ThresholdSchema, {
    maxItems: MAX_THRESHOLDS,
    description:
      'Percents of the amount whose crossing is recorded once a period; default 80 and 100, actual',
  }),
  enforcement: Type.Enum(ENFORCEMENTS, {
    description:
      'What the check before a call answers: nothing, a warning, or a block once the amount is spent',
  }),
  enabled: Type.Boolean(),
};

export const BudgetBody = Type.Object(
  {
    ...Type.Partial(Type.Object(properties)).properties,
    name: properties.name,
    amount: properties.amount,
    period: properties.period,
  },
  { additionalProperties: false },
);
export const BudgetPatch = Type.Partial(Type.Object(properties), {
  additionalProperties: false,
  minProperties: 1,
});
/** A budget, or changes of one, as posted. */
export type BudgetFields = Static<typeof BudgetPatch>;
export const PreviewBody = Type.Object(
  { ...BudgetBody.properties, name: Type.Optional(properties.name) },
  { additionalProperties: false },
);

const DEFAULT_THRESHOLDS: readonly Threshold[] = [
  { percent: 80, kind: 'actual' },
  { percent: 100, kind: 'actual' },
];

/**
 * A draft of a posted budget, or of an existing one with what a PATCH changes.
 * @param tenantTimeZone of budgets without a zone of their own
 * @throws Problem invalid-request that names the field
 */
export function readDraft(
  body: BudgetFields,
  tenantTimeZone: string,
  existing?: BudgetDraft,
  defaultName = '',
): BudgetDraft {
  const measure = body.measure ?? existing?.measure ?? 'cost';
  if (existing && measure !== existing.measure && body.amount === undefined) {
    throw invalidField('amount', `must be given anew with another measure (it was ${existing.measure}).`);
  }
  const amount = body.amount === undefined ? existing?.amount : parseAmount(body.amount, measure);
  if (amount === undefined) throw invalidField('amount', 'is required.');
  const { period, ownTimeZone } =
    body.period === undefined
      ? {
          period: existing?.period,
          ownTimeZone: existing?.ownTimeZone ?? null,
        }
      : readPeriod(body.period, tenantTimeZone);
  if (period === undefined) throw invalidField('period', 'is required.');
  const name = readName(body.name ?? existing?.name ?? defaultName);
  const draft: BudgetDraft = {
    name,
    description: body.description ?? existing?.description ?? '',
    measure,
    amount,
    filters: body.filters === undefined ? (existing?.filters ?? {}) : parseFilters(body.filters),
    period,
    ownTimeZone,
    thresholds:
      body.thresholds === undefined
        ? (existing?.thresholds ?? DEFAULT_THRESHOLDS)
        : readThresholds(body.thresholds),
    enforcement: body.enforcement ?? existing?.enforcement ?? 'none',
    enabled: body.enabled ?? existing?.enabled ?? true,
  };
  checkTogether(draft);
  return draft;
}

/** Whether two drafts limit the same thing in the same way: if not, thresholds can be crossed anew. */
export function isSameDefinition(one: BudgetDraft, other: BudgetDraft): boolean {
  const key = ({ measure, amount, filters, period }: BudgetDraft): string =>
    JSON.stringify([measure, amount.toString(), sorted(filters), sorted({ ...period })]);
  return key(one) === key(other);
}

function sorted(object: Record<string, unknown>): unknown[] {
  return Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1));
}

function readPeriod(
  body: Static<typeof PeriodBody>,
  tenantTimeZone: string,
): { period: BudgetPeriod; ownTimeZone: string | null } {
  const ownTimeZone = body.time_zone ?? null;
  if (ownTimeZone !== null && !isTimeZone(ownTimeZone)) {
    throw invalidField(
      'period.time_zone',
      `${JSON.stringify(ownTimeZone)} is not an IANA time zone such as Europe/Berlin or UTC.`,
    );
  }
  const timeZone = ownTimeZone ?? tenantTimeZone;
  if (body.type !== 'rolling') {
    if (body.days !== undefined || body.hours !== undefined) {
      throw invalidField('period', `days and hours are for the type rolling, not for ${body.type}.`);
    }
    if (body.week_start !== undefined && body.type !== 'week') {
      throw invalidField('period.week_start', `is for the type week, not for ${body.type}.`);
    }
    const weekStart = body.week_start === undefined ? 1 : WEEKDAYS.indexOf(body.week_start) + 1;
    return { period: { type: body.type, timeZone, weekStart }, ownTimeZone };
  }
  if (body.week_start !== undefined)
    throw invalidField('period.week_start', 'is for the type week, not for rolling.');
  if ((body.days === undefined) === (body.hours === undefined)) {
    throw invalidField(
      'period',
      'a rolling window has either days or hours, e.g. {"type": "rolling", "days": 30}.',
    );
  }
  const hours = body.hours ?? (body.days ?? 0) * 24;
  if (hours < 1 || hours > LONGEST_ROLLING_HOURS) {
    throw invalidField(
      body.hours === undefined ? 'period.days' : 'period.hours',
      `a rolling window is 1 to ${LONGEST_ROLLING_HOURS} hours (366 days) long.`,
    );
  }
  return { period: { type: 'rolling', timeZone, hours }, ownTimeZone };
}

function readThresholds(body: Static<typeof ThresholdSchema>[]): Threshold[] {
  const thresholds = body.map(({ percent, kind = 'actual' }, index): Threshold => {
    const place = `thresholds.${index}.percent`;
    if (!(percent > 0 && percent <= LARGEST_PERCENT)) {
      throw invalidField(
        place,
        `${percent} is not above 0 and at most ${LARGEST_PERCENT} percent of the amount.`,
      );
    }
    if (Math.round(percent * 1000) / 1000 !== percent) {
      throw invalidField(place, `${percent} has more than three digits after the point.`);
    }
    return { percent, kind };
  });
  thresholds.sort((a, b) => (a.kind === b.kind ? a.percent - b.percent : a.kind < b.kind ? -1 : 1));
  const twice = thresholds.find(
    ({ percent, kind }, index) =>
      percent === thresholds[index - 1]?.percent && kind === thresholds[index - 1]?.kind,
  );
  if (twice) throw invalidField('thresholds', `${twice.percent} percent (${twice.kind}) is there twice.`);
  return thresholds;
}

function checkTogether(draft: BudgetDraft): void {
  const { period, filters, thresholds } = draft;
  if (period.type === 'rolling' && thresholds.some(({ kind }) => kind === 'forecast')) {
    throw invalidField(
      'thresholds',
      'a rolling window has no end to forecast; use kind actual, or a calendar period.',
    );
  }
  const fromEvents = filteredDimensions(filters).filter((name) => !dimensionOf(name).inRollups);
  const isTooLong =
    period.type === 'year' || (period.type === 'rolling' && period.hours > MAX_EVENT_DAYS * 24);
  if (fromEvents.length > 0 && isTooLong) {
    throw invalidField(
      'filters',
      `${fromEvents.join(' and ')}: ${fromEvents.length === 1 ? 'is' : 'are'} read from the events themselves, at most ${MAX_EVENT_DAYS} days at once; choose a quarter or less.`,
    );
  }
}

const Timestamp = Type.String({ format: 'date-time' });

export const BudgetSchema = Type.Object({
  budget_id: Type.Integer(),
  name: Type.String(),
  description: Type.String(),
  measure: Type.Enum(BUDGET_MEASURES),
  amount: properties.amount,
  filters: FiltersSchema,
  period: Type.Object({
    type: Type.Enum(PERIOD_TYPES),
    time_zone: Type.Union([Type.String(), Type.Null()], {
      description: "null: the tenant's",
    }),
    effective_time_zone: Type.String(),
    week_start: Type.Optional(Type.Enum(WEEKDAYS)),
    hours: Type.Optional(Type.Integer()),
  }),
  thresholds: Type.Array(Type.Object({ percent: Type.Number(), kind: Type.Enum(THRESHOLD_KINDS) })),
  enforcement: Type.Enum(ENFORCEMENTS),
  enabled: Type.Boolean(),
  created_at: Timestamp,
  created_by: Type.String({ description: 'Id of the API key, or command-line' }),
  updated_at: Timestamp,
  updated_by: Type.String(),
});

/** What a budget's definition looks like in answers. */
export function describeDraft(
  draft: BudgetDraft,
): Pick<
  Static<typeof BudgetSchema>,
  | 'name'
  | 'description'
  | 'measure'
  | 'amount'
  | 'filters'
  | 'period'
  | 'thresholds'
  | 'enforcement'
  | 'enabled'
> {
  const { period } = draft;
  return {
    name: draft.name,
    description: draft.description,
    measure: draft.measure,
    amount: formatAmount(draft.amount, draft.measure),
    filters: draft.filters,
    period: {
      type: period.type,
      time_zone: draft.ownTimeZone,
      effective_time_zone: period.timeZone,
      ...(period.type === 'rolling'
        ? { hours: period.hours }
        : period.type === 'week'
          ? { week_start: WEEKDAYS[period.weekStart - 1] ?? 'monday' }
          : {}),
    },
    thresholds: [...draft.thresholds],
    enforcement: draft.enforcement,
    enabled: draft.enabled,
  };
}
