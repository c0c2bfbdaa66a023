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

/**
 * Detects the engine at start. Until the TimescaleDB part of the schema is there, a server with the extension is used as plain
 * PostgreSQL: native partitions and rollups kept by the ingest transaction work the same on it.
 * @throws CollectorError when the server is too old
 */
export async function detectEngine(pool: Pool): Promise<Engine> {
  const { rows } = await pool.query<{ version: number; extension: string | null }>(
    `SELECT current_setting('server_version_num')::int AS version,
            (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS extension`,
  );
  const { version, extension } = rows[0] ?? { version: 0, extension: null };
  if (version < OLDEST_SERVER_VERSION) {
    throw new CollectorError(
      `The database server is PostgreSQL ${Math.floor(version / 10_000)}; PostgreSQL 15 or newer is needed. Upgrade it or point DATABASE_URL at a newer one.`,
    );
  }
  const major = Math.floor(version / 10_000);
  return {
    kind: 'postgresql',
    serverVersion: version,
    description: `PostgreSQL ${major}.${version % 10_000}${extension ? ` (TimescaleDB ${extension} is installed and not used yet)` : ''}`,
  };
}
