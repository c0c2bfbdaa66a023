import type { Pool } from '../database/pool.ts';

/** Gives no evaluator a round: a test collector's own ticks by the real clock. */
export async function keepEvaluatorsOut(pool: Pool): Promise<void> {
  await pool.query("UPDATE alert_evaluation SET claimed_at = 'infinity'");
}

/** Gives the evaluator that asks next a round, whoever had the last one. */
export async function letEvaluatorsIn(pool: Pool): Promise<void> {
  await pool.query(
    "UPDATE alert_evaluation SET claimed_at = '-infinity', finished_at = '-infinity', lease_until = '-infinity'",
  );
}
