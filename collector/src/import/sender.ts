import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { CollectorError } from '../http/errors.ts';
import type { ImportFormatName } from './formats/registry.ts';
import { isFields, MalformedFile, type SourceItem } from './records/source-item.ts';
import type { ImportAnswer } from './tally.ts';

const compress = promisify(gzip);

/** Records of one request, and the bytes past which one is sent before it has so many: requests stay short, and can be sent again. */
const PART_RECORDS = 5_000;
const PART_BYTES = 8 * 1024 * 1024;
/** Tries of one part; with doubling waits about a minute, longer than a collector takes to restart. */
const ATTEMPTS = 10;
const FIRST_WAIT_MS = 250;
const MOST_WAIT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 120_000;

export interface SendOptions {
  /** The collector's address, e.g. `http://127.0.0.1:8080`. */
  baseUrl: string;
  /** A key with the scope `admin`. */
  apiKey: string;
  format: ImportFormatName;
  isDryRun: boolean;
  /** Waits between two attempts; replaced in tests. */
  wait?: (milliseconds: number) => Promise<unknown>;
}

/**
 * Sends the records of a file to a collector in parts, as NDJSON, and tells each part's answer with the numbers that its records have
 * in the file. A part without an answer, or with 429 or 5xx, is sent again as it was: the ids keep it from counting twice.
 * @throws CollectorError when the collector refuses a part or stays away
 */
export async function* sendRecords(
  records: AsyncIterable<SourceItem>,
  options: SendOptions,
): AsyncGenerator<ImportAnswer> {
  let lines: string[] = [];
  let places: SourceItem[] = [];
  let bytes = 0;
  let firstRecord = 1;
  const flush = async (): Promise<ImportAnswer> => {
    const answer = placed(await post(lines.join('\n'), firstRecord, options), places, firstRecord);
    firstRecord += lines.length;
    lines = [];
    places = [];
    bytes = 0;
    return answer;
  };
  let broken: MalformedFile | undefined;
  try {
    for await (const item of records) {
      // What cannot be read is sent as what it is, so that the collector counts it too.
      const line = 'fields' in item ? JSON.stringify(item.fields) : 'unreadable';
      lines.push(line);
      places.push('fields' in item ? { ...item, fields: {} } : item);
      bytes += Buffer.byteLength(line);
      if (lines.length >= PART_RECORDS || bytes >= PART_BYTES) yield await flush();
    }
  } catch (error) {
    // What could be read before the file broke off counts.
    if (!(error instanceof MalformedFile)) throw error;
    broken = error;
  }
  if (lines.length > 0) yield await flush();
  if (broken) throw broken;
}

/** The answer with the lines of the file, and why a record there could not be read, in place of what the part shows of it. */
function placed(answer: ImportAnswer, places: readonly SourceItem[], firstRecord: number): ImportAnswer {
  return {
    ...answer,
    rejections: answer.rejections.map((rejection) => {
      const place = places[rejection.record - firstRecord];
      if (!place) return rejection;
      return {
        ...rejection,
        line: place.line ?? null,
        ...('unreadable' in place ? { reason: place.unreadable } : {}),
      };
    }),
  };
}

async function post(body: string, firstRecord: number, options: SendOptions): Promise<ImportAnswer> {
  const { wait = delay } = options;
  const compressed = await compress(body, { level: 1 });
  let reason = '';
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const outcome = await request(compressed, firstRecord, options);
    if ('answer' in outcome) return outcome.answer;
    ({ reason } = outcome);
    const backoffMs = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2), MOST_WAIT_MS);
    if (attempt < ATTEMPTS) await wait(Math.max(backoffMs, outcome.retryAfterMs));
  }
  throw new CollectorError(
    `The collector at ${options.baseUrl} did not take the records in ${ATTEMPTS} attempts: ${reason}. ` +
      'Look into its log, then import again: what was stored does not count twice.',
  );
}

type Outcome = { answer: ImportAnswer } | { reason: string; retryAfterMs: number };

async function request(
  body: Buffer,
  firstRecord: number,
  { baseUrl, apiKey, format, isDryRun }: SendOptions,
): Promise<Outcome> {
  const url = new URL('/v1/import', baseUrl);
  url.searchParams.set('format', format);
  url.searchParams.set('first_record', String(firstRecord));
  if (isDryRun) url.searchParams.set('dry_run', 'true');
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/x-ndjson',
        'content-encoding': 'gzip',
      },
      body: new Uint8Array(body),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    text = await response.text();
  } catch (error) {
    const cause = (error as Error).cause;
    return { reason: cause instanceof Error ? cause.message : (error as Error).message, retryAfterMs: 0 };
  }
  const told = jsonObject(text);
  if (response.ok) {
    if (typeof told['read'] === 'number') return { answer: told as unknown as ImportAnswer };
    throw new CollectorError(`What answers at ${baseUrl} is no collector that can import.`);
  }
  const detail = typeof told['detail'] === 'string' ? told['detail'] : `HTTP ${response.status}`;
  if (response.status === 429 || response.status >= 500) {
    const retryAfterMs = Math.min(Number(response.headers.get('retry-after') ?? 0) * 1000 || 0, MOST_WAIT_MS);
    return { reason: detail, retryAfterMs };
  }
  throw new CollectorError(detail);
}

function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : {};
  } catch {
    return {}; // a proxy's page: the status says enough
  }
}
