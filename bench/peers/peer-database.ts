import pg from 'pg';
import { createBenchDatabase, describeEnvironment } from '../environment.ts';

export interface PeerDatabase {
  connectionString: string;
  /** Rows of a table of the peer; 0 before it exists. */
  count(table: string): Promise<number>;
  /** Bytes of the whole database. */
  size(): Promise<number>;
  drop(): Promise<void>;
}

/** A fresh database on the server of the other benchmarks, without the extension: the peers know plain PostgreSQL. */
export async function createPeerDatabase(): Promise<PeerDatabase> {
  const database = await createBenchDatabase();
  console.log(await describeEnvironment(database.connectionString));
  const client = new pg.Client({ connectionString: database.connectionString });
  await client.connect();
  await client.query('DROP EXTENSION IF EXISTS timescaledb');
  return {
    connectionString: database.connectionString,
    count: async (table) => {
      const { rows } = await client.query<{ present: boolean }>('SELECT to_regclass($1) IS NOT NULL AS present', [table]); // prettier-ignore
      if (!rows[0]?.present) return 0;
      const counted = await client.query<{ count: string }>(
        `SELECT count(*) FROM ${client.escapeIdentifier(table)}`,
      );
      return Number(counted.rows[0]?.count);
    },
    size: async () => {
      const { rows } = await client.query<{ size: string }>(
        'SELECT pg_database_size(current_database()) AS size',
      );
      return Number(rows[0]?.size);
    },
    drop: async () => {
      await client.end();
      await database.drop();
    },
  };
}
