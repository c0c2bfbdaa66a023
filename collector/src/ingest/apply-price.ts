import type { Pricer } from '../pricing/price.ts';
import { tokenCounts, type UsageRow } from './usage-row.ts';

/** Rows of model_prices that stand for a cost of 0 that no price made (sql/shared/0007_model_prices.sql). */
export const RESPONSE_CACHE_PRICE_ID = 1;
export const FAILED_WITHOUT_USAGE_PRICE_ID = 2;

/**
 * Sets the cost of a row and which price made it. An answer from the application's own response cache costs nothing, and so
 * does a failed call that reports no usage. Without a price, or without token counts, the cost is unknown: NULL.
 */
export function applyPrice(row: UsageRow, pricer: Pick<Pricer, 'price'>): void {
  row.costNanoUsd = null;
  row.priceId = null;
  row.discountId = null;
  const tokens = tokenCounts(row);
  if (row.cacheHit || (tokens === null && row.status === 'error')) {
    row.costNanoUsd = 0;
    row.priceId = row.cacheHit ? RESPONSE_CACHE_PRICE_ID : FAILED_WITHOUT_USAGE_PRICE_ID;
    return;
  }
  if (tokens === null) return;
  const price = pricer.price({
    tenantId: row.tenantId,
    modelProvider: row.modelProvider,
    modelName: row.modelName,
    serviceTier: row.serviceTier,
    timestampMs: row.timestampUs / 1000,
    tokens,
  });
  if (price.costNanoUsd === null) return;
  row.costNanoUsd = price.costNanoUsd;
  row.priceId = price.priceId;
  row.discountId = price.discountId;
}
