import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import { Problem } from '../http/errors.ts';

/** One item of a body before it is checked: a value, or why there is none. */
export type BodyItem = { value: unknown } | { unreadable: string; text: string };

const DECODERS: Record<string, (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

/**
 * Undoes Content-Encoding, never past `maxBytes`.
 * @throws Problem payload-too-large, unsupported-media-type, or invalid-body when the data is cut off or damaged
 */
export async function decodeBody(
  body: Buffer,
  contentEncoding: string | undefined,
  maxBytes: number,
): Promise<Buffer> {
  const encoding = contentEncoding?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') {
    if (body.length > maxBytes) throw tooLarge(maxBytes);
    return body;
  }
  const decode = DECODERS[encoding];
  if (!decode) {
    throw new Problem(
      'unsupported-media-type',
      `Content-Encoding "${encoding}" is not supported; use ${Object.keys(DECODERS).join(', ')} or none.`,
    );
  }
  try {
    return await decode(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    throw new Problem(
      'invalid-body',
      `The body is not valid ${encoding} data: it is damaged or cut off. Nothing of it was stored.`,
      { cause: error },
    );
  }
}

function tooLarge(maxBytes: number): Problem {
  return new Problem(
    'payload-too-large',
    `The body is larger than ${maxBytes} bytes after decompression. Send smaller batches.`,
  );
}

/**
 * The items of a body: one event, an array, `{"events": […]}`, or NDJSON (each line stands for itself: a bad line is one
 * unreadable item).
 * @throws Problem invalid-body when JSON cannot be read, empty-batch without any item, payload-too-large past `maxItems`
 */
export function readItems(body: Buffer, isNdjson: boolean, maxItems: number): BodyItem[] {
  const items = isNdjson ? readLines(body, maxItems) : readJson(body);
  if (items.length === 0) throw new Problem('empty-batch', 'The batch is empty. Send at least one event.');
  if (items.length > maxItems) throw tooMany(items.length, maxItems);
  return items;
}

function tooMany(count: number, maxItems: number): Problem {
  return new Problem(
    'payload-too-large',
    `The batch has ${count} or more events; at most ${maxItems} are taken at once. Send smaller batches.`,
  );
}

function readJson(body: Buffer): BodyItem[] {
  const text = body.toString('utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    if (text.trim() === '') throw new Problem('empty-batch', 'The body is empty. Send at least one event.');
    throw new Problem(
      'invalid-body',
      `The body is not valid JSON (${(error as Error).message}). Nothing of it was stored.`,
      { cause: error },
    );
  }
  const values = Array.isArray(parsed)
    ? (parsed as unknown[])
    : isEnvelope(parsed)
      ? parsed.events
      : [parsed];
  if (isUtf8(body)) return values.map((value) => ({ value }));
  // The decoder left U+FFFD where bytes were not UTF-8: only the items that hold one are damaged.
  return values.map((value) => {
    const item = JSON.stringify(value);
    return item.includes('\ufffd') ? { unreadable: 'is not valid UTF-8', text: item } : { value };
  });
}

function isEnvelope(parsed: unknown): parsed is { events: unknown[] } {
  return (
    typeof parsed === 'object' &&
    parsed !== null &&
    Array.isArray((parsed as { events?: unknown }).events) &&
    Object.keys(parsed).length === 1
  );
}

const NEWLINE = 0x0a;

function readLines(body: Buffer, maxItems: number): BodyItem[] {
  const items: BodyItem[] = [];
  for (let start = 0; start < body.length;) {
    const newline = body.indexOf(NEWLINE, start);
    const end = newline === -1 ? body.length : newline;
    const line = body.subarray(start, end);
    start = end + 1;
    const text = line.toString('utf8').trim();
    if (text === '') continue;
    if (items.length === maxItems) throw tooMany(maxItems + 1, maxItems);
    if (!isUtf8(line)) {
      items.push({ unreadable: 'is not valid UTF-8', text });
      continue;
    }
    try {
      items.push({ value: JSON.parse(text) });
    } catch (error) {
      items.push({ unreadable: `is not valid JSON (${(error as Error).message})`, text });
    }
  }
  return items;
}
