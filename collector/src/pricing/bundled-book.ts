import { bundledProviders, bundledVersion } from './genai-book.ts';
import { listRows } from './list-rows.ts';
import { PriceBook } from './price-book.ts';
import type { NewPrice } from './stored-price.ts';

const FIRST_PRICE_ID = 100;

/** The book of a database that has just been set up, and further rows, without a database: for benchmarks and tests. */
export function bundledBook(more: readonly NewPrice[] = []): PriceBook {
  const rows = [...listRows(bundledProviders, bundledVersion), ...more].map((price, index) => ({
    ...price,
    priceId: FIRST_PRICE_ID + index,
    createdAt: new Date(0),
    createdBy: 'test',
    endedAt: null,
    endedBy: null,
  }));
  const providers = bundledProviders.map(({ id, fallback_model_providers: fallbacks = [] }) => ({
    providerId: id,
    fallbackProviderIds: fallbacks,
  }));
  return new PriceBook(rows, providers, 0);
}
