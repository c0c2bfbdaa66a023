import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { checkedByRoute, FORMATS } from '../http/checked-by-route.ts';
import { Problem } from '../http/errors.ts';
import { IdSchema } from '../http/schema-parts.ts';
import type { Authenticator, Principal } from '../tenants/authenticator.ts';
import { WHAT_TO_DO } from '../usage/unpriced.ts';
import { costRoutes } from './cost-routes.ts';
import type { LivePrices } from './live-prices.ts';
import { priceAnswer, PriceSchema } from './price-answer.ts';
import { choosePrice } from './price-choice.ts';
import { importPrices, MOST_IMPORT_BYTES, MOST_IMPORT_ROWS, readImport } from './price-import.ts';
import { InvalidPrice, PriceInput, readPrice, readTime } from './price-input.ts';
import { addPrices, endPrice, findPrice, listPrices, nameFilter, type Overlap } from './price-store.ts';
import type { StoredPrice } from './stored-price.ts';

const Name = Type.String({ minLength: 1, maxLength: 256 });
const PriceId = Type.Object({ price_id: IdSchema });
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 500;

export interface PricingRoutesOptions {
  pool: Pool;
  readPool: Pool;
  authenticator: Authenticator;
  prices: LivePrices;
}

/** The price book: the public list, one's own prices and discounts, and which of them would price a call. */
export const pricingRoutes: FastifyPluginCallbackTypebox<PricingRoutesOptions> = (app, options, done) => {
  const { pool, authenticator, prices } = options;

  app.get(
    '/v1/prices',
    {
      schema: {
        tags: ['prices'],
        summary:
          'Prices of the book, in the order of their ids: the public list, prices for all, and your own',
        querystring: Type.Object(
          {
            provider: Type.Optional(Name),
            model: Type.Optional(
              Type.String({ maxLength: 256, description: 'Only prices that match this name' }),
            ),
            at: Type.Optional(
              Type.String({
                maxLength: 40,
                ...checkedByRoute({ format: FORMATS.time }),
                description: 'Only prices in force then',
              }),
            ),
            own: Type.Optional(Type.Boolean({ description: "Only this tenant's own" })),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIMIT })),
            cursor: Type.Optional(
              Type.String({ pattern: '^\\d{1,15}$', description: 'next_cursor of the page before' }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            prices: Type.Array(PriceSchema),
            next_cursor: Type.Union([Type.String(), Type.Null()], { description: 'null on the last page' }),
          }),
        },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const { provider, model, at, own = false, limit = DEFAULT_LIMIT, cursor = '0' } = request.query;
      const atMs = timeOf('at', at);
      const { prices: found, nextAfter } = await listPrices(
        pool,
        {
          tenantId,
          isOwnOnly: own,
          ...(provider !== undefined && { providerId: prices.current.book.canonicalProvider(provider) }),
          ...(atMs !== undefined && { atMs }),
          afterPriceId: Number(cursor),
          limit,
        },
        model === undefined ? () => true : nameFilter(model),
      );
      return { prices: found.map(priceAnswer), next_cursor: nextAfter === null ? null : String(nextAfter) };
    },
  );

  app.get(
    '/v1/prices/resolve',
    {
      schema: {
        tags: ['prices'],
        summary: 'Which price a call would get, and why',
        querystring: Type.Object(
          {
            provider: Name,
            model: Name,
            service_tier: Type.Optional(Name),
            at: Type.Optional(
              Type.String({
                maxLength: 40,
                ...checkedByRoute({ format: FORMATS.time }),
                description: 'Default: now',
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            price: Type.Union([PriceSchema, Type.Null()], { description: 'null: such calls are unpriced' }),
            discount: Type.Union([PriceSchema, Type.Null()]),
            why: Type.String(),
            unpriced_reason: Type.Union([Type.String(), Type.Null()]),
            what_to_do: Type.Union([Type.String(), Type.Null()]),
            also_matching: Type.Array(
              Type.Object({
                price_id: Type.Integer(),
                kind: Type.String(),
                model_provider: Type.String(),
                model_name: Type.String(),
                in_force: Type.Boolean(),
              }),
            ),
          }),
        },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const { provider, model, service_tier, at } = request.query;
      await prices.refresh();
      const choice = choosePrice(prices.current.book, {
        tenantId,
        modelProvider: provider,
        modelName: model,
        serviceTier: service_tier ?? null,
        timestampMs: timeOf('at', at) ?? Date.now(),
      });
      return {
        price: choice.price && priceAnswer(choice.price),
        discount: choice.discount && priceAnswer(choice.discount),
        why: choice.why,
        unpriced_reason: choice.reason,
        what_to_do: choice.reason && WHAT_TO_DO[choice.reason],
        also_matching: choice.others.map(({ price, isInForce }) => ({
          price_id: price.priceId,
          kind: price.kind,
          model_provider: price.providerId,
          model_name: price.modelPattern,
          in_force: isInForce,
        })),
      };
    },
  );

  app.get(
    '/v1/prices/:price_id',
    {
      schema: {
        tags: ['prices'],
        summary: 'One price',
        params: PriceId,
        response: { 200: PriceSchema },
      },
    },
    async (request) => {
      const principal = await authenticator.require(request, 'read');
      return priceAnswer(await readable(request.params.price_id, principal));
    },
  );

  app.post(
    '/v1/prices',
    {
      schema: {
        tags: ['prices'],
        summary: 'Add a price of your own, or a discount on the list',
        description:
          'Events that come from now on are priced by it, on every replica within seconds. Stored events keep their cost until they are repriced.',
        body: PriceInput,
        response: { 201: PriceSchema },
      },
    },
    async (request, reply) => {
      const principal = await authenticator.require(request, 'admin');
      refuseForAll(principal, request.body);
      const price = readOne(() =>
        readPrice(request.body, {
          tenantId: principal.tenantId,
          nowMs: Date.now(),
          canonicalProvider: (name) => prices.current.book.canonicalProvider(name),
        }),
      );
      const { added, overlaps } = await addPrices(pool, [price], principal.keyId);
      const [overlap] = overlaps;
      if (overlap !== undefined) throw overlapProblem(overlap);
      await prices.refresh();
      const [stored] = added;
      if (stored === undefined) throw new Error('A price was added and did not come back.');
      return reply.code(201).header('location', `/v1/prices/${stored.priceId}`).send(priceAnswer(stored));
    },
  );

  app.post(
    '/v1/prices/:price_id/end',
    {
      schema: {
        tags: ['prices'],
        summary: 'End a price of your own',
        description:
          'Nothing else about a price ever changes. An end at its beginning withdraws it: it was never in force.',
        params: PriceId,
        body: Type.Union([
          Type.Object(
            {
              effective_to: Type.Optional(
                Type.String({
                  maxLength: 40,
                  ...checkedByRoute({ format: FORMATS.time }),
                  description: 'Not included; default: now',
                }),
              ),
            },
            { additionalProperties: false },
          ),
          Type.Null(),
        ]),
        response: { 200: PriceSchema },
      },
    },
    async (request) => {
      const principal = await authenticator.require(request, 'admin');
      const price = await readable(request.params.price_id, principal);
      if (price.kind === 'list' || price.kind === 'rule') {
        throw new Problem(
          'conflict',
          `The price ${price.priceId} is of the public list, which its updates end. Add a price of your own: it wins.`,
        );
      }
      if (price.tenantId !== principal.tenantId && !principal.isOperator)
        throw new Problem('forbidden', "Only the operator's admin keys may end prices for all tenants.");
      const toMs = timeOf('effective_to', request.body?.effective_to) ?? Date.now();
      const ended = await endPrice(pool, price, toMs, principal.keyId);
      await prices.refresh();
      return priceAnswer(ended);
    },
  );

  app.addContentTypeParser(
    'text/csv',
    { parseAs: 'string', bodyLimit: MOST_IMPORT_BYTES },
    (_request, body, parsed) => {
      parsed(null, body);
    },
  );
  app.post(
    '/v1/prices/import',
    {
      bodyLimit: MOST_IMPORT_BYTES,
      config: {
        openApiBody: {
          content: {
            'application/json': {
              schema: Type.Array(PriceInput, { minItems: 1, maxItems: MOST_IMPORT_ROWS }),
            },
            'text/csv': {
              schema: Type.String({ description: 'A header of field names, and one line a price' }),
            },
          },
        },
      },
      schema: {
        tags: ['prices'],
        summary: 'Add many prices at once: all of them, or none with what is wrong in each row',
        description: 'A JSON array, or text/csv with a header (context_tiers and daily_windows as JSON).',
        querystring: Type.Object(
          { dry_run: Type.Optional(Type.Boolean({ description: 'Check only' })) },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            dry_run: Type.Boolean(),
            rows: Type.Integer(),
            added: Type.Integer(),
            price_ids: Type.Array(Type.Integer()),
          }),
        },
      },
    },
    async (request) => {
      const principal = await authenticator.require(request, 'admin');
      const rows = readOne(() => readImport(request.body));
      for (const row of rows) refuseForAll(principal, row);
      const { dry_run: dryRun = false } = request.query;
      const { added, errors } = await importPrices(pool, rows, {
        tenantId: principal.tenantId,
        createdBy: principal.keyId,
        canonicalProvider: (name) => prices.current.book.canonicalProvider(name),
        dryRun,
      });
      if (errors.length > 0) {
        const isOverlap = errors.every(
          ({ price_id, other_row }) => price_id !== undefined || other_row !== undefined,
        );
        throw new Problem(
          isOverlap ? 'conflict' : 'invalid-request',
          `${errors.length} of ${rows.length} rows cannot be added, so none was. First: row ${errors[0]?.row ?? 0}, ${errors[0]?.field ?? ''}: ${errors[0]?.reason ?? ''}.`,
          { extensions: { errors } },
        );
      }
      if (!dryRun) await prices.refresh();
      return {
        dry_run: dryRun,
        rows: rows.length,
        added: added.length,
        price_ids: added.map(({ priceId }) => priceId),
      };
    },
  );

  void app.register(costRoutes, options);
  done();

  /** A price that the caller may know of: another tenant's is not there. */
  async function readable(priceId: number, principal: Principal): Promise<StoredPrice> {
    const price = await findPrice(pool, priceId);
    if (price === undefined || (price.tenantId !== null && price.tenantId !== principal.tenantId))
      throw new Problem('not-found', `There is no price ${priceId}.`);
    return price;
  }
};

function refuseForAll(principal: Principal, input: unknown): void {
  const isForAll = (input as { all_tenants?: unknown } | null)?.all_tenants === true;
  if (isForAll && !principal.isOperator)
    throw new Problem('forbidden', "Only the operator's admin keys may set prices for all tenants.");
}

function readOne<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidPrice) {
      throw new Problem('invalid-request', `${error.field}: ${error.message}.`, {
        extensions: { errors: [{ in: 'body', field: error.field, reason: error.message }] },
      });
    }
    throw error;
  }
}

function timeOf(field: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : readOne(() => readTime(field, text) ?? undefined);
}

function overlapProblem({ with: other }: Overlap): Problem {
  if ('index' in other) return new Problem('conflict', 'Two of these prices overlap.');
  return new Problem(
    'conflict',
    `The price ${other.priceId} (${other.providerId}, "${other.modelPattern}", ${other.serviceTier}) is for the same models as closely, and nothing would say which of the two wins. End it first: POST /v1/prices/${other.priceId}/end.`,
    { extensions: { overlapping_price_id: other.priceId } },
  );
}
