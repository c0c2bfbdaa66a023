import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Pool } from '../database/pool.ts';
import { CollectorError, Problem } from '../http/errors.ts';
import { importPriceList } from '../pricing/list-import.ts';
import { priceAnswer } from '../pricing/price-answer.ts';
import { importPrices, readImport } from '../pricing/price-import.ts';
import { InvalidPrice, readTime } from '../pricing/price-input.ts';
import { endPrice, findPrice, listPrices, nameFilter, readPriceBook } from '../pricing/price-store.ts';
import { PRICE_FIELDS, priceTexts, type StoredPrice } from '../pricing/stored-price.ts';
import { FIRST_TENANT } from '../tenants/setup.ts';
import type { Command } from './main.ts';
import { withDatabase } from './with-database.ts';

const OPTION_OF_FIELD = {
  service_tier: 'tier',
  effective_from: 'from',
  effective_to: 'to',
  input_per_mtok: 'input',
  cache_read_per_mtok: 'cache-read',
  cache_write_5m_per_mtok: 'cache-write-5m',
  cache_write_1h_per_mtok: 'cache-write-1h',
  output_per_mtok: 'output',
  reasoning_per_mtok: 'reasoning',
  per_request: 'per-request',
  discount_percent: 'discount',
  currency: 'currency',
  usd_rate: 'usd-rate',
  source: 'source',
  version: 'version',
  note: 'note',
} as const;

export const pricesCommand: Command = {
  summary: 'List, add, end and import prices; take in a newer price list',
  usage: `promptops prices list [--tenant default] [--provider openai] [--model gpt-4o] [--at 2026-01-31] [--own] [--json]
promptops prices add <provider> <model or pattern> --input 0.25 --output 1 [--cache-read …] [--cache-write-5m …] [--cache-write-1h …]
                     [--reasoning …] [--per-request …] [--tier standard] [--from 2026-01-01 | --from ever] [--to …] [--currency EUR --usd-rate 1.08]
promptops prices add <provider> <model or pattern> --discount 12.5 [--tier …] [--from …] [--to …]
promptops prices end <price-id> [--at 2026-07-01]
promptops prices import <file.csv | file.json> [--dry-run]
promptops prices update [--dry-run] [--correct-history]

Prices are USD a million tokens, --per-request is USD a call. add, end and import change the prices of --tenant (default: ${FIRST_TENANT}), or with
--all-tenants those for all. --from is now unless given; 'ever' is since ever. update takes in the price list of the installed
@pydantic/genai-prices, as each start does; with --correct-history changes without a date are taken for the mending of errors.
Running collectors price by a change within seconds. Stored events keep their cost until they are repriced.
`,
  run: async (args) => {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        tenant: { type: 'string', default: FIRST_TENANT },
        'all-tenants': { type: 'boolean', default: false },
        provider: { type: 'string' },
        model: { type: 'string' },
        at: { type: 'string' },
        own: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        'dry-run': { type: 'boolean', default: false },
        'correct-history': { type: 'boolean', default: false },
        ...(Object.fromEntries(
          Object.values(OPTION_OF_FIELD).map((name) => [name, { type: 'string' }]),
        ) as Record<(typeof OPTION_OF_FIELD)[keyof typeof OPTION_OF_FIELD], { type: 'string' }>),
      },
    });
    const [action, first, second] = positionals;
    try {
      if (action === 'list') await list(values);
      else if (action === 'add' && first !== undefined && second !== undefined) {
        const row: Record<string, unknown> = { model_provider: first, model_name: second };
        for (const [field, option] of Object.entries(OPTION_OF_FIELD)) {
          const value = values[option];
          if (value !== undefined) row[field] = value === 'null' ? null : value;
        }
        if (row['effective_from'] === 'ever') row['effective_from'] = null;
        if (values['all-tenants']) row['all_tenants'] = true;
        await add([row], values.tenant, false);
      } else if (action === 'end' && /^\d+$/.test(first ?? ''))
        await end(Number(first), values.tenant, values['all-tenants'], values.at);
      else if (action === 'import' && first !== undefined) {
        const text = await readFile(first, 'utf8');
        const rows = readImport(/\.csv$/i.test(first) ? text : parseJson(text, first)).map((row) =>
          values['all-tenants'] && typeof row === 'object' ? { ...row, all_tenants: true } : row,
        );
        await add(rows, values.tenant, values['dry-run']);
      } else if (action === 'update') await update(values['dry-run'], values['correct-history']);
      else throw new CollectorError(`Say what to do:\n${pricesCommand.usage}`);
    } catch (error) {
      if (error instanceof InvalidPrice) throw new CollectorError(`${error.field}: ${error.message}.`);
      throw error;
    }
  },
};

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CollectorError(`${file} is no JSON; a CSV file's name ends in .csv.`);
  }
}

interface ListOptions {
  tenant: string;
  provider?: string | undefined;
  model?: string | undefined;
  at?: string | undefined;
  own: boolean;
  json: boolean;
}

