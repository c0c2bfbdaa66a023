import { administrationOperations } from './operations/administration.ts';
import { alertOperations } from './operations/alerts.ts';
import { analyticsOperations } from './operations/analytics.ts';
import { budgetOperations } from './operations/budgets.ts';
import { exportOperations } from './operations/exports.ts';
import { ingestOperations } from './operations/ingest.ts';
import { notificationOperations } from './operations/notifications.ts';
import { priceOperations } from './operations/prices.ts';
import type { Operations } from './operation.ts';

/** Every route that is described; a test fails for one that is missing. */
export const OPERATIONS: Operations = {
  ...ingestOperations,
  ...analyticsOperations,
  ...budgetOperations,
  ...exportOperations,
  ...alertOperations,
  ...notificationOperations,
  ...priceOperations,
  ...administrationOperations,
};

/** The name of a route that has no entry yet: `GET /v1/a/:b` is get_v1_a_b. */
export function derivedOperationId(method: string, url: string): string {
  return [method.toLowerCase(), ...url.split(/[^A-Za-z0-9]+/)].filter((part) => part !== '').join('_');
}
