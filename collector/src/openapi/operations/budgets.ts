import type { Operations } from '../operation.ts';

const BUDGET = {
  name: 'Checkout in production',
  amount: '250.00',
  period: { type: 'month', time_zone: 'Europe/Berlin' },
  filters: { project_id: { in: ['checkout'] }, environment: { in: ['production'] } },
  thresholds: [{ percent: 80 }, { percent: 100, kind: 'forecast' }],
  enforcement: 'warn',
};
const budget_id = 1;

export const budgetOperations: Operations = {
  'GET /v1/analytics/budgets': {
    operationId: 'listBudgets',
    scopes: ['read'],
    examples: { 'no budgets yet': { answer: { budgets: [] } } },
  },
  'POST /v1/analytics/budgets': {
    operationId: 'createBudget',
    scopes: ['admin'],
    examples: { 'cost of a project': { body: BUDGET } },
  },
  'GET /v1/analytics/budgets/status': {
    operationId: 'listBudgetStatuses',
    scopes: ['read'],
    examples: { 'no budgets yet': { answer: { budgets: [] } } },
  },
  'GET /v1/analytics/budgets/check': {
    operationId: 'checkBudgets',
    scopes: ['ingest', 'read'],
    examples: {
      'before a call': {
        query: { project_id: 'checkout', model_name: 'gpt-4o', environment: 'production' },
        tags: { 'metadata.team': 'search' },
      },
    },
  },
  'POST /v1/analytics/budgets/preview': {
    operationId: 'previewBudgetDraft',
    scopes: ['read'],
    examples: {
      'requests a day': {
        query: { periods: 3 },
        body: { measure: 'requests', amount: '10000', period: { type: 'day' } },
      },
    },
  },
  'GET /v1/analytics/budgets/:budget_id': {
    operationId: 'getBudget',
    scopes: ['read'],
    examples: { 'a budget': { path: { budget_id } } },
  },
  'PATCH /v1/analytics/budgets/:budget_id': {
    operationId: 'updateBudget',
    scopes: ['admin'],
    examples: { 'another amount': { path: { budget_id }, body: { amount: '300.00', enforcement: 'block' } } },
  },
  'DELETE /v1/analytics/budgets/:budget_id': {
    operationId: 'deleteBudget',
    scopes: ['admin'],
    examples: { 'a budget': { path: { budget_id } } },
  },
  'GET /v1/analytics/budgets/:budget_id/history': {
    operationId: 'getBudgetHistory',
    scopes: ['read'],
    examples: { 'the last three periods': { path: { budget_id }, query: { limit: 3 } } },
  },
  'GET /v1/analytics/budgets/:budget_id/preview': {
    operationId: 'previewBudget',
    scopes: ['read'],
    examples: { 'the last three periods': { path: { budget_id }, query: { periods: 3 } } },
  },
};
