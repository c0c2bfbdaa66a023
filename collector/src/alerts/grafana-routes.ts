import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { nullable } from '../http/schema-parts.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { MAX_GRAFANA_ALERTS, readGrafanaAlerts } from './grafana-alert.ts';
import { isSigned, readSecret, rotateSecret, storeGrafanaAlerts } from './grafana-store.ts';
import { whoDid } from './who.ts';

const PATH = '/v1/integrations/grafana';
const MAX_BODY_BYTES = 1024 * 1024;
const SIGNATURE = 'x-grafana-alerting-signature';
const TIMESTAMP = 'x-grafana-alerting-timestamp';

const Texts = Type.Record(Type.String(), Type.Unknown());
const WebhookBody = Type.Object(
  {
    alerts: Type.Array(
      Type.Object(
        {
          status: Type.Enum(['firing', 'resolved'] as const),
          fingerprint: Type.String({ minLength: 1, maxLength: 200 }),
          startsAt: Type.String({ format: 'date-time' }),
          endsAt: Type.Optional(Type.String()),
          labels: Type.Optional(Texts),
          annotations: Type.Optional(Texts),
          values: Type.Optional(nullable(Texts)),
        },
        { additionalProperties: true },
      ),
      { maxItems: MAX_GRAFANA_ALERTS },
    ),
  },
  { additionalProperties: true, description: "What Grafana's webhook contact point sends" },
);

export interface GrafanaRoutesOptions {
  pool: Pool;
  authenticator: Authenticator;
  /** Epoch milliseconds. */
  clock?: () => number;
}

/** `/v1/integrations/grafana`: alerts that Grafana evaluates join the list. */
export const grafanaRoutes: FastifyPluginCallbackTypebox<GrafanaRoutesOptions> = (
  app,
  { pool, authenticator, clock = Date.now },
  done,
) => {
  app.get(
    `${PATH}/secret`,
    {
      schema: {
        tags: ['alerts'],
        summary: "Whether Grafana's webhook has a secret",
        response: {
          200: Type.Object({
            has_secret: Type.Boolean(),
            updated_at: nullable(Type.String()),
            updated_by: nullable(Type.String()),
          }),
        },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'admin');
      const secret = await readSecret(pool, tenantId);
      return {
        has_secret: secret !== undefined,
        updated_at: secret?.updated_at.toISOString() ?? null,
        updated_by: secret?.updated_by ?? null,
      };
    },
  );

  app.post(
    `${PATH}/secret`,
    {
      schema: {
        tags: ['alerts'],
        summary: "Make a new secret for Grafana's webhook",
        description:
          'Shown once; the one before ends at once. It goes into hmacConfig.secret of the contact point.',
        response: {
          201: Type.Object({ tenant_id: Type.String(), secret: Type.String(), path: Type.String() }),
        },
      },
    },
    async (request, reply) => {
      const principal = await authenticator.require(request, 'admin');
      const { tenantId } = principal;
      const secret = await rotateSecret(pool, tenantId, await whoDid(pool, request, principal));
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({
          tenant_id: tenantId,
          secret,
          path: `${PATH}/alerts?tenant_id=${encodeURIComponent(tenantId)}`,
        });
    },
  );

  void app.register((raw, _options, registered) => {
    // The signature is of the bytes as they came.
    raw.removeAllContentTypeParsers();
    raw.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES },
      (_request, body, parsed) => parsed(null, body),
    );
    raw.post(
      `${PATH}/alerts`,
      {
        config: { openApiBody: WebhookBody },
        schema: {
          tags: ['alerts'],
          summary: "Take the alerts of Grafana's webhook",
          description: `Upserts by fingerprint and startsAt; resolved closes. Needs an API key with the scope ingest, or tenant_id and the signature of ${SIGNATURE} with the tenant's secret (and ${TIMESTAMP} where the contact point has a timestampHeader). Nothing is sent about these alerts: Grafana has done so.`,
          querystring: Type.Object(
            {
              tenant_id: Type.Optional(
                Type.String({ maxLength: 200, description: 'Whose alerts they are; only with a signature' }),
              ),
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              received: Type.Integer(),
              created: Type.Integer(),
              updated: Type.Integer(),
              resolved: Type.Integer(),
            }),
          },
        },
      },
      async (request) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const tenantId = await tenantOf(request, body);
        let json: unknown;
        try {
          json = JSON.parse(body.toString('utf8'));
        } catch (error) {
          throw new Problem('invalid-body', 'The body is not JSON.', { cause: error });
        }
        const alerts = readGrafanaAlerts(json, clock());
        return { received: alerts.length, ...(await storeGrafanaAlerts(pool, tenantId, alerts, clock())) };
      },
    );
    registered();
  });

  const tenantOf = async (request: FastifyRequest, body: Buffer): Promise<string> => {
    const signature = request.headers[SIGNATURE];
    if (typeof signature !== 'string') return (await authenticator.require(request, 'ingest')).tenantId;
    const { tenant_id: tenantId } = request.query as { tenant_id?: string };
    const timestamp = request.headers[TIMESTAMP];
    const known = tenantId === undefined ? undefined : await readSecret(pool, tenantId);
    const isKnown =
      known !== undefined &&
      isSigned(known.secret, body, signature, typeof timestamp === 'string' ? timestamp : undefined, clock());
    if (tenantId === undefined || !isKnown)
      throw new Problem(
        'unauthorized',
        'The signature is not by the secret of the tenant that tenant_id names, or its time is more than five minutes off.',
      );
    return tenantId;
  };
  done();
};
