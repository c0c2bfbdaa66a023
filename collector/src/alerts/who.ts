import type { FastifyRequest } from 'fastify';
import type { Queryable } from '../database/pool.ts';
import { SIGN_IN_LINK, type Principal } from '../tenants/authenticator.ts';

const MAX_LENGTH = 200;

/**
 * Who did something, by a name that others know. Grafana's proxy says who is signed in there (X-Grafana-Context); that is believed only beside an admin
 * API key, which the proxy adds: whoever holds such a key may do everything anyway, and nobody else can send the header through Grafana.
 */
export async function whoDid(
  client: Queryable,
  request: FastifyRequest,
  { keyId, scopes }: Principal,
): Promise<string> {
  const hasKey = request.headers.authorization !== undefined || request.headers['x-api-key'] !== undefined;
  if (hasKey && scopes.includes('admin')) {
    const login = grafanaLogin(request.headers);
    if (login !== undefined) return `${login} (Grafana)`;
  }
  if (keyId === SIGN_IN_LINK) return 'signed in by a link';
  const { rows } = await client.query<{ name: string }>('SELECT name FROM api_keys WHERE key_id = $1', [
    keyId,
  ]);
  return rows[0] ? `${rows[0].name} (${keyId})` : keyId;
}

function grafanaLogin(headers: FastifyRequest['headers']): string | undefined {
  const context = headers['x-grafana-context'];
  if (typeof context === 'string') {
    try {
      const user = JSON.parse(context) as Record<string, unknown> | null;
      for (const field of ['Login', 'Email', 'Name']) {
        const value = user?.[field];
        if (typeof value === 'string' && isName(value)) return value.slice(0, MAX_LENGTH);
      }
    } catch {
      // Not what Grafana sends: then the key's name is what is known.
    }
  }
  const login = headers['x-grafana-user'];
  return typeof login === 'string' && isName(login) ? login.slice(0, MAX_LENGTH) : undefined;
}

function isName(text: string): boolean {
  return text.trim() !== '' && !/\p{Cc}/u.test(text);
}
