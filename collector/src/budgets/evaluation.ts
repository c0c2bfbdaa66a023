import { setImmediate } from 'node:timers/promises';
import { inSnapshot, type Pool, type Queryable } from '../database/pool.ts';
import { readRollupEdge } from '../usage/answer-parts.ts';
import { GRAIN_MS } from '../usage/period.ts';
import type { Spend } from '../usage/spend.ts';
import { hasReached } from './amount.ts';
import type { Budget } from './budget.ts';
import type { DayHistory } from './day-history.ts';
import { localDays, windowAt, type Window } from './period.ts';
import { project, type Projection, type Standing } from './projection.ts';
import { readWindows, spentOf } from './spent.ts';

const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** A budget at one moment. Amounts are in the budget's unit. */
export interface Evaluation {
  budget: Budget;
  window: Window;
  spend: Spend;
  spent: bigint;
  /** Per day: over the last 24 hours (the last hour where the period is no longer than a day), and over the period so far. */
  burnPerDayNow: bigint;
  burnPerDayAverage: bigint;
  /** undefined for rolling windows, and where there is no usage to go by. */
  projection: Projection | undefined;
  isExhausted: boolean;
  asOf: Date;
  completeUntil: Date;
}

/**
 * Evaluates budgets of one tenant at `nowMs`, all in one snapshot of the database.
 * @param history undefined: without forecasts
 */
export async function evaluate(
  readPool: Pool,
  tenantId: string,
  budgets: readonly Budget[],
  nowMs: number,
  history: DayHistory | undefined,
): Promise<Evaluation[]> {
  if (budgets.length === 0) return [];
  return inSnapshot(readPool, async (client) => {
    const freshness = await readRollupEdge(client);
    const asked = budgets.map((budget) => ({
      budget,
      window: windowAt(budget.period, nowMs),
      recent: recentWindow(budget, nowMs),
      today: windowAt({ type: 'day', timeZone: budget.period.timeZone, weekStart: 1 }, nowMs),
    }));
    const spends = await readWindows(client, tenantId, [
      ...asked,
      ...asked.map(({ budget, recent }) => ({ budget, window: recent })),
      ...(history ? asked.map(({ budget, today }) => ({ budget, window: today })) : []),
    ]);
    const spentIn = (place: number, { measure }: Budget): bigint =>
      spentOf(spends[place] ?? NOTHING, measure);
    const evaluations: Evaluation[] = [];
    for (const [index, { budget, window, recent }] of asked.entries()) {
      // Hundreds of projections in one go would keep the requests of others waiting.
      if (history) await setImmediate();
      const spend = spends[index] ?? NOTHING;
      const spent = spentOf(spend, budget.measure);
      evaluations.push({
        budget,
        window,
        spend,
        spent,
        burnPerDayNow: perDay(spentIn(asked.length + index, budget), nowMs - recent.startMs),
        burnPerDayAverage: perDay(spent, Math.max(nowMs - window.startMs, GRAIN_MS)),
        projection:
          history &&
          (await projectionOf(client, history, budget, window, {
            spent,
            soFarToday: spentIn(2 * asked.length + index, budget),
            amount: budget.amount,
            nowMs,
          })),
        isExhausted: hasReached(spent, budget.amount, 100),
        ...freshness,
      });
    }
    return evaluations;
  });
}

const NOTHING: Spend = { costNanoUsd: 0n, requests: 0, unpricedRequests: 0, tokens: 0 };

async function projectionOf(
  client: Queryable,
  history: DayHistory,
  budget: Budget,
  window: Window,
  standing: Standing,
): Promise<Projection | undefined> {
  if (budget.period.type === 'rolling') return undefined;
  const { nowMs, soFarToday } = standing;
  const days = localDays(budget.period.timeZone, nowMs, window.endMs);
  const outlook = await history.read(client, budget, nowMs, days.length, Number(soFarToday));
  return project(standing, outlook, days);
}

function recentWindow(budget: Budget, nowMs: number): Window {
  const { period } = budget;
  const isShort = period.type === 'day' || (period.type === 'rolling' && period.hours <= 24);
  const endMs = Math.floor(nowMs / GRAIN_MS) * GRAIN_MS + GRAIN_MS;
  return { startMs: endMs - (isShort ? HOUR_MS : DAY_MS), endMs };
}

function perDay(amount: bigint, durationMs: number): bigint {
  return (amount * BigInt(DAY_MS)) / BigInt(Math.max(1, Math.round(durationMs)));
}
