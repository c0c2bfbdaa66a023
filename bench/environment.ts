import { randomBytes } from 'node:crypto';
import { cpus, totalmem } from 'node:os';
import pg from 'pg';

/** What the figures were taken on, for the head of each table; nothing that names the machine. */
export async function describeEnvironment(connectionString: string): Promise<string> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const { rows } = await client.query<{ version: string; extension: string | null; settings: string }>(
    `SELECT current_setting('server_version') AS version,
            (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS extension,
            string_agg(name || '=' || current_setting(name), ', ' ORDER BY name) AS settings
     FROM pg_settings WHERE name IN ('shared_buffers', 'synchronous_commit', 'fsync', 'wal_compression', 'max_wal_size')`,
  );
  await client.end();
  const { version = '', extension = null, settings = '' } = rows[0] ?? {};
  const engine =
    extension === null ? `PostgreSQL ${version}` : `TimescaleDB ${extension} on PostgreSQL ${version}`;
  return `${engine} (${settings}), Node ${process.versions.node}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB; database, collector and load on one machine`;
}

export interface BenchDatabase {
  connectionString: string;
  drop(): Promise<void>;
}

/** A fresh database on the server of TIMESCALE_DATABASE_URL, or of DATABASE_URL for plain PostgreSQL; or one of an earlier run. */
export async function createBenchDatabase(existing?: string): Promise<BenchDatabase> {
  const server = process.env['TIMESCALE_DATABASE_URL'] ?? process.env['DATABASE_URL'];
  if (server === undefined)
    throw new Error(
      'Set TIMESCALE_DATABASE_URL (or DATABASE_URL for plain PostgreSQL) to a server on which databases may be made.',
    );
  const name = existing ?? `bench_${randomBytes(4).toString('hex')}`;
  const run = async (connectionString: string, statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  const url = new URL(server);
  url.pathname = `/${name}`;
  if (existing === undefined) await run(server, `CREATE DATABASE ${name} TEMPLATE template0`);
  if (existing === undefined && process.env['TIMESCALE_DATABASE_URL'] !== undefined)
    await run(url.toString(), 'CREATE EXTENSION timescaledb');
  return { connectionString: url.toString(), drop: () => run(server, `DROP DATABASE ${name} WITH (FORCE)`) };
}

/** Nearest-rank quantile of numbers. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? NaN;
}

export const grouped = (value: number): string => Math.round(value).toLocaleString('en-US');
