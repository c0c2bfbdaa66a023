import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { IdSchema, nullable } from '../http/schema-parts.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { GRAIN_MS, readRange } from '../usage/period.ts';
import { readTenantTimeZone } from '../budgets/store.ts';
import {
  describeRuleDraft,
  PreviewRuleBody,
  readRuleDraft,
  RuleBody,
  RulePatch,
  RuleSchemaProperties,
} from './draft.ts';
import { closedEnd } from './looks.ts';
import { MAX_PREVIEW_DAYS, MAX_PERCENTILE_DAYS, previewRule, PreviewSchema } from './preview.ts';
import { timeZoneOf, type Rule } from './rule.ts';
import { readLooks, type LookRow } from './rule-looks.ts';
import { createRule, deleteRule, findRule, listRules, MAX_RULES, updateRule } from './rule-store.ts';
import { whoDid } from './who.ts';

const PATH = '/v1/analytics/alert-rules';
const DAY_MS = 86_400_000;
const Id = Type.Object({ rule_id: IdSchema });
const Time = Type.String({ format: 'date-time' });
const nullableTime = nullable(Time);
const nullableNumber = nullable(Type.Number());
const RuleSchema = Type.Object({
  ...RuleSchemaProperties,
  last_look: nullable(
    Type.Object({
      at: Time,
      window_start: nullableTime,
      window_end: nullableTime,
      value: nullableNumber,
      members: Type.Integer({ description: 'Members that were looked at' }),
      members_left_out: Type.Integer({ description: 'Members past the bound, that nobody looked at' }),
      error: nullable(Type.String(), 'Why it could not be evaluated'),
    }),
    'What the evaluator saw last, written about once a minute; null: nothing yet',
  ),
  created_at: Time,
  created_by: Type.String(),
  updated_at: Time,
  updated_by: Type.String(),
});

export interface RuleRoutesOptions {
  pool: Pool;
  readPool: Pool;
  authenticator: Authenticator;
  /** Epoch milliseconds. */
  clock?: () => number;
}

/** `/v1/analytics/alert-rules`: what is watched. */
export const alertRuleRoutes: FastifyPluginCallbackTypebox<RuleRoutesOptions> = (
  app,
  { pool, readPool, authenticator, clock = Date.now },
  done,
) => {
  app.get(
    PATH,
    {
      schema: {
        tags: ['alerts'],
        summary: "The tenant's alert rules",
        response: { 200: Type.Object({ rules: Type.Array(RuleSchema) }) },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const [rules, looks] = [await listRules(pool, tenantId), await readLooks(pool, tenantId)];
      return { rules: rules.map((rule) => describe(rule, looks.get(rule.ruleId))) };
    },
  );

  app.post(
    PATH,
    {
      schema: {
        tags: ['alerts'],
        summary: 'Make an alert rule',
        description: `A tenant has at most ${MAX_RULES} rules. A new rule is evaluated within seconds.`,
        body: RuleBody,
        response: { 201: RuleSchema },
      },
    },
    async (request, reply) => {
      const principal = await authenticator.require(request, 'admin');
      const draft = readRuleDraft(request.body);
      const by = await whoDid(pool, request, principal);
      const rule = await createRule(pool, principal.tenantId, draft, by);
      return reply.code(201).send(describe(rule, undefined));
    },
  );

  app.post(
    `${PATH}/preview`,
    {
      schema: {
        tags: ['alerts'],
        summary: 'When a draft would have fired',
        description: `Runs the draft over the past by the steps of the evaluator, at the end of each quarter of an hour: at most ${MAX_PREVIEW_DAYS} days, ${MAX_PERCENTILE_DAYS} of a percentile. An alert on a sum that is too large fires up to a quarter of an hour earlier than told here.`,
        querystring: Type.Object(
          {
            days: Type.Optional(
              Type.Integer({
                minimum: 1,
                maximum: MAX_PREVIEW_DAYS,
                description: 'Up to now; default 7, or 3 of a percentile',
              }),
            ),
            start_date: Type.Optional(
              Type.String({ maxLength: 40, description: 'Instead of days: a date or an RFC 3339 time' }),
            ),
            end_date: Type.Optional(Type.String({ maxLength: 40, description: 'Default: now' })),
          },
          { additionalProperties: false },
        ),
        body: PreviewRuleBody,
        response: { 200: PreviewSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const draft = readRuleDraft(request.body, undefined, 'Draft');
      const rule: Rule = {
        ...draft,
        ruleId: 0,
        tenantId,
        tenantTimeZone: await readTenantTimeZone(pool, tenantId),
        version: 1,
        createdAt: new Date(0),
        createdBy: '',
        updatedAt: new Date(0),
        updatedBy: '',
      };
      const lastMs = closedEnd(clock());
      const { days, start_date, end_date } = request.query;
      const timezone = timeZoneOf(rule);
      const isPercentile = draft.metric.startsWith('response_time_p');
      const fallback = isPercentile ? MAX_PERCENTILE_DAYS : 7;
      const range =
        start_date === undefined
          ? { startMs: lastMs - (days ?? fallback) * DAY_MS, endMs: lastMs }
          : readRange({ start_date, end_date: end_date ?? 'now', timezone }, clock());
      const endMs = Math.min(range.endMs, lastMs);
      return previewRule(readPool, rule, Math.min(range.startMs, endMs - GRAIN_MS), endMs);
    },
  );

  app.get(
    `${PATH}/:rule_id`,
    {
      schema: { tags: ['alerts'], summary: 'An alert rule', params: Id, response: { 200: RuleSchema } },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const rule = await findRule(pool, tenantId, request.params.rule_id);
      return describe(rule, (await readLooks(pool, tenantId, rule.ruleId)).get(rule.ruleId));
    },
  );

  app.patch(
    `${PATH}/:rule_id`,
    {
      schema: {
        tags: ['alerts'],
        summary: 'Change some fields of an alert rule',
        description:
          'When what it judges changes (metric, operator, threshold, window, baseline, filters, group, budget, min_requests), or it is switched off, its open alerts end.',
        params: Id,
        body: RulePatch,
        response: { 200: RuleSchema },
      },
    },
    async (request) => {
      const principal = await authenticator.require(request, 'admin');
      const rule = await findRule(pool, principal.tenantId, request.params.rule_id);
      const draft = readRuleDraft(request.body, rule);
      const by = await whoDid(pool, request, principal);
      return describe(await updateRule(pool, rule, draft, by, clock()), undefined);
    },
  );

  app.delete(
    `${PATH}/:rule_id`,
    {
      schema: {
        tags: ['alerts'],
        summary: 'Delete an alert rule',
        description: 'Its open alerts end; they stay in the history.',
        params: Id,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const principal = await authenticator.require(request, 'admin');
      const by = await whoDid(pool, request, principal);
      await deleteRule(pool, principal.tenantId, request.params.rule_id, by, clock());
      return reply.code(204).send(null);
    },
  );
  done();
};

function describe(rule: Rule, look: LookRow | undefined) {
  return {
    rule_id: rule.ruleId,
    ...describeRuleDraft(rule),
    effective_time_zone: timeZoneOf(rule),
    last_look: look
      ? {
          at: look.looked_at.toISOString(),
          window_start: look.window_start?.toISOString() ?? null,
          window_end: look.window_end?.toISOString() ?? null,
          value: look.value,
          members: look.members,
          members_left_out: look.members_left_out,
          error: look.error,
        }
      : null,
    created_at: rule.createdAt.toISOString(),
    created_by: rule.createdBy,
    updated_at: rule.updatedAt.toISOString(),
    updated_by: rule.updatedBy,
  };
}
