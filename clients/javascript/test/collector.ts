/** A collector on a real socket that misbehaves as told, and remembers what it was sent. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { type ClientOptions, type DeliveryError, type Drop, PromptOpsClient } from '../src/index.ts';

export interface Received {
  url: string;
  headers: IncomingMessage['headers'];
  bytes: number;
  events: Record<string, unknown>[];
}

/** What happens to one request; undefined: it is accepted. */
export type Fault = (response: ServerResponse, received: Received) => void;

export class Collector {
  readonly requests: Received[] = [];
  readonly stored = new Map<unknown, Record<string, unknown>>();
  /** One for each request to come, in order. */
  readonly faults: Fault[] = [];
  /** For every request, when there is no fault in the list. */
  always: Fault | undefined;
  #server: Server | undefined;
  #port = 0;
  #waiting: { ready: () => boolean; resolve: () => void }[] = [];

  async start(): Promise<this> {
    const server = createServer((request, response) => void this.#answer(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  /** Resolves when the condition holds; it is looked at after every request. */
  until(ready: () => boolean): Promise<void> {
    if (ready()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ ready, resolve }));
  }

  accept(response: ServerResponse, { events }: Received): void {
    const known = events.filter(({ event_id: id }) => this.stored.has(id)).length;
    for (const event of events) this.stored.set(event.event_id, event);
    json(response, 200, {
      received: events.length,
      accepted: events.length - known,
      duplicate: known,
      rejected: 0,
      duplicates: [],
      errors: [],
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    const { events } = JSON.parse(plain.toString()) as { events: Record<string, unknown>[] };
    const received = { url: request.url ?? '', headers: request.headers, bytes: raw.length, events };
    this.requests.push(received);
    const fault = this.faults.shift() ?? this.always;
    if (fault) fault(response, received);
    else this.accept(response, received);
    this.#waiting = this.#waiting.filter(({ ready, resolve }) => {
      if (!ready()) return true;
      resolve();
      return false;
    });
  }
}

export function json(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, { 'Content-Type': type, ...headers }).end(JSON.stringify(body));
}

/** A fault that answers with a status and perhaps more. */
export function answers(status: number, body: unknown = {}, headers = {}): Fault {
  return (response) => json(response, status, body, headers);
}

export interface TestClient {
  client: PromptOpsClient;
  drops: Drop[];
  errors: DeliveryError[];
}

/** A client whose retries are quick and whose complaints are kept. */
export function connect(collector: { url: string }, options: Partial<ClientOptions> = {}): TestClient {
  const drops: Drop[] = [];
  const errors: DeliveryError[] = [];
  const client = new PromptOpsClient({
    baseUrl: collector.url,
    apiKey: 'po_test',
    retryInitialDelayMs: 5,
    retryMaxDelayMs: 20,
    onDrop: (drop) => drops.push(drop),
    onError: (error) => errors.push(error),
    ...options,
  });
  return { client, drops, errors };
}

export const CALL = { model_provider: 'openai', model_name: 'gpt-4o' } as const;
