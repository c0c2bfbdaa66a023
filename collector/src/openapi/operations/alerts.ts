import type { Operations } from '../operation.ts';

const RULE = {
  name: 'Errors of the checkout',
  alert_type: 'error_rate',
  severity: 'high',
  metric: 'error_rate',
  threshold: 5,
  window_duration: 15,
  min_requests: 20,
  filters: { project_id: { in: ['checkout'] } },
  group_by: 'model_name',
  resolve_threshold: 3,
  renotify_minutes: 240,
};
const rule_id = 1;
const alert_id = 1;
const GRAFANA_ALERTS = {
  receiver: 'promptops',
  status: 'firing',
  orgId: 1,
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'Slow answers', severity: 'high', grafana_folder: 'LLM' },
      annotations: { summary: 'The 95th percentile is above 30 seconds.' },
      startsAt: '2026-03-10T12:00:00Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'https://grafana.example.com/alerting/grafana/slow-answers/view',
      fingerprint: '57c6d9296de2ad39',
      silenceURL: 'https://grafana.example.com/alerting/silence/new',
      values: { B: 31_250 },
    },
  ],
  externalURL: 'https://grafana.example.com/',
  version: '1',
  groupKey: '{}:{alertname="Slow answers"}',
  truncatedAlerts: 0,
  title: '[FIRING:1] Slow answers',
  state: 'alerting',
};

export const alertOperations: Operations = {
  'GET /v1/analytics/alert-rules': {
    operationId: 'listAlertRules',
    scopes: ['read'],
    examples: { 'no rules': { answer: { rules: [] } } },
  },
  'POST /v1/analytics/alert-rules': {
    operationId: 'createAlertRule',
    scopes: ['admin'],
    examples: { 'errors of a project by model': { body: RULE } },
  },
  'POST /v1/analytics/alert-rules/preview': {
    operationId: 'previewAlertRule',
    scopes: ['read'],
    examples: {
      'a day above a cost': {
        query: { days: 7 },
        body: { metric: 'cost_usd', threshold: 25, window_duration: 1440 },
      },
    },
  },
  'GET /v1/analytics/alert-rules/:rule_id': {
    operationId: 'getAlertRule',
    scopes: ['read'],
    examples: { 'a rule': { path: { rule_id } } },
  },
  'PATCH /v1/analytics/alert-rules/:rule_id': {
    operationId: 'updateAlertRule',
    scopes: ['admin'],
    examples: {
      'quiet at night': {
        path: { rule_id },
        body: {
          time_zone: 'Europe/Berlin',
          mute_windows: [{ days: ['monday', 'tuesday'], start: '22:00', end: '06:00' }],
        },
      },
    },
  },
  'DELETE /v1/analytics/alert-rules/:rule_id': {
    operationId: 'deleteAlertRule',
    scopes: ['admin'],
    examples: { 'a rule': { path: { rule_id } } },
  },
  'GET /v1/analytics/alerts': {
    operationId: 'listAlerts',
    scopes: ['read'],
    examples: {
      'what is open and grave': {
        query: { status: ['pending', 'firing'], severity: ['high', 'critical'], limit: 20 },
      },
    },
  },
  'GET /v1/analytics/alerts/history': {
    operationId: 'listAlertHistory',
    scopes: ['read'],
    examples: { 'the last week': { query: { start_date: 'now-7d/d', end_date: 'now' } } },
  },
  'GET /v1/analytics/alerts/trends': {
    operationId: 'getAlertTrends',
    scopes: ['read'],
    examples: { 'the last month by weeks': { query: { start_date: 'now-30d/d', group_by: 'week' } } },
  },
  'GET /v1/analytics/alerts/stream': {
    operationId: 'streamAlerts',
    scopes: ['read'],
    examples: { 'for a second': { query: { max_seconds: 1 } } },
  },
  'GET /v1/analytics/alerts/:alert_id': {
    operationId: 'getAlert',
    scopes: ['read'],
    examples: { 'an alert': { path: { alert_id } } },
  },
  'POST /v1/analytics/alerts/:alert_id/acknowledge': {
    operationId: 'acknowledgeAlert',
    scopes: ['admin'],
    examples: { 'until it is over': { path: { alert_id }, body: { note: 'The provider knows.' } } },
  },
  'DELETE /v1/analytics/alerts/:alert_id/acknowledge': {
    operationId: 'unacknowledgeAlert',
    scopes: ['admin'],
    examples: { 'an alert': { path: { alert_id } } },
  },
  'POST /v1/analytics/alerts/:alert_id/resolve': {
    operationId: 'resolveAlert',
    scopes: ['admin'],
    examples: { 'by hand': { path: { alert_id }, body: { note: 'A load test.' } } },
  },
  'POST /v1/analytics/alerts/:alert_id/comments': {
    operationId: 'commentOnAlert',
    scopes: ['admin'],
    examples: { 'a comment': { path: { alert_id }, body: { text: 'Began with the deployment of 11:40.' } } },
  },
  'POST /v1/integrations/grafana/alerts': {
    operationId: 'receiveGrafanaAlerts',
    scopes: ['ingest'],
    examples: { 'an alert that fires': { body: GRAFANA_ALERTS } },
  },
  'GET /v1/integrations/grafana/secret': {
    operationId: 'getGrafanaSecret',
    scopes: ['admin'],
    examples: { 'there is none': { answer: { has_secret: false, updated_at: null, updated_by: null } } },
  },
  'POST /v1/integrations/grafana/secret': {
    operationId: 'rotateGrafanaSecret',
    scopes: ['admin'],
    examples: {
      'a new one': {
        answer: {
          tenant_id: 'default',
          secret: 'po_grafana_4YtHnR7Qd0x1yqkM2Jv6c8B5zXwLrE9uTgPfSaKiNoU',
          path: '/v1/integrations/grafana/alerts?tenant_id=default',
        },
      },
    },
  },
};
