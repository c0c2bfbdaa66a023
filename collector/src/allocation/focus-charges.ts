import type { Client, Pool } from '../database/pool.ts';
import { bucketStarts } from '../usage/buckets.ts';
import { checkEventRange } from '../usage/event-source.ts';
import { filteredDimensions, type Filters } from '../usage/filters.ts';
import type { Measure } from '../usage/measures.ts';
import type { Period } from '../usage/period.ts';
import { Parameters, rollupRows, sourceOf } from '../usage/rollup-source.ts';
import { localDateOf, startOfLocalDate } from '../usage/time-zone.ts';
import type { Charge } from './focus-columns.ts';

const DIMENSIONS = ['model_provider', 'model_name', 'project_id', 'prompt_id', 'environment'] as const;
const MEASURES = [
  'request_count',
  'unpriced_requests',
  'unpriced_tokens',
  'total_tokens_used',
  'input_tokens',
  'cache_read_tokens',
  'cache_write_5m_tokens',
  'cache_write_1h_tokens',
  'output_tokens',
  'reasoning_tokens',
] as const satisfies Measure[];

/** Rows in memory at a time. */
const ROWS_A_FETCH = 1_000;

type Row = Record<(typeof MEASURES)[number], number> &
  Record<'project_id' | 'prompt_id' | 'environment', string | null> & {
    model_provider: string;
    model_name: string;
    cost_usd: string;
  };

/**
 * The charges of a period, one for each day of its time zone, provider, model, project, prompt and environment, in batches. All of it is
 * one snapshot, read day by day through a cursor, so that memory stays flat however long the period is. The costs add up to the overview's.
 * @throws Problem range-too-long, when the first batch is asked for
 */
export async function* readCharges(
  pool: Pool,
  { tenantId, period, filters }: { tenantId: string; period: Period; filters: Filters },
): AsyncGenerator<Charge[], void, undefined> {
  const needed = [...DIMENSIONS, ...filteredDimensions(filters)];
  if (sourceOf(needed).kind === 'events') checkEventRange(period.startMs, period.endMs, needed);
  const client = await pool.connect();
  let isDone = false;
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const tenant = await client.query<{ name: string }>('SELECT name FROM tenants WHERE tenant_id = $1', [
      tenantId,
    ]);
    const tenantName = tenant.rows[0]?.name ?? tenantId;
    for (const day of daysOf(period)) {
      const charge = { tenantId, tenantName, ...day };
      for await (const rows of readDay(client, tenantId, day, filters)) {
        yield rows.map((row) => chargeOf(row, charge));
      }
    }
    await client.query('COMMIT');
    isDone = true;
  } finally {
    // After an error, or with a reader that went away, the transaction and its cursor end with the session.
    client.release(!isDone);
  }
}

interface Day {
  chargeStartMs: number;
  chargeEndMs: number;
  billingStartMs: number;
  billingEndMs: number;
}

/** The days of a period, cut at its ends, each with the calendar month that it is billed in. */
function daysOf(period: Period): Day[] {
  const { startMs, endMs, timeZone } = period;
  const starts = bucketStarts({ ...period, groupBy: 'day' });
  return starts.map((start, index) => {
    const { year, month } = localDateOf(timeZone, start);
    return {
      chargeStartMs: Math.max(start, startMs),
      chargeEndMs: Math.min(starts[index + 1] ?? endMs, endMs),
      billingStartMs: startOfLocalDate(timeZone, year, month, 1),
      billingEndMs: startOfLocalDate(timeZone, year, month + 1, 1),
    };
  });
}

async function* readDay(
  client: Client,
  tenantId: string,
  { chargeStartMs, chargeEndMs }: Day,
  filters: Filters,
): AsyncGenerator<Row[], void, undefined> {
  const parameters = new Parameters();
  const source = rollupRows(
    {
      tenantId,
      startMs: chargeStartMs,
      endMs: chargeEndMs,
      filters,
      groupBy: DIMENSIONS,
      measures: [...MEASURES, 'total_cost_nano_usd'],
      maxGrainMs: Infinity,
    },
    parameters,
  );
  const dimensions = DIMENSIONS.join(', ');
  await client.query(
    `DECLARE charges NO SCROLL CURSOR FOR
     SELECT ${dimensions}, ${MEASURES.map((measure) => `sum(${measure})::bigint AS ${measure}`).join(', ')},
       trim_scale(coalesce(sum(total_cost_nano_usd), 0) * 0.000000001)::text AS cost_usd
     FROM (${source}) r GROUP BY ${dimensions} ORDER BY ${dimensions}`,
    parameters.values,
  );
  for (;;) {
    const { rows } = await client.query<Row>(`FETCH ${ROWS_A_FETCH} FROM charges`);
    if (rows.length > 0) yield rows;
    if (rows.length < ROWS_A_FETCH) break;
  }
  await client.query('CLOSE charges');
}

function chargeOf(row: Row, day: Day & { tenantId: string; tenantName: string }): Charge {
  return {
    ...day,
    modelProvider: row.model_provider,
    modelName: row.model_name,
    projectId: row.project_id,
    promptId: row.prompt_id,
    environment: row.environment,
    costUsd: row.cost_usd,
    requests: row.request_count,
    unpricedRequests: row.unpriced_requests,
    unpricedTokens: row.unpriced_tokens,
    tokens: row.total_tokens_used,
    inputTokens: row.input_tokens,
    cacheReadTokens: row.cache_read_tokens,
    cacheWrite5mTokens: row.cache_write_5m_tokens,
    cacheWrite1hTokens: row.cache_write_1h_tokens,
    outputTokens: row.output_tokens,
    reasoningTokens: row.reasoning_tokens,
  };
}
