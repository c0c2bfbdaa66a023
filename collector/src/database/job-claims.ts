/**
 * SQL of jobs that replicas share out among themselves: a table with the columns `tenant_id`, `status`, `claimed_by` and `claimed_until`, of which a
 * collector claims a row for a while and holds it as long as it works.
 */
export interface JobClaims {
  /** A subquery: the oldest job that nobody is at, queued or with a claim that has run out. One at a time a tenant. */
  nextFree: string;
  /** Whether job $1 is still under the claim of $2. */
  isMine: string;
}

export function jobClaims(table: 'exports' | 'repricing_jobs', id: 'export_id' | 'job_id'): JobClaims {
  return {
    nextFree: `(
       SELECT ${id} FROM ${table} j
       WHERE (status = 'queued' OR (status = 'running' AND claimed_until < now()))
         AND NOT EXISTS (SELECT FROM ${table} other
                         WHERE other.tenant_id = j.tenant_id AND other.status IN ('queued', 'running') AND other.${id} < j.${id})
       ORDER BY ${id} LIMIT 1 FOR UPDATE SKIP LOCKED
     )`,
    isMine: `${id} = $1 AND claimed_by = $2 AND status = 'running'`,
  };
}
