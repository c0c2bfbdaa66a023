import { Type } from 'typebox';
import type { FastifyInstance } from 'fastify';
import type { Pool } from '../database/pool.ts';
import { checkedByRoute, FORMATS } from '../http/checked-by-route.ts';
import { Problem } from '../http/errors.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { FreshnessSchema, PeriodQuery } from '../usage/answer-parts.ts';
import { readFilters, RollupFilterQueryProperties } from '../usage/filters.ts';
import { readPeriod } from '../usage/period.ts';
import { startOfLocalDay } from '../usage/time-zone.ts';
import {
  ANOMALY_DIMENSIONS,
  DEFAULT_DIMENSIONS,
  MAX_ANOMALY_DAYS,
  MAX_INCIDENTS,
  searchAnomalies,
  WATCHED_MEMBERS,
  type AnomalyDimension,
} from './anomaly-search.ts';
import { FORECAST_MEASURES, type ForecastMeasure } from './measure.ts';

const DEFAULT_DAYS = 7;
export const DEFAULT_MIN_EFFECT = { cost: 1, requests: 50, tokens: 100_000 } as const;
const DEFAULT_MIN_PERCENT = 30;
const DAY_MS = 86_400_000;

const amount = Type.String({ description: "Decimal string in the answer's unit" });
const nullableText = Type.Union([Type.String(), Type.Null()]);
const AnomaliesSchema = Type.Object({
  measure: Type.Enum(FORECAST_MEASURES),
  unit: Type.String(),
  period: Type.Object(
    { start: Type.String(), end: Type.String(), timezone: Type.String() },
    { description: 'What was judged: up to the last hour that is over' },
  ),
  incidents: Type.Array(
    Type.Object({
      dimension: Type.Enum(ANOMALY_DIMENSIONS),
      member: nullableText,
      grain: Type.Enum(['hour', 'day'], { description: 'Whether it showed in hours, or only in whole days' }),
      direction: Type.Enum(['up', 'down']),
      start: Type.String(),
      end: Type.String(),
      ongoing: Type.Boolean({ description: 'Whether it lasted to the end of what was judged' }),
      actual: amount,
      expected: amount,
      difference: amount,
      percent: Type.Union([Type.Number(), Type.Null()], { description: 'null where nothing was expected' }),
      score: Type.Number({ description: 'The difference in standard deviations of such a stretch' }),
      reason: Type.String(),
      explained_by: Type.Array(
        Type.Object({
          dimension: Type.String(),
          member: nullableText,
          difference: amount,
          share_percent: Type.Number(),
        }),
        {
          description:
            'Members of other dimensions that at least half of the difference comes from; of the largest incidents',
        },
      ),
    }),
    { description: `The largest differences first, at most ${MAX_INCIDENTS}` },
  ),
  incident_count: Type.Integer({ description: 'How many there are, those that are not listed included' }),
  freshness: FreshnessSchema,
});

export function anomalyRoute(app: FastifyInstance, readPool: Pool, authenticator: Authenticator): void {
  app.get(
    '/v1/analytics/usage/anomalies',
    {
      schema: {
        tags: ['analytics'],
        summary:
          'Stretches in which usage differs from the same hours and days of the last four weeks, with a reason',
        description: `Looks at the ${WATCHED_MEMBERS} members with the most usage of each dimension. Filters by dimensions that are in no rollup are not taken.`,
        querystring: Type.Object(
          {
            measure: Type.Optional(Type.Enum(FORECAST_MEASURES, { description: 'Default cost' })),
            dimension: Type.Optional(
              Type.Union(
                [Type.Enum(ANOMALY_DIMENSIONS), Type.Array(Type.Enum(ANOMALY_DIMENSIONS), { maxItems: 7 })],
                {
                  description: `What is looked at, may be given more than once: ${ANOMALY_DIMENSIONS.join(', ')}; default ${DEFAULT_DIMENSIONS.join(', ')}`,
                },
              ),
            ),
            min_effect: Type.Optional(
              Type.Number({
                minimum: 0,
                description: `Least difference of an incident, in the unit of the measure; default ${DEFAULT_MIN_EFFECT.cost} USD, ${DEFAULT_MIN_EFFECT.requests} requests, ${DEFAULT_MIN_EFFECT.tokens} tokens`,
              }),
            ),
            min_percent: Type.Optional(
              Type.Number({
                minimum: 0,
                description: `Least difference in percent of what was expected; default ${DEFAULT_MIN_PERCENT}`,
              }),
            ),
            ...PeriodQuery,
            start_date: Type.Optional(
              Type.String({
                maxLength: 40,
                ...checkedByRoute({ format: FORMATS.boundary }),
                description: `A date or an RFC 3339 time; default: ${DEFAULT_DAYS} days before the end`,
              }),
            ),
            ...RollupFilterQueryProperties,
          },
          { additionalProperties: false },
        ),
        response: { 200: AnomaliesSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const query = request.query as {
        measure?: ForecastMeasure;
        dimension?: AnomalyDimension | AnomalyDimension[];
        min_effect?: number;
        min_percent?: number;
        start_date?: string;
        end_date?: string;
        timezone?: string;
      };
      const nowMs = Date.now();
      const period = anomalyPeriod(query, nowMs);
      const filters = readFilters(query);
      const measure = query.measure ?? 'cost';
      const given = query.dimension ?? DEFAULT_DIMENSIONS;
      return searchAnomalies(readPool, {
        tenantId,
        filters,
        measure,
        period,
        nowMs,
        dimensions: [...new Set(typeof given === 'string' ? [given] : given)],
        minEffect: query.min_effect ?? DEFAULT_MIN_EFFECT[measure],
        minPart: (query.min_percent ?? DEFAULT_MIN_PERCENT) / 100,
      });
    },
  );
}

function anomalyPeriod(
  query: { start_date?: string; end_date?: string; timezone?: string },
  nowMs: number,
): ReturnType<typeof readPeriod> {
  const period = readPeriod({ ...query, group_by: 'day' }, nowMs);
  const startMs =
    query.start_date === undefined
      ? startOfLocalDay(period.timeZone, period.endMs - 1, 1 - DEFAULT_DAYS)
      : period.startMs;
  if (period.endMs - startMs > (MAX_ANOMALY_DAYS + 1) * DAY_MS) {
    throw new Problem(
      'range-too-long',
      `start_date: at most ${MAX_ANOMALY_DAYS} days are looked at at once.`,
      {
        extensions: { max_days: MAX_ANOMALY_DAYS },
      },
    );
  }
  return { ...period, startMs };
}
