import type { Pool } from '../database/pool.ts';
import type { PriceBook } from './price-book.ts';
import { readBookVersion, readPriceBook } from './price-store.ts';
import {
  createPricer,
  type Pricer,
  type PriceParts,
  type PriceRequest,
  type PriceResult,
  type Unpriced,
} from './price.ts';

/** How long a replica may price by an older book than another replica has written. */
export const CHECK_EVERY_MS = 2_000;

/** A book and the pricer over it; both stay as they are when the book changes. */
export interface BookSnapshot {
  book: PriceBook;
  pricer: Pricer;
}

/**
 * The pricer of a running collector: prices from memory by the database's book, and takes a changed book in within CHECK_EVERY_MS.
 * Without the database it goes on with the book that it has.
 */
export class LivePrices implements Pricer {
  readonly #pool: Pool;
  readonly #log: { warn: (fields: object, message: string) => void };
  #current: BookSnapshot;
  #reading: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #wasReadable = true;

  private constructor(pool: Pool, log: { warn: (fields: object, message: string) => void }, book: PriceBook) {
    this.#pool = pool;
    this.#log = log;
    this.#current = { book, pricer: createPricer(book) };
  }

  /** Reads the book; `start` keeps it current. */
  static async open(
    pool: Pool,
    log: { warn: (fields: object, message: string) => void },
  ): Promise<LivePrices> {
    return new LivePrices(pool, log, await readPriceBook(pool));
  }

  price(request: PriceRequest): PriceResult {
    return this.#current.pricer.price(request);
  }

  parts(request: PriceRequest): PriceParts | Unpriced {
    return this.#current.pricer.parts(request);
  }

  /** For work that must go by one book from its first to its last event, such as a repricing. */
  get current(): BookSnapshot {
    return this.#current;
  }

  start(everyMs: number = CHECK_EVERY_MS): void {
    this.#timer ??= setInterval(() => void this.#check(), everyMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#reading?.catch(() => undefined);
  }

  /** Takes the book in as it is now, when it is another one; everything committed before the call is in it afterwards. */
  async refresh(): Promise<void> {
    await this.#reading?.catch(() => undefined);
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    await this.#reading;
  }

  async #read(): Promise<void> {
    if ((await readBookVersion(this.#pool)) === this.#current.book.version) return;
    const book = await readPriceBook(this.#pool);
    this.#current = { book, pricer: createPricer(book) };
  }

  async #check(): Promise<void> {
    if (this.#reading !== undefined) return;
    try {
      await this.refresh();
      this.#wasReadable = true;
    } catch (err) {
      if (this.#wasReadable)
        this.#log.warn({ err }, 'the price book cannot be read: pricing goes on with the one in memory');
      this.#wasReadable = false;
    }
  }
}
