import type { Logger } from 'pino';
import type { Pool } from '../database/pool.ts';
import { Repeating } from '../repeating.ts';

const SWEEP_EVERY_MS = 10_000;

/**
 * A role can lift its own statement_timeout and leave a transaction open, which would keep VACUUM and retention waiting; and where the collector is no
 * superuser, every role may take advisory locks, the collector's own among them. Both end with the session, so the session is ended.
 * On other databases of the server too: the roles are ours there as well.
 */
const END_SESSIONS = `
  SELECT a.usename AS role, why, pg_terminate_backend(a.pid, 1000) AS ended
  FROM sql_roles r
  JOIN pg_stat_activity a ON a.usename = r.role_name
  CROSS JOIN LATERAL (SELECT CASE
    WHEN EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory') THEN 'advisory lock'
    WHEN a.xact_start < now() - make_interval(secs => $1) THEN 'long transaction'
  END AS why) found
  WHERE why IS NOT NULL`;

export interface EndedSession {
  role: string;
  why: 'advisory lock' | 'long transaction';
}

/**
 * Ends the sessions of tenants' roles that hold or wait for an advisory lock, or whose transaction is older than the limit.
 * @returns what was ended
 */
export async function endHarmfulSessions(pool: Pool, maxTransactionSeconds: number): Promise<EndedSession[]> {
  const { rows } = await pool.query<EndedSession & { ended: boolean }>(END_SESSIONS, [maxTransactionSeconds]);
  return rows.filter(({ ended }) => ended).map(({ role, why }) => ({ role, why }));
}

/** Looks every ten seconds; every replica may. */
export class SqlSessionGuard {
  readonly #pool: Pool;
  readonly #maxTransactionSeconds: number;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #sweeps: Repeating;

  constructor(options: { pool: Pool; maxTransactionSeconds: number; log: Pick<Logger, 'warn'> }) {
    this.#pool = options.pool;
    this.#maxTransactionSeconds = options.maxTransactionSeconds;
    this.#log = options.log;
    this.#sweeps = new Repeating(
      () => this.#sweep(),
      (err) => options.log.warn({ err }, 'the sessions of SQL roles could not be looked at'),
    );
  }

  start(): void {
    this.#sweeps.start(SWEEP_EVERY_MS);
  }

  stop(): Promise<void> {
    return this.#sweeps.stop();
  }

  async #sweep(): Promise<void> {
    for (const ended of await endHarmfulSessions(this.#pool, this.#maxTransactionSeconds))
      this.#log.warn(ended, 'a session of a SQL role was ended');
  }
}
