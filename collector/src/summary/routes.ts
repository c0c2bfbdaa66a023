import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { DayHistory } from '../budgets/day-history.ts';
import { StatusSchema } from '../budgets/status.ts';
import type { Pool } from '../database/pool.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { FreshnessSchema, PeriodQuery, type PeriodQueryValues } from '../usage/answer-parts.ts';
import { COMPARE_WITH, readComparedRanges, type CompareQuery } from '../usage/compare-ranges.ts';
import { ComparedPeriods } from '../usage/compare-routes.ts';
import { FilterQueryPatterns, FilterQueryProperties, readFilters } from '../usage/filters.ts';
import { KINDS } from './notable.ts';
import { MAX_EVENTS, readSummary } from './summary.ts';

const nullableText = Type.Union([Type.String(), Type.Null()]);
const nullableNumber = Type.Union([Type.Number(), Type.Null()]);
const value = Type.Union([Type.String(), Type.Number(), Type.Null()]);

const SpendersSchema = Type.Union(
  [
    Type.Object({
      members: Type.Array(
        Type.Object({
          member: nullableText,
          label: Type.String(),
          total_cost_usd: nullableText,
          total_requests: Type.Integer(),
          cost_share_percent: nullableNumber,
        }),
      ),
      link: Type.String(),
    }),
    Type.Null(),
  ],
  {
    description: `null where the events would have to be read: over more than 93 days, or more than ${MAX_EVENTS} of them`,
  },
);

const SummarySchema = Type.Object({
  ...ComparedPeriods,
  headline: Type.String({ description: 'One sentence' }),
  key_figures: Type.Array(
    Type.Object({
      name: Type.String(),
      unit: Type.Enum(['usd', 'count', 'percent', 'ms'] as const),
      current: value,
      previous: value,
      change_percent: nullableNumber,
    }),
  ),
  nothing_notable: Type.Boolean(),
  notable: Type.Array(
    Type.Object({
      kind: Type.Enum(KINDS),
      severity: Type.Enum(['critical', 'warning', 'info'] as const),
      text: Type.String({ description: 'An English sentence, made of the evidence' }),
      evidence: Type.Object({
        measure: Type.String(),
        dimension: nullableText,
        member: nullableText,
        current: value,
        previous: Type.Union([Type.String(), Type.Number(), Type.Null()], {
          description: 'In the period before; of a budget its limit, of an incident the baseline',
        }),
        change_percent: nullableNumber,
      }),
      link: Type.String({ description: 'The path and query that answer with these numbers' }),
    }),
    { description: 'The gravest first' },
  ),
  top_spenders: Type.Object({
    project_id: SpendersSchema,
    prompt_id: SpendersSchema,
    model_name: SpendersSchema,
    user_id: SpendersSchema,
  }),
  budgets: Type.Array(StatusSchema, { description: 'All enabled ones of the tenant, whatever the filters' }),
  forecast: Type.Union(
    [
      Type.Object({
        measure: Type.String(),
        so_far: Type.String(),
        mean: Type.String(),
        lower: Type.String(),
        upper: Type.String(),
        level: Type.Number({ description: 'Probability that the end lies between lower and upper' }),
        start: Type.String(),
        end: Type.String(),
        method: Type.String(),
        link: Type.String(),
      }),
      Type.Null(),
    ],
    { description: 'Cost at the end of this month; null without usage to go by' },
  ),
  freshness: FreshnessSchema,
});

/** `GET /v1/analytics/summary`: the executive summary of a period. */
export const summaryRoutes: FastifyPluginCallbackTypebox<{
  pool: Pool;
  readPool: Pool;
  authenticator: Authenticator;
  history: DayHistory;
}> = (app, { pool, readPool, authenticator, history }, done) => {
  app.get(
    '/v1/analytics/summary',
    {
      schema: {
        tags: ['analytics'],
        summary:
          'A period in a minute: key figures, notable changes in sentences, top spenders, budgets and forecast',
        description:
          'Sentences are made by fixed rules; each has its evidence and a link to the answer that it is from. Without anything notable the list is empty.',
        querystring: Type.Object(
          {
            ...PeriodQuery,
            compare_with: Type.Optional(
              Type.Enum(
                COMPARE_WITH.filter((one) => one !== 'range'),
                { description: 'As in compare; default previous_period' },
              ),
            ),
            ...FilterQueryProperties,
          },
          { additionalProperties: false, patternProperties: FilterQueryPatterns },
        ),
        response: { 200: SummarySchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const query = request.query as PeriodQueryValues & CompareQuery;
      const nowMs = Date.now();
      return readSummary(
        { pool, readPool, history },
        { tenantId, ranges: readComparedRanges(query, nowMs), filters: readFilters(query), nowMs },
      );
    },
  );
  done();
};
