import { problemOf, unreachable, type ApiProblem } from '../api/problem.ts';
import type { ApiAnswer, ApiRequest } from '../host/host.ts';

/** Who is signed in: what GET /v1/session answers. */
export interface Session {
  tenant_id: string;
  scopes: string[];
  is_operator: boolean;
  expires_at: string;
}

/** Told when an answer says that nobody is signed in any more. */
export const signedOut = new EventTarget();

/**
 * A request to the collector that served this page. The session travels in a cookie that scripts cannot read; the header says that it is this
 * page that asks, which no other site can.
 * @throws ApiProblem
 */
export async function request(
  path: string,
  { method = 'GET', body, signal }: ApiRequest = {},
): Promise<ApiAnswer> {
  const response = await fetch(path, {
    method,
    credentials: 'same-origin',
    headers: {
      accept: 'application/json',
      'x-promptops-request': '1',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw unreachable(error);
  });
  const text = await response.text();
  const data = parsed(text);
  if (response.ok) return { status: response.status, data };
  const problem = problemOf(response.status, data);
  if (response.status === 401 && path !== '/v1/session') signedOut.dispatchEvent(new Event('signed-out'));
  throw problem;
}

function parsed(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The session of this browser; null when nobody is signed in. */
export async function readSession(): Promise<Session | null> {
  try {
    return (await request('/v1/session')).data as Session;
  } catch (error) {
    if ((error as ApiProblem).status === 401) return null;
    throw error;
  }
}

/** @throws ApiProblem for a wrong key, or a link that was used or is too old */
export async function signIn(proof: { api_key: string } | { token: string }): Promise<Session> {
  return (await request('/v1/session', { method: 'POST', body: proof })).data as Session;
}

export async function signOut(): Promise<void> {
  await request('/v1/session', { method: 'DELETE' });
}

/** The token of a one-time link (`#sign-in=…`); it leaves the address at once, so that it is in no history. */
export function takeTokenFromAddress(): string | undefined {
  const token = /^#sign-in=([\w-]+)$/.exec(location.hash)?.[1];
  if (token !== undefined) history.replaceState(null, '', location.pathname + location.search);
  return token;
}
