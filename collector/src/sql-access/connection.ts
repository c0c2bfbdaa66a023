/** Where people connect to with a role of their own. */
export interface SqlAddress {
  host: string;
  port: number;
  database: string;
  sslmode: string | null;
}

/**
 * @param connectionString the collector's own
 * @param address `host` or `host:port` by which people reach the same server, where it is another than the collector's (SQL_ADDRESS)
 */
export function sqlAddress(connectionString: string, address: string | undefined): SqlAddress {
  const url = new URL(connectionString);
  const shown = new URL(`postgres://${address ?? url.host}`);
  const host = shown.hostname || url.searchParams.get('host') || '127.0.0.1';
  return {
    host: host.replace(/^\[(.*)\]$/, '$1'),
    port: Number(shown.port || (address === undefined ? url.searchParams.get('port') : null) || 5432),
    database: decodeURIComponent(url.pathname.slice(1)),
    sslmode: url.searchParams.get('sslmode'),
  };
}

/** The connection string that psql and every driver take. */
export function sqlConnectionString(address: SqlAddress, role: string, password: string): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  const options = address.sslmode === null ? '' : `?sslmode=${encodeURIComponent(address.sslmode)}`;
  return `postgresql://${role}:${password}@${host}:${address.port}/${encodeURIComponent(address.database)}${options}`;
}
