import type { Pool, Queryable } from '../database/pool.ts';
import { CollectorError } from '../http/errors.ts';

/** Another replica took the round over: what this one found is not written. */
export class LostRound extends CollectorError {
  override name = 'LostRound';
}

/**
 * The turn to evaluate, which the database gives to one replica at a time, by its own clock. It lasts as long as it is renewed; a replica that dies is
 * followed by the next one that asks. The number of the round is a fence: a replica that was only asleep finds itself shut out.
 */
export class RoundClaim {
  readonly round: number;
  readonly #pool: Pool;
  readonly #timer: NodeJS.Timeout;

  private constructor(pool: Pool, round: number, leaseMs: number, onError: (error: unknown) => void) {
    this.#pool = pool;
    this.round = round;
    this.#timer = setInterval(() => {
      pool
        .query(
          `UPDATE alert_evaluation SET lease_until = clock_timestamp() + $2::float8 * interval '1 ms' WHERE round = $1`,
          [round, leaseMs],
        )
        .catch(onError);
    }, leaseMs / 3).unref();
  }

  /** @returns undefined when it is not time yet, or another replica has the turn */
  static async take(
    pool: Pool,
    everyMs: number,
    leaseMs: number,
    onError: (error: unknown) => void,
  ): Promise<RoundClaim | undefined> {
    // A little less than the interval, or ticks of one timer that fall a millisecond short would be skipped every other time.
    const { rows } = await pool.query<{ round: number }>(
      `UPDATE alert_evaluation SET round = round + 1, claimed_at = clock_timestamp(),
              lease_until = clock_timestamp() + $2::float8 * interval '1 ms'
       WHERE claimed_at <= clock_timestamp() - $1::float8 * interval '1 ms'
         AND (finished_at >= claimed_at OR lease_until <= clock_timestamp())
       RETURNING round`,
      [everyMs * 0.9, leaseMs],
    );
    return rows[0] && new RoundClaim(pool, rows[0].round, leaseMs, onError);
  }

  /**
   * Inside a transaction that writes: nobody can take over until it has ended.
   * @throws LostRound when somebody has
   */
  async hold(client: Queryable): Promise<void> {
    const { rowCount } = await client.query('SELECT FROM alert_evaluation WHERE round = $1 FOR SHARE', [
      this.round,
    ]);
    if (rowCount !== 1) throw new LostRound('Another replica has taken the evaluation of alerts over.');
  }

  /** Ends the turn; undefined figures: the round failed. */
  async end(
    figures:
      { evaluatedUntilMs: number; durationSeconds: number; rules: number; failedRules: number } | undefined,
  ): Promise<void> {
    clearInterval(this.#timer);
    if (figures) {
      await this.#pool.query(
        `UPDATE alert_evaluation SET finished_at = clock_timestamp(), evaluated_until = $2, duration_seconds = $3, rules = $4, failed_rules = $5
         WHERE round = $1`,
        [
          this.round,
          new Date(figures.evaluatedUntilMs),
          figures.durationSeconds,
          figures.rules,
          figures.failedRules,
        ],
      );
    } else {
      await this.#pool.query(
        `UPDATE alert_evaluation SET finished_at = clock_timestamp(), failed_rounds = failed_rounds + 1 WHERE round = $1`,
        [this.round],
      );
    }
  }

  /** Stops renewing without a word, as a replica that dies does. */
  abandon(): void {
    clearInterval(this.#timer);
  }
}
