import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { IdSchema, nullable } from '../http/schema-parts.ts';
import { TOKEN_PATTERN } from '../sessions/token.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { PeriodQuery, RangeSchema, type PeriodQueryValues } from '../usage/answer-parts.ts';
import { rangeTexts } from '../usage/buckets.ts';
import { FilterQueryPatterns, FilterQueryProperties, readFilters } from '../usage/filters.ts';
import { readPeriod, readRange } from '../usage/period.ts';
import { createLink, LINK_MINUTES, takeLink } from './download-links.ts';
import { checkEstimate, estimateRows } from './estimate.ts';
import {
  createExport,
  EXPORT_FORMATS,
  EXPORTS_PATH,
  ExportSchema,
  findExport,
  findFile,
  listExports,
  removeExport,
  SUMMARY_GRAINS,
} from './export-job.ts';
import { checkExport, type ExportQuestion } from './export-query.ts';
import type { ExportStore } from './export-store.ts';
import { FILE_TYPES, sendFile } from './send-file.ts';
import { EXPORT_TYPES, type ExportType } from './write-export.ts';

const ExportId = Type.Object({
  export_id: IdSchema,
});
const FileQuery = Type.Object(
  {
    file: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Number of the file; default 1' }),
    ),
  },
  { additionalProperties: false },
);

const ExportQuery = Type.Object(
  {
    export_type: Type.Optional(Type.Enum(EXPORT_TYPES, { description: 'Default csv' })),
    format: Type.Optional(
      Type.Enum(EXPORT_FORMATS, {
        description:
          'full: a row for each call with everything that is stored of it; summary: a row for each hour or day, project, prompt, endpoint, model and environment. Default full',
      }),
    ),
    group_by: Type.Optional(
      Type.Enum(SUMMARY_GRAINS, { description: 'Of a summary: hours or days of the time zone; default day' }),
    ),
    ...PeriodQuery,
    ...FilterQueryProperties,
  },
  { additionalProperties: false, patternProperties: FilterQueryPatterns },
);
type ExportQueryValues = PeriodQueryValues & {
  export_type?: ExportType;
  format?: 'full' | 'summary';
  group_by?: 'hour' | 'day';
};

const EstimateSchema = Type.Object({
  period: RangeSchema,
  export_type: Type.Enum(EXPORT_TYPES),
  format: Type.Enum(EXPORT_FORMATS),
  estimated_rows: Type.Integer(),
  estimate_basis: Type.Enum(['exact', 'at_most'], {
    description:
      'exact: as the rollups stand now; at_most: filters that only calls have are not counted in, or rows of a summary are still to be joined',
  }),
  allowed: Type.Boolean({ description: 'Whether an export of it would be begun' }),
  reason: nullable(Type.String(), 'Why not'),
  limits: Type.Object({
    max_rows: Type.Integer({ description: 'Of one export; one that has more fails, and is never cut short' }),
    max_file_bytes: Type.Integer({ description: 'About which another file is begun' }),
    keep_hours: Type.Integer({ description: 'How long files are kept' }),
    max_open_exports: Type.Integer({ description: 'Queued or running, of one tenant' }),
  }),
});

const LinkSchema = Type.Object({
  path: Type.String({ description: 'To be asked for with GET on the same host, without a key' }),
  filename: Type.String(),
  bytes: Type.Integer(),
  sha256: Type.String(),
  expires_at: Type.String(),
});

const FileBytes = {
  description:
    'The bytes of the file. ETag is its SHA-256; Repr-Digest says it too (RFC 9530); Content-Disposition names it',
  content: Object.fromEntries(FILE_TYPES.map((type) => [type, { schema: {} }])),
};

export interface ExportRouteLimits {
  maxRows: number;
  maxFileBytes: number;
  keepHours: number;
  maxOpen: number;
}

