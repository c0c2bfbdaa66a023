import { LRUCache } from 'lru-cache';
import type { Pool, Queryable } from '../database/pool.ts';

/** How long after a change of the past on another collector an answer from before it may still be given. */
export const VERSION_CHECK_MS = 1_000;
/** After this long without the database a version is no longer believed. */
const STALE_VERSION_MS = 60_000;
const MAX_TENANTS = 20_000;

/** A tenant's own changes and those of every tenant (''). */
const READ = `SELECT sum(version)::text AS version FROM answer_versions WHERE tenant_id IN ($1, '')`;

/** What sessions that are gone have left is added to one row, so that the rows of a tenant stay few. The sum never changes. */
const FOLD = `
  WITH gone AS (
    DELETE FROM answer_versions WHERE writer <> 0 AND writer NOT IN (SELECT pid FROM pg_stat_activity) RETURNING tenant_id, version
  )
  INSERT INTO answer_versions AS v (tenant_id, writer, version)
  SELECT tenant_id, 0, sum(version) FROM gone GROUP BY 1 ORDER BY 1
  ON CONFLICT (tenant_id, writer) DO UPDATE SET version = v.version + excluded.version`;

/** Adds the versions of database sessions that are gone together. */
export async function foldVersions(database: Queryable): Promise<void> {
  await database.query(FOLD);
}

/**
 * Which state a tenant's past is in: a text that is another one after every change (sql/shared/0012). It is read from the database that the answers
 * are read from, which may be a replica that follows: a version that is seen there has its data there. At most one reading a tenant at a time.
 */
export class DataVersions {
  readonly #pool: Pool;
  readonly #known = new LRUCache<string, { version: string; readAt: number }>({ max: MAX_TENANTS });
  readonly #reading = new Map<string, Promise<string>>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** @throws what the database throws, once no version is known that is younger than a minute */
  async of(tenantId: string): Promise<string> {
    const known = this.#known.get(tenantId);
    const age = known ? performance.now() - known.readAt : Infinity;
    if (known && age < VERSION_CHECK_MS) return known.version;
    let reading = this.#reading.get(tenantId);
    if (!reading) {
      reading = this.#read(tenantId).finally(() => this.#reading.delete(tenantId));
      this.#reading.set(tenantId, reading);
    }
    try {
      return await reading;
    } catch (error) {
      if (known && age < STALE_VERSION_MS) return known.version;
      throw error;
    }
  }

  async #read(tenantId: string): Promise<string> {
    // Before the query: what commits while it runs may be missing in it.
    const readAt = performance.now();
    const { rows } = await this.#pool.query<{ version: string | null }>({
      name: 'answer version',
      text: READ,
      values: [tenantId],
    });
    const version = rows[0]?.version ?? '0';
    this.#known.set(tenantId, { version, readAt });
    return version;
  }
}
