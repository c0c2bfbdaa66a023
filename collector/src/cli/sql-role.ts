import { parseArgs } from 'node:util';
import { readConfiguration, type Configuration } from '../configuration/configuration.ts';
import type { Pool } from '../database/pool.ts';
import { CollectorError } from '../http/errors.ts';
import { sqlAddress, sqlConnectionString } from '../sql-access/connection.ts';
import {
  createSqlRole,
  dropSqlRole,
  listSqlRoles,
  rotateSqlRole,
  sqlRoleLimits,
  type SqlRole,
} from '../sql-access/role-store.ts';
import { FIRST_TENANT, setUpSchema } from '../tenants/setup.ts';
import type { Command } from './main.ts';
import { withDatabase } from './with-database.ts';

export const sqlRoleCommand: Command = {
  summary: 'List, make and drop database roles that read one tenant (for psql and Grafana)',
  usage: `promptops sql-role list [--tenant default] [--json]
promptops sql-role create [--tenant default] [--name "Grafana of the search team"] [--json]
promptops sql-role rotate <role-name> [--tenant default] [--json]
promptops sql-role drop <role-name> [--tenant default] [--json]

A role reads the views of its tenant and nothing else (docs/sql.md). Its connection string, with the password, is shown once; rotate gives it another
password and ends its sessions, as drop does.
`,
  run: async (args) => {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        tenant: { type: 'string', default: FIRST_TENANT },
        name: { type: 'string', default: 'Made by the command line' },
        json: { type: 'boolean', default: false },
      },
    });
    const [action, roleName] = positionals;
    const { tenant, name, json } = values;
    const configuration = readConfiguration();
    const print = (data: object, text: string): void => {
      process.stdout.write(json ? `${JSON.stringify(data, null, 2)}\n` : text);
    };
    const withSchema = <Result>(work: (pool: Pool) => Promise<Result>): Promise<Result> =>
      withDatabase(async (pool) => {
        await setUpSchema(pool);
        return work(pool);
      });
    if (action === 'list') {
      const roles = await withSchema((pool) => listSqlRoles(pool, tenant));
      print(
        { sql_roles: roles },
        roles
          .map((role) => `${role.role_name}\t${role.created_at.toISOString().slice(0, 10)}\t${role.name}\n`)
          .join(''),
      );
    } else if (action === 'create' || (action === 'rotate' && roleName !== undefined)) {
      const made = await withSchema(async (pool) => {
        const role =
          action === 'create'
            ? await createSqlRole(
                pool,
                { tenantId: tenant, name, createdBy: 'command line' },
                sqlRoleLimits(configuration),
              )
            : await rotateSqlRole(pool, tenant, roleName ?? '');
        return withConnection(role, pool, configuration);
      });
      print(made, `${made.connection_string}\n`);
    } else if (action === 'drop' && roleName !== undefined) {
      await withSchema((pool) => dropSqlRole(pool, tenant, roleName));
      print({ dropped: roleName }, `Dropped ${roleName} and ended its sessions.\n`);
    } else {
      throw new CollectorError(`Say what to do:\n${sqlRoleCommand.usage}`);
    }
  },
};

function withConnection(
  role: SqlRole & { password: string },
  pool: Pool,
  configuration: Configuration,
): SqlRole & { password: string; host: string; port: number; database: string; connection_string: string } {
  const address = sqlAddress(pool.options.connectionString ?? '', configuration.SQL_ADDRESS);
  const { host, port, database } = address;
  const connection_string = sqlConnectionString(address, role.role_name, role.password);
  return { ...role, host, port, database, connection_string };
}
