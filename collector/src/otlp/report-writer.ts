import type { Engine } from '../database/engine.ts';
import type { Client, Pool } from '../database/pool.ts';
import { commit } from '../ingest/commit.ts';
import { eventUuidOf } from '../ingest/event-id.ts';
import { complete } from '../ingest/merge.ts';
import { WeeklyPartitions } from '../ingest/partitions.ts';
import { identityKey, StoredEvents, type Stored } from '../ingest/stored-events.ts';
import type { UsageRow } from '../ingest/usage-row.ts';
import { writeExtras, type Counted, type RowOutcome, type WriteExtras } from '../ingest/write-extras.ts';
import { inWriteTransaction, type Writer } from '../ingest/writer.ts';
import type { CallReport } from './call-report.ts';
import { CandidateTable } from './candidate-table.ts';
import { eventRow } from './event-row.ts';
import { reconcile, type CallChange, type Reconciled, type StoredCandidate } from './reconcile.ts';

export interface TenantReport {
  tenantId: string;
  report: CallReport;
}

/**
 * Writes what telemetry told of calls: finds what it could belong to, and appends, completes and withdraws events accordingly, in one
 * transaction with the candidates that later reports are matched with.
 */
export class ReportWriter implements Writer<TenantReport> {
  readonly #pool: Pool;
  readonly #events: StoredEvents;
  readonly #candidates = new CandidateTable();
  readonly #partitions: WeeklyPartitions | undefined;
  readonly #price: (row: UsageRow) => void;
  readonly #resolveCommitMs: number;

  constructor(pool: Pool, engine: Engine['kind'], price: (row: UsageRow) => void, resolveCommitMs: number) {
    this.#pool = pool;
    this.#events = new StoredEvents(engine);
    this.#partitions = engine === 'postgresql' ? new WeeklyPartitions(pool) : undefined;
    this.#price = price;
    this.#resolveCommitMs = resolveCommitMs;
  }

