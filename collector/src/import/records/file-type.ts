import { readCsv } from './csv.ts';
import { readJson } from './json.ts';
import { readNdjson } from './ndjson.ts';
import type { SourceItem } from './source-item.ts';

export const FILE_TYPES = ['json', 'ndjson', 'csv'] as const;
export type FileType = (typeof FILE_TYPES)[number];

const READERS: Record<FileType, (source: AsyncIterable<Buffer>) => AsyncGenerator<SourceItem>> = {
  json: readJson,
  ndjson: readNdjson,
  csv: readCsv,
};

/** The records of a file, one by one; memory stays flat whatever its size. */
export const readRecords = (source: AsyncIterable<Buffer>, type: FileType): AsyncGenerator<SourceItem> =>
  READERS[type](source);

const MEDIA_TYPES: Readonly<Record<string, FileType>> = {
  'application/json': 'json',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/x-jsonlines': 'ndjson',
  'text/csv': 'csv',
};

/** The type that a Content-Type names. */
export function fileTypeOfMedia(contentType: string | undefined): FileType | undefined {
  return MEDIA_TYPES[contentType?.split(';')[0]?.trim().toLowerCase() ?? ''];
}

/** The type that a file's name ends with, `.gz` aside. */
export function fileTypeOfName(name: string): FileType | undefined {
  const ending = /\.([a-z]+)(?:\.gz)?$/i.exec(name)?.[1]?.toLowerCase();
  if (ending === 'jsonl' || ending === 'ndjson') return 'ndjson';
  return ending === 'json' || ending === 'csv' ? ending : undefined;
}
