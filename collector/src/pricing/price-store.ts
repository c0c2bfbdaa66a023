import { isExclusionViolation } from '../database/errors.ts';
import { inSnapshot, inTransaction, type Client, type Pool, type Queryable } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { compileMatch } from './model-match.ts';
import { canBothMatch, matchesOwn } from './own-pattern.ts';
import { precedence, PriceBook, type StoredProvider } from './price-book.ts';
import { ANY_TIER } from './service-tiers.ts';
import {
  PRICE_COLUMNS,
  priceFromDatabase,
  priceRecord,
  type NewPrice,
  type OwnMatch,
  type PriceRow,
  type StoredPrice,
} from './stored-price.ts';

/** One writer of the price book at a time, so that what it checks still holds when it commits. */
export async function lockPriceBook(client: Client): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock(hashtext('promptops.model_prices'))`);
}

/** Which state the price book is in: the number that every change raises. */
export async function readBookVersion(database: Queryable): Promise<number> {
  const { rows } = await database.query<{ version: number }>('SELECT version FROM price_book_state');
  return rows[0]?.version ?? 0;
}

/** The whole book as it is now. */
export async function readPriceBook(pool: Pool): Promise<PriceBook> {
  return inSnapshot(pool, async (client) => {
    const version = await readBookVersion(client);
    const { rows } = await client.query<PriceRow>('SELECT * FROM model_prices ORDER BY price_id');
    const { rows: providers } = await client.query<{ provider_id: string; fallback_provider_ids: string[] }>(
      'SELECT provider_id, fallback_provider_ids FROM price_list_providers ORDER BY provider_id',
    );
    return new PriceBook(
      rows.map(priceFromDatabase),
      providers.map(
        ({ provider_id: providerId, fallback_provider_ids: fallbackProviderIds }): StoredProvider => ({
          providerId,
          fallbackProviderIds,
        }),
      ),
      version,
    );
  });
}

const INSERT = `
  INSERT INTO model_prices (${PRICE_COLUMNS.join(', ')})
  SELECT ${PRICE_COLUMNS.map((name) => `r.${name}`).join(', ')}
  FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (ordinal integer, record jsonb)) AS o,
       LATERAL jsonb_populate_record(NULL::model_prices, o.record) AS r
  ORDER BY o.ordinal
  RETURNING *`;

/** Inserts rows in their order. Overlaps are refused by the table itself; `addPrices` says which. */
export async function insertPrices(
  client: Client,
  prices: readonly NewPrice[],
  createdBy: string,
): Promise<StoredPrice[]> {
  if (prices.length === 0) return [];
  const records = prices.map((price, ordinal) => ({ ordinal, record: priceRecord(price, createdBy) }));
  const { rows } = await client.query<PriceRow>(INSERT, [JSON.stringify(records)]);
  return rows.map(priceFromDatabase).sort((a, b) => a.priceId - b.priceId);
}

/** An overlap of a new price (by its place among those to be added) with a stored one or an earlier one of the same lot. */
export interface Overlap {
  index: number;
  with: StoredPrice | { index: number };
}

/**
 * Adds prices of one's own, all or none.
 * @returns the stored rows in the order given, or the overlaps that stand in the way
 */
export async function addPrices(
  pool: Pool,
  prices: readonly NewPrice[],
  createdBy: string,
  { dryRun = false }: { dryRun?: boolean } = {},
): Promise<{ added: StoredPrice[]; overlaps: Overlap[] }> {
  return inTransaction(pool, async (client) => {
    await lockPriceBook(client);
    const overlaps = findOverlaps(prices, await readOwn(client, prices));
    if (overlaps.length > 0 || dryRun) return { added: [], overlaps };
    return { added: await insertPrices(client, prices, createdBy), overlaps: [] };
  }).catch((error: unknown) => {
    if (isExclusionViolation(error))
      throw new Problem('conflict', 'A price for the same models and time is in the book already.', {
        cause: error,
      });
    throw error;
  });
}

async function readOwn(client: Client, prices: readonly NewPrice[]): Promise<StoredPrice[]> {
  const tenants = [...new Set(prices.map(({ tenantId }) => tenantId))];
  const { rows } = await client.query<PriceRow>(
    `SELECT * FROM model_prices WHERE kind IN ('override', 'discount') AND (tenant_id = ANY ($1::text[]) OR (tenant_id IS NULL AND $2))
     ORDER BY price_id`,
    [tenants.filter((tenant) => tenant !== null), tenants.includes(null)],
  );
  return rows.map(priceFromDatabase);
}

function findOverlaps(prices: readonly NewPrice[], stored: readonly StoredPrice[]): Overlap[] {
  return prices.flatMap((price, index): Overlap[] => {
    const other = stored.find((each) => overlaps(price, each));
    if (other !== undefined) return [{ index, with: other }];
    const earlier = prices.slice(0, index).findIndex((each) => overlaps(price, each));
    return earlier < 0 ? [] : [{ index, with: { index: earlier } }];
  });
}

/** Whether nothing says which of two prices would win: the same owner, time and precedence, and a call that falls under both. */
export function overlaps(a: NewPrice, b: NewPrice): boolean {
  return (
    a.kind === b.kind &&
    a.tenantId === b.tenantId &&
    Math.max(a.fromMs, b.fromMs) < Math.min(a.toMs, b.toMs) &&
    (a.providerId === b.providerId || a.providerId === '*' || b.providerId === '*') &&
    (a.serviceTier === b.serviceTier || a.serviceTier === ANY_TIER || b.serviceTier === ANY_TIER) &&
    String(precedence(a)) === String(precedence(b)) &&
    canBothMatch(a.modelMatch as OwnMatch, b.modelMatch as OwnMatch)
  );
}

export async function findPrice(database: Queryable, priceId: number): Promise<StoredPrice | undefined> {
  const { rows } = await database.query<PriceRow>('SELECT * FROM model_prices WHERE price_id = $1', [
    priceId,
  ]);
  return rows[0] && priceFromDatabase(rows[0]);
}

/** Sets the end of a price; at its beginning withdraws it. @throws Problem conflict when it has ended earlier already */
export async function endPrice(
  pool: Pool,
  price: StoredPrice,
  toMs: number,
  endedBy: string,
): Promise<StoredPrice> {
  return inTransaction(pool, async (client) => {
    await lockPriceBook(client);
    const { rows } = await client.query<PriceRow>(
      `UPDATE model_prices SET effective_to = greatest(effective_from, $2::timestamptz), ended_at = now(), ended_by = $3
       WHERE price_id = $1 AND (effective_to IS NULL OR effective_to > $2::timestamptz) RETURNING *`,
      [price.priceId, toMs === -Infinity ? '-infinity' : new Date(toMs), endedBy],
    );
    if (rows[0] === undefined) {
      const current = await findPrice(client, price.priceId);
      throw new Problem(
        'conflict',
        `The price ${price.priceId} ends at ${current === undefined || current.toMs === Infinity ? 'once' : new Date(current.toMs).toISOString()} already, and an end is never moved later: add a price that begins there.`,
      );
    }
    return priceFromDatabase(rows[0]);
  });
}

export interface PriceFilter {
  /** Rows of this tenant and those for all. */
  tenantId: string;
  /** Only the tenant's own rows. */
  isOwnOnly: boolean;
  providerId?: string;
  /** Rows in force then. */
  atMs?: number;
  /** Whether a row is meant; filters that SQL cannot express (patterns). */
  afterPriceId: number;
  limit: number;
}

/** Rows in the order of their ids. */
export async function listPrices(
  database: Queryable,
  filter: PriceFilter,
  isWanted: (price: StoredPrice) => boolean,
): Promise<{ prices: StoredPrice[]; nextAfter: number | null }> {
  const { tenantId, isOwnOnly, providerId, atMs, limit } = filter;
  const prices: StoredPrice[] = [];
  let after = filter.afterPriceId;
  for (;;) {
    const { rows } = await database.query<PriceRow>(
      `SELECT * FROM model_prices
       WHERE kind <> 'rule' AND price_id > $1 AND (tenant_id = $2 OR (tenant_id IS NULL AND NOT $3)) AND ($4::text IS NULL OR provider_id IN ($4, '*'))
         AND ($5::timestamptz IS NULL OR (effective_from <= $5 AND (effective_to IS NULL OR effective_to > $5)))
       ORDER BY price_id LIMIT $6`,
      [after, tenantId, isOwnOnly, providerId ?? null, atMs === undefined ? null : new Date(atMs), BATCH],
    );
    for (const row of rows) {
      const price = priceFromDatabase(row);
      if (isWanted(price)) {
        if (prices.length === limit) return { prices, nextAfter: prices.at(-1)?.priceId ?? null };
        prices.push(price);
      }
      after = row.price_id;
    }
    if (rows.length < BATCH) return { prices, nextAfter: null };
  }
}

const BATCH = 500;

/** Rows that are for a model name: told by it, or with a rule or pattern that matches it. */
export function nameFilter(model: string): (price: StoredPrice) => boolean {
  const name = model.trim().toLowerCase();
  return ({ kind, modelMatch, modelPattern }) =>
    modelPattern === name ||
    (kind === 'list'
      ? compileMatch(modelMatch as Parameters<typeof compileMatch>[0])(name)
      : matchesOwn(modelMatch as OwnMatch, name));
}
