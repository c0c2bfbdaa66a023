/** A budget that a call counts towards, as the collector last read it. Amounts are decimal strings: US dollars, or a count. */
export interface BudgetState {
  budgetId: number;
  name: string;
  decision: 'allow' | 'warn' | 'block';
  /** What it limits: `cost`, `requests` or `tokens`. */
  measure: string;
  spent: string;
  limit: string;
  percent: number;
  periodStart: string;
  /** Not included. */
  periodEnd: string;
  /** When the period ends; null for a rolling window, which empties as time goes. */
  resetsAt: string | null;
  /** Calls without a known price come on top of `spent`. */
  isLowerBound: boolean;
}

/** What the budgets say about a call. */
export interface BudgetVerdict {
  decision: 'allow' | 'warn' | 'block';
  /** The strictest first. */
  budgets: BudgetState[];
  /** What any budget is filtered by: calls that are alike in these get the same answer. */
  dimensions: string[];
  /** When the collector read the figures; null when nothing is known. */
  asOf: string | null;
  /** How old they were when the collector answered. */
  staleSeconds: number | null;
  /** False: the collector did not answer (in time), or does not know itself. The decision is `allow` then. */
  known: boolean;
  /** Why not. */
  reason?: string;
}

const DECISIONS: ReadonlySet<unknown> = new Set(['allow', 'warn', 'block']);

/** Reads the answer of `GET /v1/analytics/budgets/check`; undefined when it is none. */
export function readVerdict(body: string): BudgetVerdict | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (!isObject(answer) || !DECISIONS.has(answer.decision) || !Array.isArray(answer.budgets))
    return undefined;
  const budgets = (answer.budgets as unknown[]).map(readBudget);
  if (budgets.includes(undefined)) return undefined;
  const known = answer.stale !== true;
  return {
    decision: answer.decision as BudgetVerdict['decision'],
    budgets: budgets as BudgetState[],
    dimensions: Array.isArray(answer.dimensions)
      ? (answer.dimensions as unknown[]).filter((name) => typeof name === 'string')
      : [],
    asOf: textOrNull(answer.as_of),
    staleSeconds: typeof answer.stale_seconds === 'number' ? answer.stale_seconds : null,
    known,
    ...(known ? {} : { reason: 'the collector has no recent figures' }),
  };
}

function readBudget(budget: unknown): BudgetState | undefined {
  if (!isObject(budget) || typeof budget.name !== 'string' || !DECISIONS.has(budget.decision))
    return undefined;
  return {
    budgetId: Number(budget.budget_id),
    name: budget.name,
    decision: budget.decision as BudgetState['decision'],
    measure: textOrNull(budget.measure) ?? 'cost',
    spent: textOrNull(budget.spent) ?? '',
    limit: textOrNull(budget.limit) ?? '',
    percent: Number(budget.percent),
    periodStart: textOrNull(budget.period_start) ?? '',
    periodEnd: textOrNull(budget.period_end) ?? '',
    resetsAt: textOrNull(budget.resets_at),
    isLowerBound: budget.is_lower_bound === true,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** One sentence that names budget, spend, limit, window and time. */
export function describeBudget(budget: BudgetState, asOf: string | null): string {
  const amount = (text: string) => (budget.measure === 'cost' ? `$${text}` : `${text} ${budget.measure}`);
  const bound = budget.isLowerBound ? 'at least ' : '';
  return (
    `budget ${JSON.stringify(budget.name)}: ${bound}${amount(budget.spent)} of ${amount(budget.limit)} spent ` +
    `(${budget.percent.toFixed(1)} %) from ${budget.periodStart} to ${budget.periodEnd}, as of ${asOf ?? 'unknown'}`
  );
}

/** A call was not made, since a budget that blocks is used up. */
export class BudgetExceeded extends Error {
  override name = 'BudgetExceeded';
  /** The budget that blocks, the strictest of several. */
  readonly budget: BudgetState;
  readonly asOf: string | null;

  constructor(budget: BudgetState, asOf: string | null) {
    super(`The call was not made: ${describeBudget(budget, asOf)}`);
    this.budget = budget;
    this.asOf = asOf;
  }
}
