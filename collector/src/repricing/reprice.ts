import type { Engine } from '../database/engine.ts';
import type { Client, Pool } from '../database/pool.ts';
import { applyPrice } from '../ingest/apply-price.ts';
import { WeeklyPartitions } from '../ingest/partitions.ts';
import { StoredEvents, type Stored } from '../ingest/stored-events.ts';
import { rowFromDatabase } from '../ingest/stored-row.ts';
import type { UsageRow } from '../ingest/usage-row.ts';
import { inWriteTransaction } from '../ingest/writer.ts';
import type { Pricer } from '../pricing/price.ts';
import { holdJob, type Job } from './job.ts';

/** Events that one transaction examines. */
const MOST_EVENTS = 20_000;
const FIRST_WINDOW_MS = 3_600_000;
const LONGEST_WINDOW_MS = 24 * 3_600_000;

const FILTER = `tenant_id = $1 AND "timestamp" >= $2::timestamptz AND "timestamp" < $3::timestamptz
    AND ($4::text IS NULL OR model_provider = $4) AND ($5::text IS NULL OR model_name = $5)`;
const READ = `
  SELECT (extract(epoch FROM "timestamp") * 1000000)::bigint AS timestamp_us, event_uuid AS identity, l.* FROM client_usage_logs l
  WHERE ${FILTER} AND (NOT $6::boolean OR cost_nano_usd IS NULL) LIMIT ${MOST_EVENTS + 1}`;
const ESTIMATE = `
  UPDATE repricing_jobs SET events_estimated = (
    SELECT coalesce(sum(CASE WHEN $6::boolean THEN unpriced_requests ELSE request_count END), 0)::bigint
    FROM usage_analytics_hourly_by_model WHERE ${FILTER}
  ) WHERE job_id = $7`;
const WRITE_CHANGES = `
  INSERT INTO repricing_changes (job_id, date, model_provider, model_name, price_id_before, price_id_after, events, cost_before_nano_usd, cost_after_nano_usd)
  SELECT $1, date, model_provider, model_name, price_id_before, price_id_after, count(*), coalesce(sum(cost_before), 0), coalesce(sum(cost_after), 0)
  FROM jsonb_to_recordset($2::jsonb) AS c (date date, model_provider text, model_name text, price_id_before bigint, price_id_after bigint, cost_before numeric, cost_after numeric)
  GROUP BY 2, 3, 4, 5, 6
  ON CONFLICT (job_id, date, model_provider, model_name, price_id_before, price_id_after) DO UPDATE SET
    events = repricing_changes.events + excluded.events,
    cost_before_nano_usd = repricing_changes.cost_before_nano_usd + excluded.cost_before_nano_usd,
    cost_after_nano_usd = repricing_changes.cost_after_nano_usd + excluded.cost_after_nano_usd`;
const WRITE_PROGRESS = `
  UPDATE repricing_jobs SET done_until = $3, events_examined = events_examined + $4, events_changed = events_changed + $5
  WHERE job_id = $1 AND claimed_by = $2 AND status = 'running'`;

interface RepricingOptions {
  pool: Pool;
  engine: Engine['kind'];
  /** The prices of this moment; a job goes by one book from its first to its last event. */
  currentPricer: () => Pick<Pricer, 'price'>;
}

/**
 * Prices a tenant's stored events again, in windows of time of which each is a transaction: the events that change, their rollups, the audit and the
 * progress are committed together, so a job that is cut off goes on where it was and counts nothing twice. Only events whose price or cost
 * differs are touched; on TimescaleDB what they touch is queued for the refresher. An event that is completed at the same moment keeps the
 * price that the completion gave it, which is of the same book.
 */
export class Repricing {
  readonly #options: RepricingOptions;
  readonly #events: StoredEvents;
  readonly #partitions: WeeklyPartitions | undefined;

