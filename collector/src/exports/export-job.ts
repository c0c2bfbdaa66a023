import { Type, type Static } from 'typebox';
import { jobClaims } from '../database/job-claims.ts';
import { inTransaction, type Pool, type Queryable } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { nullable } from '../http/schema-parts.ts';
import { RangeSchema } from '../usage/answer-parts.ts';
import { rangeTexts } from '../usage/buckets.ts';
import { FiltersSchema, parseFilters } from '../usage/filters.ts';
import type { Period } from '../usage/period.ts';
import type { Estimate } from './estimate.ts';
import type { ExportQuestion } from './export-query.ts';
import { EXPORT_TYPES, type ExportType, type WrittenExport } from './write-export.ts';

const EXPORT_STATUSES = [
  'queued',
  'running',
  'completed',
  'failed',
  'cancelled',
  'expired',
  'deleted',
] as const;
export type ExportStatus = (typeof EXPORT_STATUSES)[number];
export const EXPORT_FORMATS = ['full', 'summary'] as const;
export const SUMMARY_GRAINS = ['hour', 'day'] as const;

const nullableTime = (description: string) => nullable(Type.String(), description);

const ExportFileSchema = Type.Object({
  file: Type.Integer({ minimum: 1, description: 'Number of the file, for download?file=' }),
  filename: Type.String({ description: 'What it is called when it is downloaded' }),
  row_count: Type.Integer(),
  bytes: Type.Integer(),
  sha256: Type.String({ description: 'Of its bytes, in hexadecimal digits' }),
  download: Type.String({ description: 'Path of the download, with a key or a session' }),
});

export const ExportSchema = Type.Object({
  export_id: Type.Integer(),
  status: Type.Enum(EXPORT_STATUSES),
  export_type: Type.Enum(EXPORT_TYPES),
  format: Type.Enum(EXPORT_FORMATS),
  group_by: nullable(Type.Enum(SUMMARY_GRAINS), 'Of a summary'),
  period: RangeSchema,
  filters: FiltersSchema,
  estimated_rows: Type.Integer({ description: 'When the export was asked for' }),
  estimate_basis: Type.Enum(['exact', 'at_most']),
  progress: Type.Object({
    rows_written: Type.Integer(),
    bytes_written: Type.Integer(),
    percent: nullable(Type.Number(), 'Of estimated_rows; null where the estimate is none'),
  }),
  row_count: nullable(Type.Integer(), 'Of all files; null before completion'),
  bytes: nullable(Type.Integer(), 'Of all files; null before completion'),
  truncated: Type.Literal(false, { description: 'An export is whole, or it fails' }),
  files: Type.Array(ExportFileSchema, {
    description: 'Empty before completion. Together and in this order they are the export',
  }),
  requested_by: Type.String({ description: 'Id of the API key' }),
  requested_at: Type.String(),
  started_at: nullableTime('When the present or last attempt began'),
  snapshot_at: nullableTime('Everything committed by then is in the files, and nothing later'),
  finished_at: nullableTime('When the export ended, however it did'),
  expires_at: nullableTime('When the files are deleted'),
  attempts: Type.Integer({ description: 'More than 1: a collector died over it, and another began it anew' }),
  failure: nullable(Type.String()),
});
export type ExportAnswer = Static<typeof ExportSchema>;

interface FileRow {
  file_number: number;
  stored_name: string;
  row_count: number;
  bytes: number;
  sha256: string;
}
interface JobRow {
  export_id: number;
  tenant_id: string;
  status: ExportStatus;
  export_type: ExportType;
  format: 'full' | 'summary';
  group_by: 'hour' | 'day' | null;
  range_start: Date;
  range_end: Date;
  time_zone: string;
  filters: unknown;
  requested_by: string;
  requested_at: Date;
  started_at: Date | null;
  snapshot_at: Date | null;
  finished_at: Date | null;
  expires_at: Date | null;
  failure: string | null;
  attempts: number;
  estimated_rows: number;
  estimate_basis: 'exact' | 'at_most';
  rows_written: number;
  bytes_written: number;
  files: FileRow[] | null;
}

const JOB = `
  SELECT x.*, (SELECT jsonb_agg(jsonb_build_object('file_number', f.file_number, 'stored_name', f.stored_name, 'row_count', f.row_count,
                                                   'bytes', f.bytes, 'sha256', encode(f.sha256, 'hex')) ORDER BY f.file_number)
               FROM export_files f WHERE f.export_id = x.export_id) AS files
  FROM exports x`;

export const EXPORTS_PATH = '/v1/analytics/exports';

