/** Answers of the analytics routes as small as tests of pages need them; everything that is not told is zero or not known. */

type Figures = Record<string, unknown>;

export function figures(own: Figures = {}): Figures {
  return {
    total_requests: 100,
    successful_requests: 100,
    failed_requests: 0,
    cache_hits: 0,
    total_tokens_requested: 0,
    total_tokens_used: 0,
    input_tokens: 0,
    cache_read_tokens: 0,
    cache_write_5m_tokens: 0,
    cache_write_1h_tokens: 0,
    output_tokens: 0,
    reasoning_tokens: 0,
    total_cost_usd: '1',
    unpriced_requests: 0,
    unpriced_tokens: 0,
    unknown_usage_requests: 0,
    reported_cost_usd: null,
    average_response_time_ms: 400,
    average_time_to_first_token_ms: null,
    success_rate: 100,
    share_percent: { cost: 50, requests: 50, tokens: 50 },
    response_time_percentiles_ms: null,
    ...own,
  };
}

const FRESHNESS = {
  as_of: '2026-11-24T12:00:00Z',
  complete_until: '2026-11-24T12:00:00Z',
  cache_age_seconds: 0,
};

/** Of `/v1/analytics/usage/breakdown`: members as [label, figures]; two dimensions make pairs of `a · b`. */
export function breakdown(dimensions: string[], members: [string, Figures?][], own: Figures = {}): Figures {
  return {
    period: { start: '2026-11-01T00:00:00Z', end: '2026-11-25T00:00:00Z', timezone: 'UTC', group_by: 'day' },
    dimensions,
    order_by: 'total_cost_usd',
    source: 'rollups',
    requests_only_in_rollups: 0,
    total: figures({ members: members.length, share_percent: { cost: 100, requests: 100, tokens: 100 } }),
    members: members.map(([label, one]) => ({ member: memberOf(dimensions, label), label, ...figures(one) })),
    other: null,
    freshness: FRESHNESS,
    ...own,
  };
}

interface ComparedMember {
  label: string;
  status?: 'new' | 'gone' | 'both';
  previous?: Figures;
  current?: Figures;
  /** US dollars. */
  added: number;
}

/** Of `/v1/analytics/usage/compare` in cost. */
export function compared(dimensions: string[], members: ComparedMember[], own: Figures = {}): Figures {
  return {
    period: {
      start: '2026-11-18T00:00:00Z',
      end: '2026-11-25T00:00:00Z',
      timezone: 'UTC',
      days: 7,
      requests_only_in_rollups: 0,
      is_cut_at_now: false,
    },
    compared_to: {
      start: '2026-11-11T00:00:00Z',
      end: '2026-11-18T00:00:00Z',
      timezone: 'UTC',
      days: 7,
      requests_only_in_rollups: 0,
      with: 'previous_period',
    },
    dimensions,
    measure: 'total_cost_usd',
    source: 'rollups',
    same_length: true,
    total: {
      ...change(
        members.reduce((sum, { added }) => sum + added, 0),
        { total_cost_usd: '10' },
        { total_cost_usd: String(10 + members.reduce((sum, { added }) => sum + added, 0)) },
      ),
      members: { all: members.length, new: 0, gone: 0 },
    },
    members: members.map(({ label, status = 'both', added, previous, current }) => ({
      member: memberOf(dimensions, label),
      label,
      status,
      ...change(added, previous, current),
    })),
    other: null,
    freshness: FRESHNESS,
    ...own,
  };
}

function change(added: number, previous: Figures = {}, current: Figures = {}): Figures {
  const names = Object.keys(figures());
  return {
    previous: figures(previous),
    current: figures(current),
    change: Object.fromEntries(
      names.map((name) => [
        name,
        name === 'total_cost_usd'
          ? { absolute: String(added), percent: added, percent_per_day: added }
          : { absolute: 0, percent: 0, percent_per_day: 0 },
      ]),
    ),
    contribution: { absolute: String(added), share_percent: 10 * added, percentage_points: added },
  };
}

function memberOf(dimensions: string[], label: string): Record<string, string | null> {
  const parts = label.split(' · ');
  return Object.fromEntries(
    dimensions.map((dimension, index) => [
      dimension,
      parts[index] === '(none)' ? null : (parts[index] ?? null),
    ]),
  );
}

/** Of `/v1/analytics/usage/latency`. */
export function latency(timed_requests: number, p50: number | null, p95: number | null): Figures {
  const part = {
    total_requests: timed_requests,
    timed_requests,
    average_ms: p50,
    percentiles_ms: { p50, p90: p95, p95, p99: p95, relative_error: 0.0433 },
    output_tokens_per_second: 80,
    histogram: [],
  };
  return {
    period: { start: '2026-11-24T00:00:00Z', end: '2026-11-24T12:00:00Z', timezone: 'UTC', group_by: null },
    measure: 'response_time',
    source: 'rollups',
    requests_only_in_rollups: 0,
    total: { members: null, ...part },
    members: [],
    other: null,
    freshness: FRESHNESS,
  };
}
