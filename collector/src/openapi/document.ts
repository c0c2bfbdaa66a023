import fastifySwagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify';
import { CACHED_ROUTES } from '../answer-cache/cached-routes.ts';
import { SESSION_SCOPES } from '../sessions/sign-in-links.ts';
import { SCOPES, type Scope } from '../tenants/api-key.ts';
import { VERSION } from '../version.ts';
import { finishDocument, type Described, type OpenApiDocument } from './finish-document.ts';
import { keepPatterns } from './named-schemas.ts';
import { derivedOperationId, OPERATIONS } from './operations.ts';

const SCOPE_WORDS: Record<Scope, string> = {
  ingest: 'record usage',
  read: 'ask analytics, budgets and prices',
  admin: 'change budgets, prices, tenants and keys, import histories',
  metrics: "read the collector's own metrics",
};

const DESCRIPTION = `What LLM calls cost, how they perform and who uses them.

**Keys** travel as \`Authorization: Bearer po_…\` or \`X-API-Key: po_…\` and have scopes: ${SCOPES.map(
  (scope) => `\`${scope}\` to ${SCOPE_WORDS[scope]}`,
).join(', ')}. Each operation lists the scope that it needs; where it lists two, either does.

**Errors** are \`application/problem+json\` (RFC 9457) with a stable \`type\`, and a \`detail\` that says what to do.

**Money** is a decimal string of USD; null is unpriced, never 0. **Periods** are half-open, in whole days of a time zone, and every answer says how fresh it is.`;

const TAGS = [
  { name: 'ingest', description: 'Recording model calls, one by one, in batches or as a history' },
  {
    name: 'otlp',
    description: 'OpenTelemetry (OTLP/HTTP), as exporters and the OpenTelemetry collector send it',
  },
  { name: 'analytics', description: 'What usage cost, how it performed and who it was of' },
  { name: 'exports', description: 'Calls and summaries as files' },
  { name: 'usage', description: 'What telemetry told that is no call' },
  { name: 'budgets', description: 'Limits of cost, requests or tokens, and how near they are' },
  { name: 'alerts', description: 'What is watched, what fires, and what people do about it' },
  { name: 'notifications', description: 'Who is told of alerts, where, and what became of each message' },
  { name: 'prices', description: 'The price book, own prices and discounts, and pricing stored calls again' },
  { name: 'admin', description: 'Tenants, API keys and database roles' },
  { name: 'session', description: 'Signing in with a browser' },
  { name: 'health', description: 'Whether the collector is well' },
];

/** Describes the routes that are registered after this as OpenAPI 3.1: `app.swagger()`, and what `/docs` shows. */
export async function describeApi(app: FastifyInstance): Promise<void> {
  const described = new Map<string, Described>();
  await app.register(fastifySwagger, {
    convertConstToEnum: false,
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'PromptOps Analytics',
        version: VERSION,
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'This collector' }],
      tags: TAGS,
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'An API key: po_<id>_<secret>' },
          apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The same key' },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: 'promptops_session',
            description:
              'The cookie of POST /v1/session, for pages of the collector itself; __Host-promptops_session over TLS',
          },
        },
      },
    },
    transform: ({ schema, url, route }) => {
      const method = methodOf(route);
      const operation = OPERATIONS[`${method} ${url}`];
      described.set(`${method} ${url.replace(/:(\w+)/g, '{$1}')}`, {
        operation,
        tagPatterns: tagPatternsOf(schema),
        isKept: Object.hasOwn(CACHED_ROUTES, url),
      });
      // A body that a route checks by itself is described all the same.
      const { openApiBody } = route.config ?? {};
      const scopes = operation?.scopes ?? [];
      return {
        schema: {
          ...keepPatterns({ ...schema, ...(openApiBody === undefined ? {} : { body: openApiBody }) }),
          operationId: operation?.operationId ?? derivedOperationId(method, url),
          security: scopes.flatMap((scope) => [
            { bearer: [scope] },
            { apiKey: [scope] },
            ...(isOfSessions(scope) ? [{ session: [scope] }] : []),
          ]),
        },
        url,
      };
    },
    transformObject: (document) => {
      if (!('openapiObject' in document)) throw new Error('The description is not OpenAPI.');
      return finishDocument(document.openapiObject as unknown as OpenApiDocument, described) as never;
    },
  });
}

function isOfSessions(scope: Scope): boolean {
  return (SESSION_SCOPES as readonly Scope[]).includes(scope);
}

function methodOf(route: RouteOptions): string {
  return [route.method].flat()[0] ?? 'GET';
}

/** The tags that a query string takes, by the pattern of their names. */
function tagPatternsOf(schema: FastifySchema | undefined): Record<string, object> {
  return (
    (schema?.querystring as { patternProperties?: Record<string, object> } | undefined)?.patternProperties ??
    {}
  );
}

/** The description as a file: the same text for the same routes. */
export function openApiText(app: FastifyInstance): string {
  return `${JSON.stringify(app.swagger(), null, 2)}\n`;
}