function answerOf(row: JobRow): ExportAnswer {
  const files = row.files ?? [];
  const isWhole = row.status === 'completed';
  const done = row.estimated_rows > 0 ? (100 * row.rows_written) / row.estimated_rows : null;
  const text = (time: Date | null): string | null => time?.toISOString() ?? null;
  return {
    export_id: row.export_id,
    status: row.status,
    export_type: row.export_type,
    format: row.format,
    group_by: row.group_by,
    period: rangeTexts(periodOf(row)),
    filters: row.filters as ExportAnswer['filters'],
    estimated_rows: row.estimated_rows,
    estimate_basis: row.estimate_basis,
    progress: {
      rows_written: row.rows_written,
      bytes_written: row.bytes_written,
      percent: isWhole ? 100 : done === null ? null : Math.min(100, Math.round(done * 10) / 10),
    },
    row_count: isWhole ? row.rows_written : null,
    bytes: isWhole ? files.reduce((sum, { bytes }) => sum + bytes, 0) : null,
    truncated: false,
    files: files.map(({ file_number, row_count, bytes, sha256 }) => ({
      file: file_number,
      filename: filenameOf(row, file_number, files.length),
      row_count,
      bytes,
      sha256,
      download: `${EXPORTS_PATH}/${row.export_id}/download?file=${file_number}`,
    })),
    requested_by: row.requested_by,
    requested_at: row.requested_at.toISOString(),
    started_at: text(row.started_at),
    snapshot_at: text(row.snapshot_at),
    finished_at: text(row.finished_at),
    expires_at: text(row.expires_at),
    attempts: row.attempts,
    failure: row.failure,
  };
}

/** Made of the export's id and days alone: no text of a caller is in it. */
function filenameOf(row: JobRow, file: number, files: number): string {
  const { start, end } = rangeTexts({
    startMs: row.range_start.getTime(),
    endMs: row.range_end.getTime() - 1,
    timeZone: row.time_zone,
  });
  const part = files > 1 ? `-part-${String(file).padStart(String(files).length, '0')}-of-${files}` : '';
  const what = row.format === 'full' ? 'calls' : `${row.group_by ?? 'day'}-summary`;
  return `promptops-${what}-${start.slice(0, 10)}-to-${end.slice(0, 10)}-${row.export_id}${part}.${row.export_type}`;
}

function periodOf(row: JobRow): Period {
  return {
    startMs: row.range_start.getTime(),
    endMs: row.range_end.getTime(),
    timeZone: row.time_zone,
    groupBy: row.group_by ?? 'day',
  };
}

export interface NewExport {
  exportType: ExportType;
  question: ExportQuestion;
  estimate: Estimate;
  requestedBy: string;
}

/**
 * Queues an export; any replica may take it.
 * @throws Problem too-many-requests when the tenant has as many open ones as it may
 */
export async function createExport(
  pool: Pool,
  { exportType, question, estimate, requestedBy }: NewExport,
  maxOpen: number,
): Promise<ExportAnswer> {
  const { tenantId, format, period, filters } = question;
  const exportId = await inTransaction(pool, async (client) => {
    // One at a time a tenant, so that two requests do not count the same open ones.
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('promptops.exports'), hashtext($1))`, [
      tenantId,
    ]);
    const { rows: open } = await client.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM exports WHERE tenant_id = $1 AND status IN ('queued', 'running')`,
      [tenantId],
    );
    if ((open[0]?.count ?? 0) >= maxOpen) {
      throw new Problem(
        'too-many-requests',
        `${maxOpen} exports of this tenant are queued or running already (EXPORT_MAX_OPEN). Wait for one to end, or cancel one.`,
        { retryAfterSeconds: 30 },
      );
    }
    const { rows } = await client.query<{ export_id: number }>(
      `INSERT INTO exports (tenant_id, export_type, format, group_by, range_start, range_end, time_zone, filters, requested_by, estimated_rows, estimate_basis)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING export_id`,
      [
        tenantId,
        exportType,
        format,
        format === 'summary' ? period.groupBy : null,
        new Date(period.startMs),
        new Date(period.endMs),
        period.timeZone,
        JSON.stringify(filters),
        requestedBy,
        estimate.rows,
        estimate.basis,
      ],
    );
    return rows[0]?.export_id ?? 0;
  });
  return findExport(pool, tenantId, exportId);
}

async function findRow(database: Queryable, tenantId: string, exportId: number): Promise<JobRow> {
  const { rows } = await database.query<JobRow>(`${JOB} WHERE x.tenant_id = $1 AND x.export_id = $2`, [
    tenantId,
    exportId,
  ]);
  if (!rows[0]) throw new Problem('not-found', `There is no export ${exportId} in this tenant.`);
  return rows[0];
}

