import type { PostedEvent } from '../../ingest/event-schema.ts';
import type { SourceRecord } from '../source-record.ts';

/** A record read as an event; checked and stored as a posted one. Fields that the source does not have are left out. */
export interface MappedEvent {
  event: Partial<Record<keyof PostedEvent, unknown>>;
  /** How token counts that contradict the source's own rule were read. */
  note?: string;
}

/** What a record is: an event, `skipped` where it tells of no finished model call, or the reason why it cannot be one. */
export type Mapped = MappedEvent | 'skipped' | { field: string; reason: string };

/** How the records of one product become events. */
export interface ImportFormat {
  /** Products and versions whose shapes it was checked against. */
  checkedAgainst: string;
  /** Fields by which a record of it is told, for messages. */
  idField: string;
  map: (record: SourceRecord) => Mapped;
}

/** Shown where a file holds something else than was told. */
export const missingId = (field: string, product: string): { field: string; reason: string } => ({
  field,
  reason: `is missing: it is what tells ${product} records apart, and without it a second import would count the call again`,
});
