import type { Pricer } from '../pricing/price.ts';
import { tokenCounts, type UsageRow } from './usage-row.ts';

/** The source of a cost of 0 that no price made. */
export const RESPONSE_CACHE = 'response-cache';
export const NO_USAGE = 'failed-without-usage';

/**
 * Sets the cost of a row and which price made it. An answer from the application's own response cache costs nothing, and so
 * does a failed call that reports no usage. Without a price, or without token counts, the cost is unknown: NULL.
 */
export function applyPrice(row: UsageRow, pricer: Pricer): void {
  row.costNanoUsd = null;
  row.priceSource = null;
  row.priceVersion = null;
  const tokens = tokenCounts(row);
  if (row.cacheHit || (tokens === null && row.status === 'error')) {
    row.costNanoUsd = 0;
    row.priceSource = row.cacheHit ? RESPONSE_CACHE : NO_USAGE;
    return;
  }
  if (tokens === null) return;
  const price = pricer.price({
    modelProvider: row.modelProvider,
    modelName: row.modelName,
    serviceTier: row.serviceTier,
    timestampMs: row.timestampUs / 1000,
    tokens,
  });
  if (price.costNanoUsd === null) return;
  row.costNanoUsd = price.costNanoUsd;
  row.priceSource = price.priceSource;
  row.priceVersion = price.priceVersion;
}
