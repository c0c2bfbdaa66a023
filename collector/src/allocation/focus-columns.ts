/**
 * The columns of a FOCUS 1.2 dataset (FinOps Open Cost and Usage Specification) that this export has: the 21 mandatory ones, and of
 * the others those that usage of language models can fill truly. https://focus.finops.org/focus-specification/v1-2/
 */

/** What one charge is about, before it is written in FOCUS's words: a day of one prompt, model and environment. */
export interface Charge {
  tenantId: string;
  tenantName: string;
  /** Half-open, epoch milliseconds. */
  chargeStartMs: number;
  chargeEndMs: number;
  billingStartMs: number;
  billingEndMs: number;
  modelProvider: string;
  modelName: string;
  projectId: string | null;
  promptId: string | null;
  environment: string | null;
  /** USD, a decimal string; '0' where no call has a price. */
  costUsd: string;
  requests: number;
  unpricedRequests: number;
  unpricedTokens: number;
  tokens: number;
  inputTokens: number;
  cacheReadTokens: number;
  cacheWrite5mTokens: number;
  cacheWrite1hTokens: number;
  outputTokens: number;
  reasoningTokens: number;
}

type Value = string | number | null;

interface Column {
  name: string;
  value: (charge: Charge) => Value;
}

/** Date/Time Format: UTC, to the second, with Z. */
function dateTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function describe({ requests, unpricedRequests, modelName, modelProvider }: Charge): string {
  const calls = `${requests} ${requests === 1 ? 'call' : 'calls'} of ${modelName} at ${modelProvider}`;
  return unpricedRequests === 0
    ? calls
    : `${calls}; ${unpricedRequests} of them without a known price, which are not in the cost`;
}

const FOCUS_COLUMNS: readonly Column[] = [
  { name: 'BilledCost', value: ({ costUsd }) => costUsd },
  { name: 'BillingAccountId', value: ({ tenantId }) => tenantId },
  { name: 'BillingAccountName', value: ({ tenantName }) => tenantName },
  { name: 'BillingCurrency', value: () => 'USD' },
  { name: 'BillingPeriodEnd', value: ({ billingEndMs }) => dateTime(billingEndMs) },
  { name: 'BillingPeriodStart', value: ({ billingStartMs }) => dateTime(billingStartMs) },
  { name: 'ChargeCategory', value: () => 'Usage' },
  // Only corrections of periods that were invoiced have one.
  { name: 'ChargeClass', value: () => null },
  { name: 'ChargeDescription', value: describe },
  { name: 'ChargeFrequency', value: () => 'Usage-Based' },
  { name: 'ChargePeriodEnd', value: ({ chargeEndMs }) => dateTime(chargeEndMs) },
  { name: 'ChargePeriodStart', value: ({ chargeStartMs }) => dateTime(chargeStartMs) },
  { name: 'ConsumedQuantity', value: ({ tokens }) => tokens },
  { name: 'ConsumedUnit', value: () => 'Tokens' },
  { name: 'ContractedCost', value: ({ costUsd }) => costUsd },
  { name: 'EffectiveCost', value: ({ costUsd }) => costUsd },
  { name: 'InvoiceIssuerName', value: ({ modelProvider }) => modelProvider },
  { name: 'ListCost', value: ({ costUsd }) => costUsd },
  // No unit price beside it: the kinds of tokens of one charge have prices of their own.
  { name: 'PricingQuantity', value: ({ tokens }) => tokens },
  { name: 'PricingUnit', value: () => 'Tokens' },
  { name: 'ProviderName', value: ({ modelProvider }) => modelProvider },
  { name: 'PublisherName', value: ({ modelProvider }) => modelProvider },
  { name: 'ServiceCategory', value: () => 'AI and Machine Learning' },
  { name: 'ServiceName', value: () => 'Language model inference' },
  { name: 'ServiceSubcategory', value: () => 'Generative AI' },
];

/** Columns of our own begin with x_, as the specification asks. */
const OWN_COLUMNS: readonly Column[] = [
  { name: 'x_ModelName', value: ({ modelName }) => modelName },
  { name: 'x_ProjectId', value: ({ projectId }) => projectId },
  { name: 'x_PromptId', value: ({ promptId }) => promptId },
  { name: 'x_Environment', value: ({ environment }) => environment },
  { name: 'x_RequestCount', value: ({ requests }) => requests },
  { name: 'x_InputTokens', value: ({ inputTokens }) => inputTokens },
  { name: 'x_CacheReadTokens', value: ({ cacheReadTokens }) => cacheReadTokens },
  { name: 'x_CacheWrite5mTokens', value: ({ cacheWrite5mTokens }) => cacheWrite5mTokens },
  { name: 'x_CacheWrite1hTokens', value: ({ cacheWrite1hTokens }) => cacheWrite1hTokens },
  { name: 'x_OutputTokens', value: ({ outputTokens }) => outputTokens },
  { name: 'x_ReasoningTokens', value: ({ reasoningTokens }) => reasoningTokens },
  { name: 'x_UnpricedRequestCount', value: ({ unpricedRequests }) => unpricedRequests },
  { name: 'x_UnpricedTokens', value: ({ unpricedTokens }) => unpricedTokens },
];

const COLUMNS = [...FOCUS_COLUMNS, ...OWN_COLUMNS];

export const FOCUS_HEADER: readonly string[] = COLUMNS.map(({ name }) => name);

export function focusRow(charge: Charge): Value[] {
  return COLUMNS.map(({ value }) => value(charge));
}
