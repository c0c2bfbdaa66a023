import type { UsageEvent } from './event.ts';
import { monotonicMs } from './platform.ts';
import { isStream, observeStream, type StreamObserver } from './stream.ts';
import { UsageReader, type UsageFields } from './usage/index.ts';
import { count, get, text } from './usage/reading.ts';

/** Takes a finished call over. */
export type PutEvent = (fields: Record<string, unknown>, startedMs: number) => unknown;

/** One LLM call while it runs, as the function given to `track()` sees it. None of the methods throws. */
export interface Call {
  /** Sets fields of the event. They win over what is read from the answer. */
  set(fields: UsageEvent): void;
  /** Marks the arrival of the first token; later calls change nothing. Streams that are returned do it themselves. */
  firstToken(): void;
  /**
   * Reads token counts, model and service tier from a provider's answer, or from one piece of its stream, for functions that
   * return something else. Returns what is known so far.
   */
  usage(answer: unknown): UsageFields;
}

/** Runs `work`, times it, and records it when it is over; a stream that it returns, when that is over. */
export async function trackCall<T>(
  put: PutEvent,
  meta: UsageEvent,
  work: (call: Call) => T | PromiseLike<T>,
): Promise<T> {
  const call = new TrackedCall(put, meta);
  let answer: T;
  try {
    answer = await work(call);
  } catch (error) {
    call.end({ error });
    throw error;
  }
  try {
    if (isStream(answer)) {
      call.streams();
      return observeStream(answer, call);
    }
  } catch {
    // A stream that cannot be watched: the caller gets it as it is.
  }
  call.usage(answer);
  call.end();
  return answer;
}

class TrackedCall implements Call, StreamObserver {
  readonly #put: PutEvent;
  readonly #startedMs = Date.now();
  readonly #started = monotonicMs();
  readonly #reader = new UsageReader();
  #given: Record<string, unknown> = {};
  #read: Record<string, unknown> = {};
  #open = true;
  #firstTokenAt: number | undefined;
  #lastPieceAt: number | undefined;

  constructor(put: PutEvent, meta: UsageEvent) {
    this.#put = put;
    this.set(meta);
  }

  set(fields: UsageEvent): void {
    try {
      this.#given = { ...this.#given, ...fields };
    } catch {
      // A getter that throws: the fields so far have to do.
    }
  }

  firstToken(): void {
    this.#firstTokenAt ??= monotonicMs();
  }

  usage(answer: unknown): UsageFields {
    try {
      Object.assign(this.#read, this.#reader.read(answer));
    } catch {
      // An answer that cannot be read tells nothing.
    }
    return { ...this.#read };
  }

  streams(): void {
    this.#read.stream = true;
  }

  piece(piece: unknown): void {
    this.firstToken();
    this.#lastPieceAt = monotonicMs();
    this.usage(piece);
  }

  answer(answer: unknown): void {
    this.usage(answer);
  }

  end(outcome?: { error: unknown } | 'aborted'): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      this.#put(this.#event(outcome), this.#startedMs);
    } catch {
      // The answer matters more than its record.
    }
  }

  #event(outcome: { error: unknown } | 'aborted' | undefined): Record<string, unknown> {
    const aborted = outcome === 'aborted';
    // A reader that left may be noticed much later.
    const ended = aborted && this.#lastPieceAt !== undefined ? this.#lastPieceAt : monotonicMs();
    const event: Record<string, unknown> = {
      response_time_ms: this.#since(ended),
      status: 'success',
      ...this.#read,
    };
    if (this.#firstTokenAt !== undefined) event.time_to_first_token_ms = this.#since(this.#firstTokenAt);
    Object.assign(event, withoutUnknown(this.#given));
    if (aborted) {
      const { metadata } = event;
      event.metadata = { ...(typeof metadata === 'object' ? metadata : undefined), aborted: true };
    } else if (outcome) {
      event.status = 'error';
      event.error_type ??= errorType(outcome.error);
      event.status_code ??= httpStatusOf(outcome.error);
    }
    return event;
  }

  #since(moment: number): number {
    return Math.round((moment - this.#started) * 1000) / 1000;
  }
}

function withoutUnknown(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null && value !== ''));
}

/** The class of what was thrown. The SDKs' errors all carry the name 'Error'. */
function errorType(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error;
  const name = text(error, 'name');
  if (name !== undefined && name !== 'Error') return name;
  const { name: className } = (get(error, 'constructor') ?? {}) as { name?: unknown };
  return typeof className === 'string' && className ? className : 'Error';
}

/** The HTTP status that an SDK's error carries, itself (OpenAI, Anthropic, google-genai) or its response (axios). */
function httpStatusOf(error: unknown): number | undefined {
  const candidates = [
    ...['status', 'statusCode', 'status_code', 'code'].map((name) => count(error, name)),
    count(get(error, 'response'), 'status', 'statusCode'),
  ];
  return candidates.find((status) => status !== undefined && status >= 100 && status <= 599);
}
