/**
 * A keyword of schemas for what a route checks by itself, with a sentence better than a schema's. Its value is JSON Schema that stands in the description of
 * the API as if it were a part of the schema, and is no part of the validation.
 */
export const CHECKED_BY_ROUTE = 'x-checked-by-route';

/** Options of a schema with what its route checks beside. */
export function checkedByRoute(schema: object): Record<typeof CHECKED_BY_ROUTE, object> {
  return { [CHECKED_BY_ROUTE]: schema };
}

/** Formats of the description, beside those of JSON Schema. */
export const FORMATS = {
  /** A date, an RFC 3339 time or a relative time such as now-30d. */
  boundary: 'period-boundary',
  /** A date or an RFC 3339 time. */
  time: 'date-or-date-time',
  timeZone: 'iana-time-zone',
} as const;
