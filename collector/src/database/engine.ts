import type { Pool } from './pool.ts';
import { CollectorError } from '../http/errors.ts';

/** Which server is behind the connection, told from the server itself. */
export interface Engine {
  kind: 'postgresql' | 'timescaledb';
  /** e.g. 180004 */
  serverVersion: number;
  /** A sentence for the log. */
  description: string;
}

const OLDEST_SERVER_VERSION = 150_000;
const OLDEST_TIMESCALEDB = [2, 29, 1] as const;

/**
 * Detects the engine at start: TimescaleDB Community where the database has the extension, else PostgreSQL. A schema that was made
 * on plain PostgreSQL stays on it when the extension comes later, until it is moved (docs/scaling.md).
 * @throws CollectorError when the server is too old
 */
export async function detectEngine(pool: Pool): Promise<Engine> {
  const { rows } = await pool.query<{
    version: number;
    extension: string | null;
    license: string | null;
    is_plain: boolean;
  }>(
    `SELECT current_setting('server_version_num')::int AS version,
            (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS extension,
            current_setting('timescaledb.license', true) AS license,
            EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('client_usage_logs') AND relkind = 'p') AS is_plain`,
  );
  const { version, extension, license, is_plain } = rows[0] ?? {
    version: 0,
    extension: null,
    license: null,
    is_plain: false,
  };
  const major = Math.floor(version / 10_000);
  if (version < OLDEST_SERVER_VERSION) {
    throw new CollectorError(
      `The database server is PostgreSQL ${major}; PostgreSQL 15 or newer is needed. Upgrade it or point DATABASE_URL at a newer one.`,
    );
  }
  const server = `PostgreSQL ${major}.${version % 10_000}`;
  const plain = (why: string): Engine => ({
    kind: 'postgresql',
    serverVersion: version,
    description: `${server}${why}`,
  });
  if (extension === null) return plain('');
  if (license !== 'timescale') {
    return plain(
      `; its TimescaleDB ${extension} is the Apache edition, which has no continuous aggregates and no columnstore, so it is used as plain PostgreSQL`,
    );
  }
  if (isOlder(extension, OLDEST_TIMESCALEDB)) {
    return plain(
      `; its TimescaleDB ${extension} is older than ${OLDEST_TIMESCALEDB.join('.')}, so it is used as plain PostgreSQL`,
    );
  }
  if (is_plain) {
    return plain(
      `; its TimescaleDB ${extension} is not used, since the schema was made without it: npm run promptops -- move-to-timescaledb`,
    );
  }
  return {
    kind: 'timescaledb',
    serverVersion: version,
    description: `${server} with TimescaleDB ${extension} Community`,
  };
}

function isOlder(version: string, than: readonly number[]): boolean {
  const parts = version.split('.').map((part) => Number.parseInt(part, 10));
  for (const [index, needed] of than.entries()) {
    const part = parts[index] ?? 0;
    if (part !== needed) return part < needed;
  }
  return false;
}
