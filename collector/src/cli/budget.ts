import { parseArgs } from 'node:util';
import { DayHistory } from '../budgets/day-history.ts';
import { describeDraft, readDraft, type BudgetFields } from '../budgets/draft.ts';
import { readStatuses } from '../budgets/status.ts';
import { createBudget, deleteBudget, listBudgets, readTenantTimeZone } from '../budgets/store.ts';
import type { Budget } from '../budgets/budget.ts';
import { sayAmount } from '../budgets/amount.ts';
import type { Pool } from '../database/pool.ts';
import { CollectorError } from '../http/errors.ts';
import { FIRST_TENANT } from '../tenants/setup.ts';
import { parseFilters } from '../usage/filters.ts';
import { WEEKDAYS } from '../usage/time-zone.ts';
import type { Command } from './main.ts';
import { withDatabase } from './with-database.ts';

const BY = 'command-line';

export const budgetCommand: Command = {
  summary: 'List, add and delete budgets, and show how they stand',
  usage: `promptops budget list   [--tenant default]
promptops budget status [<name or id>] [--tenant default]
promptops budget add <name> --amount 250 [--period month] [--measure cost] [--filter project_id=checkout]
                     [--threshold 80] [--threshold 100:forecast] [--enforcement none|warn|block] [--time-zone Europe/Berlin]
                     [--week-start monday] [--description "…"] [--tenant default]
promptops budget delete <name or id> [--tenant default]

Periods: day, week, month, quarter, year, or a rolling window such as 30d or 12h. Amounts are US dollars, or with --measure
requests or tokens a count. A filter may be given several times: values of one dimension are alternatives, dimensions are joined by and.
`,
  run: async (args) => {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        tenant: { type: 'string', default: FIRST_TENANT },
        amount: { type: 'string' },
        period: { type: 'string', default: 'month' },
        measure: { type: 'string', default: 'cost' },
        filter: { type: 'string', multiple: true, default: [] },
        threshold: { type: 'string', multiple: true },
        enforcement: { type: 'string', default: 'none' },
        'time-zone': { type: 'string' },
        'week-start': { type: 'string' },
        description: { type: 'string' },
      },
    });
    const [action, name] = positionals;
    if (action === 'list') {
      const budgets = await withDatabase((pool) => listBudgets(pool, values.tenant));
      for (const budget of budgets) process.stdout.write(`${describe(budget)}\n`);
    } else if (action === 'status') {
      await withDatabase((pool) => printStatuses(pool, values.tenant, name));
    } else if (action === 'add' && name !== undefined) {
      if (values.amount === undefined) throw new CollectorError('Say how much: --amount 250');
      const fields: BudgetFields = {
        name,
        amount: values.amount,
        measure: oneOf('--measure', values.measure, ['cost', 'requests', 'tokens']),
        enforcement: oneOf('--enforcement', values.enforcement, ['none', 'warn', 'block']),
        filters: parseFilters(readFilterOptions(values.filter), '--filter'),
        period: readPeriodOption(values.period, values['time-zone'], values['week-start']),
        ...(values.threshold === undefined ? {} : { thresholds: values.threshold.map(readThresholdOption) }),
        ...(values.description === undefined ? {} : { description: values.description }),
      };
      const budget = await withDatabase(async (pool) => {
        const draft = readDraft(fields, await readTenantTimeZone(pool, values.tenant));
        return createBudget(pool, values.tenant, draft, BY);
      });
      process.stdout.write(`${describe(budget)}\n`);
    } else if (action === 'delete' && name !== undefined) {
      await withDatabase(async (pool) => {
        const budget = find(await listBudgets(pool, values.tenant), name, values.tenant);
        await deleteBudget(pool, values.tenant, budget.budgetId);
      });
      process.stdout.write(`Deleted ${name}, its history too.\n`);
    } else {
      throw new CollectorError(`Say what to do:\n${budgetCommand.usage}`);
    }
  },
};

