import { inSnapshot, type Client, type Pool } from '../database/pool.ts';
import type { PriceBook } from '../pricing/price-book.ts';
import { readFreshness, type Freshness } from './answer-parts.ts';
import { bucketStarts, pointsOf, rangeTexts } from './buckets.ts';
import { filteredDimensions, type Filters } from './filters.ts';
import type { DimensionName } from './dimensions.ts';
import type { Measure } from './measures.ts';
import { GRAIN_MS, type Period } from './period.ts';
import { ratesByBook, type Estimated, type ModelRates } from './prompt-cache-prices.ts';
import {
  couldHaveSaved,
  LEAST_INPUT_TOKENS,
  LEAST_REQUESTS,
  MOST_HIT_PERCENT,
  readSaving,
  usdOfAtto,
  writeCost,
} from './prompt-cache-savings.ts';
import { maxGrainMs, Parameters, rollupRows, sourceOf } from './rollup-source.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface CacheFigures {
  total_requests: number;
  /** Tokens of all kinds of input. */
  all_input_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  hit_rate_percent: number | null;
  /** null where no input of the calls has a price. */
  read_saving_usd: string | null;
  write_cost_usd: string | null;
  net_saving_usd: string | null;
  /** Cached tokens whose model has no price: they are in no money. */
  unpriced_cached_tokens: number;
}
export interface ResponseCacheFigures {
  cache_hits: number;
  hit_rate_percent: number | null;
  estimated_saving_usd: string | null;
  /** Hits of a prompt and model without any other call that has a cost. */
  hits_without_estimate: number;
}
export interface CacheModel extends CacheFigures {
  model_provider: string;
  model_name: string;
  estimated: Estimated[];
}
export interface Opportunity {
  prompt_id: string | null;
  model_provider: string;
  model_name: string;
  requests: number;
  mean_input_tokens: number;
  hit_rate_percent: number;
  calls_that_would_read_percent: number;
  estimated_saving_usd: string;
}
export interface CacheAnswer {
  period: { start: string; end: string; group_by: string; timezone: string };
  source: 'rollups' | 'events';
  total: CacheFigures;
  time_series: (CacheFigures & { timestamp: string })[];
  models: CacheModel[];
  other_models: (CacheFigures & { members: number }) | null;
  prompts: (CacheFigures & { prompt_id: string | null })[];
  other_prompts: (CacheFigures & { members: number }) | null;
  could_have_saved: {
    estimated_saving_usd: string;
    repeated_percent: number;
    assumptions: string[];
    prompts: Opportunity[];
  };
  response_cache: ResponseCacheFigures;
  freshness: Freshness;
}

export interface CacheQuestion {
  tenantId: string;
  period: Period;
  filters: Filters;
  limit: number;
  /** Percent of a call's uncached input that is taken to be the same in the next call. */
  repeatedPercent: number;
}

const MEASURES = [
  'request_count', 'cache_hits', 'unpriced_requests', 'total_cost_nano_usd', 'input_tokens', 'cache_read_tokens', 'cache_write_5m_tokens',
  'cache_write_1h_tokens',
] as const satisfies Measure[]; // prettier-ignore
type MeasureName = (typeof MEASURES)[number];

/** Sums of a prompt at a model, between two changes of prices. */
interface Sums extends Record<MeasureName, bigint> {
  model_provider: string;
  model_name: string;
  prompt_id: string | null;
  /** In which bucket of the period, from 1; 0 where that was not asked. */
  bucket: number;
  rates: ModelRates;
  /** The beginning of the time that the sums are of: all of it has the same price. */
  atMs: number;
}

/**
 * What the providers' prompt caches spared, what they could have spared, and what the application's own response cache did. Tokens are sums of rollups; money
 * is tokens times the book's prices at the time of the calls, so that it needs no event.
 * @throws Problem range-too-long where a filter needs the events over too many days
 */
