import { Type, type Static } from 'typebox';
import { jobClaims } from '../database/job-claims.ts';
import type { Queryable } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';

export const JOB_STATUSES = ['queued', 'running', 'completed', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** A job as it is stored; times as the database gives them. */
export interface Job {
  jobId: number;
  tenantId: string;
  status: JobStatus;
  dryRun: boolean;
  rangeStart: Date;
  rangeEnd: Date;
  modelProvider: string | null;
  modelName: string | null;
  unpricedOnly: boolean;
  doneUntil: Date | null;
}

const Time = Type.Unsafe<Date>({ type: 'string', format: 'date-time' });
const NullableTime = Type.Unsafe<Date | null>({ type: ['string', 'null'], format: 'date-time' });
const Money = Type.String({ description: 'USD, a decimal string' });

export const ChangeSchema = Type.Object({
  date: Type.String({ description: 'UTC day' }),
  model_provider: Type.String(),
  model_name: Type.String(),
  price_id_before: Type.Union([Type.Integer(), Type.Null()], { description: 'null: unpriced' }),
  price_id_after: Type.Union([Type.Integer(), Type.Null()]),
  events: Type.Integer(),
  cost_before_usd: Money,
  cost_after_usd: Money,
  difference_usd: Money,
});
export type Change = Static<typeof ChangeSchema>;

export const JobSchema = Type.Object({
  job_id: Type.Integer(),
  status: Type.Enum(JOB_STATUSES),
  dry_run: Type.Boolean({ description: 'true: only tells what would change' }),
  start: Time,
  end: Time,
  model_provider: Type.Union([Type.String(), Type.Null()]),
  model_name: Type.Union([Type.String(), Type.Null()]),
  unpriced_only: Type.Boolean(),
  note: Type.String(),
  requested_by: Type.String({ description: 'Id of the API key' }),
  requested_at: Time,
  started_at: NullableTime,
  finished_at: NullableTime,
  failure: Type.Union([Type.String(), Type.Null()]),
  progress: Type.Object({
    events_estimated: Type.Union([Type.Integer(), Type.Null()]),
    events_examined: Type.Integer(),
    events_changed: Type.Integer(),
    done_until: NullableTime,
  }),
  cost_before_usd: Type.String({ description: 'Of the events that change, where they had a cost' }),
  cost_after_usd: Money,
  difference_usd: Money,
});
export type JobAnswer = Static<typeof JobSchema>;

const USD = (expression: string): string => `trim_scale(${expression} * 0.000000001)::text`;
const JOB_ANSWER = `
  SELECT j.job_id, j.status, j.dry_run, j.range_start AS start, j.range_end AS "end", j.model_provider, j.model_name, j.unpriced_only, j.note,
         j.requested_by, j.requested_at, j.started_at, j.finished_at, j.failure,
         jsonb_build_object('events_estimated', j.events_estimated, 'events_examined', j.events_examined,
                            'events_changed', j.events_changed, 'done_until', j.done_until) AS progress,
         ${USD('c.before')} AS cost_before_usd, ${USD('c.after')} AS cost_after_usd, ${USD('(c.after - c.before)')} AS difference_usd
  FROM repricing_jobs j
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(cost_before_nano_usd), 0) AS before, coalesce(sum(cost_after_nano_usd), 0) AS after
    FROM repricing_changes WHERE job_id = j.job_id
  ) c`;

export interface NewJob {
  tenantId: string;
  dryRun: boolean;
  start: Date;
  end: Date;
  modelProvider: string | null;
  modelName: string | null;
  unpricedOnly: boolean;
  note: string;
  requestedBy: string;
}

/** Queues a job; any replica may take it. */
export async function createJob(database: Queryable, job: NewJob): Promise<JobAnswer> {
  const { rows } = await database.query<{ job_id: number }>(
    `INSERT INTO repricing_jobs (tenant_id, dry_run, range_start, range_end, model_provider, model_name, unpriced_only, note, requested_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING job_id`,
    [
      job.tenantId,
      job.dryRun,
      job.start,
      job.end,
      job.modelProvider,
      job.modelName,
      job.unpricedOnly,
      job.note,
      job.requestedBy,
    ],
  );
  return findJob(database, job.tenantId, rows[0]?.job_id ?? 0);
}

/** @throws Problem not-found */
export async function findJob(database: Queryable, tenantId: string, jobId: number): Promise<JobAnswer> {
  const { rows } = await database.query<JobAnswer>(`${JOB_ANSWER} WHERE j.tenant_id = $1 AND j.job_id = $2`, [
    tenantId,
    jobId,
  ]);
  if (!rows[0]) throw new Problem('not-found', `There is no repricing job ${jobId} in this tenant.`);
  return rows[0];
}

/** The newest first. */
export async function listJobs(database: Queryable, tenantId: string, limit: number): Promise<JobAnswer[]> {
  const { rows } = await database.query<JobAnswer>(
    `${JOB_ANSWER} WHERE j.tenant_id = $1 ORDER BY j.job_id DESC LIMIT $2`,
    [tenantId, limit],
  );
  return rows;
}

/** What a job changed or would change, by day and model. */
export async function listChanges(database: Queryable, jobId: number): Promise<Change[]> {
  const { rows } = await database.query<Change>(
    `SELECT date::text AS date, model_provider, model_name, price_id_before, price_id_after, events,
            ${USD('cost_before_nano_usd')} AS cost_before_usd, ${USD('cost_after_nano_usd')} AS cost_after_usd,
            ${USD('(cost_after_nano_usd - cost_before_nano_usd)')} AS difference_usd
     FROM repricing_changes WHERE job_id = $1
     ORDER BY date, model_provider, model_name, price_id_before NULLS FIRST, price_id_after NULLS FIRST LIMIT 10000`,
    [jobId],
  );
  return rows;
}

/** Ends a job that has not ended; what it committed stays. @throws Problem conflict */
export async function cancelJob(database: Queryable, tenantId: string, jobId: number): Promise<JobAnswer> {
  const { rowCount } = await database.query(
    `UPDATE repricing_jobs SET status = 'cancelled', finished_at = now()
     WHERE tenant_id = $1 AND job_id = $2 AND status IN ('queued', 'running')`,
    [tenantId, jobId],
  );
  const job = await findJob(database, tenantId, jobId);
  if (rowCount === 0)
    throw new Problem('conflict', `Job ${jobId} is ${job.status} already; it cannot be cancelled.`);
  return job;
}

const LEASE = '30 seconds';
const CLAIMS = jobClaims('repricing_jobs', 'job_id');

/**
 * Takes the oldest job that nobody is at: a queued one, or one whose collector has been silent for too long. One at a time a tenant, so that two
 * jobs cannot change each other's events.
 */
export async function claimJob(database: Queryable, claimant: string): Promise<Job | undefined> {
  const { rows } = await database.query<{
    job_id: number;
    tenant_id: string;
    status: JobStatus;
    dry_run: boolean;
    range_start: Date;
    range_end: Date;
    model_provider: string | null;
    model_name: string | null;
    unpriced_only: boolean;
    done_until: Date | null;
  }>(
    `UPDATE repricing_jobs SET status = 'running', claimed_by = $1, claimed_until = now() + interval '${LEASE}', started_at = coalesce(started_at, now())
     WHERE job_id = ${CLAIMS.nextFree}
     RETURNING *`,
    [claimant],
  );
  const [row] = rows;
  return (
    row && {
      jobId: row.job_id,
      tenantId: row.tenant_id,
      status: row.status,
      dryRun: row.dry_run,
      rangeStart: row.range_start,
      rangeEnd: row.range_end,
      modelProvider: row.model_provider,
      modelName: row.model_name,
      unpricedOnly: row.unpriced_only,
      doneUntil: row.done_until,
    }
  );
}

/** Keeps a claim for another while. @returns false when the job was cancelled or taken over */
export async function holdJob(database: Queryable, jobId: number, claimant: string): Promise<boolean> {
  const { rowCount } = await database.query(
    `UPDATE repricing_jobs SET claimed_until = now() + interval '${LEASE}' WHERE ${CLAIMS.isMine}`,
    [jobId, claimant],
  );
  return rowCount === 1;
}

/** Ends a job, if this claimant still has it. */
export async function finishJob(
  database: Queryable,
  jobId: number,
  claimant: string,
  failure: string | null,
): Promise<void> {
  await database.query(
    `UPDATE repricing_jobs SET status = CASE WHEN $3::text IS NULL THEN 'completed' ELSE 'failed' END, failure = $3, finished_at = now()
     WHERE ${CLAIMS.isMine}`,
    [jobId, claimant, failure],
  );
}
