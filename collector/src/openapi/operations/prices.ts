import type { Operations } from '../operation.ts';

const PRICE = {
  model_provider: 'vllm',
  model_name: 'llama-3.3-70b*',
  effective_from: '2026-03-01',
  input_per_mtok: '0.20',
  output_per_mtok: '0.60',
  source: 'Own machines',
  note: 'Power and rent of two servers',
};
const price_id = 1;
const job_id = 1;

export const priceOperations: Operations = {
  'GET /v1/prices': {
    operationId: 'listPrices',
    scopes: ['read'],
    examples: { 'prices of a model': { query: { provider: 'openai', model: 'gpt-4o', limit: 10 } } },
  },
  'POST /v1/prices': {
    operationId: 'addPrice',
    scopes: ['admin'],
    examples: {
      'a model of your own': { body: PRICE },
      'a discount': { body: { model_provider: 'openai', model_name: '*', discount_percent: '12.5' } },
    },
  },
  'GET /v1/prices/resolve': {
    operationId: 'resolvePrice',
    scopes: ['read'],
    examples: { 'a model of the list': { query: { provider: 'openai', model: 'gpt-4o', at: '2026-03-10' } } },
  },
  'POST /v1/prices/import': {
    operationId: 'importPrices',
    scopes: ['admin'],
    examples: {
      'what would be added': { query: { dry_run: true }, body: [{ ...PRICE, model_name: 'qwen3-32b' }] },
      'a CSV file': {
        contentType: 'text/csv',
        body: 'model_provider,model_name,input_per_mtok,output_per_mtok\nvllm,mistral-small,0.10,0.30\n',
      },
    },
  },
  'GET /v1/prices/:price_id': {
    operationId: 'getPrice',
    scopes: ['read'],
    examples: { 'a price': { path: { price_id } } },
  },
  'POST /v1/prices/:price_id/end': {
    operationId: 'endPrice',
    scopes: ['admin'],
    examples: { 'from now on': { path: { price_id }, body: {} } },
  },
  'GET /v1/prices/reprice': {
    operationId: 'listRepricingJobs',
    scopes: ['read'],
    examples: { 'the newest': { query: { limit: 5 } } },
  },
  'POST /v1/prices/reprice': {
    operationId: 'startRepricing',
    scopes: ['admin'],
    examples: {
      'a dry run': {
        body: {
          start_date: '2026-03-01',
          end_date: '2026-03-31',
          unpriced_only: true,
          note: 'After the price of llama-3.3-70b was added',
        },
      },
    },
  },
  'GET /v1/prices/reprice/:job_id': {
    operationId: 'getRepricingJob',
    scopes: ['read'],
    examples: { 'a dry run': { path: { job_id } } },
  },
  'POST /v1/prices/reprice/:job_id/apply': {
    operationId: 'applyRepricing',
    scopes: ['admin'],
    examples: { 'after a dry run': { path: { job_id } } },
  },
  'DELETE /v1/prices/reprice/:job_id': {
    operationId: 'cancelRepricing',
    scopes: ['admin'],
    examples: { 'a job that is under way': { path: { job_id } } },
  },
};
