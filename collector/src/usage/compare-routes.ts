import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { checkedByRoute, FORMATS } from '../http/checked-by-route.ts';
import type { Pool } from '../database/pool.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { FreshnessSchema, PeriodQuery, RangeSchema, type PeriodQueryValues } from './answer-parts.ts';
import { DimensionQuery, dimensionsOf } from './breakdown-routes.ts';
import { COMPARE_WITH, readComparedRanges, type CompareQuery } from './compare-ranges.ts';
import { readComparison } from './compare.ts';
import { FIGURE_NAMES, FigureProperties, type FigureName } from './figures.ts';
import { isMoney, SUM_FIGURES, type SumFigure } from './figure-kinds.ts';
import { FilterQueryPatterns, FilterQueryProperties, readFilters } from './filters.ts';

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;

const nullableNumber = Type.Union([Type.Number(), Type.Null()]);
const nullableText = Type.Union([Type.String(), Type.Null()]);

const changeSchema = (name: FigureName) =>
  Type.Object({
    absolute: isMoney(name) ? nullableText : nullableNumber,
    percent: nullableNumber,
    percent_per_day: nullableNumber,
  });
const valueSchema = (name: FigureName) => (isMoney(name) ? nullableText : nullableNumber);
const perDaySchema = Type.Object(Object.fromEntries(SUM_FIGURES.map((name) => [name, valueSchema(name)])));

const PartProperties = {
  current: Type.Object(FigureProperties),
  previous: Type.Object(FigureProperties),
  change: Type.Object(Object.fromEntries(FIGURE_NAMES.map((name) => [name, changeSchema(name)])), {
    description:
      'By figure: absolute (current − previous), percent of the previous, and percent_per_day, the same of the values a day, for periods of unlike lengths. null where a value is not known; no percent from 0',
  }),
  contribution: Type.Object(
    {
      absolute: Type.Union([Type.Number(), Type.String()], {
        description: 'Change of the measure; USD as a decimal string',
      }),
      share_percent: Type.Union([Type.Number(), Type.Null()], {
        description:
          "In percent of the total's change: negative where it went against it; null where the total did not change",
      }),
      percentage_points: Type.Union([Type.Number(), Type.Null()], {
        description: "In percent of the total before: they add up to the total's percent",
      }),
    },
    { description: 'What the part did to the total of the measure: members + other = total' },
  ),
};

const ComparedPeriodProperties = {
  ...RangeSchema.properties,
  days: Type.Number({ description: 'Of 24 hours' }),
  requests_only_in_rollups: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
    description:
      'As in a breakdown: requests whose events are deleted already, so that members may look new that are not',
  }),
};

/** Which two periods are compared. */
export const ComparedPeriods = {
  period: Type.Object({
    ...ComparedPeriodProperties,
    is_cut_at_now: Type.Boolean({
      description: 'The asked period is not over: as much of both is compared as is',
    }),
  }),
  compared_to: Type.Object({ ...ComparedPeriodProperties, with: Type.Enum(COMPARE_WITH) }),
};

const ComparisonSchema = Type.Object({
  ...ComparedPeriods,
  dimensions: Type.Array(Type.String()),
  measure: Type.Enum(SUM_FIGURES),
  source: Type.Enum(['rollups', 'events']),
  same_length: Type.Boolean(),
  total: Type.Object({
    ...PartProperties,
    per_day: Type.Object(
      { current: perDaySchema, previous: perDaySchema },
      { description: 'The sums a day of 24 hours' },
    ),
    members: Type.Union(
      [
        Type.Object({
          all: Type.Integer({ description: 'Members of either period' }),
          new: Type.Integer({ description: 'Without a request in the previous one' }),
          gone: Type.Integer({ description: 'Without a request in the current one' }),
        }),
        Type.Null(),
      ],
      { description: 'null without a dimension' },
    ),
  }),
  members: Type.Array(
    Type.Object({
      member: Type.Record(Type.String(), nullableText),
      label: Type.String(),
      status: Type.Enum(['new', 'gone', 'both']),
      ...PartProperties,
    }),
    { description: 'Those that changed the total most, up or down, first' },
  ),
  other: Type.Union([Type.Object({ members: Type.Integer({ minimum: 0 }), ...PartProperties }), Type.Null()]),
  freshness: FreshnessSchema,
});

const time = (description: string) =>
  Type.Optional(Type.String({ maxLength: 40, ...checkedByRoute({ format: FORMATS.boundary }), description }));

/** `GET /v1/analytics/usage/compare`: a period against another one. */
export const compareRoutes: FastifyPluginCallbackTypebox<{ readPool: Pool; authenticator: Authenticator }> = (
  app,
  { readPool, authenticator },
  done,
) => {
  app.get(
    '/v1/analytics/usage/compare',
    {
      schema: {
        tags: ['analytics'],
        summary: 'A period against another one: what changed, by how much, and because of whom',
        description:
          'Without a dimension: the totals alone. With one or two: the members that changed the total of the measure most, everything else as one. ' +
          'A period that is not over is compared with as much of the other one. Dimensions that are in no rollup: at most 93 days a period.',
        querystring: Type.Object(
          {
            ...PeriodQuery,
            compare_with: Type.Optional(
              Type.Enum(
                COMPARE_WITH.filter((one) => one !== 'range'),
                {
                  description:
                    'previous_period: as many days right before; last_week, last_month, last_year: the same days of the calendar then. Default previous_period',
                },
              ),
            ),
            compare_start: time('Beginning of any other range, instead of compare_with'),
            compare_end: time('Its end'),
            dimension: Type.Optional(DimensionQuery),
            measure: Type.Optional(
              Type.Enum(SUM_FIGURES, {
                description: 'The figure whose change is explained; default total_cost_usd',
              }),
            ),
            limit: Type.Optional(
              Type.Integer({ minimum: 1, maximum: MAX_LIMIT, description: `Default ${DEFAULT_LIMIT}` }),
            ),
            ...FilterQueryProperties,
          },
          { additionalProperties: false, patternProperties: FilterQueryPatterns },
        ),
        response: { 200: ComparisonSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const query = request.query as PeriodQueryValues &
        CompareQuery & { dimension?: string | string[]; measure?: SumFigure; limit?: number };
      return readComparison(readPool, {
        tenantId,
        ranges: readComparedRanges(query, Date.now()),
        filters: readFilters(query),
        dimensions: query.dimension === undefined ? [] : dimensionsOf(query.dimension),
        measure: query.measure ?? 'total_cost_usd',
        limit: query.limit ?? DEFAULT_LIMIT,
      });
    },
  );
  done();
};
