import type { UsageEvent } from './usage-event.ts';

/** Sums over events as they were posted. Counts, but for `responseTimeMs`, which is the sum of all response times. */
export interface Measures {
  requests: number;
  successes: number;
  failures: number;
  cacheHits: number;
  /** Input plus output; the cached tokens are in the input and the reasoning in the output already. */
  tokensUsed: number;
  tokensRequested: number;
  inputTokens: number;
  cacheReadTokens: number;
  cacheWrite5mTokens: number;
  cacheWrite1hTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  responseTimeMs: number;
}

export interface Totals extends Measures {
  /** By local day, `2026-11-24`, in the order in which they came. */
  perDay: Map<string, Measures>;
  perPrompt: Map<string, Measures>;
  /** By `provider/model`. */
  perModel: Map<string, Measures>;
}

/** Adds events up one at a time. It shares no code with the collector, so that the two can be held against each other. */
export class TotalsBuilder {
  readonly totals: Totals = { ...zero(), perDay: new Map(), perPrompt: new Map(), perModel: new Map() };
  readonly #dayOf: (timestampMs: number) => string;

  /** @param timeZone IANA zone whose days count */
  constructor(timeZone = 'UTC') {
    this.#dayOf = dayIn(timeZone);
  }

  add(event: UsageEvent): void {
    const { perDay, perPrompt, perModel } = this.totals;
    addTo(this.totals, event);
    addTo(group(perDay, this.#dayOf(Date.parse(event.timestamp))), event);
    addTo(group(perPrompt, event.prompt_id), event);
    addTo(group(perModel, `${event.model_provider}/${event.model_name}`), event);
  }
}

/** The sums of all these events, by the days of a time zone. */
export function totalsOf(events: Iterable<UsageEvent>, timeZone = 'UTC'): Totals {
  const builder = new TotalsBuilder(timeZone);
  for (const event of events) builder.add(event);
  return builder.totals;
}

/** The events of the iterable as they are, counted into `builder` on their way. */
export function* counted(
  events: Iterable<UsageEvent>,
  builder: TotalsBuilder,
): Generator<UsageEvent, void, undefined> {
  for (const event of events) {
    builder.add(event);
    yield event;
  }
}

function zero(): Measures {
  return {
    requests: 0,
    successes: 0,
    failures: 0,
    cacheHits: 0,
    tokensUsed: 0,
    tokensRequested: 0,
    inputTokens: 0,
    cacheReadTokens: 0,
    cacheWrite5mTokens: 0,
    cacheWrite1hTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    responseTimeMs: 0,
  };
}

function addTo(sums: Measures, event: UsageEvent): void {
  const input = event.input_tokens ?? 0;
  const output = event.output_tokens ?? 0;
  sums.requests += 1;
  if (event.status === 'success') sums.successes += 1;
  else sums.failures += 1;
  if (event.cache_hit) sums.cacheHits += 1;
  sums.tokensUsed += input + output;
  sums.tokensRequested += event.tokens_requested ?? 0;
  sums.inputTokens += input;
  sums.cacheReadTokens += event.cache_read_tokens ?? 0;
  sums.cacheWrite5mTokens += event.cache_write_5m_tokens ?? 0;
  sums.cacheWrite1hTokens += event.cache_write_1h_tokens ?? 0;
  sums.outputTokens += output;
  sums.reasoningTokens += event.reasoning_tokens ?? 0;
  sums.responseTimeMs += event.response_time_ms;
}

function group(groups: Map<string, Measures>, key: string): Measures {
  const known = groups.get(key);
  if (known) return known;
  const fresh = zero();
  groups.set(key, fresh);
  return fresh;
}

/** Names the local day of a time; asks Intl once per quarter of an hour, since every zone's day begins at one. */
function dayIn(timeZone: string): (timestampMs: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  const days = new Map<number, string>();
  return (timestampMs) => {
    const quarter = Math.floor(timestampMs / 900_000);
    let day = days.get(quarter);
    if (day === undefined) {
      day = format.format(timestampMs);
      if (days.size > 20_000) days.clear();
      days.set(quarter, day);
    }
    return day;
  };
}
