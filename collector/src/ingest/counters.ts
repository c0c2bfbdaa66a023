import { Counter, type Registry } from 'prom-client';
import type { UsageRow } from './usage-row.ts';

/** Counts of this process since its start, for /metrics. The database's ingest_ledger has the counts of all processes. */
export class IngestCounters {
  readonly #events: Counter<'outcome'>;
  readonly #unpriced: Counter<'reason'>;

  constructor(registry: Registry) {
    this.#events = new Counter({
      name: 'promptops_ingest_events_total',
      help: 'Events received, by what became of them (accepted, duplicate, rejected, throttled)',
      labelNames: ['outcome'],
      registers: [registry],
    });
    for (const outcome of ['accepted', 'duplicate', 'rejected', 'throttled'])
      this.#events.inc({ outcome }, 0);
    // Not by model: senders choose those names. GET /v1/analytics/usage/unpriced has them.
    this.#unpriced = new Counter({
      name: 'promptops_unpriced_requests_total',
      help: 'Accepted events whose cost was not known when they came (no_price: no price for what was used; no_token_counts: no usage told)',
      labelNames: ['reason'],
      registers: [registry],
    });
    for (const reason of ['no_price', 'no_token_counts']) this.#unpriced.inc({ reason }, 0);
  }

  /** An accepted event; counted if nothing has priced it. */
  countAccepted(row: UsageRow): void {
    if (row.costNanoUsd === null)
      this.#unpriced.inc({ reason: row.tokensUsed === null ? 'no_token_counts' : 'no_price' });
  }

  count(outcomes: Partial<Record<'accepted' | 'duplicate' | 'rejected' | 'throttled', number>>): void {
    for (const [outcome, count] of Object.entries(outcomes))
      if (count > 0) this.#events.inc({ outcome }, count);
  }
}
