import { type BatchResult, describeProblem, readBatchResult } from './answer.ts';
import type { FetchLike, Settings } from './options.ts';
import { encodeEvent } from './event.ts';
import * as lifecycle from './lifecycle.ts';
import { type DeliveryError, describe, type DropReason, Notifier } from './notices.ts';
import { gzip, monotonicMs, page, unrefTimer } from './platform.ts';
import { EventQueue, type QueuedEvent, type Stats } from './queue.ts';
import { fullJitter, isRetriedStatus, retryAfterMs } from './retry.ts';

const GZIP_FROM_BYTES = 1024;
/** Browsers let 64 KiB be on their way when a page goes. */
const KEEPALIVE_BYTES = 60 * 1024;
const TELL_EVERY_MS = 1000;
const TOO_LATE = 'not delivered before the deadline of the shutdown';

/** What a flush achieved. */
export interface FlushResult {
  /** Events that arrived while the flush ran: accepted, or known already. */
  sent: number;
  /** Events recorded before the flush that are still waiting or on their way; 0 means that it got through. */
  remaining: number;
}

/** Events of one request. They are encoded once, so every attempt sends the same bytes and the same ids. */
interface Batch {
  events: string[];
  attempts: number;
  failures: number;
  giveUpAt: number;
  /** When the next attempt may be made, and the part of that wait that the server asked for (Retry-After). */
  notBefore: number;
  askedUntil: number;
  packed?: { body: string | Uint8Array<ArrayBuffer>; gzipped: boolean; bytes: number };
}

interface Answer {
  status: number;
  body: string;
  retryAfter: number | undefined;
  location: string | null;
}

const utf8 = new TextEncoder();

