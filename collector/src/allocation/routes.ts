import { Readable } from 'node:stream';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { stringify } from 'csv-stringify/sync';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { checkedByRoute } from '../http/checked-by-route.ts';
import { Problem } from '../http/errors.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { FreshnessSchema, PeriodQuery, RangeSchema, type PeriodQueryValues } from '../usage/answer-parts.ts';
import { DIMENSION_NAMES, DIMENSION_PATTERN, dimensionOf } from '../usage/dimensions.ts';
import { FilterQueryPatterns, FilterQueryProperties, readFilters } from '../usage/filters.ts';
import { readPeriod } from '../usage/period.ts';
import { MAX_MEMBERS, readAllocation } from './allocation.ts';
import { readCharges } from './focus-charges.ts';
import { FOCUS_HEADER, focusRow, type Charge } from './focus-columns.ts';

/** Exports at once: each holds a connection of the read pool while its reader reads. */
const MAX_EXPORTS = 2;
/** A reader that takes longer than this is not reading any more. */
const EXPORT_TIMEOUT_MS = 15 * 60_000;

const nullableText = Type.Union([Type.String(), Type.Null()]);
const money = (description: string) =>
  Type.String({ description: `${description}, USD as a decimal string` });
const SharedValue = Type.String({ minLength: 1, maxLength: 500 });

const AllocationSchema = Type.Object({
  period: RangeSchema,
  by: Type.String(),
  source: Type.Enum(['rollups', 'events']),
  spread_by: Type.Union([Type.Literal('cost'), Type.Literal('requests'), Type.Null()], {
    description: 'By what cost was spread: own cost, requests where no member has a cost, or nothing was',
  }),
  members: Type.Array(
    Type.Object({
      member: nullableText,
      label: Type.String({ description: '(untagged) or (none) where there is none' }),
      total_requests: Type.Integer(),
      total_tokens_used: Type.Integer(),
      unpriced_requests: Type.Integer({ description: 'Calls that are not in the cost' }),
      own_cost_usd: money("Cost of the member's own calls"),
      spread_cost_usd: money('What it carries of the cost that is spread'),
      cost_usd: money('Both together'),
      share_percent: Type.Union([Type.Number(), Type.Null()]),
    }),
  ),
  spread_from: Type.Array(
    Type.Object({
      member: nullableText,
      label: Type.String(),
      cost_usd: money('What was spread'),
      total_requests: Type.Integer(),
    }),
  ),
  total: Type.Object({
    members: Type.Integer(),
    total_requests: Type.Integer(),
    unpriced_requests: Type.Integer(),
    cost_usd: money('The sum of all cost_usd, and total_cost_usd of the overview'),
  }),
  freshness: FreshnessSchema,
});

/** Who bears which cost: `GET /v1/analytics/allocation`, and the charges as FOCUS 1.2 in `…/allocation/focus.csv`. */
export const allocationRoutes: FastifyPluginCallbackTypebox<{
  readPool: Pool;
  authenticator: Authenticator;
}> = (app, { readPool, authenticator }, done) => {
  app.get(
    '/v1/analytics/allocation',
    {
      schema: {
        tags: ['analytics'],
        summary: 'The cost of a period by all members of a dimension or tag, shared cost spread or shown',
        description: `All members, at most ${MAX_MEMBERS}. However cost is spread, the members add up to the total to the nano-dollar.`,
        querystring: Type.Object(
          {
            by: Type.String({
              maxLength: 120,
              ...checkedByRoute({ pattern: DIMENSION_PATTERN }),
              description: `${DIMENSION_NAMES.join(', ')}, or metadata.<key> for a tag`,
            }),
            untagged: Type.Optional(
              Type.Enum(['show', 'spread'], {
                description:
                  'Whether the cost of calls without a member is shown as such (default) or spread over the members in proportion to their cost',
              }),
            ),
            shared: Type.Optional(
              Type.Union([SharedValue, Type.Array(SharedValue, { maxItems: 100 })], {
                description: 'A member whose cost is spread over the others too; may be given more than once',
              }),
            ),
            ...PeriodQuery,
            ...FilterQueryProperties,
          },
          { additionalProperties: false, patternProperties: FilterQueryPatterns },
        ),
        response: { 200: AllocationSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const query = request.query as PeriodQueryValues & {
        by: string;
        untagged?: 'show' | 'spread';
        shared?: string | string[];
      };
      return readAllocation(readPool, {
        tenantId,
        period: readPeriod(query, Date.now()),
        filters: readFilters(query),
        by: dimensionOf(query.by, 'by'),
        untagged: query.untagged ?? 'show',
        shared: query.shared === undefined ? [] : [query.shared].flat(),
      });
    },
  );

  let running = 0;
  app.get(
    '/v1/analytics/allocation/focus.csv',
    {
      schema: {
        tags: ['analytics'],
        summary: 'The charges of a period as FOCUS 1.2 (FinOps Open Cost and Usage Specification), CSV',
        description:
          'One charge a day, provider, model, project, prompt and environment. BilledCost adds up to total_cost_usd of the overview. ' +
          'The transfer is whole only if it ends regularly: an export that fails on the way breaks the connection.',
        produces: ['text/csv'],
        querystring: Type.Object(
          { ...PeriodQuery, ...FilterQueryProperties },
          { additionalProperties: false, patternProperties: FilterQueryPatterns },
        ),
        response: {
          200: {
            description: 'FOCUS 1.2, UTF-8, a header and one line a charge; an empty field is null',
            content: { 'text/csv': { schema: Type.String() } },
          },
        },
      },
    },
    async (request, reply) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const query = request.query as PeriodQueryValues;
      const period = readPeriod({ ...query, group_by: 'day' }, Date.now());
      const filters = readFilters(query);
      if (running >= MAX_EXPORTS) {
        throw new Problem(
          'too-many-requests',
          `${MAX_EXPORTS} exports are running already. Ask again when one has ended.`,
          { retryAfterSeconds: 10 },
        );
      }
      running += 1;
      const charges = readCharges(readPool, { tenantId, period, filters });
      // What is wrong shows at the first batch, as a rule, and can still be told as a problem.
      const first = await charges.next().catch((error: unknown) => {
        running -= 1;
        throw error;
      });
      const csv = Readable.from(csvOf(first.done ? [] : first.value, charges), { highWaterMark: 1 });
      const tooLong = setTimeout(
        () => csv.destroy(new Error('The export took too long to be read.')),
        EXPORT_TIMEOUT_MS,
      );
      csv.once('close', () => {
        running -= 1;
        clearTimeout(tooLong);
        // Gives the database session back when the reader went away before the end.
        charges.return().catch((err: unknown) => request.log.warn({ err }, 'an export did not end well'));
      });
      const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
      return reply
        .type('text/csv; charset=utf-8')
        .header(
          'content-disposition',
          `attachment; filename="focus-${tenantId}-${day(period.startMs)}-${day(period.endMs - 1)}.csv"`,
        )
        .send(csv as unknown as string); // A stream of that text.
    },
  );
  done();
};

/** A text for each batch: a stream of single lines takes three times as long. */
async function* csvOf(
  first: Charge[],
  rest: AsyncGenerator<Charge[], void, undefined>,
): AsyncGenerator<string, void, undefined> {
  yield stringify([[...FOCUS_HEADER], ...first.map(focusRow)], { escape_formulas: true });
  for await (const charges of rest) yield stringify(charges.map(focusRow), { escape_formulas: true });
}