/** @throws Problem not-found */
export async function findExport(
  database: Queryable,
  tenantId: string,
  exportId: number,
): Promise<ExportAnswer> {
  return answerOf(await findRow(database, tenantId, exportId));
}

/** The newest first; the next page is of ids before `before`. */
export async function listExports(
  database: Queryable,
  tenantId: string,
  { limit, before }: { limit: number; before: number | undefined },
): Promise<ExportAnswer[]> {
  const { rows } = await database.query<JobRow>(
    `${JOB} WHERE x.tenant_id = $1 AND ($2::bigint IS NULL OR x.export_id < $2) ORDER BY x.export_id DESC LIMIT $3`,
    [tenantId, before ?? null, limit],
  );
  return rows.map(answerOf);
}

/** A file that may be downloaded. */
export interface DownloadableFile {
  storedName: string;
  filename: string;
  exportType: ExportType;
  bytes: number;
  sha256: string;
}

/** @throws Problem not-found, or conflict that says why the export has no files */
export async function findFile(
  database: Queryable,
  tenantId: string,
  exportId: number,
  fileNumber: number,
): Promise<DownloadableFile> {
  const row = await findRow(database, tenantId, exportId);
  if (row.status !== 'completed') throw new Problem('conflict', whyNoFiles(row));
  const files = row.files ?? [];
  const file = files.find(({ file_number }) => file_number === fileNumber);
  if (!file)
    throw new Problem(
      'not-found',
      `Export ${exportId} has ${files.length} files; there is no file ${fileNumber}.`,
    );
  return {
    storedName: file.stored_name,
    filename: filenameOf(row, fileNumber, files.length),
    exportType: row.export_type,
    bytes: file.bytes,
    sha256: file.sha256,
  };
}

function whyNoFiles({ export_id: id, status, failure }: JobRow): string {
  if (status === 'failed') return `Export ${id} failed: ${failure ?? ''} Ask for it again.`;
  if (status === 'expired')
    return `The files of export ${id} have expired and are deleted. Ask for it again.`;
  if (status === 'cancelled') return `Export ${id} was cancelled. Ask for it again.`;
  return `Export ${id} is ${status}; its files are there when it is completed.`;
}

/**
 * Ends an export that is open, else deletes it with its files' rows.
 * @returns the export as it was left, and the names of the files that are to be deleted
 */
export function removeExport(
  pool: Pool,
  tenantId: string,
  exportId: number,
): Promise<{ answer: ExportAnswer; storedNames: string[] }> {
  return inTransaction(pool, async (client) => {
    const { rowCount } = await client.query(
      `UPDATE exports SET status = 'cancelled', finished_at = now()
       WHERE tenant_id = $1 AND export_id = $2 AND status IN ('queued', 'running')`,
      [tenantId, exportId],
    );
    const row = await findRow(client, tenantId, exportId);
    if (rowCount) return { answer: answerOf(row), storedNames: [] };
    await client.query('DELETE FROM exports WHERE export_id = $1', [exportId]);
    return {
      answer: { ...answerOf(row), status: 'deleted', files: [] },
      storedNames: (row.files ?? []).map(({ stored_name }) => stored_name),
    };
  });
}

/** An export that a collector has taken. */
export interface ClaimedExport {
  exportId: number;
  tenantId: string;
  exportType: ExportType;
  question: ExportQuestion;
  attempts: number;
}

const LEASE_SECONDS = 30;
/** An export that so many collectors died over is not tried again. */
const MAX_ATTEMPTS = 3;
const CLAIMS = jobClaims('exports', 'export_id');

/**
 * Takes the oldest export that nobody is at: a queued one, or one whose collector has been silent for too long. One at a time a tenant.
 * @param claimant of this attempt alone
 */
export async function claimExport(database: Queryable, claimant: string): Promise<ClaimedExport | undefined> {
  await database.query(
    `UPDATE exports SET status = 'failed', finished_at = now(), failure = $1
     WHERE status = 'running' AND claimed_until < now() AND attempts >= $2`,
    [`${MAX_ATTEMPTS} collectors stopped over it; their logs may have the reason.`, MAX_ATTEMPTS],
  );
  const { rows } = await database.query<JobRow>(
    `UPDATE exports SET status = 'running', claimed_by = $1, claimed_until = now() + make_interval(secs => $2), started_at = now(),
            attempts = attempts + 1, rows_written = 0, bytes_written = 0
     WHERE export_id = ${CLAIMS.nextFree}
     RETURNING *`,
    [claimant, LEASE_SECONDS],
  );
  const [row] = rows;
  return (
    row && {
      exportId: row.export_id,
      tenantId: row.tenant_id,
      exportType: row.export_type,
      question: {
        tenantId: row.tenant_id,
        format: row.format,
        period: periodOf(row),
        filters: parseFilters(row.filters),
      },
      attempts: row.attempts,
    }
  );
}

