import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { checkedByRoute, FORMATS } from '../http/checked-by-route.ts';
import { Problem } from '../http/errors.ts';
import { isTimeZone } from '../usage/time-zone.ts';
import { SCOPES, type Scope } from './api-key.ts';
import type { Authenticator } from './authenticator.ts';
import { createApiKey, createTenant, listApiKeys, listTenants, revokeApiKey } from './tenant-store.ts';

const ScopeSchema = Type.Unsafe<Scope>({ type: 'string', enum: [...SCOPES] });
const TenantId = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
  description: 'Lower-case letters, digits and dashes',
});
const Name = Type.String({ minLength: 1, maxLength: 200 });
const Timestamp = Type.Unsafe<Date>({ type: 'string', format: 'date-time' });
const NullableTimestamp = Type.Unsafe<Date | null>({ type: ['string', 'null'], format: 'date-time' });

export const TenantSchema = Type.Object({
  tenant_id: TenantId,
  name: Name,
  time_zone: Type.String(),
  is_operator: Type.Boolean(),
  created_at: Timestamp,
});
export const ApiKeySchema = Type.Object({
  key_id: Type.String(),
  tenant_id: TenantId,
  name: Name,
  scopes: Type.Array(ScopeSchema),
  created_at: Timestamp,
  expires_at: NullableTimestamp,
  revoked_at: NullableTimestamp,
  last_used_at: NullableTimestamp,
});

/** Tenants and API keys. An admin key manages its own tenant's keys; the operator's (the first tenant's) manages all tenants. */
export const tenantRoutes: FastifyPluginCallbackTypebox<{ pool: Pool; authenticator: Authenticator }> = (
  app,
  { pool, authenticator },
  done,
) => {
  app.get(
    '/v1/admin/tenants',
    {
      schema: {
        tags: ['admin'],
        summary: 'Tenants that this key may see',
        response: { 200: Type.Object({ tenants: Type.Array(TenantSchema) }) },
      },
    },
    async (request) => {
      const principal = await authenticator.require(request, 'admin');
      const tenants = await listTenants(pool);
      return {
        tenants: tenants.filter((tenant) => principal.isOperator || tenant.tenant_id === principal.tenantId),
      };
    },
  );

  app.post(
    '/v1/admin/tenants',
    {
      schema: {
        tags: ['admin'],
        summary: 'Make a tenant, with its default alert rules (operator only)',
        body: Type.Object(
          {
            tenant_id: TenantId,
            name: Name,
            time_zone: Type.Optional(
              Type.String({ maxLength: 64, ...checkedByRoute({ format: FORMATS.timeZone }) }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 201: TenantSchema },
      },
    },
    async (request, reply) => {
      const principal = await authenticator.require(request, 'admin');
      if (!principal.isOperator)
        throw new Problem('forbidden', "Only the operator's admin keys may make tenants.");
      const { time_zone } = request.body;
      if (time_zone !== undefined && !isTimeZone(time_zone)) {
        throw new Problem(
          'invalid-request',
          `time_zone: "${time_zone}" is not an IANA time zone such as Europe/Berlin.`,
        );
      }
      const tenant = await createTenant(pool, request.body);
      return reply.code(201).send(tenant);
    },
  );

  app.get(
    '/v1/admin/api-keys',
    {
      schema: {
        tags: ['admin'],
        summary: "API keys of one's own tenant (the operator: of any), without their text",
        querystring: Type.Object({ tenant_id: Type.Optional(TenantId) }, { additionalProperties: false }),
        response: { 200: Type.Object({ api_keys: Type.Array(ApiKeySchema) }) },
      },
    },
    async (request) => {
      const principal = await authenticator.require(request, 'admin');
      return { api_keys: await listApiKeys(pool, tenantOf(principal, request.query.tenant_id)) };
    },
  );

  app.post(
    '/v1/admin/api-keys',
    {
      schema: {
        tags: ['admin'],
        summary: 'Make an API key; its text is in this answer and nowhere else',
        body: Type.Object(
          {
            name: Name,
            scopes: Type.Array(ScopeSchema, { minItems: 1, uniqueItems: true }),
            tenant_id: Type.Optional(TenantId),
            expires_at: Type.Optional(Type.String({ format: 'date-time' })),
          },
          { additionalProperties: false },
        ),
        response: { 201: Type.Object({ ...ApiKeySchema.properties, api_key: Type.String() }) },
      },
    },
    async (request, reply) => {
      const principal = await authenticator.require(request, 'admin');
      const { name, scopes, expires_at } = request.body;
      const expires = expires_at === undefined ? null : new Date(expires_at);
      if (expires && expires.getTime() <= Date.now())
        throw new Problem('invalid-request', 'expires_at: lies in the past.');
      const key = await createApiKey(pool, {
        tenant_id: tenantOf(principal, request.body.tenant_id),
        name,
        scopes,
        expires_at: expires,
      });
      authenticator.forget(key.key_id);
      return reply.code(201).header('cache-control', 'no-store').send(key);
    },
  );

  app.delete(
    '/v1/admin/api-keys/:key_id',
    {
      schema: {
        tags: ['admin'],
        summary: 'Revoke an API key; it stops working within seconds, on every replica',
        params: Type.Object({ key_id: Type.String({ pattern: '^[0-9A-Za-z]{8}$' }) }),
        querystring: Type.Object({ tenant_id: Type.Optional(TenantId) }, { additionalProperties: false }),
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const principal = await authenticator.require(request, 'admin');
      const { key_id } = request.params;
      if (!(await revokeApiKey(pool, tenantOf(principal, request.query.tenant_id), key_id))) {
        throw new Problem('not-found', `There is no API key ${key_id} in this tenant.`);
      }
      authenticator.forget(key_id);
      return reply.code(204).send(null);
    },
  );
  done();
};

function tenantOf(principal: { tenantId: string; isOperator: boolean }, asked: string | undefined): string {
  if (asked === undefined || asked === principal.tenantId) return principal.tenantId;
  if (!principal.isOperator) throw new Problem('forbidden', 'An admin key manages its own tenant only.');
  return asked;
}
