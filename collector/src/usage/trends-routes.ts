import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { checkedByRoute, FORMATS } from '../http/checked-by-route.ts';
import { Problem } from '../http/errors.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { FreshnessSchema, PeriodQuery, RangeSchema, type PeriodQueryValues } from './answer-parts.ts';
import { ORDER_BY } from './breakdown.ts';
import { MIN_LEVEL_DAYS } from './change-points.ts';
import type { FigureName } from './figures.ts';
import { FilterQueryPatterns, FilterQueryProperties, readFilters } from './filters.ts';
import { readRange, type Range } from './period.ts';
import { MIN_TREND_DAYS } from './robust-trend.ts';
import { startOfLocalDay } from './time-zone.ts';
import { readTrends } from './trends.ts';

/** Three years: what is further back says little about where things go. */
const MAX_DAYS = 1_100;
const DEFAULT_DAYS = 90;
const DAY_MS = 86_400_000;

const value = (description?: string) =>
  Type.Union([Type.String(), Type.Number(), Type.Null()], {
    description: `${description === undefined ? '' : `${description}; `}USD as a decimal string, everything else a number`,
  });
const percent = (description: string) => Type.Number({ description });
const pValue = Type.Number({ description: 'Probability of as clear a sign where there is nothing' });
const significant = Type.Boolean({ description: 'p_value below 0.05' });

const TrendsSchema = Type.Object({
  measure: Type.Enum(ORDER_BY),
  unit: Type.Enum(['USD', 'requests', 'tokens', 'ms', 'percent']),
  period: RangeSchema,
  source: Type.Enum(['rollups', 'events']),
  history: Type.Array(Type.Object({ date: Type.String(), value: value('null where the day has none') }), {
    description:
      'The whole local days that are over, from the first with a request: what everything else is computed from',
  }),
  unpriced_requests: Type.Integer({
    minimum: 0,
    description: 'Requests of these days without a known cost: they are in no figure of cost',
  }),
  growth: Type.Union(
    [
      Type.Object({
        percent_per_day: percent('Compound'),
        percent_per_week: percent('Compound: seven days of it'),
        lower_percent_per_week: percent('95 % confidence'),
        upper_percent_per_week: percent('95 % confidence'),
        doubling_days: Type.Union([Type.Number(), Type.Null()], {
          description: 'null unless it grows beyond chance',
        }),
      }),
      Type.Null(),
    ],
    {
      description: `Theil–Sen slope of the logarithms; null with fewer than ${MIN_TREND_DAYS} days, or where more than a tenth are not above 0`,
    },
  ),
  trend: Type.Union(
    [
      Type.Object({
        direction: Type.Enum(['up', 'down', 'none'], { description: 'none: it may be chance' }),
        slope_per_day: value('Theil–Sen'),
        lower: value('95 % confidence'),
        upper: value('95 % confidence'),
        p_value: pValue,
        is_significant: significant,
        autocorrelation: Type.Number({ description: 'Of neighbouring days; p_value takes it into account' }),
        by_weekday: Type.Boolean({
          description: 'Whether Mondays were compared with Mondays alone: from three weeks on',
        }),
      }),
      Type.Null(),
    ],
    { description: `Mann–Kendall; null with fewer than ${MIN_TREND_DAYS} days` },
  ),
  seasonality: Type.Union(
    [
      Type.Object({
        strength: Type.Number({
          description: '0: weekdays tell nothing, 1: everything but the level of the week',
        }),
        p_value: pValue,
        is_significant: significant,
        weekday_factors: Type.Union([Type.Array(Type.Number()), Type.Null()], {
          description: 'Each weekday against a mean day, Sunday first',
        }),
      }),
      Type.Null(),
    ],
    { description: 'null with fewer than three weeks' },
  ),
  change_points: Type.Array(
    Type.Object({
      date: Type.String({ description: 'First day of the new level' }),
      before: value('Mean day before, back to the change before that'),
      after: value('Mean day from then on, up to the next change'),
      change_percent: Type.Union([Type.Number(), Type.Null()]),
      score: Type.Number({ description: 'The change over its standard error' }),
    }),
    { description: `Days on which the level changed for ${MIN_LEVEL_DAYS} days or more, oldest first` },
  ),
  freshness: FreshnessSchema,
});

/** `GET /v1/analytics/usage/trends`: where a measure is going. */
export const trendsRoutes: FastifyPluginCallbackTypebox<{ readPool: Pool; authenticator: Authenticator }> = (
  app,
  { readPool, authenticator },
  done,
) => {
  app.get(
    '/v1/analytics/usage/trends',
    {
      schema: {
        tags: ['analytics'],
        summary:
          'Where a measure is going: growth, slope, weekly rhythm, and the days on which its level changed',
        description: `From whole local days that are over, at most ${MAX_DAYS}. How each is computed, and how often it is wrong: docs/analytics.md.`,
        querystring: Type.Object(
          {
            measure: Type.Optional(
              Type.Enum(ORDER_BY, { description: 'Any figure; default total_cost_usd' }),
            ),
            ...PeriodQuery,
            start_date: Type.Optional(
              Type.String({
                maxLength: 40,
                ...checkedByRoute({ format: FORMATS.boundary }),
                description: `A date, an RFC 3339 time or a relative time; default: ${DEFAULT_DAYS} days before the end`,
              }),
            ),
            ...FilterQueryProperties,
          },
          { additionalProperties: false, patternProperties: FilterQueryPatterns },
        ),
        response: { 200: TrendsSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const query = request.query as PeriodQueryValues & { measure?: FigureName };
      const nowMs = Date.now();
      const range = rangeOf(query, nowMs);
      if (range.endMs - range.startMs > MAX_DAYS * DAY_MS) {
        throw new Problem('range-too-long', `start_date: trends are found in at most ${MAX_DAYS} days.`, {
          extensions: { max_days: MAX_DAYS },
        });
      }
      return readTrends(readPool, {
        tenantId,
        range,
        filters: readFilters(query),
        measure: query.measure ?? 'total_cost_usd',
        nowMs,
      });
    },
  );
  done();
};

function rangeOf(query: PeriodQueryValues, nowMs: number): Range {
  const range = readRange(query, nowMs);
  if (query.start_date !== undefined) return range;
  return { ...range, startMs: startOfLocalDay(range.timeZone, range.endMs - 1, 1 - DEFAULT_DAYS) };
}
