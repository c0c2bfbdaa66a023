import { createHash } from 'node:crypto';
import type { Provider } from '@pydantic/genai-prices';
import { inTransaction, type Client, type Pool, type Queryable } from '../database/pool.ts';
import { bundledProviders, bundledVersion, GENAI_PRICES } from './genai-book.ts';
import { planList, type ListPlan } from './list-plan.ts';
import { listRows } from './list-rows.ts';
import { insertPrices, lockPriceBook } from './price-store.ts';
import { priceFromDatabase, type NewPrice, type PriceRow, type StoredPrice } from './stored-price.ts';

export interface ListImportOptions {
  providers?: readonly Provider[];
  version?: string;
  /** Who took it in, for the audit: 'setup', 'cli'. */
  importedBy: string;
  /** Take changes without a date as the mending of errors, as far back as the list says (list-plan.ts). */
  correctHistory?: boolean;
  dryRun?: boolean;
  nowMs?: number;
}

export interface ListImportResult {
  version: string;
  /** False: this list, or a newer one, had been taken in before. */
  isNew: boolean;
  added: number;
  ended: number;
  renamed: number;
}

/**
 * Takes the installed price list into model_prices: new rows are added, replaced ones ended, none altered. Any number of processes may
 * do so at once: one does, the others find it done. An older list than the last one is left alone, so that an old replica in a rolling
 * update undoes nothing.
 */
export async function importPriceList(pool: Pool, options: ListImportOptions): Promise<ListImportResult> {
  const { providers = bundledProviders, version = bundledVersion } = options;
  const { importedBy, correctHistory = false, dryRun = false, nowMs = Date.now() } = options;
  const wanted = listRows(providers, version);
  const sha256 = createHash('sha256')
    .update(
      JSON.stringify([
        version,
        providers.map(({ id, fallback_model_providers: f }) => [id, f]),
        contentOf(wanted),
      ]),
    )
    .digest('hex');
  const done = { version, isNew: false, added: 0, ended: 0, renamed: 0 };
  if (!correctHistory && (await isKnown(pool, version, sha256))) return done;
  return inTransaction(pool, async (client) => {
    await lockPriceBook(client);
    if (!correctHistory && (await isKnown(client, version, sha256))) return done;
    const plan = planList(await readList(client), wanted, nowMs, { correctHistory });
    const result = {
      version,
      isNew: true,
      added: plan.add.length,
      ended: plan.end.length,
      renamed: plan.rename.length,
    };
    if (dryRun) return result;
    await carryOut(client, plan, importedBy);
    await writeProviders(client, providers);
    await client.query(
      `INSERT INTO price_list_imports (source, version, content_sha256, imported_by, rows_added, rows_ended) VALUES ($1, $2, $3, $4, $5, $6)`,
      [GENAI_PRICES, version, sha256, importedBy, result.added, result.ended],
    );
    return result;
  });
}

/** All that two lists of one version may differ in, as text. */
function contentOf(rows: readonly NewPrice[]): string {
  return JSON.stringify(rows, (_key, value: unknown) =>
    typeof value === 'bigint' || value === Infinity || value === -Infinity ? String(value) : value,
  );
}

async function isKnown(database: Queryable, version: string, sha256: string): Promise<boolean> {
  const { rows } = await database.query<{ version: string; content_sha256: string }>(
    'SELECT version, content_sha256 FROM price_list_imports WHERE source = $1',
    [GENAI_PRICES],
  );
  return rows.some((row) => row.content_sha256 === sha256 || compareVersions(row.version, version) > 0);
}

/** As semantic versions are ordered, pre-releases aside. */
export function compareVersions(a: string, b: string): number {
  const [left = [], right = []] = [a, b].map((version) => version.split(/[.+-]/).map(Number));
  for (let index = 0; index < 3; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

async function readList(database: Queryable): Promise<StoredPrice[]> {
  const { rows } = await database.query<PriceRow>(
    `SELECT * FROM model_prices WHERE kind = 'list' AND source = $1`,
    [GENAI_PRICES],
  );
  return rows.map(priceFromDatabase);
}

async function carryOut(client: Client, { add, end, rename }: ListPlan, importedBy: string): Promise<void> {
  if (end.length > 0) {
    await client.query(
      `UPDATE model_prices p SET effective_to = e.effective_to, ended_at = now(), ended_by = $3
       FROM unnest($1::bigint[], $2::timestamptz[]) AS e (price_id, effective_to) WHERE p.price_id = e.price_id`,
      [
        end.map(({ priceId }) => priceId),
        end.map(({ toMs }) => (toMs === -Infinity ? '-infinity' : new Date(toMs))),
        importedBy,
      ],
    );
  }
  if (rename.length > 0) {
    await client.query(
      `UPDATE model_prices p SET model_pattern = r.model_pattern, model_match = r.model_match, list_position = r.list_position
       FROM jsonb_to_recordset($1::jsonb) AS r (price_id bigint, model_pattern text, model_match jsonb, list_position integer)
       WHERE p.price_id = r.price_id`,
      [
        JSON.stringify(
          rename.map(({ priceId, modelPattern, modelMatch, listPosition }) => ({
            price_id: priceId,
            model_pattern: modelPattern,
            model_match: modelMatch,
            list_position: listPosition,
          })),
        ),
      ],
    );
  }
  await insertPrices(client, add, importedBy);
}

async function writeProviders(client: Client, providers: readonly Provider[]): Promise<void> {
  await client.query(
    `INSERT INTO price_list_providers (provider_id, fallback_provider_ids)
     SELECT provider_id, fallback_provider_ids FROM jsonb_to_recordset($1::jsonb) AS p (provider_id text, fallback_provider_ids text[])
     ON CONFLICT (provider_id) DO UPDATE SET fallback_provider_ids = excluded.fallback_provider_ids`,
    [
      JSON.stringify(
        providers.map(({ id, fallback_model_providers: fallbacks }) => ({
          provider_id: id,
          fallback_provider_ids: fallbacks ?? [],
        })),
      ),
    ],
  );
}
