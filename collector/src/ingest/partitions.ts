import type { Pool } from '../database/pool.ts';
import { formatTimestamp } from './usage-row.ts';

const WEEK_US = 7 * 24 * 3600 * 1_000_000;
/** 1970-01-05 was a Monday. */
const FIRST_MONDAY_US = 4 * 24 * 3600 * 1_000_000;
const RECENT_WEEKS = 4_096;

/** The weekly partitions of client_usage_logs on PostgreSQL: made before the first event of a week is stored. */
export class WeeklyPartitions {
  readonly #pool: Pool;
  readonly #knownWeeks = new Set<number>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async ensure(events: Iterable<{ timestampUs: number }>): Promise<void> {
    const missing = new Set<number>();
    for (const { timestampUs } of events) {
      const week = Math.floor((timestampUs - FIRST_MONDAY_US) / WEEK_US);
      if (!this.#knownWeeks.has(week)) missing.add(week);
    }
    if (missing.size === 0) return;
    const starts = [...missing].map((week) => formatTimestamp(week * WEEK_US + FIRST_MONDAY_US));
    await this.#pool.query('SELECT ensure_usage_partitions($1::timestamptz[])', [starts]);
    if (this.#knownWeeks.size > RECENT_WEEKS) this.#knownWeeks.clear();
    for (const week of missing) this.#knownWeeks.add(week);
  }

  /** After one was found to be gone. */
  forget(): void {
    this.#knownWeeks.clear();
  }
}
