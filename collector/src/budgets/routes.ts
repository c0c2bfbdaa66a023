import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { quietLogLevel } from '../http/quiet-route.ts';
import { IdSchema } from '../http/schema-parts.ts';
import type { Authenticator, Principal } from '../tenants/authenticator.ts';
import { DIMENSION_NAMES, DIMENSIONS, TAG_PATTERN } from '../usage/dimensions.ts';
import { NONE } from '../usage/filters.ts';
import type { Budget } from './budget.ts';
import { DECISIONS, type BudgetCheck } from './check.ts';
import type { DayHistory } from './day-history.ts';
import {
  BudgetBody,
  BudgetPatch,
  BudgetSchema,
  describeDraft,
  isSameDefinition,
  PreviewBody,
  readDraft,
} from './draft.ts';
import { HistorySchema, PreviewSchema, readHistory, readPreview } from './history.ts';
import { closePeriods } from './past-periods.ts';
import { readStatuses, StatusSchema } from './status.ts';
import {
  createBudget,
  deleteBudget,
  findBudget,
  listBudgets,
  readTenantTimeZone,
  updateBudget,
} from './store.ts';

const PATH = '/v1/analytics/budgets';
const Id = Type.Object({ budget_id: IdSchema });
const Periods = (most: number, fallback: number) =>
  Type.Optional(
    Type.Integer({ minimum: 1, maximum: most, description: `How many, newest first; default ${fallback}` }),
  );

const CheckSchema = Type.Object({
  decision: Type.Enum(DECISIONS, { description: 'The strictest of the budgets below' }),
  budgets: Type.Array(
    Type.Object({
      budget_id: Type.Integer(),
      name: Type.String(),
      decision: Type.Enum(DECISIONS),
      enforcement: Type.String(),
      measure: Type.String(),
      percent: Type.Number(),
      spent: Type.String(),
      limit: Type.String(),
      period_start: Type.String(),
      period_end: Type.String(),
      resets_at: Type.Union([Type.String(), Type.Null()], {
        description: 'When the period ends; null for a rolling window, which empties as time goes',
      }),
      is_lower_bound: Type.Boolean(),
    }),
    { description: 'The budgets that a call with these members counts towards, the strictest first' },
  ),
  dimensions: Type.Array(Type.String(), {
    description:
      "What any of the tenant's budgets is filtered by: calls that are alike in these get the same answer",
  }),
  as_of: Type.Union([Type.String(), Type.Null()], {
    description: 'When the figures were read from the database; null: nothing is known yet',
  }),
  stale_seconds: Type.Union([Type.Number(), Type.Null()]),
  stale: Type.Boolean({
    description: 'true: nothing, or nothing recent enough, is known. What is not known stops no call',
  }),
});

// What is known of a call before it is made; status, error_type and the like are not.
const CALL_DIMENSIONS = DIMENSION_NAMES.filter(
  (name) => !['status', 'error_type', 'status_code', 'cache_hit'].includes(name),
);
const CheckQuery = Type.Object(
  Object.fromEntries(
    CALL_DIMENSIONS.map((name) => [
      name,
      Type.Optional(Type.String({ maxLength: 500, description: DIMENSIONS[name].description })),
    ]),
  ),
  {
    additionalProperties: false,
    patternProperties: { [`^${TAG_PATTERN}$`]: Type.String({ maxLength: 500 }) },
  },
);

export interface BudgetRoutesOptions {
  pool: Pool;
  readPool: Pool;
  authenticator: Authenticator;
  check: BudgetCheck;
  history: DayHistory;
  /** Epoch milliseconds. */
  clock?: () => number;
}

