import type { Pool } from '../database/pool.ts';
import { applyPrice } from '../ingest/apply-price.ts';
import type { IngestCounters } from '../ingest/counters.ts';
import { checkEvent, isFieldError, type FieldError } from '../ingest/event-schema.ts';
import type { GroupCommit } from '../ingest/group-commit.ts';
import { normalise } from '../ingest/normalise.ts';
import type { UsageRow } from '../ingest/usage-row.ts';
import type { RejectedItem } from '../ingest/write-extras.ts';
import type { Pricer } from '../pricing/price.ts';
import { Problem } from '../http/errors.ts';
import { IMPORT_FORMATS, type ImportFormatName } from './formats/registry.ts';
import { knownIdentities } from './known-events.ts';
import type { SourceItem } from './records/source-item.ts';
import { SourceRecord } from './source-record.ts';
import { Tally } from './tally.ts';

/** Records committed together. While they are, nothing more is read: that is what keeps memory flat and the database unhurried. */
export const BATCH_RECORDS = 500;

/** Nothing in the beginning of the file is of the format that was told. */
export class WrongFormat extends Error {
  override name = 'WrongFormat';
}

export interface ImporterOptions {
  pool: Pool;
  groupCommit: GroupCommit<UsageRow>;
  pricer: Pick<Pricer, 'price'>;
  counters: IngestCounters;
  tenantId: string;
  format: ImportFormatName;
  isDryRun: boolean;
  /** Number of the first record in its file; above 1 the format has been seen to be right. */
  firstRecord: number;
  maxFutureMs: number;
}

interface Refusal extends FieldError {
  /** What is kept of the record to look at: what was made of it, never the record itself, which may hold what was said. */
  payload: object;
}

/** Takes the records of one import, batch by batch. What `tally` tells is committed, also when the import ends early. */
export class Importer {
  readonly tally: Tally;
  readonly #options: ImporterOptions;
  readonly #nowMs = Date.now();
  #batch: SourceItem[] = [];

  constructor(options: ImporterOptions) {
    this.#options = options;
    this.tally = new Tally(options.format, options.isDryRun);
  }

  /**
   * @throws Problem database-unavailable when a batch cannot be committed
   * @throws WrongFormat when no record of the first batch is of the format
   */
  async take(item: SourceItem): Promise<void> {
    this.#batch.push(item);
    if (this.#batch.length >= BATCH_RECORDS) await this.flush();
  }

  /** Commits what has gathered. */
  async flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length === 0) return;
    const isFirst = this.tally.read === 0 && this.#options.firstRecord === 1;
    const rows: UsageRow[] = [];
    const placeOf: SourceItem[] = [];
    const refused: { item: SourceItem; refusal: Refusal }[] = [];
    let skipped = 0;
    for (const item of batch) {
      const row = this.#rowOf(item);
      if (row === 'skipped') skipped += 1;
      else if ('reason' in row) refused.push({ item, refusal: row });
      else {
        applyPrice(row, this.#options.pricer);
        rows.push(row);
        placeOf.push(item);
      }
    }
    // Spans alone may fill a Langfuse batch, so only refusals are a sign.
    if (isFirst && refused.length === batch.length) {
      this.#note(refused, batch.length, skipped);
      throw new WrongFormat();
    }
    const { tenantId, isDryRun, groupCommit, counters } = this.#options;
    const outcomes = isDryRun
      ? await this.#foresee(rows)
      : await groupCommit
          .submit({
            tenantId,
            rows,
            rejected: refused.map(({ item, refusal }) =>
              rejectedItem(tenantId, this.#numberOf(item) - 1, refusal),
            ),
            idempotencyKey: null,
          })
          .catch((error: unknown) => {
            if (error instanceof Problem) counters.count({ throttled: rows.length + refused.length });
            throw error;
          });
    let [accepted, duplicate] = [0, 0];
    for (const [index, outcome] of outcomes.entries()) {
      const [row, item] = [rows[index], placeOf[index]];
      if (!row || !item) continue;
      if (typeof outcome !== 'string') {
        refused.push({ item, refusal: { field: null, reason: outcome.refused, payload: {} } });
        continue;
      }
      this.tally.take(row, outcome);
      if (outcome === 'duplicate') duplicate += 1;
      else {
        accepted += 1;
        if (!isDryRun) counters.countAccepted(row);
      }
    }
    if (!isDryRun) counters.count({ accepted, duplicate, rejected: refused.length });
    this.#note(refused, batch.length, skipped);
  }

  #note(refused: readonly { item: SourceItem; refusal: Refusal }[], read: number, skipped: number): void {
    this.tally.read += read;
    this.tally.skipped += skipped;
    for (const { item, refusal } of refused.toSorted((a, b) => a.item.record - b.item.record)) {
      this.tally.reject({
        record: this.#numberOf(item),
        line: item.line ?? null,
        id: this.#idOf(item) ?? null,
        field: refusal.field,
        reason: refusal.reason,
      });
    }
  }

  #rowOf(item: SourceItem): UsageRow | 'skipped' | Refusal {
    if ('unreadable' in item) return { field: null, reason: item.unreadable, payload: {} };
    const { format, tenantId, maxFutureMs } = this.#options;
    const mapped = IMPORT_FORMATS[format].map(new SourceRecord(item.fields));
    if (mapped === 'skipped') return 'skipped';
    if ('reason' in mapped) return { ...mapped, payload: { id: this.#idOf(item) } };
    const event = Object.fromEntries(Object.entries(mapped.event).filter(([, value]) => value !== undefined));
    const checked = checkEvent(event);
    const row = isFieldError(checked)
      ? checked
      : normalise(checked, { tenantId, nowMs: this.#nowMs, maxFutureMs, fallbackIdentity: null });
    if ('reason' in row) return { ...row, payload: event };
    if (mapped.note !== undefined && mapped.note !== '')
      row.usageNote = row.usageNote === null ? mapped.note : `${row.usageNote}; ${mapped.note}`;
    return row;
  }

  #numberOf(item: SourceItem): number {
    return item.record + this.#options.firstRecord - 1;
  }

  #idOf(item: SourceItem): string | undefined {
    if ('unreadable' in item) return undefined;
    return new SourceRecord(item.fields).text(IMPORT_FORMATS[this.#options.format].idField)?.slice(0, 200);
  }

  /** What storing the rows would come to. Records that repeat each other in batches apart are each told as new. */
  async #foresee(rows: readonly UsageRow[]): Promise<('accepted' | 'duplicate')[]> {
    const known = await knownIdentities(
      this.#options.pool,
      this.#options.tenantId,
      rows.flatMap(({ identity }) => identity ?? []),
    );
    return rows.map(({ identity }) => {
      if (identity === null) return 'accepted';
      const isKnown = known.has(identity);
      known.add(identity);
      return isKnown ? 'duplicate' : 'accepted';
    });
  }
}

function rejectedItem(
  tenantId: string,
  itemIndex: number,
  { field, reason, payload }: Refusal,
): RejectedItem {
  return {
    tenantId,
    itemIndex,
    field,
    reason,
    payload: JSON.stringify(payload).slice(0, 4_096).replaceAll('\0', '\ufffd'),
  };
}