/** Owns the queue and delivers it: one request at a time, in order. Nothing here throws to its caller. */
export class Sender implements lifecycle.Lifelong {
  readonly #settings: Settings;
  readonly #notifier: Notifier;
  readonly #queue: EventQueue;
  #batches: Batch[] = [];
  #inFlight: { batch: Batch; abort: AbortController } | undefined;
  #running: Promise<boolean> | undefined;
  /** Events up to this one are due now; later ones may wait for company. */
  #flushTarget = 0;
  /** In serverless mode, when the delivery has to pause until the next flush. */
  #deadline = -Infinity;
  #hurry: 'flush' | 'close' | undefined;
  #wake: (() => void) | undefined;
  #started = false;
  #closed = false;
  #discarding = false;
  #kickPlanned = false;
  #toldAt = -Infinity;
  #stopInterval: (() => void) | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#notifier = new Notifier(settings.onDrop, settings.onError);
    this.#queue = new EventQueue(settings.maxQueueSize);
  }

  /** Starts the timer and listens for the end of the process or page. */
  start(): void {
    if (this.#started || this.#closed) return;
    this.#started = true;
    if (this.#settings.serverless) return;
    lifecycle.register(this);
    this.#planInterval();
  }

  /** Takes an event over. False when it was dropped. No I/O. */
  put(event: QueuedEvent): boolean {
    if (this.#closed) {
      this.refuse('closed', 'recorded after shutdown()');
      return false;
    }
    const taken = this.#queue.put(event);
    if (!this.#settings.serverless) {
      if (!this.#started) this.start();
      if (!taken || this.#queue.length >= this.#settings.batchSize) this.#planKick();
    }
    return taken;
  }

  /** Counts a recorded thing that is no event, or cannot become one. */
  refuse(reason: DropReason, detail: string): void {
    this.#queue.refuse(reason, detail);
    if (!this.#settings.serverless) this.#planKick();
  }

  stats(): Stats {
    return this.#queue.stats();
  }

  async flush(timeoutMs: number, reason: 'flush' | 'close' = 'flush'): Promise<FlushResult> {
    const until = monotonicMs() + timeoutMs;
    const target = this.#queue.enqueued;
    const before = this.#queue.stats();
    this.#flushTarget = Math.max(this.#flushTarget, target);
    this.#deadline = Math.max(this.#deadline, until);
    this.#hurry = reason;
    this.#wake?.();
    if (this.#queue.settled < target) await this.#waitSettled(target, timeoutMs);
    this.#tellDrops(true);
    const after = this.#queue.stats();
    return {
      sent: after.accepted + after.duplicate - before.accepted - before.duplicate,
      remaining: Math.max(0, target - this.#queue.settled),
    };
  }

  /** Refuses further events, delivers the others within the timeout, and drops what is left. */
  async shutdown(timeoutMs: number): Promise<FlushResult> {
    this.#closed = true;
    this.#stopInterval?.();
    const result = await this.flush(timeoutMs, 'close');
    if (result.remaining > 0) await this.#giveUpRest();
    lifecycle.unregister(this);
    return result;
  }

  async closeAtExit(): Promise<void> {
    if (this.#queue.settled >= this.#queue.enqueued) return;
    const { remaining } = await this.flush(this.#settings.shutdownTimeoutMs, 'close');
    if (remaining > 0) await this.#giveUpRest();
  }

  abandonAtExit(): void {
    this.#dropQueued('the process ended; await client.shutdown() before process.exit()');
    for (const batch of [...this.#batches]) this.#dropBatch(batch, 'shutdown', TOO_LATE);
    this.#tellDrops(true);
  }

  handOver(): void {
    // What is on its way has the keepalive flag already, and takes its part of the browser's allowance.
    let room = KEEPALIVE_BYTES - (this.#inFlight?.batch.packed?.bytes ?? 0) - '{"events":[]}'.length;
    const events: string[] = [];
    const take = (event: string): boolean => {
      const bytes = utf8.encode(event).length + 1;
      if (bytes > room) return false;
      room -= bytes;
      events.push(event);
      return true;
    };
    for (const batch of this.#batches.filter((each) => each !== this.#inFlight?.batch)) {
      const bytes = batch.events.reduce((sum, event) => sum + utf8.encode(event).length + 1, 0);
      if (bytes > room) break;
      batch.events.forEach(take);
      this.#remove(batch);
    }
    while (this.#queue.length > 0) {
      const [event] = this.#encode(1);
      if (event === undefined || take(event)) continue;
      this.#batches.push(newBatch([event]));
      break;
    }
    if (events.length > 0) void this.#sendUncompressed(newBatch(events));
  }

  async #waitSettled(target: number, timeoutMs: number): Promise<void> {
    const wait = { over: false };
    let withdraw: (() => void) | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    // This timer keeps a process alive: somebody waits for the answer.
    const over = new Promise<void>((resolve) => {
      withdraw = this.#queue.whenSettled(target, resolve);
      timer = setTimeout(() => {
        wait.over = true;
        resolve();
      }, timeoutMs);
    });
    while (this.#queue.settled < target && !wait.over) {
      const inTime = await Promise.race([over, this.#run()]);
      // Serverless: the delivery knows that there is no time for another attempt.
      if (inTime === false) break;
    }
    clearTimeout(timer);
    withdraw?.();
  }

  async #giveUpRest(): Promise<void> {
    this.#dropQueued(TOO_LATE);
    this.#discarding = true;
    this.#inFlight?.abort.abort();
    this.#wake?.();
    await this.#run();
    this.#discarding = false;
    this.#tellDrops(true);
  }

  #planInterval(): void {
    if (this.#closed) return;
    this.#stopInterval = unrefTimer(() => {
      this.#flushTarget = this.#queue.enqueued;
      this.#tellDrops(true);
      if (this.#isDue()) void this.#run();
      this.#planInterval();
    }, this.#settings.flushIntervalMs);
  }

  /** Has the delivery looked after once the caller is done: encoding and telling are not for its path. */
  #planKick(): void {
    if (this.#kickPlanned) return;
    this.#kickPlanned = true;
    unrefTimer(() => {
      this.#kickPlanned = false;
      this.#tellDrops();
      if (this.#isDue()) void this.#run();
    }, 0);
  }

  #isDue(): boolean {
    if (this.#batches.length > 0) return true;
    const waiting = this.#queue.length;
    return waiting >= this.#settings.batchSize || (waiting > 0 && this.#queue.settled < this.#flushTarget);
  }

  /** Delivers what is due; joins the delivery under way. False when the deadline of serverless mode cut it short. */
  #run(): Promise<boolean> {
    this.#running ??= this.#deliver();
    return this.#running;
  }

  async #deliver(): Promise<boolean> {
    // Later than the assignment of #running, which the end of this function undoes.
    await Promise.resolve();
    try {
      while (this.#isDue()) {
        if (!(await this.#step())) return false;
        this.#tellDrops();
      }
      return true;
    } finally {
      this.#running = undefined;
    }
  }

  async #step(): Promise<boolean> {
    let batch = this.#batches[0];
    try {
      if (!batch) {
        const events = this.#encode(this.#settings.batchSize);
        if (events.length === 0) return true;
        batch = newBatch(events);
        this.#batches.push(batch);
      }
      if (!(await this.#waitForTurn(batch))) return false;
      if (this.#discarding) this.#dropBatch(batch, 'shutdown', TOO_LATE);
      // A page that went may have taken it along meanwhile.
      else if (this.#batches[0] === batch) await this.#attempt(batch);
    } catch (error) {
      // A fault of this client must not spin on the same batch.
      if (batch) this.#dropBatch(batch, 'internal_error', describe(error));
    }
    return true;
  }

  #encode(limit: number): string[] {
    const events: string[] = [];
    for (const { fields, recordedMs } of this.#queue.take(limit)) {
      try {
        events.push(encodeEvent(fields, recordedMs));
      } catch (error) {
        this.#queue.drop(1, 'not_serialisable', describe(error));
      }
    }
    return events;
  }

  async #waitForTurn(batch: Batch): Promise<boolean> {
    for (;;) {
      if (this.#hurry === 'close') batch.notBefore = 0;
      else if (this.#hurry === 'flush') batch.notBefore = Math.min(batch.notBefore, batch.askedUntil);
      this.#hurry = undefined;
      if (this.#discarding) return true;
      const now = monotonicMs();
      if (this.#settings.serverless && Math.max(now, batch.notBefore) >= this.#deadline) return false;
      if (now >= batch.notBefore) return true;
      this.#tellDrops();
      await new Promise<void>((resolve) => {
        const stop = unrefTimer(resolve, batch.notBefore - now);
        this.#wake = () => {
          stop();
          resolve();
        };
      });
      this.#wake = undefined;
    }
  }

  async #attempt(batch: Batch): Promise<void> {
    const abort = new AbortController();
    this.#inFlight = { batch, abort };
    try {
      this.#begin(batch);
      const packed = (batch.packed ??= await this.#pack(batch));
      await this.#send(batch, packed, abort);
    } finally {
      this.#inFlight = undefined;
    }
  }

  async #sendUncompressed(batch: Batch): Promise<void> {
    this.#begin(batch);
    const body = envelope(batch.events);
    const packed = { body, gzipped: false, bytes: utf8.encode(body).length };
    try {
      await this.#send(batch, packed, new AbortController());
    } catch (error) {
      this.#dropBatch(batch, 'internal_error', describe(error));
    }
    this.#planKick();
  }

  #begin(batch: Batch): void {
    if (batch.attempts === 0) batch.giveUpAt = monotonicMs() + this.#settings.retryForMs;
    else this.#queue.countRetry();
    batch.attempts += 1;
  }

  async #pack(batch: Batch): Promise<NonNullable<Batch['packed']>> {
    const body = envelope(batch.events);
    const plain = utf8.encode(body);
    if (this.#settings.gzip && plain.length >= GZIP_FROM_BYTES) {
      const small = await gzip(plain);
      if (small) return { body: small, gzipped: true, bytes: small.length };
    }
    return { body, gzipped: false, bytes: plain.length };
  }

  async #send(batch: Batch, packed: NonNullable<Batch['packed']>, abort: AbortController): Promise<void> {
    const { requestTimeoutMs, serverless } = this.#settings;
    const left = serverless ? this.#deadline - monotonicMs() : Infinity;
    const timeoutMs = Math.min(requestTimeoutMs, Math.max(1, left));
    const timer = { fired: false };
    const stop = unrefTimer(() => {
      timer.fired = true;
      abort.abort();
    }, timeoutMs);
    let answer: Answer;
    try {
      answer = await this.#post(packed, abort.signal);
    } catch (error) {
      const why = timer.fired ? `no answer within ${Math.round(timeoutMs)} ms` : describe(error);
      if (this.#discarding) this.#dropBatch(batch, 'shutdown', TOO_LATE);
      else this.#planRetry(batch, { kind: 'network', message: why });
      return;
    } finally {
      stop();
    }
    this.#judge(batch, answer);
  }

  async #post(packed: NonNullable<Batch['packed']>, signal: AbortSignal): Promise<Answer> {
    // Called bare: browsers refuse a fetch that is called as a method of something else.
    const send: FetchLike = this.#settings.fetch ?? globalThis.fetch;
    const response = await send(this.#settings.endpoint, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${this.#settings.apiKey}`,
        'Content-Type': 'application/json',
        ...(packed.gzipped ? { 'Content-Encoding': 'gzip' } : {}),
      },
      body: packed.body,
      signal,
      redirect: 'manual',
      ...(page() && packed.bytes <= KEEPALIVE_BYTES ? { keepalive: true } : {}),
    });
    const { status, headers } = response;
    return {
      status,
      body: await response.text(),
      retryAfter: retryAfterMs(headers.get('retry-after'), headers.get('date'), Date.now()),
      location: headers.get('location'),
    };
  }

  #judge(batch: Batch, answer: Answer): void {
    const { status, body } = answer;
    const count = batch.events.length;
    const problem = () => describeProblem(status, answer.location, body);
    if (isRetriedStatus(status)) {
      this.#planRetry(batch, { kind: 'http', message: problem(), status }, answer.retryAfter);
      return;
    }
    if (status === 413 && count > 1) {
      const middle = Math.ceil(count / 2);
      const place = this.#remove(batch);
      const halves = [newBatch(batch.events.slice(0, middle)), newBatch(batch.events.slice(middle))];
      this.#batches.splice(place, 0, ...halves);
      return;
    }
    // A batch of which every event is rejected is answered with a 4xx that has the same counts.
    const result = readBatchResult(body, count);
    const success = status >= 200 && status < 300;
    if (result && (success || result.total === count)) this.#settle(batch, result, status);
    else if (success) {
      const message = `HTTP ${status}: not an answer of the collector; check baseUrl`;
      this.#giveUp(batch, 'bad_answer', { kind: 'answer', message, status });
    } else {
      const reason = status === 413 ? 'too_large' : 'refused';
      this.#giveUp(batch, reason, { kind: 'http', message: problem(), status });
    }
  }

  #settle(batch: Batch, result: BatchResult, status: number): void {
    const { accepted, duplicate, rejected, errors } = result;
    const count = batch.events.length;
    this.#remove(batch);
    this.#notifier.delivered();
    if (rejected > 0) {
      const first = errors[0];
      const why = first ? `; the first because ${first.field ?? 'it'}: ${first.reason}` : '';
      const message = `the collector rejected ${rejected} of ${count} event(s)${why}`;
      this.#tell({ kind: 'rejected', message, status, rejected: errors }, rejected, false);
    }
    const missing = count - result.total;
    if (missing > 0) {
      const message = `HTTP ${status}: the answer says nothing about ${missing} event(s)`;
      this.#tell({ kind: 'answer', message, status }, missing, false);
      this.#queue.drop(missing, 'bad_answer', message);
    }
    this.#queue.settle(accepted, duplicate, rejected);
  }

  #planRetry(batch: Batch, error: Failure, retryAfter?: number): void {
    const now = monotonicMs();
    if (now >= batch.giveUpAt) {
      this.#giveUp(batch, 'retries_exhausted', error);
      return;
    }
    const { retryInitialDelayMs, retryMaxDelayMs } = this.#settings;
    batch.failures += 1;
    let delay = fullJitter(batch.failures, retryInitialDelayMs, retryMaxDelayMs);
    if (retryAfter !== undefined) {
      batch.askedUntil = now + retryAfter;
      // A little more than asked for, so that not everybody returns in the same moment.
      delay = retryAfter + Math.random() * retryInitialDelayMs;
    }
    // The last attempt is made when the budget ends.
    batch.notBefore = Math.min(now + delay, batch.giveUpAt);
    // What a page handed over comes back, behind what is on its way.
    if (!this.#batches.includes(batch)) this.#batches.splice(this.#inFlight ? 1 : 0, 0, batch);
    this.#tell(error, batch.events.length, true);
  }

  #giveUp(batch: Batch, reason: DropReason, error: Failure): void {
    this.#tell(error, batch.events.length, false);
    this.#dropBatch(batch, reason, error.message);
  }

  #tell(error: Failure, events: number, willRetry: boolean): void {
    this.#notifier.failed({ ...error, events, willRetry });
  }

  #dropQueued(detail: string): void {
    this.#queue.drop(this.#queue.take(Infinity).length, 'shutdown', detail);
  }

  #dropBatch(batch: Batch, reason: DropReason, detail: string): void {
    this.#remove(batch);
    this.#queue.drop(batch.events.length, reason, detail);
  }

  /** Returns the place where it was; the first when it is not among the batches. */
  #remove(batch: Batch): number {
    const place = this.#batches.indexOf(batch);
    if (place >= 0) this.#batches.splice(place, 1);
    return Math.max(0, place);
  }

  /** Bundled: an overflow would otherwise fill the application's log. What is not told now is told at the next occasion. */
  #tellDrops(due = false): void {
    const now = monotonicMs();
    if (!this.#queue.hasUntold || (!due && now - this.#toldAt < TELL_EVERY_MS)) return;
    this.#toldAt = now;
    this.#notifier.dropped(this.#queue.takeUntold());
  }
}

type Failure = Pick<DeliveryError, 'kind' | 'message' | 'status' | 'rejected'>;

function newBatch(events: string[]): Batch {
  return { events, attempts: 0, failures: 0, giveUpAt: Infinity, notBefore: 0, askedUntil: 0 };
}

function envelope(events: string[]): string {
  return `{"events":[${events.join(',')}]}`;
}