export const budgetRoutes: FastifyPluginCallbackTypebox<BudgetRoutesOptions> = (
  app,
  { pool, readPool, authenticator, check, history, clock = Date.now },
  done,
) => {
  app.get(
    PATH,
    {
      schema: {
        tags: ['budgets'],
        summary: "The tenant's budgets",
        response: { 200: Type.Object({ budgets: Type.Array(BudgetSchema) }) },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      return { budgets: (await listBudgets(pool, tenantId)).map(describe) };
    },
  );

  app.post(
    PATH,
    {
      schema: {
        tags: ['budgets'],
        summary: 'Make a budget',
        body: BudgetBody,
        response: { 201: BudgetSchema },
      },
    },
    async (request, reply) => {
      const { tenantId, keyId } = await authenticator.require(request, 'admin');
      const draft = readDraft(request.body, await readTenantTimeZone(pool, tenantId));
      const budget = await createBudget(pool, tenantId, draft, keyId);
      await check.refresh(tenantId);
      return reply.code(201).send(describe(budget));
    },
  );

  app.get(
    `${PATH}/status`,
    {
      schema: {
        tags: ['budgets'],
        summary: "The status of all of the tenant's enabled budgets",
        response: { 200: Type.Object({ budgets: Type.Array(StatusSchema) }) },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const budgets = (await listBudgets(pool, tenantId)).filter(({ enabled }) => enabled);
      return { budgets: await readStatuses(readPool, pool, tenantId, budgets, clock(), history) };
    },
  );

  app.get(
    `${PATH}/check`,
    {
      // Asked before every call: two log lines each would be more than the answer.
      logLevel: quietLogLevel(app),
      schema: {
        tags: ['budgets'],
        summary: 'Whether a call may be made, answered from memory',
        description: `Give the members that the call will be recorded with. One that is left out (or "" or ${NONE}) is taken for one that it has not. Needs the scope ingest or read.`,
        querystring: CheckQuery,
        response: { 200: CheckSchema },
      },
    },
    async (request) => {
      const { tenantId } = await requireIngestOrRead(authenticator, request);
      const call = new Map<string, string>();
      for (const [name, member] of Object.entries(request.query as Record<string, string>))
        if (member !== '' && member !== NONE) call.set(name, member);
      return check.check(tenantId, call);
    },
  );

  app.post(
    `${PATH}/preview`,
    {
      schema: {
        tags: ['budgets'],
        summary: 'What a draft would have held in past periods',
        querystring: Type.Object({ periods: Periods(36, 6) }, { additionalProperties: false }),
        body: PreviewBody,
        response: { 200: PreviewSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const draft = readDraft(request.body, await readTenantTimeZone(pool, tenantId), undefined, 'Draft');
      return readPreview(readPool, tenantId, draft, clock(), request.query.periods ?? 6);
    },
  );

  app.get(
    `${PATH}/:budget_id`,
    {
      schema: {
        tags: ['budgets'],
        summary: 'A budget with its status',
        params: Id,
        response: { 200: Type.Object({ ...BudgetSchema.properties, status: StatusSchema }) },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const budget = await findBudget(pool, tenantId, request.params.budget_id);
      const [status] = await readStatuses(readPool, pool, tenantId, [budget], clock(), history);
      if (!status) throw new Error('A budget has no status.');
      return { ...describe(budget), status };
    },
  );

  app.patch(
    `${PATH}/:budget_id`,
    {
      schema: {
        tags: ['budgets'],
        summary: 'Change some fields of a budget',
        description:
          'With another amount, measure, period or other filters the thresholds can be crossed anew. Periods that are over keep the limit that they had.',
        params: Id,
        body: BudgetPatch,
        response: { 200: BudgetSchema },
      },
    },
    async (request) => {
      const { tenantId, keyId } = await authenticator.require(request, 'admin');
      const budget = await findBudget(pool, tenantId, request.params.budget_id);
      const draft = readDraft(request.body, await readTenantTimeZone(pool, tenantId), budget);
      const isRedefined = !isSameDefinition(budget, draft);
      // What is over belongs to the old definition.
      if (isRedefined && budget.enabled) await closePeriods(pool, readPool, tenantId, [budget], clock());
      const updated = await updateBudget(pool, budget, draft, keyId, isRedefined);
      await check.refresh(tenantId);
      return describe(updated);
    },
  );

  app.delete(
    `${PATH}/:budget_id`,
    {
      schema: {
        tags: ['budgets'],
        summary: 'Delete a budget, its history too',
        params: Id,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { tenantId } = await authenticator.require(request, 'admin');
      await deleteBudget(pool, tenantId, request.params.budget_id);
      await check.refresh(tenantId);
      return reply.code(204).send(null);
    },
  );

  app.get(
    `${PATH}/:budget_id/history`,
    {
      schema: {
        tags: ['budgets'],
        summary: 'Periods of a budget that are over',
        description:
          'Read anew from the rollups: late events and repricing are in `spent`; `spent_at_close` is what was known when the period ended.',
        params: Id,
        querystring: Type.Object({ limit: Periods(100, 12) }, { additionalProperties: false }),
        response: { 200: HistorySchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const budget = await findBudget(pool, tenantId, request.params.budget_id);
      return readHistory(pool, readPool, budget, clock(), request.query.limit ?? 12);
    },
  );

  app.get(
    `${PATH}/:budget_id/preview`,
    {
      schema: {
        tags: ['budgets'],
        summary: 'What a budget, as it is now, would have held in past periods',
        params: Id,
        querystring: Type.Object({ periods: Periods(36, 6) }, { additionalProperties: false }),
        response: { 200: PreviewSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const budget = await findBudget(pool, tenantId, request.params.budget_id);
      return readPreview(readPool, tenantId, budget, clock(), request.query.periods ?? 6);
    },
  );
  done();
};

function describe(budget: Budget) {
  return {
    budget_id: budget.budgetId,
    ...describeDraft(budget),
    created_at: budget.createdAt.toISOString(),
    created_by: budget.createdBy,
    updated_at: budget.updatedAt.toISOString(),
    updated_by: budget.updatedBy,
  };
}

/** Clients ask with the key that they record with, people with theirs. */
async function requireIngestOrRead(
  authenticator: Authenticator,
  request: FastifyRequest,
): Promise<Principal> {
  try {
    return await authenticator.require(request, 'ingest');
  } catch (error) {
    if (error instanceof Problem && error.status === 403) return authenticator.require(request, 'read');
    throw error;
  }
}
