import { parseArgs } from 'node:util';
import { CollectorError } from '../http/errors.ts';
import { createTenant, listTenants } from '../tenants/tenant-store.ts';
import type { Command } from './main.ts';
import { withDatabase } from './with-database.ts';

export const tenantCommand: Command = {
  summary: 'List and make tenants',
  usage: `promptops tenant list
promptops tenant create <tenant-id> [--name "Acme Inc."]
`,
  run: async (args) => {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: { name: { type: 'string' } },
    });
    const [action, tenantId] = positionals;
    if (action === 'list') {
      const tenants = await withDatabase((pool) => listTenants(pool));
      for (const tenant of tenants) process.stdout.write(`${tenant.tenant_id}\t${tenant.name}\n`);
    } else if (action === 'create' && tenantId !== undefined) {
      if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(tenantId)) {
        throw new CollectorError('A tenant id has lower-case letters, digits and dashes, 63 at most.');
      }
      await withDatabase(async (pool) => {
        await createTenant(pool, { tenant_id: tenantId, name: values.name ?? tenantId });
      });
      process.stdout.write(
        `Made tenant ${tenantId}. Make a key for it: npm run promptops -- api-key create --tenant ${tenantId}\n`,
      );
    } else {
      throw new CollectorError(`Say what to do:\n${tenantCommand.usage}`);
    }
  },
};
