import { count, duration, percent, usd } from '../figures/format.ts';
import type { Column } from './DataTable.tsx';
import {
  cacheReadShare,
  costPerMillionTokens,
  costPerThousandCalls,
  errorRate,
  knownCost,
  type UsageFigures,
} from './usage-rates.ts';

interface TimedFigures extends UsageFigures {
  average_response_time_ms: number | null;
}

interface Percentiles {
  response_time_percentiles_ms?: { p50: number | null; p95: number | null } | null;
}

/** What a table has otherwise: names that are longer where there is room, columns that phones have none for. */
type Own = Partial<Pick<Column<never>, 'id' | 'header' | 'wideOnly'>>;

export const costColumn = <Row extends UsageFigures>(own: Own = {}): Column<Row> => ({
  id: 'cost',
  header: 'Cost',
  numeric: true,
  value: knownCost,
  cell: (row) => usd(knownCost(row)),
  ...own,
});

export const requestsColumn = <Row extends UsageFigures>(own: Own = {}): Column<Row> => ({
  id: 'requests',
  header: 'Requests',
  numeric: true,
  value: ({ total_requests }) => total_requests,
  cell: ({ total_requests }) => count(total_requests),
  ...own,
});

export const perThousandColumn = <Row extends UsageFigures>(own: Own = {}): Column<Row> => ({
  id: 'cost_per_thousand',
  header: 'Per 1,000',
  numeric: true,
  value: costPerThousandCalls,
  cell: (row) => usd(costPerThousandCalls(row)),
  ...own,
});

export const perMillionTokensColumn = <Row extends UsageFigures>(own: Own = {}): Column<Row> => ({
  id: 'cost_per_million',
  header: 'Per 1M tokens',
  numeric: true,
  value: costPerMillionTokens,
  cell: (row) => usd(costPerMillionTokens(row)),
  ...own,
});

export const tokensColumn = <Row extends UsageFigures>(own: Own = {}): Column<Row> => ({
  id: 'total_tokens_used',
  header: 'Tokens',
  numeric: true,
  value: ({ total_tokens_used }) => total_tokens_used,
  cell: ({ total_tokens_used }) => count(total_tokens_used, { short: true }),
  ...own,
});

export const errorRateColumn = <Row extends UsageFigures>(own: Own = {}): Column<Row> => ({
  id: 'error_rate',
  header: 'Errors',
  numeric: true,
  value: errorRate,
  cell: (row) => percent(errorRate(row), 2),
  ...own,
});

export const meanTimeColumn = <Row extends TimedFigures>(own: Own = {}): Column<Row> => ({
  id: 'response_time',
  header: 'Mean time',
  numeric: true,
  value: ({ average_response_time_ms }) => average_response_time_ms,
  cell: ({ average_response_time_ms }) => duration(average_response_time_ms),
  ...own,
});

export const percentileColumn = <Row extends Percentiles>(
  name: 'p50' | 'p95',
  own: Own = {},
): Column<Row> => ({
  id: name,
  header: name,
  numeric: true,
  value: (row) => row.response_time_percentiles_ms?.[name] ?? null,
  cell: (row) => duration(row.response_time_percentiles_ms?.[name]),
  ...own,
});

export const cacheHitsColumn = <Row extends UsageFigures>(own: Own = {}): Column<Row> => ({
  id: 'cache',
  header: 'Cache hits',
  numeric: true,
  value: cacheReadShare,
  cell: (row) => percent(cacheReadShare(row), 1),
  ...own,
});

export const unpricedColumn = <Row extends UsageFigures>(own: Own = {}): Column<Row> => ({
  id: 'unpriced',
  header: 'Unpriced',
  numeric: true,
  value: ({ unpriced_requests }) => unpriced_requests,
  cell: ({ unpriced_requests }) => count(unpriced_requests),
  ...own,
});
