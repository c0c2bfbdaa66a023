import type { Operation, Operations } from '../operation.ts';

const LAST_WEEK = { start_date: 'now-7d/d', end_date: 'now' };
/** 2026-03-10 is when the examples of recorded events happened. */
const SPRING = { start_date: '2026-03-01', end_date: '2026-03-31', timezone: 'Europe/Berlin' };
const EVENT_ID = 'order-4711';

const reading = (operationId: string, examples: Operation['examples']): Operation => ({
  operationId,
  scopes: ['read'],
  examples,
});

export const analyticsOperations: Operations = {
  'GET /v1/analytics/usage/overview': reading('getUsageOverview', {
    'a month by days': { query: { ...SPRING, group_by: 'day' } },
    'two models in production': {
      query: {
        ...SPRING,
        model_name: ['gpt-4o', 'o3'],
        environment: 'production',
        'not.user_id': '__none__',
      },
    },
    'the last week of a team': { query: LAST_WEEK, tags: { 'metadata.team': 'search' } },
  }),
  'GET /v1/analytics/usage/breakdown': reading('getUsageBreakdown', {
    'the dearest models': { query: { ...SPRING, dimension: 'model_name', limit: 5 } },
    'projects by team, busiest first, week by week': {
      query: {
        ...SPRING,
        dimension: ['project_id', 'metadata.team'],
        order_by: 'total_requests',
        group_by: 'week',
      },
    },
  }),
  'GET /v1/analytics/usage/compare': reading('compareUsage', {
    'the last week with the one before': { query: { ...LAST_WEEK, dimension: 'project_id' } },
    'any two ranges': {
      query: { ...SPRING, compare_start: '2026-02-01', compare_end: '2026-02-28', measure: 'total_requests' },
    },
  }),
  'GET /v1/analytics/usage/trends': reading('getUsageTrends', {
    'requests of a month': { query: { ...SPRING, measure: 'total_requests' } },
  }),
  'GET /v1/analytics/usage/events': reading('listEvents', {
    'failed calls': { query: { ...SPRING, status: 'error', limit: 20 } },
    'models that begin with gpt-': { query: { ...SPRING, 'prefix.model_name': 'gpt-' } },
  }),
  'GET /v1/analytics/usage/events/:event_id': reading('getEvent', {
    'an event': { path: { event_id: EVENT_ID } },
  }),
  'GET /v1/analytics/usage/events/:event_id/cost': reading('explainEventCost', {
    'how a cost came about': { path: { event_id: EVENT_ID } },
  }),
  'GET /v1/analytics/usage/errors': reading('getUsageErrors', {
    'a month by days': { query: { ...SPRING, group_by: 'day' } },
  }),
  'GET /v1/analytics/usage/latency': reading('getUsageLatency', {
    'by model': { query: { ...SPRING, dimension: 'model_name' } },
    'heat map of a month': { query: { ...SPRING, group_by: 'day', heatmap: true } },
  }),
  'GET /v1/analytics/usage/cache': reading('getPromptCacheUsage', {
    'a month': { query: { ...SPRING, repeated_percent: 60 } },
  }),
  'GET /v1/analytics/usage/forecast': reading('getUsageForecast', {
    'cost of this month': { query: { measure: 'cost', timezone: 'Europe/Berlin', level: 0.8 } },
  }),
  'GET /v1/analytics/usage/anomalies': reading('listUsageAnomalies', {
    'requests of the last week, by model': {
      query: { ...LAST_WEEK, measure: 'requests', dimension: ['model_name'], min_effect: 20 },
    },
  }),
  'GET /v1/analytics/usage/unpriced': reading('listUnpricedUsage', {
    'a month': { query: { ...SPRING, limit: 20 } },
  }),
  'GET /v1/analytics/usage/metered': reading('listMeteredUsage', {
    'all that metrics told': { query: { ...SPRING, include: 'all' } },
  }),
  'GET /v1/analytics/telemetry/unknown': reading('listUnknownTelemetry', {
    'nothing unknown': { answer: { unknown: [] } },
  }),
  'GET /v1/analytics/summary': reading('getSummary', {
    'the last week': { query: { ...LAST_WEEK, compare_with: 'previous_period' } },
  }),
  'GET /v1/analytics/allocation': reading('getCostAllocation', {
    'by team, what is untagged spread': { query: { ...SPRING, by: 'metadata.team', untagged: 'spread' } },
  }),
  'GET /v1/analytics/allocation/focus.csv': reading('exportFocusCharges', {
    'a month': { query: SPRING },
  }),
};
