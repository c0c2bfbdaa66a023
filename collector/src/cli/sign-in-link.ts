import { isIPv6 } from 'node:net';
import { parseArgs } from 'node:util';
import { readConfiguration, type Configuration } from '../configuration/configuration.ts';
import { CollectorError } from '../http/errors.ts';
import {
  createSignInLink,
  LINK_MINUTES,
  SESSION_SCOPES,
  signInUrl,
  type SessionScope,
} from '../sessions/sign-in-links.ts';
import { FIRST_TENANT } from '../tenants/setup.ts';
import type { Command } from './main.ts';
import { withDatabase } from './with-database.ts';

export const signInLinkCommand: Command = {
  summary: 'Print a link that signs in at /analytics once',
  usage: `promptops sign-in-link [--tenant default] [--scopes read]

Scopes: ${SESSION_SCOPES.join(', ')}; admin includes read, and is the default. The link works once, within ${LINK_MINUTES} minutes. It has the address of
PUBLIC_URL, or of HOST and PORT: give this command the environment of the collector.
`,
  run: async (args) => {
    const { values } = parseArgs({
      args,
      options: {
        tenant: { type: 'string', default: FIRST_TENANT },
        scopes: { type: 'string', default: 'admin' },
      },
    });
    const scopes = readSessionScopes(values.scopes);
    const address = addressOf(readConfiguration());
    const token = await withDatabase((pool) => createSignInLink(pool, { tenantId: values.tenant, scopes }));
    process.stdout.write(`${signInUrl(address, token)}\n`);
  },
};

/** @throws CollectorError for a scope that a session cannot have */
export function readSessionScopes(text: string): SessionScope[] {
  const scopes = new Set(text.split(',').map((scope) => scope.trim()));
  for (const scope of scopes) {
    if (!(SESSION_SCOPES as readonly string[]).includes(scope)) {
      throw new CollectorError(
        `"${scope}" is not a scope of a session; the scopes are ${SESSION_SCOPES.join(', ')}.`,
      );
    }
  }
  return [...scopes] as SessionScope[];
}

/**
 * Where people of this machine find the collector. A HOST that means every address is this machine's own.
 * @throws CollectorError when PORT is taken at the start and no PUBLIC_URL says which it became
 */
export function addressOf({ PUBLIC_URL, HOST, PORT }: Configuration): string {
  if (PUBLIC_URL !== undefined) return PUBLIC_URL;
  if (PORT === 0)
    throw new CollectorError(
      'PORT is 0, which takes a free one: set PUBLIC_URL to the address that people use.',
    );
  const host = ['0.0.0.0', '::'].includes(HOST) ? '127.0.0.1' : HOST;
  return `http://${isIPv6(host) ? `[${host}]` : host}:${PORT}`;
}
