import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import type { LivePrices } from '../pricing/live-prices.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import {
  checkPoints,
  FreshnessSchema,
  groupByQuery,
  PeriodQuery,
  PeriodSchema,
  type PeriodQueryValues,
} from './answer-parts.ts';
import { FilterQueryPatterns, FilterQueryProperties, readFilters } from './filters.ts';
import { readPeriod } from './period.ts';
import { ESTIMATED } from './prompt-cache-prices.ts';
import { readPromptCache } from './prompt-cache.ts';

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;
const DEFAULT_REPEATED_PERCENT = 50;

const count = (description: string) => Type.Integer({ minimum: 0, description });
const nullableNumber = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });
const money = (description: string) => Type.Union([Type.String(), Type.Null()], { description });
const nullableText = Type.Union([Type.String(), Type.Null()]);

const FigureProperties = {
  total_requests: count('LLM calls'),
  all_input_tokens: count('Input tokens of all kinds: uncached, read from the cache, written to it'),
  cache_read_tokens: count("Read from the provider's prompt cache"),
  cache_write_tokens: count('Written to it, for 5 minutes or an hour'),
  hit_rate_percent: nullableNumber('cache_read of all input tokens; null without any'),
  read_saving_usd: money(
    'What reading spared against the price of uncached input; null where nothing has a price',
  ),
  write_cost_usd: money('What writing cost more than uncached input'),
  net_saving_usd: money('read_saving - write_cost; negative where writing cost more than reading spared'),
  unpriced_cached_tokens: count('Tokens read or written whose model has no price: they are in no money'),
};
const OtherSchema = Type.Union([
  Type.Object({ members: count('How many'), ...FigureProperties }),
  Type.Null(),
]);

const CacheSchema = Type.Object({
  period: PeriodSchema,
  source: Type.Enum(['rollups', 'events'] as const),
  total: Type.Object(FigureProperties),
  time_series: Type.Array(Type.Object({ timestamp: Type.String(), ...FigureProperties })),
  models: Type.Array(
    Type.Object({
      model_provider: Type.String(),
      model_name: Type.String(),
      ...FigureProperties,
      estimated: Type.Array(Type.Enum(ESTIMATED), {
        description:
          'Why money is an estimate: prices differ by context size or hour of the day, which sums do not tell, so those of the first tier and of most hours are taken',
      }),
    }),
    { description: 'Those with the most input tokens' },
  ),
  other_models: OtherSchema,
  prompts: Type.Array(Type.Object({ prompt_id: nullableText, ...FigureProperties }), {
    description: 'Those with the most input tokens',
  }),
  other_prompts: OtherSchema,
  could_have_saved: Type.Object(
    {
      estimated_saving_usd: Type.String(),
      repeated_percent: Type.Number(),
      assumptions: Type.Array(Type.String()),
      prompts: Type.Array(
        Type.Object({
          prompt_id: nullableText,
          model_provider: Type.String(),
          model_name: Type.String(),
          requests: count('Calls that were not answered by the response cache'),
          mean_input_tokens: count('Of all kinds'),
          hit_rate_percent: Type.Number(),
          calls_that_would_read_percent: Type.Number(),
          estimated_saving_usd: Type.String(),
        }),
        { description: 'Those that would save most' },
      ),
    },
    { description: 'An estimate: what caching prompts with much input and little caching would have saved' },
  ),
  response_cache: Type.Object(
    {
      cache_hits: count("Calls answered by the application's own response cache"),
      hit_rate_percent: nullableNumber('Of all calls'),
      estimated_saving_usd: money(
        'Hits times the mean cost of the other priced calls of the same prompt and model',
      ),
      hits_without_estimate: count('Hits of a prompt and model without such a call'),
    },
    { description: "The application's own cache of whole answers" },
  ),
  freshness: FreshnessSchema,
});

/** `GET /v1/analytics/usage/cache`: what prompt caches saved, and what they could have. */
export const promptCacheRoutes: FastifyPluginCallbackTypebox<{
  readPool: Pool;
  authenticator: Authenticator;
  prices: LivePrices;
}> = (app, { readPool, authenticator, prices }, done) => {
  app.get(
    '/v1/analytics/usage/cache',
    {
      schema: {
        tags: ['analytics'],
        summary: 'What prompt caches saved, what they could have saved, and hits of the response cache',
        description:
          'Money is tokens times the prices of the book at the time of the calls, at the standard service tier (the sums do not keep the tier).',
        querystring: Type.Object(
          {
            limit: Type.Optional(
              Type.Integer({
                minimum: 1,
                maximum: MAX_LIMIT,
                description: `Models and prompts; default ${DEFAULT_LIMIT}`,
              }),
            ),
            repeated_percent: Type.Optional(
              Type.Number({
                minimum: 1,
                maximum: 100,
                description: `How much of a prompt's input is the same from call to call, for could_have_saved; default ${DEFAULT_REPEATED_PERCENT}`,
              }),
            ),
            ...PeriodQuery,
            ...groupByQuery('Width of the points of time_series; default: hour up to two days, else day'),
            ...FilterQueryProperties,
          },
          { additionalProperties: false, patternProperties: FilterQueryPatterns },
        ),
        response: { 200: CacheSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const query = request.query as PeriodQueryValues & { limit?: number; repeated_percent?: number };
      const period = readPeriod(query, Date.now());
      checkPoints(period, 1);
      await prices.refresh();
      return readPromptCache(readPool, prices.current.book, {
        tenantId,
        period,
        filters: readFilters(query),
        limit: query.limit ?? DEFAULT_LIMIT,
        repeatedPercent: query.repeated_percent ?? DEFAULT_REPEATED_PERCENT,
      });
    },
  );
  done();
};
