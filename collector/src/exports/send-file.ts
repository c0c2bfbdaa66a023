import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../http/errors.ts';
import type { DownloadableFile } from './export-job.ts';
import type { ExportStore } from './export-store.ts';
import type { ExportType } from './write-export.ts';

export const MEDIA_TYPES: Record<ExportType, string> = {
  csv: 'text/csv; charset=utf-8; header=present',
  json: 'application/json; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
};

/** The same without parameters. */
export const FILE_TYPES = Object.values(MEDIA_TYPES).map((type) => type.replace(/;.*/, ''));

/** Bytes from start to end, both included. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * The one range of bytes that a `Range` header asks for (RFC 9110, 14.2). undefined for the whole: without a header, for several ranges at once, and for
 * what is not understood, all of which a server may ignore.
 * @throws Problem range-not-satisfiable when nothing of it is inside
 */
function readByteRange(header: string | undefined, bytes: number): ByteRange | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (start >= bytes || end < start) {
    throw new Problem(
      'range-not-satisfiable',
      `The file has ${bytes} bytes; there are none at ${header ?? ''}.`,
      {
        extensions: { bytes },
      },
    );
  }
  return { start, end };
}

/**
 * Sends a file, or the part of it that is asked for, as a stream: what the reader does not take waits on disk. The ETag is the file's SHA-256, so that a
 * download goes on where it broke off only if the file is the same (If-Range).
 * @throws Problem conflict where the files of the export are not in this collector's EXPORT_DIR
 */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  store: ExportStore,
  file: DownloadableFile,
): Promise<FastifyReply> {
  const etag = `"${file.sha256}"`;
  void reply
    .header('etag', etag)
    .header('accept-ranges', 'bytes')
    .header('cache-control', 'private, no-cache')
    .header('content-disposition', `attachment; filename="${file.filename}"`)
    .header('repr-digest', `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`);
  if (listsTag(request.headers['if-none-match'], etag)) return reply.code(304).send();
  const ifRange = request.headers['if-range'];
  let range: ByteRange | undefined;
  if (ifRange === undefined || ifRange === etag) {
    try {
      range = readByteRange(request.headers.range, file.bytes);
    } catch (error) {
      for (const name of ['etag', 'content-disposition', 'repr-digest']) void reply.removeHeader(name);
      void reply.header('content-range', `bytes */${file.bytes}`);
      throw error;
    }
  }
  const stream = (await store.has(file.storedName, file.bytes))
    ? await store.read(file.storedName, range)
    : undefined;
  if (!stream) {
    for (const name of ['etag', 'content-disposition', 'repr-digest']) void reply.removeHeader(name);
    throw new Problem(
      'conflict',
      'The file is not in the EXPORT_DIR of this collector: another replica wrote it to a folder of its own, or somebody deleted it. Let all replicas share one EXPORT_DIR, and ask for the export again.',
    );
  }
  const { start, end } = range ?? { start: 0, end: file.bytes - 1 };
  if (range) void reply.code(206).header('content-range', `bytes ${start}-${end}/${file.bytes}`);
  return reply
    .type(MEDIA_TYPES[file.exportType])
    .header('content-length', String(end - start + 1))
    .send(stream);
}

function listsTag(header: string | undefined, etag: string): boolean {
  return (header ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === etag || tag === '*');
}
