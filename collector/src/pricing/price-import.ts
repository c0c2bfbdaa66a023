import { Compile } from 'typebox/compile';
import type { Pool } from '../database/pool.ts';
import { readPriceCsv } from './price-csv.ts';
import { InvalidPrice, PriceInput, readPrice, type PriceContext } from './price-input.ts';
import { addPrices } from './price-store.ts';
import type { NewPrice, StoredPrice } from './stored-price.ts';

export const MOST_IMPORT_ROWS = 5_000;
export const MOST_IMPORT_BYTES = 4 * 1024 * 1024;

const Input = Compile(PriceInput);

/** What is wrong with a row; rows count from 1, a header aside. */
export interface RowError {
  row: number;
  field: string;
  reason: string;
  /** The stored price that it overlaps. */
  price_id?: number;
  /** The earlier row that it overlaps. */
  other_row?: number;
}

/**
 * The rows of an import, not yet checked: a JSON array, {"prices": […]}, or the text of a CSV file.
 * @throws InvalidPrice when there are none, or too many
 */
export function readImport(body: unknown): unknown[] {
  const rows =
    typeof body === 'string'
      ? readPriceCsv(body)
      : Array.isArray(body)
        ? (body as unknown[])
        : (body as { prices?: unknown } | null)?.prices;
  if (!Array.isArray(rows)) throw new InvalidPrice('body', 'must be a JSON array of prices, or text/csv');
  if (rows.length === 0) throw new InvalidPrice('body', 'has no price in it');
  if (rows.length > MOST_IMPORT_ROWS)
    throw new InvalidPrice('body', `has ${rows.length} prices, and ${MOST_IMPORT_ROWS} are the most at once`);
  return rows as unknown[];
}

/** Adds all rows in one transaction, or none and says what is wrong with each. */
export async function importPrices(
  pool: Pool,
  rows: readonly unknown[],
  { createdBy, dryRun, ...context }: Omit<PriceContext, 'nowMs'> & { createdBy: string; dryRun: boolean },
): Promise<{ added: StoredPrice[]; errors: RowError[] }> {
  const nowMs = Date.now(); // one 'now' for all
  const errors: RowError[] = [];
  const prices: { row: number; price: NewPrice }[] = [];
  for (const [index, input] of rows.entries()) {
    const row = index + 1;
    try {
      prices.push({ row, price: readPrice(checked(input), { ...context, nowMs }) });
    } catch (error) {
      if (!(error instanceof InvalidPrice)) throw error;
      errors.push({ row, field: error.field, reason: error.message });
    }
  }
  const { added, overlaps } = await addPrices(
    pool,
    prices.map(({ price }) => price),
    createdBy,
    { dryRun: dryRun || errors.length > 0 },
  );
  for (const { index, with: other } of overlaps) {
    const row = prices[index]?.row ?? 0;
    errors.push(
      'index' in other
        ? {
            row,
            field: 'model_name',
            reason: 'overlaps an earlier row',
            other_row: prices[other.index]?.row ?? 0,
          }
        : {
            row,
            field: 'model_name',
            reason: `overlaps the price ${other.priceId}`,
            price_id: other.priceId,
          },
    );
  }
  return { added, errors: errors.sort((a, b) => a.row - b.row) };
}

function checked(input: unknown): PriceInput {
  if (Input.Check(input)) return input;
  const [first] = Input.Errors(input);
  const { requiredProperties, additionalProperties } = (first?.params ?? {}) as {
    requiredProperties?: string[];
    additionalProperties?: string[];
  };
  const named = requiredProperties?.[0] ?? additionalProperties?.[0];
  throw new InvalidPrice(
    named ?? (first?.instancePath.slice(1).replaceAll('/', '.') || 'row'),
    requiredProperties !== undefined
      ? 'is required'
      : additionalProperties !== undefined
        ? 'is not known here'
        : (first?.message ?? 'is not valid'),
  );
}
