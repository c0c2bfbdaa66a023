import { Type, type Static } from 'typebox';

/**
 * The figures that every analytics answer gives of a set of rollup rows `r`: one SQL expression each, used wherever the figure
 * is shown. Everything is a sum, so the figures of parts add up to the figure of the whole (averages and rates do not).
 */
export const FIGURES_SQL = `
  coalesce(sum(r.request_count), 0)::bigint AS total_requests,
  coalesce(sum(r.successful_requests), 0)::bigint AS successful_requests,
  coalesce(sum(r.failed_requests), 0)::bigint AS failed_requests,
  coalesce(sum(r.cache_hits), 0)::bigint AS cache_hits,
  coalesce(sum(r.total_tokens_requested), 0)::bigint AS total_tokens_requested,
  coalesce(sum(r.total_tokens_used), 0)::bigint AS total_tokens_used,
  coalesce(sum(r.input_tokens), 0)::bigint AS input_tokens,
  coalesce(sum(r.cache_read_tokens), 0)::bigint AS cache_read_tokens,
  coalesce(sum(r.cache_write_5m_tokens), 0)::bigint AS cache_write_5m_tokens,
  coalesce(sum(r.cache_write_1h_tokens), 0)::bigint AS cache_write_1h_tokens,
  coalesce(sum(r.output_tokens), 0)::bigint AS output_tokens,
  coalesce(sum(r.reasoning_tokens), 0)::bigint AS reasoning_tokens,
  CASE WHEN coalesce(sum(r.request_count), 0) = 0 THEN '0'
       WHEN sum(r.request_count) > sum(r.unpriced_requests) THEN trim_scale(sum(r.total_cost_nano_usd) * 0.000000001)::text
  END AS total_cost_usd,
  coalesce(sum(r.unpriced_requests), 0)::bigint AS unpriced_requests,
  coalesce(sum(r.unpriced_tokens), 0)::bigint AS unpriced_tokens,
  coalesce(sum(r.unknown_usage_requests), 0)::bigint AS unknown_usage_requests,
  trim_scale(sum(r.reported_cost_nano_usd) * 0.000000001)::text AS reported_cost_usd,
  round(sum(r.latency_sum_us) / 1000.0 / nullif(sum(r.latency_count), 0), 3)::float8 AS average_response_time_ms,
  round(sum(r.time_to_first_token_sum_us) / 1000.0 / nullif(sum(r.time_to_first_token_count), 0), 3)::float8 AS average_time_to_first_token_ms,
  round(sum(r.successful_requests) * 100.0 / nullif(sum(r.request_count), 0), 4)::float8 AS success_rate`;

/** The columns of a rollup view that FIGURES_SQL reads. */
export const FIGURE_COLUMNS = [
  'request_count', 'successful_requests', 'failed_requests', 'cache_hits', 'total_tokens_requested', 'total_tokens_used', 'input_tokens',
  'cache_read_tokens', 'cache_write_5m_tokens', 'cache_write_1h_tokens', 'output_tokens', 'reasoning_tokens', 'total_cost_nano_usd',
  'unpriced_requests', 'unpriced_tokens', 'unknown_usage_requests', 'reported_cost_nano_usd', 'latency_sum_us', 'latency_count',
  'time_to_first_token_sum_us', 'time_to_first_token_count',
] as const; // prettier-ignore

/** The sums of these columns, each under its own name: what FIGURES_SQL can read again. */
export const FIGURE_SUMS_SQL = FIGURE_COLUMNS.map((column) => `sum(${column}) AS ${column}`).join(', ');

/** What `remainderSql` reads. */
export const REMAINDER_COLUMNS = [...FIGURE_COLUMNS, 'reported_cost_requests'] as const;

/**
 * The columns of a whole less those of a part of it, of two rows of sums: what FIGURES_SQL can read again. Where only the part has claims there are none in
 * what remains, not claims of nothing.
 */
export function remainderSql(whole: string, part: string): string {
  const less = (column: string): string => `${whole}.${column} - coalesce(${part}.${column}, 0)`;
  return FIGURE_COLUMNS.map((column) =>
    column === 'reported_cost_nano_usd'
      ? `CASE WHEN ${less('reported_cost_requests')} > 0 THEN ${less(column)} END AS ${column}`
      : `${less(column)} AS ${column}`,
  ).join(', ');
}

const count = (description: string) => Type.Integer({ minimum: 0, description });
const nullable = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });
const money = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

export const FigureProperties = {
  total_requests: count('LLM calls'),
  successful_requests: count('Calls with status success'),
  failed_requests: count('Calls with status error'),
  cache_hits: count("Calls answered by the application's own response cache"),
  total_tokens_requested: count('What callers allowed (max tokens), summed'),
  total_tokens_used: count('input + cache_read + cache_write_5m + cache_write_1h + output tokens'),
  input_tokens: count('Uncached input tokens'),
  cache_read_tokens: count("Input tokens read from the provider's prompt cache"),
  cache_write_5m_tokens: count('Input tokens written to the prompt cache for 5 minutes'),
  cache_write_1h_tokens: count('Input tokens written to the prompt cache for an hour'),
  output_tokens: count('Output tokens, reasoning included'),
  reasoning_tokens: count('Reasoning tokens, a part of output_tokens'),
  total_cost_usd: money('Cost of the priced calls in USD, a decimal string; null when no call has a price'),
  unpriced_requests: count('Calls without a known cost: they are not in total_cost_usd'),
  unpriced_tokens: count('Tokens of calls without a known cost'),
  unknown_usage_requests: count(
    'Successful calls whose sender told no token counts (a part of unpriced_requests)',
  ),
  reported_cost_usd: money('What clients claimed, where they did'),
  average_response_time_ms: nullable('Mean response time in milliseconds; null without any'),
  average_time_to_first_token_ms: nullable(
    'Mean time to the first token of streams in milliseconds; null without any',
  ),
  success_rate: nullable('Percent of calls with status success; null without calls'),
};
export const FiguresSchema = Type.Object(FigureProperties);
export type Figures = Static<typeof FiguresSchema>;

export type FigureName = keyof Figures;
export const FIGURE_NAMES = Object.keys(FigureProperties) as FigureName[];

/** The figures of an answered row, without what else it has. */
export function figuresOf(row: Record<string, unknown>): Figures {
  return Object.fromEntries(FIGURE_NAMES.map((name) => [name, row[name]])) as Figures;
}

export const NO_FIGURES: Figures = {
  total_requests: 0, successful_requests: 0, failed_requests: 0, cache_hits: 0, total_tokens_requested: 0, total_tokens_used: 0,
  input_tokens: 0, cache_read_tokens: 0, cache_write_5m_tokens: 0, cache_write_1h_tokens: 0, output_tokens: 0, reasoning_tokens: 0,
  total_cost_usd: '0', unpriced_requests: 0, unpriced_tokens: 0, unknown_usage_requests: 0, reported_cost_usd: null,
  average_response_time_ms: null, average_time_to_first_token_ms: null, success_rate: null,
}; // prettier-ignore
