import { inTransaction, type Pool } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import type { IngestCounters } from '../ingest/counters.ts';
import type { GroupCommit } from '../ingest/group-commit.ts';
import type { RejectedItem } from '../ingest/write-extras.ts';
import type { CallReport } from './call-report.ts';
import { noteSources, writeMetricPoints } from './metered-usage.ts';
import type { TenantReport } from './report-writer.ts';
import type { OtlpBatch, OtlpOutcome } from './routes.ts';
import { countUnknown } from './unknown-telemetry.ts';

/** Nothing called a model before this. */
const EARLIEST_US = Date.UTC(2015, 0, 1) * 1000;
/** How often a process is noted as one that sends events. */
const NOTE_EVERY_MS = 10 * 60_000;
const MAX_NOTED = 10_000;

export interface SubmitOptions {
  pool: Pool;
  groupCommit: GroupCommit<TenantReport>;
  counters: IngestCounters;
  maxFutureMs: number;
}

/** Stores what OTLP requests tell; see `OtlpRoutesOptions.submit`. */
export class TelemetrySubmitter {
  readonly #options: SubmitOptions;
  readonly #noted = new Map<string, number>();

  constructor(options: SubmitOptions) {
    this.#options = options;
  }

  readonly submit = async (batch: OtlpBatch): Promise<OtlpOutcome> => {
    if (batch.signal === 'metrics') await this.#storeMetrics(batch);
    const outcome =
      batch.reports.length === 0 ? { rejected: 0, message: '' } : await this.#storeReports(batch);
    // After the calls: what could not be read must not keep them from being stored.
    if (batch.unknown.total > 0) await countUnknown(this.#options.pool, batch.tenantId, batch.unknown);
    return outcome;
  };

  async #storeMetrics({ tenantId, metricPoints }: OtlpBatch): Promise<void> {
    if (metricPoints.length === 0) return;
    await inTransaction(this.#options.pool, async (client) => {
      await writeMetricPoints(client, tenantId, metricPoints);
      await noteSources(
        client,
        tenantId,
        metricPoints.map(({ resourceKey }) => resourceKey),
        'metrics',
      );
    });
  }

  async #storeReports({ tenantId, signal, reports }: OtlpBatch): Promise<OtlpOutcome> {
    const { groupCommit, counters } = this.#options;
    const taken: CallReport[] = [];
    const rejected: RejectedItem[] = [];
    for (const report of reports) {
      const reason = this.#whyNot(report);
      if (reason === undefined) taken.push(report);
      else if (report.role !== 'context')
        rejected.push({
          tenantId,
          itemIndex: rejected.length + taken.length,
          field: signal === 'traces' ? 'startTimeUnixNano' : 'timeUnixNano',
          reason,
          payload: JSON.stringify(report).slice(0, 4096),
        });
    }
    const told = taken.filter(({ role }) => role !== 'context').length;
    try {
      const outcomes = await groupCommit.submit({
        tenantId,
        rows: taken.map((report) => ({ tenantId, report })),
        rejected,
        idempotencyKey: null,
      });
      let [accepted, refused] = [0, 0];
      for (const outcome of outcomes) {
        if (outcome === 'accepted') accepted += 1;
        else if (outcome !== 'duplicate') refused += 1;
      }
      counters.count({ accepted, duplicate: told - accepted - refused, rejected: rejected.length + refused });
      await this.#noteEvents(tenantId, taken);
      const count = rejected.length + refused;
      return {
        rejected: count,
        message: rejected[0]
          ? `${count} refused, the first because its start ${rejected[0].reason}`
          : refused > 0
            ? `${refused} hold a value that cannot be stored`
            : '',
      };
    } catch (error) {
      if (error instanceof Problem) counters.count({ throttled: told + rejected.length });
      throw error;
    }
  }

  #whyNot({ relation, call }: CallReport): string | undefined {
    const startUs = Math.min(relation.startUs, call.timestampUs);
    if (startUs < EARLIEST_US) return 'is missing or lies before 2015';
    const aheadMs = Math.max(relation.startUs, call.timestampUs) / 1000 - Date.now();
    if (aheadMs <= this.#options.maxFutureMs) return undefined;
    return `lies ${Math.round(aheadMs / 1000)} s in the future. Check the sender's clock`;
  }

  /** Now and then is enough: it tells which processes' metrics are of calls that are known. */
  async #noteEvents(tenantId: string, reports: readonly CallReport[]): Promise<void> {
    const now = performance.now();
    const fresh = new Set<string>();
    for (const { role, relation } of reports) {
      if (role === 'context') continue;
      const key = `${tenantId}\0${relation.resourceKey}`;
      if (now - (this.#noted.get(key) ?? -Infinity) < NOTE_EVERY_MS) continue;
      if (this.#noted.size >= MAX_NOTED) this.#noted.clear();
      this.#noted.set(key, now);
      fresh.add(relation.resourceKey);
    }
    if (fresh.size > 0) await noteSources(this.#options.pool, tenantId, fresh, 'events');
  }
}