export function readPromptCache(pool: Pool, book: PriceBook, question: CacheQuestion): Promise<CacheAnswer> {
  return inSnapshot(pool, async (client) => {
    const { tenantId, period, filters, limit } = question;
    const { kind: source } = sourceOf(filteredDimensions(filters));
    const ratesOf = ratesByBook(book, tenantId);
    const changesMs = await readPriceChanges(client, question, ratesOf);
    const byPrompt = await readSums(client, question, ratesOf, changesMs, true);
    const inTime = await readSums(client, question, ratesOf, changesMs, false);
    const byModel = ranked(byPrompt, ({ model_provider, model_name }) =>
      JSON.stringify([model_provider, model_name]),
    );
    const prompts = ranked(byPrompt, ({ prompt_id }) => JSON.stringify(prompt_id));
    const series = new Map(
      [...Map.groupBy(inTime, ({ bucket }) => bucket)].map(([bucket, sums]) => [bucket, figuresOf(sums)]),
    );
    const rest = (parts: Sums[][]): (CacheFigures & { members: number }) | null =>
      parts.length > limit
        ? { members: parts.length - limit, ...figuresOf(parts.slice(limit).flat()) }
        : null;
    return {
      period: { ...rangeTexts(period), group_by: period.groupBy },
      source,
      total: figuresOf(byPrompt),
      time_series: pointsOf(period, series, figuresOf([])),
      models: byModel.slice(0, limit).map((sums) => ({
        model_provider: sums[0]?.model_provider ?? '',
        model_name: sums[0]?.model_name ?? '',
        ...figuresOf(sums),
        estimated: [...(sums[0]?.rates.estimated ?? [])],
      })),
      other_models: rest(byModel),
      prompts: prompts
        .slice(0, limit)
        .map((sums) => ({ prompt_id: sums[0]?.prompt_id ?? null, ...figuresOf(sums) })),
      other_prompts: rest(prompts),
      could_have_saved: opportunities(byPrompt, question),
      response_cache: responseCache(byPrompt),
      freshness: await readFreshness(client, source),
    };
  });
}

const total = (sums: readonly Sums[], name: MeasureName): bigint =>
  sums.reduce((all, one) => all + one[name], 0n);
const allInput = (sums: readonly Sums[]): bigint =>
  total(sums, 'input_tokens') + total(sums, 'cache_read_tokens') + cacheWrites(sums);
const cacheWrites = (sums: readonly Sums[]): bigint =>
  total(sums, 'cache_write_5m_tokens') + total(sums, 'cache_write_1h_tokens');
const percent = (part: bigint, whole: bigint): number | null =>
  whole === 0n ? null : Number((part * 1_000_000n * 2n + whole) / (whole * 2n)) / 1e4;

/** Groups, those with the most input tokens first. */
function ranked(sums: readonly Sums[], keyOf: (one: Sums) => string): Sums[][] {
  return [...Map.groupBy(sums, keyOf)]
    .map(([key, of]) => ({ key, of, input: allInput(of), requests: total(of, 'request_count') }))
    .sort((a, b) => compare(b.input, a.input) || compare(b.requests, a.requests) || (a.key < b.key ? -1 : 1))
    .map(({ of }) => of);
}

const compare = (a: bigint, b: bigint): number => (a === b ? 0 : a < b ? -1 : 1);

function tokensOf(one: Sums) {
  return {
    input: one.input_tokens,
    cacheRead: one.cache_read_tokens,
    cacheWrite5m: one.cache_write_5m_tokens,
    cacheWrite1h: one.cache_write_1h_tokens,
  };
}

