import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import {
  checkPoints,
  FreshnessSchema,
  groupByQuery,
  PeriodQuery,
  PeriodSchema,
  type PeriodQueryValues,
} from './answer-parts.ts';
import { MAX_INCIDENTS } from './error-incidents.ts';
import { MAX_EVENTS_FOR_TYPES, MAX_MODELS, MAX_TYPES, readErrors } from './errors.ts';
import { FilterQueryPatterns, FilterQueryProperties, readFilters } from './filters.ts';
import { readPeriod } from './period.ts';

const count = (description: string) => Type.Integer({ minimum: 0, description });
const percent = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });
const CountProperties = {
  total_requests: count('LLM calls'),
  failed_requests: count('Calls with status error'),
  error_rate_percent: percent('failed of all in percent; null without calls'),
};
const SeenProperties = {
  first_seen: Type.Union([Type.String(), Type.Null()], {
    description: 'The first failed call of the period whose event is still there',
  }),
  last_seen: Type.Union([Type.String(), Type.Null()], { description: 'The last one' }),
};
const ErrorTypeText = Type.Union([Type.String(), Type.Null()], {
  description: 'null: the sender named none',
});
const ModelSchema = Type.Object({ model_provider: Type.String(), model_name: Type.String() });

const IncidentSchema = Type.Object({
  model: Type.Union([ModelSchema, Type.Null()], {
    description:
      'null: of all calls together; a model: of this one alone, while all calls together show none',
  }),
  start: Type.String(),
  end: Type.String({ description: 'Not included' }),
  is_open: Type.Boolean({ description: 'Goes on at the end of the period, or now' }),
  requests: count('Calls from start to end'),
  errors: count('Failed ones of them'),
  error_rate_percent: Type.Number(),
  peak_error_rate_percent: Type.Number({ description: 'Of the worst quarter of an hour, or hour (grain)' }),
  baseline_error_rate_percent: Type.Number({ description: 'Of the seven days before, without incidents' }),
  baseline_requests: count('Calls that the baseline is taken from'),
  grain: Type.Enum(['quarter_hour', 'hour'] as const, { description: 'How exact start and end are' }),
  top_error_type: Type.Union(
    [Type.Object({ error_type: ErrorTypeText, errors: count('Failed calls') }), Type.Null()],
    {
      description: 'null where the events are deleted already',
    },
  ),
  models: Type.Array(Type.Object({ ...ModelSchema.properties, errors: count('Failed calls') }), {
    description: 'With the most errors, five at the most',
  }),
});

const ErrorsSchema = Type.Object({
  period: PeriodSchema,
  source: Type.Enum(['rollups', 'events'] as const, { description: 'Where the counts come from' }),
  total: Type.Object({ ...CountProperties, ...SeenProperties }),
  time_series: Type.Array(Type.Object({ timestamp: Type.String(), ...CountProperties })),
  types: Type.Object(
    {
      start: Type.String(),
      end: Type.String(),
      failed_requests: count('Failed calls whose events were read'),
      members: Type.Array(
        Type.Object({
          error_type: ErrorTypeText,
          failed_requests: count('Failed calls'),
          share_percent: Type.Number({ description: 'Of types.failed_requests' }),
          status_codes: Type.Array(Type.Integer()),
          first_seen: Type.String(),
          last_seen: Type.String(),
        }),
        { description: `Those with the most failed calls, ${MAX_TYPES} at the most` },
      ),
      other: Type.Union([
        Type.Object({ members: count('How many types'), failed_requests: count('Failed calls') }),
        Type.Null(),
      ]),
    },
    {
      description: `From the events, of the last 93 days of the period at the most, and of whole days with at most ${MAX_EVENTS_FOR_TYPES} calls: start and end say which`,
    },
  ),
  providers: Type.Array(
    Type.Object({ model_provider: Type.String(), ...CountProperties, ...SeenProperties }),
  ),
  models: Type.Array(Type.Object({ ...ModelSchema.properties, ...CountProperties, ...SeenProperties }), {
    description: `Those with the most failed calls, ${MAX_MODELS} at the most`,
  }),
  other_models: Type.Union([
    Type.Object({ members: count('How many models'), ...CountProperties }),
    Type.Null(),
  ]),
  incidents: Type.Array(IncidentSchema, { description: `The latest first, ${MAX_INCIDENTS} at the most` }),
  freshness: FreshnessSchema,
});

/** `GET /v1/analytics/usage/errors`: failed calls by time, kind, provider and model, and incidents. */
export const errorsRoutes: FastifyPluginCallbackTypebox<{
  readPool: Pool;
  authenticator: Authenticator;
}> = (app, { readPool, authenticator }, done) => {
  app.get(
    '/v1/analytics/usage/errors',
    {
      schema: {
        tags: ['analytics'],
        summary: 'Failed calls: rate, kinds, providers and models, and the incidents found',
        description:
          'An incident is a time in which so many calls failed as would happen by chance once in a million at the error rate of the seven days before.',
        querystring: Type.Object(
          {
            ...PeriodQuery,
            ...groupByQuery('Width of the points of time_series; default: hour up to two days, else day'),
            ...FilterQueryProperties,
          },
          { additionalProperties: false, patternProperties: FilterQueryPatterns },
        ),
        response: { 200: ErrorsSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const query = request.query as PeriodQueryValues;
      const period = readPeriod(query, Date.now());
      checkPoints(period, 1);
      return readErrors(readPool, { tenantId, period, filters: readFilters(query) });
    },
  );
  done();
};