async function list({ tenant, provider, model, at, own, json }: ListOptions): Promise<void> {
  const prices = await withDatabase(async (pool) => {
    const book = await readPriceBook(pool);
    const atMs = at === undefined ? undefined : (readTime('--at', at) ?? undefined);
    const { prices: found } = await listPrices(
      pool,
      {
        tenantId: tenant,
        isOwnOnly: own,
        ...(provider !== undefined && { providerId: book.canonicalProvider(provider) }),
        ...(atMs !== undefined && { atMs }),
        afterPriceId: 0,
        limit: Number.MAX_SAFE_INTEGER,
      },
      model === undefined ? () => true : nameFilter(model),
    );
    return found;
  });
  if (json) process.stdout.write(`${JSON.stringify(prices.map(priceAnswer), null, 2)}\n`);
  else for (const price of prices) process.stdout.write(`${lineOf(price)}\n`);
}

/** id, whose, provider, names, tier, from, to, prices or discount, source; tabs between. */
function lineOf(price: StoredPrice): string {
  const { price_id, model_provider, model_name, service_tier, effective_from, effective_to } =
    priceAnswer(price);
  const texts = priceTexts(price.bands[0]?.rates);
  const charges =
    price.discountPercent !== null
      ? `-${price.discountPercent} %`
      : (price.unpricedReason ??
        Object.values(PRICE_FIELDS)
          .flatMap((field) =>
            texts[field] === null ? [] : [`${field.replace('_per_mtok', '')}=${texts[field]}`],
          )
          .join(' '));
  const owner = price.kind === 'list' ? 'list' : (price.tenantId ?? 'all tenants');
  return [
    price_id,
    owner,
    model_provider,
    model_name,
    service_tier,
    effective_from ?? 'ever',
    effective_to ?? '',
    charges,
    price.version,
  ].join('\t');
}

async function add(rows: readonly unknown[], tenantId: string, dryRun: boolean): Promise<void> {
  const { added, errors } = await withDatabase(async (pool) => {
    await requireTenant(pool, tenantId);
    const book = await readPriceBook(pool);
    return importPrices(pool, rows, {
      tenantId,
      createdBy: 'cli',
      canonicalProvider: (name) => book.canonicalProvider(name),
      dryRun,
    });
  });
  if (errors.length > 0) {
    const lines = errors.map(({ row, field, reason, price_id, other_row }) => {
      const other = other_row === undefined ? '' : ` (row ${other_row})`;
      const hint = price_id === undefined ? other : ` (end it first: promptops prices end ${price_id})`;
      return `  row ${row}, ${field}: ${reason}${hint}`;
    });
    throw new CollectorError(`Nothing was added:\n${lines.join('\n')}`);
  }
  if (dryRun) process.stdout.write(`All ${rows.length} prices can be added; nothing was (--dry-run).\n`);
  for (const price of added) process.stdout.write(`Added ${lineOf(price)}\n`);
}

async function requireTenant(pool: Pool, tenantId: string): Promise<void> {
  const { rowCount } = await pool.query('SELECT FROM tenants WHERE tenant_id = $1', [tenantId]);
  if (rowCount === 0) throw new CollectorError(`There is no tenant "${tenantId}".`);
}

async function end(
  priceId: number,
  tenantId: string,
  isForAll: boolean,
  at: string | undefined,
): Promise<void> {
  const toMs = at === undefined ? Date.now() : (readTime('--at', at) ?? Date.now());
  const ended = await withDatabase(async (pool) => {
    const price = await findPrice(pool, priceId);
    if (price === undefined || (price.tenantId !== tenantId && !(isForAll && price.tenantId === null))) {
      throw new CollectorError(
        `The tenant ${tenantId} has no price ${priceId}.${price !== undefined && price.tenantId === null ? ' It is for all tenants: --all-tenants.' : ''}`,
      );
    }
    if (price.kind === 'list' || price.kind === 'rule')
      throw new CollectorError(
        `The price ${priceId} is of the public list. Add a price of your own: it wins.`,
      );
    return endPrice(pool, price, toMs, 'cli').catch((error: unknown) => {
      throw error instanceof Problem ? new CollectorError(error.message) : error;
    });
  });
  process.stdout.write(`Ended ${lineOf(ended)}\n`);
}

async function update(dryRun: boolean, correctHistory: boolean): Promise<void> {
  const result = await withDatabase((pool) =>
    importPriceList(pool, { importedBy: 'cli', dryRun, correctHistory }),
  );
  const { version, isNew, added, ended, renamed } = result;
  process.stdout.write(
    isNew
      ? `The price list ${version}: ${added} prices added, ${ended} ended, ${renamed} told by other names${dryRun ? ' (--dry-run: nothing was changed)' : ''}.\n`
      : `The price list ${version}, or a newer one, has been taken in already. Nothing to do.\n`,
  );
}
