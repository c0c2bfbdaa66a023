/** Where a record stands: its number from 1, and its line where the file has lines. */
export interface Place {
  record: number;
  line?: number;
}

/** One record of a file: its fields, or why it cannot be read although the file goes on. */
export type SourceItem = Place & ({ fields: Readonly<Record<string, unknown>> } | { unreadable: string });

/** The file cannot be read on from here; the message says where and why. */
export class MalformedFile extends Error {
  override name = 'MalformedFile';
}

/** More than this is no record of a call, prompts and answers included. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;

export const tooLong = (): string => `is larger than ${MAX_RECORD_BYTES / 1024 / 1024} MiB`;

export function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
