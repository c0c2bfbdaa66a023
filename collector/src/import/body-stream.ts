import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { Problem } from '../http/errors.ts';
import { MalformedFile } from './records/source-item.ts';

const DECODERS: Record<string, () => Transform> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** A sender that is silent for so long has gone; time that the collector takes for itself does not count. */
const SILENT_MS = 60_000;

/** The body is larger than the configuration allows. */
export class BodyTooLarge extends Error {
  override name = 'BodyTooLarge';
}

/** @throws Problem unsupported-media-type for a Content-Encoding that is not known */
export function requireEncoding(contentEncoding: string | undefined): string {
  const encoding = contentEncoding?.trim().toLowerCase() ?? 'identity';
  if (encoding === '' || encoding === 'identity') return 'identity';
  if (!Object.hasOwn(DECODERS, encoding)) {
    throw new Problem(
      'unsupported-media-type',
      `Content-Encoding "${encoding}" is not supported; use ${Object.keys(DECODERS).join(', ')} or none.`,
    );
  }
  return encoding;
}

/**
 * The bytes of a body after decompression, as they come. Nothing more is read than is asked for, and the request is left open when
 * the reading stops early, so that it can be answered.
 * @throws MalformedFile when compressed data is damaged or the sender falls silent, BodyTooLarge past `maxBytes`
 */
export async function* bodyBytes(
  source: Readable,
  encoding: string,
  maxBytes: number,
): AsyncGenerator<Buffer> {
  const decoder = DECODERS[encoding]?.();
  const sourceState = { hasFailed: false };
  if (decoder) {
    // Not pipeline: it destroys the request, and with it the connection, when the data is damaged.
    source.once('error', (error) => {
      sourceState.hasFailed = true;
      decoder.destroy(error);
    });
    source.pipe(decoder);
  }
  const bytes: Readable = decoder ?? source;
  let total = 0;
  try {
    for await (const chunk of withoutSilence(bytes)) {
      total += chunk.length;
      if (total > maxBytes) throw new BodyTooLarge();
      yield chunk;
    }
  } catch (error) {
    if (!decoder || sourceState.hasFailed || error instanceof BodyTooLarge || error instanceof MalformedFile)
      throw error;
    throw new MalformedFile(`the ${encoding} data is damaged or cut off`, { cause: error });
  } finally {
    if (decoder) source.unpipe(decoder);
    decoder?.destroy();
  }
}

async function* withoutSilence(source: Readable): AsyncGenerator<Buffer> {
  const iterator = source.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer | string>;
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const silent = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new MalformedFile(`nothing came for ${SILENT_MS / 1000} s`)),
        SILENT_MS,
      );
      timer.unref();
    });
    const next = await Promise.race([iterator.next(), silent]).finally(() => clearTimeout(timer));
    if (next.done === true) return;
    yield typeof next.value === 'string' ? Buffer.from(next.value) : next.value;
  }
}