  /** What became of each report: 'accepted' made an event, 'duplicate' told more (or nothing new) of one. A context is neither, and is not counted. */
  async write(reports: TenantReport[], extras: WriteExtras): Promise<RowOutcome[]> {
    // Partitions are made outside of the transaction. A call starts when the first of its reports does.
    await this.#partitions?.ensure(
      reports.flatMap(({ report }) =>
        report.role === 'context' ? [] : [{ timestampUs: report.call.timestampUs }],
      ),
    );
    return inWriteTransaction(this.#pool, this.#partitions, (client) =>
      this.#transaction(client, reports, extras),
    );
  }

  async #transaction(client: Client, reports: TenantReport[], extras: WriteExtras): Promise<RowOutcome[]> {
    await this.#events.prepare(client);
    await this.#candidates.prepare(client);
    await this.#candidates.begin(client, [...new Set(reports.map(({ tenantId }) => tenantId))]);
    const changes = await this.#reconcile(client, reports);
    // Both at once: the lines of one are made while the database stores the other.
    const [transactionId] = await Promise.all([
      this.#apply(client, changes),
      this.#candidates.keep(
        client,
        changes.map(({ tenantId, existing, result }) => ({
          tenantId,
          existing,
          candidates: result.candidates,
        })),
      ),
    ]);
    const outcomes = outcomesOf(reports, changes);
    const counted: Counted[] = reports.flatMap(({ tenantId, report }, index) =>
      report.role === 'context' ? [] : [{ tenantId, outcome: outcomes[index] ?? 'duplicate' }],
    );
    // What made an event and turned out to tell of another one was a duplicate after all, and the other way round.
    for (const { tenantId, result } of changes) {
      const incoming = new Set(
        reports.filter((one) => one.tenantId === tenantId).map(({ report }) => report.observationId),
      );
      const revived = result.create.filter(
        ({ identities }) => !identities.some((identity) => incoming.has(identity)),
      ).length;
      const times = revived - result.withdraw.length;
      if (times !== 0)
        counted.push(
          { tenantId, outcome: 'accepted', times },
          { tenantId, outcome: 'duplicate', times: -times },
        );
    }
    await writeExtras(client, counted, extras);
    await commit(client, this.#pool, transactionId, this.#resolveCommitMs);
    return outcomes;
  }

  async #reconcile(client: Client, reports: readonly TenantReport[]): Promise<TenantChanges[]> {
    const byTenant = Map.groupBy(reports, ({ tenantId }) => tenantId);
    const changes: TenantChanges[] = [];
    for (const tenantId of byTenant.keys()) {
      const incoming = (byTenant.get(tenantId) ?? []).map(({ report }) => report);
      const existing = await this.#candidates.find(client, tenantId, incoming);
      changes.push({ tenantId, existing, result: reconcile(existing, incoming) });
    }
    return changes;
  }

  /** @returns the id of the transaction */
  async #apply(client: Client, changes: readonly TenantChanges[]): Promise<string> {
    const row = (tenantId: string, { eventId, call }: CallChange): UsageRow => {
      const made = eventRow(tenantId, eventId, call);
      this.#price(made);
      return made;
    };
    const [created, completed, revived]: [UsageRow[], UsageRow[], UsageRow[]] = [[], [], []];
    const aliases: { tenantId: string; identity: string; eventUuid: string }[] = [];
    for (const { tenantId, existing, result } of changes) {
      const known = new Set(existing.map(({ report }) => report.observationId));
      for (const change of result.create) {
        const made = row(tenantId, change);
        created.push(made);
        if (change.identities.some((identity) => known.has(identity))) revived.push(made);
      }
      for (const change of result.complete) completed.push(row(tenantId, change));
      for (const { eventId, identities } of [...result.create, ...result.complete]) {
        for (const identity of identities)
          if (identity !== eventId)
            aliases.push({ tenantId, identity: eventUuidOf(identity), eventUuid: eventUuidOf(eventId) });
      }
    }
    // Withdrawn events first: what takes their place may have their id.
    await this.#withdraw(client, changes);
    await this.#events.reopen(client, revived);
    const { known, transactionId } = await this.#events.append(client, created);
    // Known although no candidate was: a re-send from before the window. It may tell more, as any event that is sent again.
    const resent = created.filter((_, ordinal) => known.has(ordinal));
    const before = await this.#events.read(client, [...resent, ...completed]);
    const replacements: Stored[] = [];
    for (const one of resent) {
      const old = before.get(identityKey(one));
      const better = old && complete(old, one);
      if (!better) continue;
      this.#price(better);
      replacements.push({ row: better, storedTimestampUs: old.timestampUs });
    }
    replacements.push(...completed.flatMap((one) => stored(before, one) ?? []));
    await this.#events.replace(client, replacements);
    await this.#events.alias(client, aliases);
    if (transactionId !== undefined) return transactionId;
    const { rows } = await client.query<{ id: string }>('SELECT pg_current_xact_id()::text AS id');
    return rows[0]?.id ?? '';
  }

  async #withdraw(client: Client, changes: readonly TenantChanges[]): Promise<void> {
    const withdrawn = changes.flatMap(({ tenantId, result }) =>
      result.withdraw.map(({ eventId }) => ({ tenantId, identity: eventUuidOf(eventId) })),
    );
    if (withdrawn.length === 0) return;
    const before = await this.#events.read(client, withdrawn);
    await this.#events.withdraw(
      client,
      withdrawn.flatMap(({ tenantId, identity }) => {
        const old = before.get(identityKey({ tenantId, identity }));
        return old ? [{ tenantId, eventUuid: identity, storedTimestampUs: old.timestampUs }] : [];
      }),
    );
  }
}

interface TenantChanges {
  tenantId: string;
  existing: StoredCandidate[];
  result: Reconciled;
}

function stored(read: ReadonlyMap<string, UsageRow>, row: UsageRow): Stored | undefined {
  const old = read.get(identityKey(row));
  return old && { row, storedTimestampUs: old.timestampUs };
}

/** The first report of each event that was made is what made it. */
function outcomesOf(reports: readonly TenantReport[], changes: readonly TenantChanges[]): RowOutcome[] {
  const makes = new Map<string, Map<string, CallChange>>();
  for (const { tenantId, result } of changes) {
    const of = new Map<string, CallChange>();
    for (const change of result.create) for (const identity of change.identities) of.set(identity, change);
    makes.set(tenantId, of);
  }
  const made = new Set<CallChange>();
  return reports.map(({ tenantId, report }) => {
    const change = makes.get(tenantId)?.get(report.observationId);
    if (!change || made.has(change)) return 'duplicate';
    made.add(change);
    return 'accepted';
  });
}
