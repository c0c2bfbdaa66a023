import { readConfiguration } from '../configuration/configuration.ts';
import { syncTimescalePolicies } from '../retention/timescale-policies.ts';
import { setUp } from '../tenants/setup.ts';
import type { Command } from './main.ts';
import { withDatabase } from './with-database.ts';

export const setupCommand: Command = {
  summary: 'Make or update the schema, the default policies and rules, the first tenant and its key',
  usage: `promptops setup

Creates what is missing: tables, views and indexes, retention policies, default alert rules, the first tenant and its admin key.
'npm start' does the same by itself; run it alone to prepare a database before the first start. It can be run at any time.
`,
  run: async () => {
    await withDatabase(async (pool, description) => {
      const { engine, applied, tenantId, generatedApiKey } = await setUp(
        pool,
        readConfiguration().BOOTSTRAP_API_KEY,
      );
      const policies = engine.kind === 'timescaledb' ? await syncTimescalePolicies(pool) : [];
      const lines = [
        `Database:   ${engine.description}, ${description}`,
        `Migrations: ${applied.length === 0 ? 'none needed, the schema is up to date' : applied.join(', ')}`,
        `Tenant:     ${tenantId}`,
      ];
      if (policies.length > 0) lines.push(`Policies:   ${policies.join('; ')}`);
      if (generatedApiKey !== undefined) lines.push(`API key:    ${generatedApiKey}   (shown once)`);
      process.stdout.write(`${lines.join('\n')}\n`);
    });
  },
};
