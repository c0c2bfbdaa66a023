import { expect, test } from '@jest/globals';
import { evidencePage, type Summary } from './evidence-link.ts';

const evidence = { measure: 'm', dimension: null, member: null, current: 1, previous: 2, change_percent: 3 };
const budgets = [{ budget_id: 7, name: 'Search' }] as unknown as Summary['budgets'];

test.each([
  ['/v1/analytics/usage/errors?group_by=day', {}, 'performance', {}],
  ['/v1/analytics/usage/latency?a=b', { dimension: 'model_name', member: 'gpt-4o' }, 'performance', { filter: ['model_name', 'gpt-4o'] }],
  ['/v1/analytics/usage/unpriced', {}, 'costs', { search: { tab: 'unpriced' } }],
  ['/v1/analytics/budgets/status', { dimension: 'budget', member: 'Search' }, 'costs', { keepFilters: false, search: { tab: 'budgets', budget: '7' } }],
  ['/v1/analytics/usage/compare?x=1', {}, 'costs', { search: { change: 'chosen', against: 'last_month' } }],
  ['/v1/analytics/usage/compare?dimension=model_name', { dimension: 'model_name', member: 'gpt-4o' }, 'costs', { search: { change: 'chosen', against: 'last_month', by: 'model_name', why: 'gpt-4o' } }],
  ['/v1/analytics/usage/compare?dimension=user_id', { dimension: 'user_id', member: 'u-1' }, 'explore', { search: { by: 'user_id' } }],
  ['/v1/analytics/something/new', {}, 'overview', {}],
])('the evidence of %s is on a page', (link, more, page, options) => {
  expect(evidencePage({ link, evidence: { ...evidence, ...more } }, 'last_month', budgets)).toMatchObject({ page, options });
}); // prettier-ignore
