import type { Operations } from '../operation.ts';

const channel_id = 1;
const route_id = 1;
const delivery_id = 1;

export const notificationOperations: Operations = {
  'GET /v1/analytics/notification-channels': {
    operationId: 'listNotificationChannels',
    scopes: ['read'],
    examples: {
      'no channels yet': {
        answer: {
          channels: [],
          email_available: false,
          silence: { changes_last_24_hours: 0, reasons: [] },
        },
      },
    },
  },
  'POST /v1/analytics/notification-channels': {
    operationId: 'createNotificationChannel',
    scopes: ['admin'],
    examples: {
      Slack: {
        body: {
          name: 'On call in Slack',
          type: 'slack',
          settings: { webhook_url: 'https://slack.example.com/services/T00000000/B00000000/XXXXXXXX' },
        },
      },
      'a receiver of your own': {
        body: {
          name: 'Incident tool',
          type: 'webhook',
          settings: {
            url: 'https://incidents.example.com/hooks/promptops',
            signing_secret: 'at-least-sixteen-characters',
          },
        },
      },
    },
  },
  'GET /v1/analytics/notification-channels/:channel_id': {
    operationId: 'getNotificationChannel',
    scopes: ['read'],
    examples: { 'a channel': { path: { channel_id } } },
  },
  'PATCH /v1/analytics/notification-channels/:channel_id': {
    operationId: 'updateNotificationChannel',
    scopes: ['admin'],
    examples: { 'another name': { path: { channel_id }, body: { name: 'Night shift' } } },
  },
  'DELETE /v1/analytics/notification-channels/:channel_id': {
    operationId: 'deleteNotificationChannel',
    scopes: ['admin'],
    examples: { 'a channel': { path: { channel_id } } },
  },
  'POST /v1/analytics/notification-channels/:channel_id/test': {
    operationId: 'testNotificationChannel',
    scopes: ['admin'],
    examples: {
      'a channel': {
        path: { channel_id },
        answer: { outcome: 'delivered', latency_ms: 182, response_status: 200, error: null },
      },
    },
  },
  'GET /v1/analytics/notification-routes': {
    operationId: 'listNotificationRoutes',
    scopes: ['read'],
    examples: { 'no routes yet': { answer: { routes: [] } } },
  },
  'POST /v1/analytics/notification-routes': {
    operationId: 'createNotificationRoute',
    scopes: ['admin'],
    examples: {
      'what is bad, to people on call': {
        body: {
          name: 'On call',
          channel_ids: [channel_id],
          severities: ['high', 'critical'],
          group_by: ['rule'],
        },
      },
    },
  },
  'GET /v1/analytics/notification-routes/:route_id': {
    operationId: 'getNotificationRoute',
    scopes: ['read'],
    examples: { 'a route': { path: { route_id } } },
  },
  'PATCH /v1/analytics/notification-routes/:route_id': {
    operationId: 'updateNotificationRoute',
    scopes: ['admin'],
    examples: { 'without reminders': { path: { route_id }, body: { send_reminders: false } } },
  },
  'DELETE /v1/analytics/notification-routes/:route_id': {
    operationId: 'deleteNotificationRoute',
    scopes: ['admin'],
    examples: { 'a route': { path: { route_id } } },
  },
  'GET /v1/analytics/notification-deliveries': {
    operationId: 'listNotificationDeliveries',
    scopes: ['read'],
    examples: {
      'what was given up': {
        query: { status: 'dead', limit: 20 },
        answer: { deliveries: [], next_cursor: null },
      },
    },
  },
  'POST /v1/analytics/notification-deliveries/:delivery_id/retry': {
    operationId: 'retryNotificationDelivery',
    scopes: ['admin'],
    examples: { 'one that was given up': { path: { delivery_id } } },
  },
};
