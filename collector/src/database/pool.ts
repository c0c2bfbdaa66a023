import pg from 'pg';

export type Pool = pg.Pool;
export type Client = pg.PoolClient;
/** A pool, or a session inside a transaction. */
export type Queryable = Pick<pg.ClientBase, 'query'>;

// int8 as a number where it is exact; a sum beyond 2^53 nano-USD ($9 million) must not lose a digit, so it stays text.
pg.types.setTypeParser(pg.types.builtins.INT8, (text: string): number | string => {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
});

export interface PoolOptions {
  connectionString: string;
  max: number;
  applicationName: string;
  /** Milliseconds after which the server gives up a statement; 0 is never. */
  statementTimeoutMs?: number;
  /** Settings of each session, e.g. { jit: 'off' }. */
  settings?: Record<string, string>;
  onError?: (error: Error) => void;
}

/** A pool whose sessions run in UTC, so that no result depends on the server's time zone. */
export function createPool(options: PoolOptions): Pool {
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.max,
    application_name: options.applicationName,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    options: Object.entries({
      timezone: 'UTC',
      statement_timeout: String(options.statementTimeoutMs ?? 0),
      ...options.settings,
    })
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
  });
  // Without listeners a connection that breaks would end the process: the pool's is for idle ones, the client's own for one that is
  // in use, whose query fails with the same error.
  pool.on('error', (error) => options.onError?.(error));
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Runs `work` in one transaction; rolls back when it throws. */
export function inTransaction<Result>(
  pool: Pool,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  return transaction(pool, 'BEGIN', work);
}

const SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

/** Runs queries that all see the database as it was at the first of them. */
export function inSnapshot<Result>(pool: Pool, work: (client: Client) => Promise<Result>): Promise<Result> {
  return transaction(pool, SNAPSHOT, work);
}

/**
 * Runs several pieces of work side by side, each on a connection of its own, that all see the database as it was at one moment. The first
 * begins at once; the others need the snapshot's name. A standby server has no snapshots to share: there they run one after another.
 */
export async function inSharedSnapshot<Results extends readonly unknown[]>(
  pool: Pool,
  works: { readonly [Index in keyof Results]: (client: Client) => Promise<Results[Index]> },
): Promise<Results> {
  const [first, ...others] = works as readonly ((client: Client) => Promise<unknown>)[];
  if (first === undefined) return [] as unknown as Results;
  return inSnapshot(pool, async (client) => {
    const { rows } = await client.query<{ snapshot: string | null }>(
      `SELECT CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_export_snapshot() END AS snapshot`,
    );
    const snapshot = rows[0]?.snapshot ?? null;
    const rest = async (session: Client): Promise<unknown[]> => {
      const results: unknown[] = [];
      for (const work of others) results.push(await work(session));
      return results;
    };
    if (snapshot === null || others.length === 0 || !hasFreeConnection(pool)) {
      const result = await first(client);
      return [result, ...(await rest(client))] as unknown as Results;
    }
    // Settled, not all: the snapshot lives as long as this transaction, which must not end under the other.
    const [result, results] = await Promise.allSettled([
      first(client),
      inSnapshot(pool, async (session) => {
        await session.query(`SET TRANSACTION SNAPSHOT '${snapshot.replaceAll("'", '')}'`);
        return rest(session);
      }),
    ]);
    if (result.status === 'rejected') throw result.reason;
    if (results.status === 'rejected') throw results.reason;
    return [result.value, ...results.value] as unknown as Results;
  });
}

/** Whether a connection can be had without waiting: questions that hold one and wait for another could wait for each other. */
function hasFreeConnection(pool: Pool): boolean {
  return pool.totalCount - pool.idleCount + pool.waitingCount < pool.options.max;
}

async function transaction<Result>(
  pool: Pool,
  begin: string,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((rollbackError: unknown) => {
      broken = rollbackError as Error;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
