/** Work that is done again and again, one run at a time: a tick that comes while one is under way is let go. */
export class Repeating {
  readonly #work: () => Promise<unknown>;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<unknown> | undefined;

  constructor(work: () => Promise<unknown>, onError: (error: unknown) => void) {
    this.#work = work;
    this.#onError = onError;
  }

  start(everyMs: number): void {
    this.#timer = setInterval(() => this.wake(), everyMs).unref();
  }

  /** Runs now and not at the next tick; nothing happens before the start and after the stop. */
  wake(): void {
    if (this.#timer === undefined) return;
    this.#running ??= this.#work()
      .catch(this.#onError)
      .finally(() => (this.#running = undefined));
  }

  /** Begins no further run; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#running;
  }
}