/** Exports: `POST /v1/analytics/exports` queues one; what came of it, its files and links to them under `…/{export_id}`. */
export const exportRoutes: FastifyPluginCallbackTypebox<{
  pool: Pool;
  readPool: Pool;
  authenticator: Authenticator;
  store: ExportStore;
  limits: ExportRouteLimits;
  /** Called when there is something to do. */
  wake: () => void;
}> = (app, { pool, readPool, authenticator, store, limits, wake }, done) => {
  const questionOf = (tenantId: string, query: ExportQueryValues): ExportQuestion => {
    const { format = 'full', group_by: grain } = query;
    if (format === 'full' && grain !== undefined)
      throw new Problem(
        'invalid-request',
        'group_by: is of format=summary; a full export has a row for each call.',
      );
    const nowMs = Date.now();
    const question: ExportQuestion = {
      tenantId,
      format,
      // A full export has no points: its period may be of any length.
      period:
        format === 'full'
          ? { ...readRange(query, nowMs), groupBy: 'day' }
          : readPeriod({ ...query, group_by: grain ?? 'day' }, nowMs),
      filters: readFilters(query),
    };
    checkExport(question);
    return question;
  };

  app.post(
    EXPORTS_PATH,
    {
      schema: {
        tags: ['exports'],
        summary: 'Export calls or summaries to files',
        description:
          'Queues an export of everything that is committed when it begins, as of one moment, and answers at once; ask for its status until it is completed. It is whole or it fails, and never cut short.',
        querystring: ExportQuery,
        response: { 202: ExportSchema },
      },
    },
    async (request, reply) => {
      const { tenantId, keyId } = await authenticator.require(request, 'read');
      const query = request.query as ExportQueryValues;
      const question = questionOf(tenantId, query);
      const estimate = await estimateRows(readPool, question);
      checkEstimate(estimate, limits.maxRows);
      const answer = await createExport(
        pool,
        { exportType: query.export_type ?? 'csv', question, estimate, requestedBy: keyId },
        limits.maxOpen,
      );
      wake();
      return reply.code(202).header('location', `${EXPORTS_PATH}/${answer.export_id}`).send(answer);
    },
  );

  app.post(
    `${EXPORTS_PATH}/estimate`,
    {
      schema: {
        tags: ['exports'],
        summary: 'How many rows an export would have, and the limits',
        description: 'Takes what POST /v1/analytics/exports takes and begins nothing.',
        querystring: ExportQuery,
        response: { 200: EstimateSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const query = request.query as ExportQueryValues;
      const question = questionOf(tenantId, query);
      const estimate = await estimateRows(readPool, question);
      let reason: string | null = null;
      try {
        checkEstimate(estimate, limits.maxRows);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        reason = error.message;
      }
      return {
        period: rangeTexts(question.period),
        export_type: query.export_type ?? 'csv',
        format: question.format,
        estimated_rows: estimate.rows,
        estimate_basis: estimate.basis,
        allowed: reason === null,
        reason,
        limits: {
          max_rows: limits.maxRows,
          max_file_bytes: limits.maxFileBytes,
          keep_hours: limits.keepHours,
          max_open_exports: limits.maxOpen,
        },
      };
    },
  );

  app.get(
    EXPORTS_PATH,
    {
      schema: {
        tags: ['exports'],
        summary: 'Exports, the newest first',
        description: 'Expired ones are listed too, without files.',
        querystring: Type.Object(
          {
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Default 50' })),
            before: Type.Optional(
              Type.Integer({
                minimum: 1,
                maximum: Number.MAX_SAFE_INTEGER,
                description: 'Only exports before this export_id, for the next page',
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ exports: Type.Array(ExportSchema) }) },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const { limit = 50, before } = request.query;
      return { exports: await listExports(pool, tenantId, { limit, before }) };
    },
  );

  app.get(
    `${EXPORTS_PATH}/:export_id`,
    {
      schema: {
        tags: ['exports'],
        summary: 'One export: its progress, and its files with their rows, bytes and checksums',
        description: 'The list of files is the manifest of an export that was split.',
        params: ExportId,
        response: { 200: ExportSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      return findExport(pool, tenantId, request.params.export_id);
    },
  );

  app.get(
    `${EXPORTS_PATH}/:export_id/download`,
    {
      schema: {
        tags: ['exports'],
        summary: 'Download a file of an export',
        description:
          'Goes on where it broke off by Range, with If-Range and the ETag. 409 while there are no files, and where the file is not in the folder of this collector.',
        params: ExportId,
        querystring: FileQuery,
        produces: FILE_TYPES,
        response: { 200: FileBytes, 206: { ...FileBytes, description: 'The part that Range asks for' } },
      },
    },
    async (request, reply) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const file = await findFile(pool, tenantId, request.params.export_id, request.query.file ?? 1);
      return sendFile(request, reply, store, file);
    },
  );

  app.post(
    `${EXPORTS_PATH}/:export_id/link`,
    {
      schema: {
        tags: ['exports'],
        summary: 'Make a link that downloads a file once, without a key',
        description: `For browsers and for programs that cannot send a key. It is good for one download within ${LINK_MINUTES} minutes; who has it has the file.`,
        params: ExportId,
        querystring: FileQuery,
        response: { 201: LinkSchema },
      },
    },
    async (request, reply) => {
      const { tenantId, keyId } = await authenticator.require(request, 'read');
      const { export_id: exportId } = request.params;
      const number = request.query.file ?? 1;
      const file = await findFile(pool, tenantId, exportId, number);
      const { token, expiresAt } = await createLink(pool, { exportId, file: number, createdBy: keyId });
      return reply.code(201).send({
        path: `${EXPORTS_PATH}/download/${token}`,
        filename: file.filename,
        bytes: file.bytes,
        sha256: file.sha256,
        expires_at: expiresAt.toISOString(),
      });
    },
  );

  app.get(
    `${EXPORTS_PATH}/download/:token`,
    {
      // HEAD would use the link up and give nothing.
      exposeHeadRoute: false,
      // The token must not stand in the log of requests.
      logLevel: 'warn',
      schema: {
        tags: ['exports'],
        summary: 'Download by a link, once',
        description: 'Needs no key: the link is the authority. 404 when it is used or expired.',
        params: Type.Object({ token: Type.String({ pattern: TOKEN_PATTERN }) }),
        produces: FILE_TYPES,
        response: { 200: FileBytes, 206: { ...FileBytes, description: 'The part that Range asks for' } },
      },
    },
    async (request, reply) => {
      const link = await takeLink(pool, request.params.token, new Date());
      if (!link)
        throw new Problem(
          'not-found',
          'The link is used, expired or unknown: each is good for one download. Make another one.',
        );
      const file = await findFile(pool, link.tenantId, link.exportId, link.file);
      void reply.header('referrer-policy', 'no-referrer');
      return sendFile(request, reply, store, file);
    },
  );

  app.delete(
    `${EXPORTS_PATH}/:export_id`,
    {
      schema: {
        tags: ['exports'],
        summary: 'Cancel an export, or delete one that has ended with its files',
        description: 'status is cancelled for one that was queued or running, else deleted.',
        params: ExportId,
        response: { 200: ExportSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const { answer, storedNames } = await removeExport(pool, tenantId, request.params.export_id);
      for (const name of storedNames) await store.remove(name);
      return answer;
    },
  );
  done();
};
