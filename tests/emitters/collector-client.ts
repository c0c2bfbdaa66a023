import type { Breakdown } from '../../collector/src/usage/breakdown.ts';
import type { Overview } from '../../collector/src/usage/overview.ts';
import { recordedUsage, type ModelUsage } from './expectation.ts';

/** A tenant of a running collector, made for one emitter. */
export interface Tenant {
  /** Key that the emitter sends with. */
  ingestKey: string;
  recorded(): Promise<{ total: ModelUsage; models: Map<string, ModelUsage> }>;
  /** Who made calls. */
  users(): Promise<string[]>;
  /** What looked like model calls and could not be read. */
  unknown(): Promise<string[]>;
}

/** @param adminKey admin key of the collector's first tenant */
export async function createTenant(url: string, adminKey: string, name: string): Promise<Tenant> {
  const ask = async <Answer>(path: string, key: string, body?: object): Promise<Answer> => {
    const response = await fetch(url + path, {
      method: body ? 'POST' : 'GET',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'cache-control': 'no-cache',
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  };
  const makeKey = (scope: string): Promise<{ api_key: string }> =>
    ask('/v1/admin/api-keys', adminKey, { name: scope, scopes: [scope], tenant_id: name });
  await ask('/v1/admin/tenants', adminKey, { tenant_id: name, name });
  const { api_key: ingestKey } = await makeKey('ingest');
  const { api_key: readKey } = await makeKey('read');
  return {
    ingestKey,
    recorded: async () => {
      const overview = await ask<Overview>('/v1/analytics/usage/overview', readKey);
      const breakdown = await ask<Breakdown>('/v1/analytics/usage/breakdown?dimension=model_name&limit=100', readKey); // prettier-ignore
      const models = breakdown.members.map((part) => [part.label, recordedUsage(part)] as const);
      return { total: recordedUsage(overview.summary), models: new Map(models) };
    },
    users: async () => {
      const { members } = await ask<Breakdown>('/v1/analytics/usage/breakdown?dimension=user_id&limit=100', readKey); // prettier-ignore
      return members.map(({ label }) => label);
    },
    unknown: async () => {
      const { unknown } = await ask<{ unknown: { emitter: string; reason: string; items: number }[] }>(
        '/v1/analytics/telemetry/unknown',
        readKey,
      );
      return unknown.map(({ emitter, reason, items }) => `${emitter}: ${reason} (${items})`);
    },
  };
}
