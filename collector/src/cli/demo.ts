import { parseArgs } from 'node:util';
import { runDemo } from '../demo/demo.ts';
import { DEMO_WORKSPACES } from '../demo/workspaces.ts';
import { CollectorError } from '../http/errors.ts';
import type { Pool } from '../database/pool.ts';
import { createApiKey, createTenant, listTenants } from '../tenants/tenant-store.ts';
import type { Command } from './main.ts';
import { withDatabase } from './with-database.ts';

const KEY_DAYS = 7;

export const demoCommand: Command = {
  summary: 'Send 90 days of believable history, then live traffic, to a running collector',
  usage: `promptops demo [--url http://127.0.0.1:8080] [--days 90] [--events-per-day 1650] [--seed 1] [--no-live]

Sends through the collector's own HTTP door. The first workspace goes to your first tenant, so that you see it with your own key;
the others get tenants of their own (demo-…). Sending the same days again adds nothing: every event is known by its id.
`,
  run: async (args) => {
    const { values } = parseArgs({
      args,
      allowNegative: true,
      options: {
        url: { type: 'string', default: `http://127.0.0.1:${process.env['PORT'] ?? '8080'}` },
        days: { type: 'string', default: '90' },
        'events-per-day': { type: 'string' },
        seed: { type: 'string', default: '1' },
        live: { type: 'boolean', default: true },
      },
    });
    const eventsPerDay = values['events-per-day'];
    await requireCollector(values.url);
    const workspaces = await withDatabase((pool) => keysOfWorkspaces(pool));
    await runDemo({
      baseUrl: values.url,
      workspaces,
      days: positive('--days', values.days),
      seed: values.seed,
      live: values.live,
      ...(eventsPerDay === undefined ? {} : { eventsPerDay: positive('--events-per-day', eventsPerDay) }),
    });
  },
};

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new CollectorError(`${option} takes a number above 0, not "${text}".`);
  return value;
}

async function requireCollector(url: string): Promise<void> {
  if (!URL.canParse(url))
    throw new CollectorError(`--url takes an address such as http://127.0.0.1:8080, not "${url}".`);
  try {
    const answer = await fetch(new URL('/health/live', url));
    if (answer.ok) return;
  } catch (error) {
    throw new CollectorError(`No collector answers at ${url}. Start it in another terminal with: npm start`, {
      cause: error,
    });
  }
  throw new CollectorError(`What answers at ${url} is no collector.`);
}

/** A tenant and an ingest key of some days for each workspace; the first workspace belongs to the first tenant. */
async function keysOfWorkspaces(pool: Pool): Promise<{ name: string; apiKey: string }[]> {
  const tenants = await listTenants(pool);
  const keys: { name: string; apiKey: string }[] = [];
  for (const [index, { name, title }] of DEMO_WORKSPACES.entries()) {
    const operator = tenants.find((tenant) => tenant.is_operator)?.tenant_id;
    const tenantId = index === 0 && operator !== undefined ? operator : `demo-${name}`;
    if (!tenants.some((tenant) => tenant.tenant_id === tenantId)) {
      await createTenant(pool, { tenant_id: tenantId, name: title });
    }
    const { api_key } = await createApiKey(pool, {
      tenant_id: tenantId,
      name: 'Demo',
      scopes: ['ingest'],
      expires_at: new Date(Date.now() + KEY_DAYS * 86_400_000),
    });
    keys.push({ name, apiKey: api_key });
  }
  return keys;
}
