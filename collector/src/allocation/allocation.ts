import { inSnapshot, type Client, type Pool } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { readFreshness, type Freshness } from '../usage/answer-parts.ts';
import { rangeTexts } from '../usage/buckets.ts';
import { memberColumn, type Dimension } from '../usage/dimensions.ts';
import { labelOf } from '../usage/breakdown.ts';
import { filteredDimensions, type Filters } from '../usage/filters.ts';
import type { Measure } from '../usage/measures.ts';
import type { Period } from '../usage/period.ts';
import { Parameters, rollupRows, sourceOf } from '../usage/rollup-source.ts';
import { spread } from './spread.ts';
import { usd } from '../usage/usd.ts';

/** Past this many members an allocation is no bill any more, and the answer would be large. */
export const MAX_MEMBERS = 5_000;

export interface AllocationQuestion {
  tenantId: string;
  period: Period;
  filters: Filters;
  by: Dimension;
  /** Whether the cost of events without a member stands for itself, or is spread over the members. */
  untagged: 'show' | 'spread';
  /** Members whose cost is everybody's: it is spread too. */
  shared: readonly string[];
}

export interface AllocatedMember {
  member: string | null;
  label: string;
  total_requests: number;
  total_tokens_used: number;
  unpriced_requests: number;
  /** Cost of the member's own events. */
  own_cost_usd: string;
  /** What the member carries of the cost that is spread. */
  spread_cost_usd: string;
  cost_usd: string;
  share_percent: number | null;
}

export interface Allocation {
  period: { start: string; end: string; timezone: string };
  by: string;
  source: 'rollups' | 'events';
  /** By what the cost was spread: by own cost, by requests where no member has a cost, or not at all. */
  spread_by: 'cost' | 'requests' | null;
  members: AllocatedMember[];
  /** Members whose cost was spread, with what they would have had; they are in `members` no more. */
  spread_from: { member: string | null; label: string; cost_usd: string; total_requests: number }[];
  total: { members: number; total_requests: number; unpriced_requests: number; cost_usd: string };
  freshness: Freshness;
}

interface Row {
  member: string | null;
  requests: number;
  tokens: number;
  unpriced: number;
  costNanoUsd: bigint;
}

const MEASURES = [
  'request_count',
  'total_tokens_used',
  'unpriced_requests',
  'total_cost_nano_usd',
] as const satisfies Measure[];

/**
 * The cost of a period by the members of a dimension or tag, all of them. The costs add up to the overview's total cost to the
 * nano-dollar, however it is spread.
 * @throws Problem range-too-long, or too-many-members past MAX_MEMBERS
 */
export function readAllocation(pool: Pool, question: AllocationQuestion): Promise<Allocation> {
  return inSnapshot(pool, async (client) => {
    const { period, by } = question;
    const rows = await readMembers(client, question);
    const isSpread = ({ member }: Row): boolean =>
      member === null ? question.untagged === 'spread' : question.shared.includes(member);
    const own = rows.filter((row) => !isSpread(row));
    const common = rows.filter(isSpread);
    const amount = sum(common, (row) => row.costNanoUsd);
    const byCost = spread(
      amount,
      own.map((row) => row.costNanoUsd),
    );
    const shares =
      byCost ??
      spread(
        amount,
        own.map((row) => BigInt(row.requests)),
      );
    // Without anybody to carry it, what would be spread stays where it is.
    const shown = shares === undefined || common.length === 0 ? rows : own;
    const total = sum(rows, (row) => row.costNanoUsd);
    const members = shown.map((row, index): AllocatedMember => {
      const spreadNanoUsd = shown === own ? (shares?.[index] ?? 0n) : 0n;
      const cost = row.costNanoUsd + spreadNanoUsd;
      return {
        member: row.member,
        label: labelOf(by, row.member),
        total_requests: row.requests,
        total_tokens_used: row.tokens,
        unpriced_requests: row.unpriced,
        own_cost_usd: usd(row.costNanoUsd),
        spread_cost_usd: usd(spreadNanoUsd),
        cost_usd: usd(cost),
        share_percent: total === 0n ? null : Number((cost * 100_000_000n) / total) / 1_000_000,
      };
    });
    const { kind: source } = sourceOf([by.name, ...filteredDimensions(question.filters)]);
    return {
      period: rangeTexts(period),
      by: by.name,
      source,
      spread_by: shown === rows ? null : byCost ? 'cost' : 'requests',
      members,
      spread_from:
        shown === rows
          ? []
          : common.map((row) => ({
              member: row.member,
              label: labelOf(by, row.member),
              cost_usd: usd(row.costNanoUsd),
              total_requests: row.requests,
            })),
      total: {
        members: rows.length,
        total_requests: Number(sum(rows, (row) => BigInt(row.requests))),
        unpriced_requests: Number(sum(rows, (row) => BigInt(row.unpriced))),
        cost_usd: usd(total),
      },
      freshness: await readFreshness(client, source),
    };
  });
}

function sum(rows: readonly Row[], value: (row: Row) => bigint): bigint {
  return rows.reduce((total, row) => total + value(row), 0n);
}

async function readMembers(
  client: Client,
  { tenantId, period, filters, by }: AllocationQuestion,
): Promise<Row[]> {
  const parameters = new Parameters();
  const member = memberColumn(by.name, 0);
  const source = rollupRows(
    {
      tenantId,
      startMs: period.startMs,
      endMs: period.endMs,
      filters,
      groupBy: [by.name],
      measures: MEASURES,
      maxGrainMs: Infinity,
    },
    parameters,
  );
  const { rows } = await client.query<{
    member: string | null;
    requests: number;
    tokens: number;
    unpriced: number;
    cost: string;
  }>(
    `SELECT ${member} AS member, sum(request_count)::bigint AS requests, sum(total_tokens_used)::bigint AS tokens,
       sum(unpriced_requests)::bigint AS unpriced, coalesce(sum(total_cost_nano_usd), 0)::text AS cost
     FROM (${source}) r GROUP BY 1
     ORDER BY sum(total_cost_nano_usd) DESC NULLS LAST, 2 DESC, 1 LIMIT ${MAX_MEMBERS + 1}`,
    parameters.values,
  );
  if (rows.length > MAX_MEMBERS) {
    throw new Problem(
      'too-many-members',
      `by: ${by.name} has more than ${MAX_MEMBERS} members in this period. Narrow it by a filter, or ask /v1/analytics/usage/breakdown for the top ones.`,
      { extensions: { max_members: MAX_MEMBERS } },
    );
  }
  return rows.map(({ cost, ...row }) => ({ ...row, costNanoUsd: BigInt(cost) }));
}
