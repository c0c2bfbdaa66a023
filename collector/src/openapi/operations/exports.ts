import type { Operations } from '../operation.ts';

const export_id = 1;
const MONTH = { start_date: '2026-03-01', end_date: '2026-03-31', timezone: 'Europe/Berlin' };

export const exportOperations: Operations = {
  'GET /v1/analytics/exports': {
    operationId: 'listExports',
    scopes: ['read'],
    examples: { 'the newest': { query: { limit: 5 } } },
  },
  'POST /v1/analytics/exports': {
    operationId: 'createExport',
    scopes: ['read'],
    examples: {
      'a summary by days': {
        query: { export_type: 'parquet', format: 'summary', group_by: 'day', ...MONTH },
      },
      'all calls of a project': { query: { export_type: 'csv', ...MONTH, project_id: ['checkout'] } },
    },
  },
  'POST /v1/analytics/exports/estimate': {
    operationId: 'estimateExport',
    scopes: ['read'],
    examples: { 'all calls of a month': { query: MONTH } },
  },
  'GET /v1/analytics/exports/:export_id': {
    operationId: 'getExport',
    scopes: ['read'],
    examples: { 'an export': { path: { export_id } } },
  },
  'GET /v1/analytics/exports/:export_id/download': {
    operationId: 'downloadExport',
    scopes: ['read'],
    examples: { 'the first file': { path: { export_id }, query: { file: 1 } } },
  },
  'POST /v1/analytics/exports/:export_id/link': {
    operationId: 'createExportLink',
    scopes: ['read'],
    examples: { 'the first file': { path: { export_id } } },
  },
  'GET /v1/analytics/exports/download/:token': {
    operationId: 'downloadExportByLink',
    scopes: [],
    examples: {
      once: { path: { token: 'Zk3r9vQnJ2xB7sT0aLwYcE5uHfM8pD1gKiO4tRbV6hU' } },
    },
  },
  'DELETE /v1/analytics/exports/:export_id': {
    operationId: 'deleteExport',
    scopes: ['read'],
    examples: { 'an export that has ended': { path: { export_id } } },
  },
};
