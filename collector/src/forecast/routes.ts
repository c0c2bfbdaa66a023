import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { checkedByRoute, FORMATS } from '../http/checked-by-route.ts';
import { Problem } from '../http/errors.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { FreshnessSchema, RangeSchema } from '../usage/answer-parts.ts';
import { FilterQueryPatterns, FilterQueryProperties, readFilters } from '../usage/filters.ts';
import { readRange, type Range } from '../usage/period.ts';
import { localDateOf } from '../usage/time-zone.ts';
import { anomalyRoute } from './anomaly-route.ts';
import { FORECAST_MEASURES } from './measure.ts';
import { readPeriodForecast } from './period-forecast.ts';

const amount = (description?: string) =>
  Type.String({
    description: `Decimal string in the answer's unit${description === undefined ? '' : `: ${description}`}`,
  });
const nullableNumber = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });
const EstimateProperties = { mean: amount('expected'), lower: amount(), upper: amount() };

const ForecastSchema = Type.Object({
  measure: Type.Enum(FORECAST_MEASURES),
  unit: Type.String({ description: 'USD, requests or tokens' }),
  level: Type.Number({ description: 'Probability that each pair of bounds holds what comes' }),
  period: RangeSchema,
  method: Type.String({
    description:
      'What made the forecast (docs/forecast.md); no-history, no-usage or mean where there is too little to go by',
  }),
  history: Type.Array(Type.Object({ date: Type.String(), value: amount() }), {
    description: 'The complete local days that the forecast is made from, oldest first',
  }),
  weekday_factors: Type.Array(Type.Number(), {
    description: 'Each weekday against a mean day, Sunday first',
  }),
  today: Type.Object({
    date: Type.String(),
    so_far: amount(),
    ...EstimateProperties,
    usual_share: nullableNumber('Part of a day that usually has come by now'),
  }),
  forecast: Type.Array(Type.Object({ date: Type.String(), ...EstimateProperties }), {
    description: 'Each day after today up to the end of the period',
  }),
  period_so_far: amount('what the period has come to until now'),
  period_total: Type.Object(EstimateProperties, {
    description: 'The whole period. Its bounds are not the sums of the bounds of days',
  }),
  unpriced_requests: Type.Integer({
    minimum: 0,
    description: 'Requests of the period without a known cost: they are in no figure of cost',
  }),
  backtest: Type.Union(
    [
      Type.Object({
        horizon_days: Type.Integer(),
        origins: Type.Integer({ description: 'How many forecasts were made' }),
        mase: nullableNumber('Mean absolute scaled error of single days'),
        relative_to_naive: nullableNumber(
          'Mean miss over that of "the same as a week ago"; below 1 is better',
        ),
        coverage_days: Type.Number({ description: 'Part of days that lay within the bounds' }),
        coverage_sums: Type.Number({
          description: 'Part of sums over the horizon that lay within the bounds',
        }),
      }),
      Type.Null(),
    ],
    {
      description:
        'How this method did on this very series, forecast from the past; null where it is too short',
    },
  ),
  freshness: FreshnessSchema,
});

/** `GET /v1/analytics/usage/forecast` and `/anomalies`. */
export const forecastRoutes: FastifyPluginCallbackTypebox<{
  readPool: Pool;
  authenticator: Authenticator;
}> = (app, { readPool, authenticator }, done) => {
  app.get(
    '/v1/analytics/usage/forecast',
    {
      schema: {
        tags: ['analytics'],
        summary: 'Where a period will end: cost, requests or tokens, day by day with bounds',
        querystring: Type.Object(
          {
            measure: Type.Optional(Type.Enum(FORECAST_MEASURES, { description: 'Default cost' })),
            start_date: Type.Optional(
              Type.String({
                maxLength: 40,
                ...checkedByRoute({ format: 'date' }),
                description: 'First day of the period; default: the first of this month',
              }),
            ),
            end_date: Type.Optional(
              Type.String({
                maxLength: 40,
                ...checkedByRoute({ format: 'date' }),
                description: 'Last day of the period; default: the last of this month',
              }),
            ),
            timezone: Type.Optional(
              Type.String({
                maxLength: 64,
                ...checkedByRoute({ format: FORMATS.timeZone }),
                description: 'IANA time zone of the days; default UTC',
              }),
            ),
            level: Type.Optional(
              Type.Number({
                minimum: 0.5,
                maximum: 0.99,
                description: 'Probability of the bounds; default 0.8',
              }),
            ),
            ...FilterQueryProperties,
          },
          { additionalProperties: false, patternProperties: FilterQueryPatterns },
        ),
        response: { 200: ForecastSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const query = request.query;
      const nowMs = Date.now();
      return readPeriodForecast(readPool, {
        tenantId,
        nowMs,
        filters: readFilters(query),
        measure: query.measure ?? 'cost',
        level: query.level ?? 0.8,
        ...forecastPeriod(query, nowMs),
      });
    },
  );
  anomalyRoute(app, readPool, authenticator);
  done();
};

/** The asked period in whole local days; by default this month. */
function forecastPeriod(
  query: { start_date?: string; end_date?: string; timezone?: string },
  nowMs: number,
): Range {
  const { timeZone } = readRange({ timezone: query.timezone }, nowMs);
  const { year, month } = localDateOf(timeZone, nowMs);
  for (const name of ['start_date', 'end_date'] as const) {
    if (query[name] !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(query[name])) {
      throw new Problem(
        'invalid-request',
        `${name}: must be a date such as 2026-11-24; forecasts are of whole days.`,
      );
    }
  }
  return readRange(
    {
      timezone: timeZone,
      start_date: query.start_date ?? new Date(Date.UTC(year, month - 1, 1)).toISOString().slice(0, 10),
      end_date: query.end_date ?? new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10),
    },
    nowMs,
  );
}
