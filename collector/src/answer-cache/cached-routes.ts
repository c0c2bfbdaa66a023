/** The routes whose answers are kept, and what else than data and time their answers depend on. Each answers with `freshness`. */
export const CACHED_ROUTES: Record<string, CachedRoute> = {
  '/v1/analytics/allocation': {},
  // Has a forecast, and budgets, which may change at any time.
  '/v1/analytics/summary': { isAboutNow: true },
  '/v1/analytics/usage/anomalies': {},
  '/v1/analytics/usage/breakdown': {},
  // Money saved is reckoned by the prices of the book.
  '/v1/analytics/usage/cache': { dependsOnPriceBook: true },
  '/v1/analytics/usage/compare': {},
  '/v1/analytics/usage/errors': {},
  // Says how today goes, whatever its period.
  '/v1/analytics/usage/forecast': { isAboutNow: true },
  '/v1/analytics/usage/latency': {},
  '/v1/analytics/usage/overview': {},
  '/v1/analytics/usage/trends': {},
  // Says why the price book has no price.
  '/v1/analytics/usage/unpriced': { dependsOnPriceBook: true },
};

export interface CachedRoute {
  isAboutNow?: boolean;
  dependsOnPriceBook?: boolean;
}
