import pg from 'pg';
import { sqlAddress, sqlConnectionString } from './connection.ts';
import { createSqlRole } from './role-store.ts';
import type { TestCollector } from '../testing/test-collector.ts';

export interface TestSqlRole {
  roleName: string;
  client: pg.Client;
  /** Rows of a statement, asked as the role. */
  rows(statement: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
}

/** A role of a tenant and a session of it, connected with its password as people connect. */
export async function connectSqlRole(collector: TestCollector, tenantId: string): Promise<TestSqlRole> {
  const role = await createSqlRole(
    collector.pool,
    { tenantId, name: 'test', createdBy: 'test' },
    { statementTimeoutSeconds: 60, connections: 10 },
  );
  const address = sqlAddress(collector.connectionString, undefined);
  const client = new pg.Client({
    connectionString: sqlConnectionString(address, role.role_name, role.password),
  });
  client.on('error', () => undefined); // it may be ended by the server, which is what some tests are about
  await client.connect();
  return {
    roleName: role.role_name,
    client,
    rows: async (statement, values = []) =>
      (await client.query<Record<string, unknown>>(statement, values)).rows,
  };
}