function figuresOf(sums: readonly Sums[]): CacheFigures {
  let [saved, spent, unpriced] = [0n, 0n, 0n];
  let isPriced = sums.length === 0;
  for (const one of sums) {
    const rates = one.rates.at(one.atMs);
    if (rates === undefined) {
      unpriced += one.cache_read_tokens + one.cache_write_5m_tokens + one.cache_write_1h_tokens;
      continue;
    }
    isPriced = true;
    saved += readSaving(tokensOf(one), rates);
    spent += writeCost(tokensOf(one), rates);
  }
  const input = allInput(sums);
  return {
    total_requests: Number(total(sums, 'request_count')),
    all_input_tokens: Number(input),
    cache_read_tokens: Number(total(sums, 'cache_read_tokens')),
    cache_write_tokens: Number(cacheWrites(sums)),
    hit_rate_percent: percent(total(sums, 'cache_read_tokens'), input),
    read_saving_usd: isPriced ? usdOfAtto(saved) : null,
    write_cost_usd: isPriced ? usdOfAtto(spent) : null,
    net_saving_usd: isPriced ? usdOfAtto(saved - spent) : null,
    unpriced_cached_tokens: Number(unpriced),
  };
}

function responseCache(sums: readonly Sums[]): ResponseCacheFigures {
  let [saving, without] = [0n, 0n];
  let isKnown = false;
  for (const of of Map.groupBy(sums, byPromptAndModel).values()) {
    const hits = total(of, 'cache_hits');
    if (hits === 0n) continue;
    const priced = total(of, 'request_count') - hits - total(of, 'unpriced_requests');
    if (priced <= 0n) {
      without += hits;
      continue;
    }
    isKnown = true;
    saving += (total(of, 'total_cost_nano_usd') * 1_000_000_000n * hits) / priced;
  }
  const hits = total(sums, 'cache_hits');
  return {
    cache_hits: Number(hits),
    hit_rate_percent: percent(hits, total(sums, 'request_count')),
    estimated_saving_usd: isKnown || hits === 0n ? usdOfAtto(saving) : null,
    hits_without_estimate: Number(without),
  };
}

const byPromptAndModel = ({ prompt_id, model_provider, model_name }: Sums): string =>
  JSON.stringify([prompt_id, model_provider, model_name]);

function opportunities(
  sums: readonly Sums[],
  { period, limit, repeatedPercent }: CacheQuestion,
): CacheAnswer['could_have_saved'] {
  const minutes =
    (Math.min(period.endMs, Math.max(Date.now(), period.startMs + GRAIN_MS)) - period.startMs) / 60_000;
  let all = 0n;
  const prompts: (Opportunity & { atto: bigint })[] = [];
  for (const of of Map.groupBy(sums, byPromptAndModel).values()) {
    const [first] = of;
    const requests = Number(total(of, 'request_count') - total(of, 'cache_hits'));
    const input = allInput(of);
    const hitRate = percent(total(of, 'cache_read_tokens'), input) ?? 0;
    const rates = first?.rates.at(period.endMs - 1);
    if (!first || rates === undefined || requests < LEAST_REQUESTS || hitRate > MOST_HIT_PERCENT) continue;
    const mean = Number(input) / requests;
    if (mean < LEAST_INPUT_TOKENS) continue;
    const { atto, warmShare } = couldHaveSaved(
      { requests, uncachedInput: total(of, 'input_tokens'), minutes, repeatedPercent },
      rates,
    );
    if (atto === 0n) continue;
    all += atto;
    prompts.push({
      prompt_id: first.prompt_id,
      model_provider: first.model_provider,
      model_name: first.model_name,
      requests,
      mean_input_tokens: Math.round(mean),
      hit_rate_percent: hitRate,
      calls_that_would_read_percent: Math.round(warmShare * 1e4) / 100,
      estimated_saving_usd: usdOfAtto(atto),
      atto,
    });
  }
  prompts.sort((a, b) => compare(b.atto, a.atto) || ((a.prompt_id ?? '') < (b.prompt_id ?? '') ? -1 : 1));
  return {
    estimated_saving_usd: usdOfAtto(all),
    repeated_percent: repeatedPercent,
    assumptions: [
      `Prompts (with their model) of at least ${LEAST_REQUESTS} calls and ${LEAST_INPUT_TOKENS} input tokens a call that read at most ${MOST_HIT_PERCENT} % of them from the cache.`,
      `${repeatedPercent} % of the uncached input of a call is the beginning that it shares with the call before it (repeated_percent).`,
      'Calls come evenly over the period, and a beginning is kept for 5 minutes: a call finds it with probability 1 - exp(-calls in 5 minutes), else it pays for writing it. Calls in bursts would save more.',
      'Prices are those at the end of the period, without context tiers, hours of the day and service tiers.',
    ],
    prompts: prompts.slice(0, limit).map(({ atto: _, ...prompt }) => prompt),
  };
}

