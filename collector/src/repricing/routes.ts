import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { checkedByRoute, FORMATS } from '../http/checked-by-route.ts';
import { Problem } from '../http/errors.ts';
import { IdSchema } from '../http/schema-parts.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { readRange } from '../usage/period.ts';
import { cancelJob, ChangeSchema, createJob, findJob, JobSchema, listChanges, listJobs } from './job.ts';

const PATH = '/v1/prices/reprice';
const JobId = Type.Object({ job_id: IdSchema });
const Name = Type.String({ minLength: 1, maxLength: 500 });

/** Repricing of stored events: a dry run tells what would change, then a job changes it. */
export const repricingRoutes: FastifyPluginCallbackTypebox<{ pool: Pool; authenticator: Authenticator }> = (
  app,
  { pool, authenticator },
  done,
) => {
  app.post(
    PATH,
    {
      schema: {
        tags: ['prices'],
        summary: 'Price stored events again, after a price was added or ended',
        description:
          'Queues a job. Without dry_run: false it changes nothing and tells what would change, by day and model. Runs in windows that are each committed with their progress; it can be cancelled, and goes on after a crash.',
        body: Type.Object(
          {
            start_date: Type.String({
              maxLength: 40,
              ...checkedByRoute({ format: FORMATS.boundary }),
              description: 'A date (UTC) or an RFC 3339 time',
            }),
            end_date: Type.String({
              maxLength: 40,
              ...checkedByRoute({ format: FORMATS.boundary }),
              description: 'A date (that whole day) or a time (not included)',
            }),
            model_provider: Type.Optional(Name),
            model_name: Type.Optional(Name),
            unpriced_only: Type.Optional(
              Type.Boolean({ description: 'Only events that have no cost yet; default false' }),
            ),
            dry_run: Type.Optional(Type.Boolean({ description: 'Default true' })),
            note: Type.Optional(Type.String({ maxLength: 1000, description: 'Why; kept with the job' })),
          },
          { additionalProperties: false },
        ),
        response: { 202: JobSchema },
      },
    },
    async (request, reply) => {
      const { tenantId, keyId } = await authenticator.require(request, 'admin');
      const { start_date, end_date, model_provider, model_name, unpriced_only, dry_run, note } = request.body;
      const { startMs, endMs } = readRange({ start_date, end_date }, Date.now());
      const job = await createJob(pool, {
        tenantId,
        dryRun: dry_run ?? true,
        start: new Date(startMs),
        end: new Date(endMs),
        modelProvider: model_provider ?? null,
        modelName: model_name ?? null,
        unpricedOnly: unpriced_only ?? false,
        note: note ?? '',
        requestedBy: keyId,
      });
      return reply.code(202).header('location', `${PATH}/${job.job_id}`).send(job);
    },
  );

  app.get(
    PATH,
    {
      schema: {
        tags: ['prices'],
        summary: 'Repricing jobs, the newest first',
        querystring: Type.Object(
          { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })) },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ jobs: Type.Array(JobSchema) }) },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      return { jobs: await listJobs(pool, tenantId, request.query.limit ?? 50) };
    },
  );

  app.get(
    `${PATH}/:job_id`,
    {
      schema: {
        tags: ['prices'],
        summary:
          'One repricing job: its progress, and what it changed or would change by day, model and price',
        params: JobId,
        response: { 200: Type.Object({ ...JobSchema.properties, changes: Type.Array(ChangeSchema) }) },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const job = await findJob(pool, tenantId, request.params.job_id);
      return { ...job, changes: await listChanges(pool, job.job_id) };
    },
  );

  app.post(
    `${PATH}/:job_id/apply`,
    {
      schema: {
        tags: ['prices'],
        summary: 'Do what a dry run told',
        description:
          'Queues a job with the same range and filters that changes the events. Prices are those of now.',
        params: JobId,
        response: { 202: JobSchema },
      },
    },
    async (request, reply) => {
      const { tenantId, keyId } = await authenticator.require(request, 'admin');
      const dry = await findJob(pool, tenantId, request.params.job_id);
      if (!dry.dry_run || dry.status !== 'completed')
        throw new Problem('conflict', `Job ${dry.job_id} is no completed dry run (${dry.status}).`);
      const job = await createJob(pool, {
        tenantId,
        dryRun: false,
        start: dry.start,
        end: dry.end,
        modelProvider: dry.model_provider,
        modelName: dry.model_name,
        unpricedOnly: dry.unpriced_only,
        note: dry.note === '' ? `after dry run ${dry.job_id}` : dry.note,
        requestedBy: keyId,
      });
      return reply.code(202).header('location', `${PATH}/${job.job_id}`).send(job);
    },
  );

  app.delete(
    `${PATH}/:job_id`,
    {
      schema: {
        tags: ['prices'],
        summary: 'Cancel a repricing job; what it has committed stays',
        params: JobId,
        response: { 200: JobSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'admin');
      return cancelJob(pool, tenantId, request.params.job_id);
    },
  );
  done();
};
