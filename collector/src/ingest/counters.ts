import { Counter, type Registry } from 'prom-client';

/** Counts of this process since its start, for /metrics. The database's ingest_ledger has the counts of all processes. */
export class IngestCounters {
  readonly #events: Counter<'outcome'>;

  constructor(registry: Registry) {
    this.#events = new Counter({
      name: 'promptops_ingest_events_total',
      help: 'Events received, by what became of them (accepted, duplicate, rejected, throttled)',
      labelNames: ['outcome'],
      registers: [registry],
    });
    for (const outcome of ['accepted', 'duplicate', 'rejected', 'throttled'])
      this.#events.inc({ outcome }, 0);
  }

  count(outcomes: Partial<Record<'accepted' | 'duplicate' | 'rejected' | 'throttled', number>>): void {
    for (const [outcome, count] of Object.entries(outcomes))
      if (count > 0) this.#events.inc({ outcome }, count);
  }
}
