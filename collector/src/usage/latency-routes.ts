import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import {
  checkPoints,
  FreshnessSchema,
  groupByQuery,
  MaybeSeriesPeriodSchema,
  PercentilesSchema,
  PeriodQuery,
  type PeriodQueryValues,
} from './answer-parts.ts';
import { bucketStarts } from './buckets.ts';
import { DIMENSION_NAMES, dimensionOf } from './dimensions.ts';
import { FilterQueryPatterns, FilterQueryProperties, readFilters } from './filters.ts';
import { readLatency } from './latency.ts';
import { TIMINGS, type Timing } from './latency-rows.ts';
import { readPeriod, type Period } from './period.ts';

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 50;
const DEFAULT_BARS = 24;
/** Each point has some 60 buckets. */
const MAX_POINTS = 4_000;
/** Points x bars of a heat map. */
const MAX_HEATMAP_CELLS = 100_000;

const count = (description: string) => Type.Integer({ minimum: 0, description });
const nullable = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });
const FigureProperties = {
  total_requests: count('LLM calls, with or without a known time'),
  timed_requests: count('Calls whose time is known: the sum of the histogram'),
  average_ms: nullable('Mean in milliseconds, exact; null without any'),
  percentiles_ms: PercentilesSchema,
  output_tokens_per_second: nullable(
    'Output tokens over response time. Of calls whose response time is not known, as many output tokens are taken off as the other calls have in the mean',
  ),
};
const BarProperties = {
  above_ms: Type.Number({ description: 'Not included' }),
  up_to_ms: Type.Number({ description: 'Included' }),
};
const PartProperties = {
  ...FigureProperties,
  histogram: Type.Array(Type.Object({ ...BarProperties, requests: count('Calls') }), {
    description: 'Log-scale bars from the lowest to the highest, empty ones too',
  }),
  time_series: Type.Optional(
    Type.Array(Type.Object({ timestamp: Type.String(), ...FigureProperties }), {
      description: 'Only with group_by',
    }),
  ),
};

const HeatmapSchema = Type.Object(
  {
    bars: Type.Array(Type.Object(BarProperties), { description: 'Those of histogram' }),
    points: Type.Array(
      Type.Object({
        timestamp: Type.String(),
        requests: Type.Array(Type.Integer({ minimum: 0 }), { description: 'Calls in each of the bars' }),
      }),
      { description: 'Those of time_series' },
    ),
  },
  { description: 'Only with heatmap=true: how the histogram goes over time' },
);

const LatencySchema = Type.Object({
  period: MaybeSeriesPeriodSchema,
  measure: Type.String(),
  dimension: Type.Union([Type.String(), Type.Null()]),
  source: Type.Enum(['rollups', 'events'], {
    description: 'events: the latency buckets lack a dimension, or the time to the first token was asked for',
  }),
  requests_only_in_rollups: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
    description: 'Requests whose events are deleted already; null: not known under these filters',
  }),
  total: Type.Object({
    members: Type.Union([count('How many members'), Type.Null()]),
    ...PartProperties,
    heatmap: Type.Optional(HeatmapSchema),
  }),
  members: Type.Array(
    Type.Object({
      member: Type.Union([Type.String(), Type.Null()]),
      label: Type.String(),
      ...PartProperties,
    }),
    { description: 'Those with the most calls' },
  ),
  other: Type.Union([Type.Object({ members: count('How many members'), ...PartProperties }), Type.Null()]),
  freshness: FreshnessSchema,
});

/** `GET /v1/analytics/usage/latency`: how long calls took, as percentiles and histogram, over time and by a dimension. */
export const latencyRoutes: FastifyPluginCallbackTypebox<{
  readPool: Pool;
  authenticator: Authenticator;
}> = (app, { readPool, authenticator }, done) => {
  app.get(
    '/v1/analytics/usage/latency',
    {
      schema: {
        tags: ['analytics'],
        summary: 'How long calls took: percentiles, histogram and output tokens per second',
        description:
          'By project_id, endpoint, model_provider, model_name and environment the response time may be asked about over any period; ' +
          'by other dimensions, and the time to the first token, over 93 days at once.',
        querystring: Type.Object(
          {
            measure: Type.Optional(Type.Enum(TIMINGS, { description: 'Default response_time' })),
            dimension: Type.Optional(
              Type.String({
                maxLength: 120,
                description: `${DIMENSION_NAMES.join(', ')}, or metadata.<key> for a tag`,
              }),
            ),
            limit: Type.Optional(
              Type.Integer({
                minimum: 1,
                maximum: MAX_LIMIT,
                description: `Members; default ${DEFAULT_LIMIT}`,
              }),
            ),
            bars: Type.Optional(
              Type.Integer({
                minimum: 1,
                maximum: 200,
                description: `Bars of a histogram, at the most; default ${DEFAULT_BARS}`,
              }),
            ),
            heatmap: Type.Optional(
              Type.Boolean({
                description: `Tells the histogram of the whole for each point of time too; only with group_by, at most ${MAX_HEATMAP_CELLS} points x bars`,
              }),
            ),
            ...PeriodQuery,
            ...groupByQuery('Gives each part a time series of this width'),
            ...FilterQueryProperties,
          },
          { additionalProperties: false, patternProperties: FilterQueryPatterns },
        ),
        response: { 200: LatencySchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const query = request.query as PeriodQueryValues & {
        measure?: Timing;
        dimension?: string;
        limit?: number;
        bars?: number;
        heatmap?: boolean;
      };
      const period = readPeriod(query, Date.now());
      const limit = query.limit ?? DEFAULT_LIMIT;
      const dimension = query.dimension === undefined ? undefined : dimensionOf(query.dimension);
      const withSeries = query.group_by !== undefined;
      if (withSeries) checkPoints(period, dimension ? limit + 2 : 1, MAX_POINTS);
      const bars = query.bars ?? DEFAULT_BARS;
      const withHeatmap = query.heatmap === true;
      if (withHeatmap) checkHeatmap(period, withSeries, bars);
      return readLatency(readPool, {
        tenantId,
        period,
        filters: readFilters(query),
        timing: query.measure ?? 'response_time',
        dimension,
        limit,
        withSeries,
        bars,
        withHeatmap,
      });
    },
  );
  done();
};

function checkHeatmap(period: Period, withSeries: boolean, bars: number): void {
  if (!withSeries)
    throw new Problem('invalid-request', 'heatmap: needs group_by, which says how wide its points are.');
  const points = bucketStarts(period).length;
  if (points * bars > MAX_HEATMAP_CELLS) {
    throw new Problem(
      'invalid-request',
      `heatmap: ${points} points of ${bars} bars are more than ${MAX_HEATMAP_CELLS}; ask for a shorter period, a coarser group_by or fewer bars.`,
    );
  }
}