async function printStatuses(pool: Pool, tenantId: string, name: string | undefined): Promise<void> {
  const all = await listBudgets(pool, tenantId);
  const budgets = name === undefined ? all.filter(({ enabled }) => enabled) : [find(all, name, tenantId)];
  const statuses = await readStatuses(pool, pool, tenantId, budgets, Date.now(), new DayHistory());
  for (const status of statuses) {
    const unit = status.measure === 'cost' ? '$' : '';
    const expected =
      status.forecast === null
        ? 'no forecast'
        : `${unit}${status.forecast.at_end} expected (${unit}${status.forecast.lower} to ${unit}${status.forecast.upper})`;
    const until = status.exhausted_at === null ? '' : `\texhausted ${status.exhausted_at}`;
    const bound = status.is_lower_bound
      ? `\tat least: ${status.unpriced_requests} requests have no price`
      : '';
    process.stdout.write(
      `${status.budget_id}\t${status.name}\t${unit}${status.spent} of ${unit}${status.limit} (${status.percent.toFixed(1)} %)\t` +
        `${status.period.start} to ${status.period.end}\t${expected}${until}${bound}\n`,
    );
  }
}

function describe(budget: Budget): string {
  const { period, enabled, enforcement } = budget;
  const every = period.type === 'rolling' ? `last ${period.hours} h` : `a ${period.type}`;
  const state = enabled ? enforcement : 'off';
  const filters = JSON.stringify(describeDraft(budget).filters);
  return `${budget.budgetId}\t${budget.name}\t${sayAmount(budget.amount, budget.measure)} ${every} (${period.timeZone})\t${state}\t${filters}`;
}

function find(budgets: readonly Budget[], nameOrId: string, tenantId: string): Budget {
  const budget =
    budgets.find(({ name }) => name === nameOrId) ??
    budgets.find(({ budgetId }) => String(budgetId) === nameOrId);
  if (!budget) throw new CollectorError(`The tenant ${tenantId} has no budget ${JSON.stringify(nameOrId)}.`);
  return budget;
}

function oneOf<Value extends string>(option: string, given: string, values: readonly Value[]): Value {
  const found = values.find((value) => value === given);
  if (found === undefined) throw new CollectorError(`${option} is one of ${values.join(', ')}.`);
  return found;
}

function readFilterOptions(options: readonly string[]): Record<string, { in: string[] }> {
  const filters: Record<string, { in: string[] }> = {};
  for (const option of options) {
    const at = option.indexOf('=');
    if (at < 1)
      throw new CollectorError(`--filter takes <dimension>=<value>, not ${JSON.stringify(option)}.`);
    (filters[option.slice(0, at)] ??= { in: [] }).in.push(option.slice(at + 1));
  }
  return filters;
}

function readPeriodOption(
  text: string,
  timeZone: string | undefined,
  weekStart: string | undefined,
): NonNullable<BudgetFields['period']> {
  const zone = timeZone === undefined ? {} : { time_zone: timeZone };
  const rolling = /^(\d{1,5})([dh])$/.exec(text);
  if (rolling)
    return { type: 'rolling', [rolling[2] === 'd' ? 'days' : 'hours']: Number(rolling[1]), ...zone };
  const type = oneOf('--period', text, ['day', 'week', 'month', 'quarter', 'year']);
  if (weekStart === undefined) return { type, ...zone };
  return { type, week_start: oneOf('--week-start', weekStart, WEEKDAYS), ...zone };
}

function readThresholdOption(text: string): { percent: number; kind: 'actual' | 'forecast' } {
  const parts = /^(\d+(?:\.\d+)?)(?::(actual|forecast))?$/.exec(text);
  if (!parts)
    throw new CollectorError(`--threshold takes a percent such as 80 or 100:forecast, not ${text}.`);
  return { percent: Number(parts[1]), kind: parts[2] === 'forecast' ? 'forecast' : 'actual' };
}
