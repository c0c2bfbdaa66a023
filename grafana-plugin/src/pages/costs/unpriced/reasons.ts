/** Why calls have no cost, in a few words; what to do about it the collector says. */
export const REASONS: Record<string, string> = {
  unknown_provider_or_model: 'Unknown model',
  self_hosted: 'Self-hosted',
  no_price: 'No published price',
  modality_unknown: 'Not text alone',
  unknown_service_tier: 'Unknown service tier',
  invalid_request: 'Impossible token counts',
  cost_out_of_range: 'Out of range',
  no_token_counts: 'No token counts',
  has_price_now: 'Has a price by now',
  events_deleted: 'Events deleted',
};

/** Where a price of one's own gives the calls a cost. Elsewhere the sender has to be mended, or there is a price already. */
export function doesPriceHelp(reason: string): boolean {
  return [
    'unknown_provider_or_model',
    'self_hosted',
    'no_price',
    'modality_unknown',
    'unknown_service_tier',
  ].includes(reason);
}
