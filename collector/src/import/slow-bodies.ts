import type { Server } from 'node:http';

/**
 * Lets bodies come for longer than the server's requestTimeout while an import is read: a large file is read as fast as the database
 * takes it, and Node has one such limit for all requests. What it protects from is bounded here otherwise: an import that falls
 * silent is ended (body-stream.ts), headers keep their own limit, and a key is asked for before a body is read.
 */
export class SlowBodies {
  readonly #server: Pick<Server, 'requestTimeout'>;
  #open = 0;
  #usualMs = 0;

  constructor(server: Pick<Server, 'requestTimeout'>) {
    this.#server = server;
  }

  begin(): void {
    if (this.#open === 0) {
      this.#usualMs = this.#server.requestTimeout;
      this.#server.requestTimeout = 0;
    }
    this.#open += 1;
  }

  end(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#server.requestTimeout = this.#usualMs;
  }
}
