import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { CollectorError } from '../http/errors.ts';
import type { UsageEvent } from './usage-event.ts';

const compress = promisify(gzip);

/** The demo could not be sent, and a retry by itself would not help; the message says what will. */
export class SendError extends CollectorError {
  override name = 'SendError';
}

/** An item that the collector refused. */
export interface RejectedItem {
  /** Position in all that was sent, from 0. */
  index: number;
  eventId: string;
  /** Empty when the whole item was refused and not a field of it. */
  field: string;
  reason: string;
}

/** Sums of the collector's answers. `received = accepted + duplicate + rejected`. */
export interface SendResult {
  received: number;
  accepted: number;
  duplicate: number;
  rejected: number;
  /** The first 100 refused items. */
  errors: RejectedItem[];
  /** Requests that had to be sent again. */
  retries: number;
  /** Events that were taken up and got no answer before the signal ended the sending; they can be sent again. */
  unanswered: number;
  /** False when the signal ended the sending before all events were through. */
  complete: boolean;
}

export interface RetryPolicy {
  /** Requests for one batch, the first one included; Infinity goes on until the signal. */
  attempts: number;
  /** Milliseconds before the second request; doubles each time, less a random half. */
  firstDelayMs: number;
  /** The most that it waits, unless the collector asks for more with Retry-After. */
  mostDelayMs: number;
}

/** Together about 40 seconds: longer than a collector takes to restart. */
const RETRY: RetryPolicy = { attempts: 12, firstDelayMs: 200, mostDelayMs: 5_000 };
/** A collector that asks for more than this with Retry-After is asked again earlier. */
const MOST_RETRY_AFTER_MS = 60_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** How long requests that are on their way may still take once the signal has come. */
const GRACE_MS = 5_000;
const MOST_ERRORS_KEPT = 100;

export interface Door {
  /** The collector's address, e.g. `http://127.0.0.1:8080`. */
  baseUrl: string;
  /** A key with the scope `ingest`. */
  apiKey: string;
  /** Stops retries, and after a grace of 5 s the requests on their way. */
  signal?: AbortSignal;
  retry?: RetryPolicy;
  /** Waits between two attempts; replaced in tests. */
  wait?: typeof pause;
}

export interface SendOptions extends Door {
  /** Read as they are sent, so that they need not fit in memory. */
  events: Iterable<UsageEvent>;
  /** Events in one request; 500. */
  batchSize?: number;
  /** Requests at a time; 2. */
  concurrency?: number;
  /** After each answer, with the sums so far. */
  onProgress?: (result: Readonly<SendResult>) => void;
  /** For each refused item; prints it on stderr if not given. */
  onRejected?: (item: RejectedItem) => void;
}

/**
 * Sends events through `POST /v1/client/usage/log` in gzipped batches. A batch that got no answer, or 429 or 5xx, is sent again
 * as it was: its event ids keep what was stored already from counting twice (it is then told as `duplicate`). Once the signal
 * comes no further batch begins, those on their way are waited for, and the sums so far are returned.
 * @throws SendError when the collector refuses the requests (key, size) or stays away through all the attempts
 */
