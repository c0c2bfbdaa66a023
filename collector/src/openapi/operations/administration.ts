import type { Operations } from '../operation.ts';

export const administrationOperations: Operations = {
  'GET /v1/admin/tenants': {
    operationId: 'listTenants',
    scopes: ['admin'],
    examples: {
      'one tenant': {
        answer: {
          tenants: [
            {
              tenant_id: 'default',
              name: 'Default',
              time_zone: 'UTC',
              is_operator: true,
              created_at: '2026-03-01T08:00:00.000Z',
            },
          ],
        },
      },
    },
  },
  'POST /v1/admin/tenants': {
    operationId: 'createTenant',
    scopes: ['admin'],
    examples: {
      'a tenant': { body: { tenant_id: 'acme', name: 'Acme GmbH', time_zone: 'Europe/Berlin' } },
    },
  },
  'GET /v1/admin/api-keys': {
    operationId: 'listApiKeys',
    scopes: ['admin'],
    examples: { 'keys of a tenant': { query: { tenant_id: 'default' } } },
  },
  'POST /v1/admin/api-keys': {
    operationId: 'createApiKey',
    scopes: ['admin'],
    examples: { 'for an SDK': { body: { name: 'checkout service', scopes: ['ingest'] } } },
  },
  'DELETE /v1/admin/api-keys/:key_id': {
    operationId: 'revokeApiKey',
    scopes: ['admin'],
    examples: { 'a key': { path: { key_id: 'A1b2C3d4' } } },
  },
  'GET /v1/admin/sql-roles': {
    operationId: 'listSqlRoles',
    scopes: ['admin'],
    examples: { 'none yet': { answer: { sql_roles: [] } } },
  },
  'POST /v1/admin/sql-roles': {
    operationId: 'createSqlRole',
    scopes: ['admin'],
    examples: { 'for a Grafana': { body: { name: 'Grafana of the search team' } } },
  },
  'DELETE /v1/admin/sql-roles/:role_name': {
    operationId: 'dropSqlRole',
    scopes: ['admin'],
    examples: { 'a role': { path: { role_name: 'po_sql_a1b2c3d4' } } },
  },
  'POST /v1/session': {
    operationId: 'signIn',
    scopes: [],
    examples: {
      'with an API key': { body: { api_key: 'po_A1b2C3d4_0000000000000000000000000000000000000000000' } },
    },
  },
  'GET /v1/session': {
    operationId: 'getSession',
    scopes: ['read'],
    examples: {
      'an admin key without an end': {
        answer: {
          tenant_id: 'default',
          tenant_name: 'First tenant',
          scopes: ['ingest', 'read', 'admin', 'metrics'],
          is_operator: true,
          key_id: 'A1b2C3d4',
          expires_at: null,
        },
      },
    },
  },
  'DELETE /v1/session': {
    operationId: 'signOut',
    scopes: [],
    examples: { 'from a page of the collector': { headers: { 'x-promptops-request': '1' } } },
  },
  'GET /metrics': {
    operationId: 'getMetrics',
    scopes: ['metrics'],
    examples: {
      'some lines of it': {
        answer:
          '# HELP promptops_ingest_events_total Items by what became of them\n# TYPE promptops_ingest_events_total counter\n',
      },
    },
  },
  'GET /health/live': {
    operationId: 'getLiveness',
    scopes: [],
    examples: { alive: { answer: { status: 'ok' } } },
  },
  'GET /health/ready': {
    operationId: 'getReadiness',
    scopes: [],
    examples: { ready: { answer: { status: 'ok' } } },
  },
};
