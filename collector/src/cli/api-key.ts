import { parseArgs } from 'node:util';
import { CollectorError } from '../http/errors.ts';
import { SCOPES, type Scope } from '../tenants/api-key.ts';
import { FIRST_TENANT } from '../tenants/setup.ts';
import { createApiKey, listApiKeys, revokeApiKey } from '../tenants/tenant-store.ts';
import type { Command } from './main.ts';
import { withDatabase } from './with-database.ts';

export const apiKeyCommand: Command = {
  summary: 'List, make and revoke API keys',
  usage: `promptops api-key list [--tenant default]
promptops api-key create [--tenant default] [--name "Ingest of checkout"] [--scopes ingest,read] [--expires-in-days 90]
promptops api-key revoke <key-id> [--tenant default]

Scopes: ${SCOPES.join(', ')}; admin includes the others, and is the default. A key's text is shown once.
`,
  run: async (args) => {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        tenant: { type: 'string', default: FIRST_TENANT },
        name: { type: 'string', default: 'Made by the command line' },
        scopes: { type: 'string', default: 'admin' },
        'expires-in-days': { type: 'string' },
      },
    });
    const [action, keyId] = positionals;
    if (action === 'list') {
      const keys = await withDatabase((pool) => listApiKeys(pool, values.tenant));
      for (const key of keys) {
        const state = key.revoked_at
          ? 'revoked'
          : key.expires_at && key.expires_at < new Date()
            ? 'expired'
            : 'active';
        process.stdout.write(`${key.key_id}\t${state}\t${key.scopes.join(',')}\t${key.name}\n`);
      }
    } else if (action === 'create') {
      const days = values['expires-in-days'];
      if (days !== undefined && !(Number(days) > 0))
        throw new CollectorError('--expires-in-days takes a number of days above 0.');
      const key = await withDatabase((pool) =>
        createApiKey(pool, {
          tenant_id: values.tenant,
          name: values.name,
          scopes: readScopes(values.scopes),
          expires_at: days === undefined ? null : new Date(Date.now() + Number(days) * 86_400_000),
        }),
      );
      process.stdout.write(`${key.api_key}\n`);
    } else if (action === 'revoke' && keyId !== undefined) {
      if (!(await withDatabase((pool) => revokeApiKey(pool, values.tenant, keyId)))) {
        throw new CollectorError(`The tenant ${values.tenant} has no API key ${keyId}.`);
      }
      process.stdout.write(`Revoked ${keyId}; it stops working within seconds.\n`);
    } else {
      throw new CollectorError(`Say what to do:\n${apiKeyCommand.usage}`);
    }
  },
};

function readScopes(text: string): Scope[] {
  const scopes = text.split(',').map((scope) => scope.trim());
  for (const scope of scopes) {
    if (!(SCOPES as readonly string[]).includes(scope))
      throw new CollectorError(`"${scope}" is not a scope; the scopes are ${SCOPES.join(', ')}.`);
  }
  return scopes as Scope[];
}