/** Keeps a claim for another while and tells how far it is. @returns false when the export was cancelled, deleted or taken over */
export async function holdExport(
  database: Queryable,
  exportId: number,
  claimant: string,
  progress: { rows: number; bytes: number },
): Promise<boolean> {
  const { rowCount } = await database.query(
    `UPDATE exports SET claimed_until = now() + make_interval(secs => $3), rows_written = $4, bytes_written = $5
     WHERE ${CLAIMS.isMine}`,
    [exportId, claimant, LEASE_SECONDS, progress.rows, progress.bytes],
  );
  return rowCount === 1;
}

/** Makes the files known, if this claimant still has the export. @returns false when it has not: then nobody knows of the files */
export function completeExport(
  pool: Pool,
  exportId: number,
  claimant: string,
  { files, rows, snapshotAt }: WrittenExport,
  keepHours: number,
): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const { rowCount } = await client.query(
      `UPDATE exports SET status = 'completed', finished_at = now(), expires_at = now() + make_interval(hours => $3), snapshot_at = $4,
              rows_written = $5, bytes_written = $6
       WHERE ${CLAIMS.isMine}`,
      [exportId, claimant, keepHours, snapshotAt, rows, files.reduce((sum, { bytes }) => sum + bytes, 0)],
    );
    if (rowCount !== 1) return false;
    await client.query(
      `INSERT INTO export_files (export_id, file_number, stored_name, row_count, bytes, sha256)
       SELECT $1, * FROM unnest($2::int[], $3::text[], $4::bigint[], $5::bigint[], $6::bytea[])`,
      [
        exportId,
        files.map((_, index) => index + 1),
        files.map(({ name }) => name),
        files.map((file) => file.rows),
        files.map(({ bytes }) => bytes),
        files.map(({ sha256 }) => sha256),
      ],
    );
    return true;
  });
}

/** Ends an export that cannot be done, if this claimant still has it. */
export async function failExport(
  database: Queryable,
  exportId: number,
  claimant: string,
  failure: string,
): Promise<void> {
  await database.query(
    `UPDATE exports SET status = 'failed', finished_at = now(), failure = $3
     WHERE ${CLAIMS.isMine}`,
    [exportId, claimant, failure],
  );
}

/** Gives a claim back at once, so that another collector need not wait for its end. */
export async function releaseExport(database: Queryable, exportId: number, claimant: string): Promise<void> {
  await database.query(
    `UPDATE exports SET status = 'queued', claimed_by = NULL, claimed_until = NULL, attempts = attempts - 1
     WHERE ${CLAIMS.isMine}`,
    [exportId, claimant],
  );
}

/** Marks what has had its time. @returns the names of its files, which are to be deleted */
export async function expireExports(database: Queryable, now: Date): Promise<string[]> {
  const { rows } = await database.query<{ stored_name: string }>(
    `WITH expired AS (UPDATE exports SET status = 'expired' WHERE status = 'completed' AND expires_at <= $1 RETURNING export_id)
     DELETE FROM export_files f USING expired WHERE f.export_id = expired.export_id RETURNING stored_name`,
    [now],
  );
  return rows.map(({ stored_name }) => stored_name);
}

/** Of these exports, the names of files that someone may ask for, and the claims under which files are being written. */
export async function knownFiles(
  database: Queryable,
  exportIds: number[],
): Promise<{ storedNames: Set<string>; attempts: Set<string> }> {
  // Claims first: an export that is completed in between is not in them any more, but then its files are known.
  const { rows: claims } = await database.query<{ export_id: number; claimed_by: string }>(
    `SELECT export_id, claimed_by FROM exports WHERE export_id = ANY($1::bigint[]) AND status = 'running' AND claimed_by IS NOT NULL`,
    [exportIds],
  );
  const { rows: files } = await database.query<{ stored_name: string }>(
    'SELECT stored_name FROM export_files WHERE export_id = ANY($1::bigint[])',
    [exportIds],
  );
  return {
    storedNames: new Set(files.map(({ stored_name }) => stored_name)),
    attempts: new Set(claims.map(({ export_id, claimed_by }) => `${export_id}-${claimed_by.slice(0, 8)}`)),
  };
}