export async function sendDemo(options: SendOptions): Promise<SendResult> {
  const {
    events,
    batchSize = 500,
    concurrency = 2,
    signal,
    onProgress,
    onRejected = printRejected,
  } = options;
  const result: SendResult = emptyResult();
  const batches = inBatches(events, batchSize);
  const failures: unknown[] = [];

  const lane = async (): Promise<void> => {
    while (failures.length === 0 && signal?.aborted !== true) {
      const next = batches.next();
      if (next.done === true) return;
      try {
        addAnswer(result, await postBatch(options, next.value.events), next.value, onRejected);
        onProgress?.(result);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  if (failures.length > 0) throw failures[0];
  result.complete = batches.next().done === true && result.unanswered === 0;
  return result;
}

/** The sums of nothing. */
export function emptyResult(): SendResult {
  return {
    received: 0,
    accepted: 0,
    duplicate: 0,
    rejected: 0,
    errors: [],
    retries: 0,
    unanswered: 0,
    complete: true,
  };
}

/** Adds the answer to a batch to the sums. */
export function addAnswer(
  result: SendResult,
  { answer, retries }: Posted,
  batch: Batch,
  onRejected: (item: RejectedItem) => void,
): void {
  result.retries += retries;
  if (answer === null) {
    result.unanswered += batch.events.length;
    return;
  }
  result.received += answer.received;
  result.accepted += answer.accepted;
  result.duplicate += answer.duplicate;
  result.rejected += answer.rejected;
  for (const { index, field, reason } of answer.errors) {
    const eventId = batch.events[index]?.event_id ?? '';
    const item = { index: batch.offset + index, eventId, field, reason };
    if (result.errors.length < MOST_ERRORS_KEPT) result.errors.push(item);
    onRejected(item);
  }
}

export interface Batch {
  /** How many events came before it. */
  offset: number;
  events: UsageEvent[];
}

function* inBatches(events: Iterable<UsageEvent>, size: number): Generator<Batch, void, undefined> {
  let batch: Batch = { offset: 0, events: [] };
  for (const event of events) {
    batch.events.push(event);
    if (batch.events.length === size) {
      yield batch;
      batch = { offset: batch.offset + size, events: [] };
    }
  }
  if (batch.events.length > 0) yield batch;
}

export interface Posted {
  /** What became of the items; null when the signal came before an answer. */
  answer: BatchAnswer | null;
  retries: number;
}

interface BatchAnswer {
  received: number;
  accepted: number;
  duplicate: number;
  rejected: number;
  errors: { index: number; field: string; reason: string }[];
}

/** Sends one batch until it has an answer for its items. It is tried at least once, also after the signal. */
export async function postBatch(door: Door, events: readonly UsageEvent[]): Promise<Posted> {
  const { signal, retry = RETRY, wait = pause } = door;
  const body = await compress(JSON.stringify({ events }), { level: 1 });
  for (let attempt = 1; ; attempt++) {
    const outcome = await request(door, body);
    if ('answer' in outcome) return { answer: outcome.answer, retries: attempt - 1 };
    if (signal?.aborted === true) return { answer: null, retries: attempt - 1 };
    if (attempt >= retry.attempts) {
      throw new SendError(
        `The collector at ${door.baseUrl} did not take a batch in ${attempt} attempts: ${outcome.reason}. ` +
          'Start it with `npm start`, or look into its log, then run the demo again: what was sent will not count twice.',
      );
    }
    const doubledMs = retry.firstDelayMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
    const backoffMs = Math.min(doubledMs, retry.mostDelayMs);
    const waitMs = Math.max(backoffMs, Math.min(outcome.retryAfterMs, MOST_RETRY_AFTER_MS));
    await wait(waitMs, signal);
  }
}

/** Waits, but not longer than until the signal. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(milliseconds, undefined, signal ? { signal } : {});
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}

type Outcome = { answer: BatchAnswer } | { reason: string; retryAfterMs: number };

/** One request: an answer, or why it is worth another try. */
async function request({ baseUrl, apiKey, signal }: Door, body: Buffer): Promise<Outcome> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), REQUEST_TIMEOUT_MS);
  let graceTimer: NodeJS.Timeout | undefined;
  const grace = (): void => {
    graceTimer = setTimeout(() => limit.abort(), GRACE_MS);
  };
  if (signal?.aborted === true) grace();
  else signal?.addEventListener('abort', grace, { once: true });
  try {
    const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/v1/client/usage/log`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        'content-encoding': 'gzip',
      },
      body: new Uint8Array(body),
      signal: limit.signal,
    });
    const text = await response.text();
    if (response.status === 429 || response.status >= 500) {
      return {
        reason: described(response.status, text),
        retryAfterMs: retryAfterMs(response.headers.get('retry-after')),
      };
    }
    const answer = batchAnswer(text);
    // A batch without a single good item is answered with 422 and still says what was wrong with each.
    if (answer && (response.ok || response.status === 422)) return { answer };
    throw new SendError(
      response.ok
        ? `What answers at ${baseUrl} is not a collector: ${text.slice(0, 200)}`
        : refusal(baseUrl, response.status, text),
    );
  } catch (error) {
    if (error instanceof SendError) throw error;
    if (limit.signal.aborted) return { reason: 'no answer in time', retryAfterMs: 0 };
    return { reason: networkReason(error), retryAfterMs: 0 };
  } finally {
    clearTimeout(timer);
    clearTimeout(graceTimer);
    signal?.removeEventListener('abort', grace);
  }
}

function batchAnswer(text: string): BatchAnswer | null {
  const body = parsed(text);
  const { received, accepted, duplicate, rejected, errors } = body;
  if (
    typeof received !== 'number' ||
    typeof accepted !== 'number' ||
    typeof duplicate !== 'number' ||
    typeof rejected !== 'number'
  ) {
    return null;
  }
  const items = Array.isArray(errors) ? (errors as Partial<RejectedItem>[]) : [];
  return {
    received,
    accepted,
    duplicate,
    rejected,
    errors: items.map(({ index, field, reason }) => ({
      index: index ?? -1,
      field: field ?? '',
      reason: reason ?? 'no reason given',
    })),
  };
}

/** The JSON object in a body, or an empty one where there is none. */
function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** `503: The database cannot be reached right now.` from a problem document, or the bare status. */
function described(status: number, text: string): string {
  const { detail, title } = parsed(text);
  const words = typeof detail === 'string' ? detail : typeof title === 'string' ? title : '';
  return words === '' ? `status ${status}` : `status ${status}, ${words.replace(/\.$/, '')}`;
}

function refusal(baseUrl: string, status: number, text: string): string {
  const advice =
    status === 401 || status === 403
      ? ' The demo needs a key with the scope `ingest`.'
      : status === 413
        ? ' Send smaller batches.'
        : status === 404
          ? ' Is that the collector?'
          : '';
  return `The collector at ${baseUrl} refused the demo: ${described(status, text)}.${advice}`;
}

function networkReason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return 'the connection failed';
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}

/** RFC 9110: seconds, or a date. */
function retryAfterMs(header: string | null): number {
  if (header === null) return 0;
  const seconds = Number(header);
  const milliseconds = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : 0;
}

/** One line about a refused item, for people. */
export function rejectionLine({ index, eventId, field, reason }: RejectedItem): string {
  return `event ${index} (${eventId}) was rejected: ${field === '' ? '' : `${field}: `}${reason}\n`;
}

function printRejected(item: RejectedItem): void {
  process.stderr.write(rejectionLine(item));
}
