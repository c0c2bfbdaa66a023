import type { Client, Pool } from '../database/pool.ts';

/** TimescaleDB's aggregates in the order in which they read each other. */
export const CONTINUOUS_AGGREGATES = [
  { name: 'usage_rollup_quarter_hour', bucket: '15 minutes' },
  { name: 'usage_rollup_hour', bucket: '1 hour' },
  { name: 'usage_rollup_day', bucket: '1 day' },
  { name: 'usage_rollup_hour_by_model', bucket: '1 hour' },
  { name: 'usage_rollup_total', bucket: '15 minutes' },
  { name: 'usage_rollup_latency', bucket: '1 hour' },
  { name: 'usage_rollup_latency_day', bucket: '1 day' },
  { name: 'usage_rollup_latency_total', bucket: '1 day' },
] as const;

/**
 * An event is late when its quarter of an hour had closed this long before it came: what is less late falls into the part that
 * is aggregated at query time. The refresher stays back by more than that, so that no commit under way is missed.
 */
export const LATE_AFTER = '1 minute';
const STAY_BACK = '2 minutes';

/** Held by whoever refreshes: two refreshes of one aggregate at once fail. */
export const REFRESH_LOCK = `hashtext('promptops.usage_refresh')`;
/** A refresh recomputes whole buckets; it gets at most this share of the time. */
const BUSY_SHARE = 0.2;

/**
 * Keeps TimescaleDB's aggregates up to the log: takes in what late events, completions and repricing changed (they queue the
 * range they touched), and moves the edge between kept and computed rows up to the last closed bucket. Every replica may tick; an
 * advisory lock lets one act. A queued range leaves the queue after its refresh: one that a crash cut off is refreshed again.
 */
export class UsageRefresher {
  readonly #pool: Pool;
  readonly #log: { warn: (details: object, message: string) => void };
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<unknown> | undefined;
  #notBefore = 0;
  #advanceAt = 0;

  constructor(pool: Pool, log: { warn: (details: object, message: string) => void }) {
    this.#pool = pool;
    this.#log = log;
  }

  /** Looks for queued ranges every `everyMs`, and refreshes without one every `advanceEveryMs`. */
  start(everyMs: number, advanceEveryMs: number): void {
    this.#timer = setInterval(() => {
      const now = performance.now();
      if (this.#running || now < this.#notBefore) return;
      const advance = now >= this.#advanceAt;
      if (advance) this.#advanceAt = now + advanceEveryMs;
      this.#running = this.refresh(advance)
        .catch((err: unknown) => this.#log.warn({ err }, 'rollups could not be refreshed; trying again'))
        .finally(() => {
          const took = performance.now() - now;
          this.#notBefore = performance.now() + took * (1 / BUSY_SHARE - 1);
          this.#running = undefined;
        });
    }, everyMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /**
   * Refreshes if something is queued, or in any case.
   * @returns false when another replica is at it
   */
  async refresh(inAnyCase: boolean): Promise<boolean> {
    const client = await this.#pool.connect();
    let broken = true;
    try {
      const { rows } = await client.query<{ held: boolean }>(
        `SELECT pg_try_advisory_lock(${REFRESH_LOCK}) AS held`,
      );
      const isHeld = rows[0]?.held ?? false;
      if (isHeld) {
        await refreshQueued(client, inAnyCase);
        await client.query(`SELECT pg_advisory_unlock(${REFRESH_LOCK})`);
      }
      broken = false;
      return isHeld;
    } finally {
      client.release(broken);
    }
  }
}

async function refreshQueued(client: Client, inAnyCase: boolean): Promise<void> {
  const { rows } = await client.query<{ refresh_id: number }>('SELECT refresh_id FROM usage_refresh_queue');
  if (rows.length === 0 && !inAnyCase) return;
  const start = await oldestRawTime(client);
  if (start !== null)
    for (const { name, bucket } of CONTINUOUS_AGGREGATES) await refreshAggregate(client, name, bucket, start);
  if (rows.length > 0) {
    await client.query('DELETE FROM usage_refresh_queue WHERE refresh_id = ANY($1)', [
      rows.map(({ refresh_id }) => refresh_id),
    ]);
  }
}

/** From the oldest raw data on: a refresh of a time whose raw rows are gone would take its rollup rows away. */
async function oldestRawTime(client: Client): Promise<string | null> {
  const { rows } = await client.query<{ start: string | null }>(
    `SELECT min(range_start)::text AS start FROM timescaledb_information.chunks
     WHERE hypertable_schema = current_schema() AND hypertable_name = 'client_usage_logs'`,
  );
  return rows[0]?.start ?? null;
}

/** TimescaleDB knows which buckets changed and recomputes only those; open ones stay out, or what comes into them would be late. */
async function refreshAggregate(client: Client, name: string, bucket: string, start: string): Promise<void> {
  const { rows } = await client.query<{ start: string; end: string; is_empty: boolean }>(
    `SELECT start::text, "end"::text, start >= "end" AS is_empty
     FROM (SELECT time_bucket($1::interval, $2::timestamptz) AS start,
                  time_bucket($1::interval, now() - interval '${STAY_BACK}') AS "end") range`,
    [bucket, start],
  );
  const [range] = rows;
  if (!range || range.is_empty) return;
  await client.query(`CALL refresh_continuous_aggregate('${name}', $1::timestamptz, $2::timestamptz)`, [
    range.start,
    range.end,
  ]);
}
