import type { Queryable } from '../database/pool.ts';
import { generateToken, hashToken, looksLikeToken } from '../sessions/token.ts';

/** Time for a browser to follow a link that was just made, and no more. */
export const LINK_MINUTES = 15;

/** Makes a link's token: 256 random bits, of which the hash is stored. */
export async function createLink(
  database: Queryable,
  {
    exportId,
    file,
    createdBy,
    nowMs = Date.now(),
  }: { exportId: number; file: number; createdBy: string; nowMs?: number },
): Promise<{ token: string; expiresAt: Date }> {
  const token = generateToken();
  const expiresAt = new Date(nowMs + LINK_MINUTES * 60_000);
  await database.query(
    `INSERT INTO export_links (token_sha256, export_id, file_number, created_by, expires_at) VALUES ($1, $2, $3, $4, $5)`,
    [hashToken(token), exportId, file, createdBy, expiresAt],
  );
  return { token, expiresAt };
}

/** Uses a link up; of any number of requests, on whatever replica, one gets it. undefined when it is unknown, used or expired. */
export async function takeLink(
  database: Queryable,
  token: string,
  now: Date,
): Promise<{ tenantId: string; exportId: number; file: number } | undefined> {
  if (!looksLikeToken(token)) return undefined;
  const { rows } = await database.query<{ tenant_id: string; export_id: number; file_number: number }>(
    `DELETE FROM export_links l USING exports x WHERE l.token_sha256 = $1 AND l.expires_at > $2 AND x.export_id = l.export_id
     RETURNING x.tenant_id, x.export_id, l.file_number`,
    [hashToken(token), now],
  );
  const [row] = rows;
  return row && { tenantId: row.tenant_id, exportId: row.export_id, file: row.file_number };
}

export async function deleteExpiredLinks(database: Queryable, now: Date): Promise<void> {
  await database.query('DELETE FROM export_links WHERE expires_at <= $1', [now]);
}