type Row = Record<MeasureName, string> & {
  model_provider: string;
  model_name: string;
  prompt_id: string | null;
  piece: number;
};

/** The times within the period at which a price changes of a model that was called in it. */
async function readPriceChanges(
  client: Client,
  { tenantId, period: { startMs, endMs }, filters }: CacheQuestion,
  ratesOf: (provider: string, model: string) => ModelRates,
): Promise<number[]> {
  const parameters = new Parameters();
  const groupBy: DimensionName[] = ['model_provider', 'model_name'];
  const rows = rollupRows(
    { tenantId, startMs, endMs, filters, groupBy, measures: ['request_count'], maxGrainMs: Infinity },
    parameters,
  );
  const answer = await client.query<{ model_provider: string; model_name: string }>(
    `SELECT model_provider, model_name FROM (${rows}) r GROUP BY 1, 2`,
    parameters.values,
  );
  const changes = answer.rows.flatMap(({ model_provider, model_name }) =>
    ratesOf(model_provider, model_name)
      .changesMs(startMs, endMs)
      // Rollups end at quarters of an hour: a price from within one holds from its end.
      .map((ms) => Math.ceil(ms / GRAIN_MS) * GRAIN_MS),
  );
  return [...new Set(changes)].filter((ms) => ms < endMs).sort((a, b) => a - b);
}

/** Sums by model, and by prompt or by bucket of the period, cut where prices change. */
async function readSums(
  client: Client,
  { tenantId, period, filters }: CacheQuestion,
  ratesOf: (provider: string, model: string) => ModelRates,
  changesMs: readonly number[],
  isByPrompt: boolean,
): Promise<Sums[]> {
  const { startMs, endMs } = period;
  const starts = isByPrompt ? [startMs] : bucketStarts(period);
  const cuts = [...new Set([...starts, ...changesMs])].sort((a, b) => a - b);
  const changeGrainMs =
    [DAY_MS, HOUR_MS].find((grain) => changesMs.every((ms) => ms % grain === 0)) ?? GRAIN_MS;
  const parameters = new Parameters();
  const groupBy: DimensionName[] = [
    'model_provider',
    'model_name',
    ...(isByPrompt ? (['prompt_id'] as const) : []),
  ];
  const rows = rollupRows(
    {
      tenantId,
      startMs,
      endMs,
      filters,
      groupBy,
      measures: MEASURES,
      maxGrainMs: Math.min(changeGrainMs, isByPrompt ? DAY_MS : maxGrainMs(period)),
    },
    parameters,
  );
  const keys = ['model_provider', 'model_name', isByPrompt ? 'prompt_id' : 'NULL::text AS prompt_id'];
  const instants = parameters.add(cuts.map((ms) => new Date(ms).toISOString()));
  const answer = await client.query<Row>(
    `SELECT ${keys.join(', ')}, width_bucket("timestamp", ${instants}::timestamptz[]) AS piece,
       ${MEASURES.map((name) => `coalesce(sum(${name}), 0)::text AS ${name}`).join(', ')}
     FROM (${rows}) r GROUP BY ${groupBy.join(', ')}, piece`,
    parameters.values,
  );
  return answer.rows.map((row) => {
    const atMs = Math.max(cuts[row.piece - 1] ?? startMs, startMs);
    return {
      ...(Object.fromEntries(MEASURES.map((name) => [name, BigInt(row[name])])) as Record<
        MeasureName,
        bigint
      >),
      model_provider: row.model_provider,
      model_name: row.model_name,
      prompt_id: row.prompt_id,
      bucket: isByPrompt ? 0 : starts.findLastIndex((ms) => ms <= atMs) + 1,
      rates: ratesOf(row.model_provider, row.model_name),
      atMs,
    };
  });
}
