import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { sqlConnectionString, type SqlAddress } from './connection.ts';
import { createSqlRole, dropSqlRole, listSqlRoles, type SqlRoleLimits } from './role-store.ts';

const RoleName = Type.String({ pattern: '^po_sql_[0-9a-z]{8}$' });
const Timestamp = Type.Unsafe<Date>({ type: 'string', format: 'date-time' });

const SqlRoleSchema = Type.Object({
  role_name: RoleName,
  tenant_id: Type.String(),
  name: Type.String({ description: 'What it is for' }),
  created_at: Timestamp,
  created_by: Type.String({ description: "The API key's id, or what the command line calls itself" }),
  password_changed_at: Timestamp,
});

const NewSqlRoleSchema = Type.Object({
  ...SqlRoleSchema.properties,
  password: Type.String({ description: 'In this answer and nowhere else' }),
  host: Type.String(),
  port: Type.Integer(),
  database: Type.String(),
  connection_string: Type.String({ description: 'As psql and every driver take it' }),
});

/** Database roles that read the views of one tenant (docs/sql.md): an admin key manages those of its own tenant. */
export const sqlRoleRoutes: FastifyPluginCallbackTypebox<{
  pool: Pool;
  authenticator: Authenticator;
  address: SqlAddress;
  limits: SqlRoleLimits;
}> = (app, { pool, authenticator, address, limits }, done) => {
  app.get(
    '/v1/admin/sql-roles',
    {
      schema: {
        tags: ['admin'],
        summary: "Database roles that read this tenant's views, without their passwords",
        response: { 200: Type.Object({ sql_roles: Type.Array(SqlRoleSchema) }) },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'admin');
      return { sql_roles: await listSqlRoles(pool, tenantId) };
    },
  );

  app.post(
    '/v1/admin/sql-roles',
    {
      schema: {
        tags: ['admin'],
        summary:
          "Make a database role that reads this tenant's views; its password is in this answer and nowhere else",
        body: Type.Object(
          {
            name: Type.String({
              minLength: 1,
              maxLength: 200,
              description: 'What it is for',
              examples: ['Grafana of the search team'],
            }),
          },
          { additionalProperties: false },
        ),
        response: { 201: NewSqlRoleSchema },
      },
    },
    async (request, reply) => {
      const { tenantId, keyId } = await authenticator.require(request, 'admin');
      const role = await createSqlRole(pool, { tenantId, name: request.body.name, createdBy: keyId }, limits);
      const { host, port, database } = address;
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({
          ...role,
          host,
          port,
          database,
          connection_string: sqlConnectionString(address, role.role_name, role.password),
        });
    },
  );

  app.delete(
    '/v1/admin/sql-roles/:role_name',
    {
      schema: {
        tags: ['admin'],
        summary: 'Drop a database role; its sessions are ended',
        params: Type.Object({ role_name: RoleName }),
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { tenantId } = await authenticator.require(request, 'admin');
      await dropSqlRole(pool, tenantId, request.params.role_name);
      return reply.code(204).send(null);
    },
  );
  done();
};
