import { copyLines } from '../collector/src/database/copy.ts';
import { createPool, inTransaction } from '../collector/src/database/pool.ts';
import { applyPrice } from '../collector/src/ingest/apply-price.ts';
import { checkEvent, isFieldError } from '../collector/src/ingest/event-schema.ts';
import { normalise } from '../collector/src/ingest/normalise.ts';
import { copyField, USAGE_COLUMNS } from '../collector/src/ingest/usage-row.ts';
import { bundledBook } from '../collector/src/pricing/bundled-book.ts';
import { createPricer } from '../collector/src/pricing/price.ts';
import { Bodies } from './load.ts';

/** Rows a second over one connection, lines made beforehand: what the database alone can take. */
export async function measureCopy(
  connectionString: string,
  rows: number,
): Promise<{ copy: number; staged: number }> {
  const pool = createPool({ connectionString, max: 1, applicationName: 'bench' });
  const columns = USAGE_COLUMNS.map(({ name }) => name).join(', ');
  const definitions = USAGE_COLUMNS.map(({ name, type }) => `${name} ${type}`).join(', ');
  const half = Math.floor(rows / 2);
  try {
    const plain = linesOf(half);
    let start = performance.now();
    await inTransaction(pool, (client) =>
      copyLines(client, `COPY client_usage_logs (${columns}) FROM STDIN`, plain),
    );
    const copy = (half / (performance.now() - start)) * 1000;

    const staged = linesOf(half);
    start = performance.now();
    await inTransaction(pool, async (client) => {
      await client.query(`CREATE TEMP TABLE bench_staging (${definitions}) ON COMMIT DROP`);
      await copyLines(client, `COPY bench_staging (${columns}) FROM STDIN`, staged);
      await client.query(
        `WITH fresh AS (INSERT INTO event_identities (tenant_id, identity, event_timestamp)
                        SELECT tenant_id, event_uuid, "timestamp" FROM bench_staging ON CONFLICT DO NOTHING RETURNING tenant_id, identity)
         INSERT INTO client_usage_logs (${columns})
         SELECT ${USAGE_COLUMNS.map(({ name }) => `s.${name}`).join(', ')}
         FROM bench_staging s JOIN fresh f ON f.tenant_id = s.tenant_id AND f.identity = s.event_uuid`,
      );
    });
    const stagedRate = (half / (performance.now() - start)) * 1000;
    return { copy, staged: stagedRate };
  } finally {
    await pool.end();
  }
}

function linesOf(count: number): string[] {
  const pricer = createPricer(bundledBook());
  const bodies = new Bodies(1000);
  const lines: string[] = [];
  while (lines.length < count) {
    const { events } = JSON.parse(bodies.take().toString()) as { events: unknown[] };
    for (const item of events) {
      const event = checkEvent(item);
      if (isFieldError(event)) throw new Error(`${event.field ?? ''} ${event.reason}`);
      const row = normalise(event, {
        tenantId: 'default',
        nowMs: Date.now(),
        maxFutureMs: 0,
        fallbackIdentity: null,
      });
      if ('reason' in row) throw new Error(row.reason);
      applyPrice(row, pricer);
      lines.push(`${USAGE_COLUMNS.map(({ value }) => copyField(value(row))).join('\t')}\n`);
    }
  }
  return lines.slice(0, count);
}