  constructor(options: RepricingOptions) {
    this.#options = options;
    this.#events = new StoredEvents(options.engine);
    this.#partitions = options.engine === 'postgresql' ? new WeeklyPartitions(options.pool) : undefined;
  }

  /**
   * Runs a job that was claimed, as far as `shouldStop` lets it.
   * @returns false when it was stopped, cancelled or taken over before its end
   */
  async run(job: Job, claimant: string, shouldStop: () => boolean): Promise<boolean> {
    const end = job.rangeEnd.getTime();
    let at = (job.doneUntil ?? job.rangeStart).getTime();
    let width = FIRST_WINDOW_MS;
    const pricer = this.#options.currentPricer();
    await this.#options.pool.query(ESTIMATE, [...filterOf(job, job.rangeStart, job.rangeEnd), job.jobId]);
    while (at < end) {
      if (shouldStop()) return false;
      const until = Math.min(end, at + width);
      const examined = await this.#window(job, claimant, pricer, new Date(at), new Date(until));
      if (examined === 'not-ours') return false;
      if (examined === 'too-many') {
        width = Math.max(1, Math.floor(width / 4));
        continue;
      }
      at = until;
      if (examined < MOST_EVENTS / 8) width = Math.min(LONGEST_WINDOW_MS, width * 2);
    }
    return true;
  }

  async #window(
    job: Job,
    claimant: string,
    pricer: Pick<Pricer, 'price'>,
    from: Date,
    until: Date,
  ): Promise<number | 'too-many' | 'not-ours'> {
    const { pool } = this.#options;
    return inWriteTransaction(pool, this.#partitions, async (client) => {
      await this.#events.prepare(client);
      await client.query('BEGIN');
      if (!(await holdJob(client, job.jobId, claimant))) {
        await client.query('ROLLBACK');
        return 'not-ours';
      }
      // Unnamed, as everything that names a stretch of the columnstore.
      const { rows } = await client.query<Record<string, unknown>>(READ, filterOf(job, from, until));
      // A millisecond cannot be cut further.
      if (rows.length > MOST_EVENTS && until.getTime() - from.getTime() > 1) {
        await client.query('COMMIT');
        return 'too-many';
      }
      const changed = priceAgain(rows.map(rowFromDatabase), pricer);
      if (!job.dryRun)
        await this.#events.replace(
          client,
          changed.map(({ after }): Stored => ({ row: after, storedTimestampUs: after.timestampUs })),
        );
      await writeChanges(client, job.jobId, changed);
      await client.query(WRITE_PROGRESS, [job.jobId, claimant, until, rows.length, changed.length]);
      await client.query('COMMIT');
      return rows.length;
    });
  }
}

function priceAgain(
  rows: readonly UsageRow[],
  pricer: Pick<Pricer, 'price'>,
): { before: UsageRow; after: UsageRow }[] {
  return rows.flatMap((before) => {
    const after = { ...before };
    applyPrice(after, pricer);
    const isSame =
      after.costNanoUsd === before.costNanoUsd &&
      after.priceId === before.priceId &&
      after.discountId === before.discountId;
    return isSame ? [] : [{ before, after }];
  });
}

function filterOf(job: Job, from: Date, until: Date): unknown[] {
  return [job.tenantId, from, until, job.modelProvider, job.modelName, job.unpricedOnly];
}

async function writeChanges(
  client: Client,
  jobId: number,
  changed: readonly { before: UsageRow; after: UsageRow }[],
): Promise<void> {
  if (changed.length === 0) return;
  const changes = changed.map(({ before, after }) => ({
    date: new Date(before.timestampUs / 1000).toISOString().slice(0, 10),
    model_provider: before.modelProvider,
    model_name: before.modelName,
    price_id_before: before.priceId,
    price_id_after: after.priceId,
    cost_before: before.costNanoUsd,
    cost_after: after.costNanoUsd,
  }));
  await client.query(WRITE_CHANGES, [jobId, JSON.stringify(changes)]);
}
