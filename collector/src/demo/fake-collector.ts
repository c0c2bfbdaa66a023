import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type { UsageEvent } from './usage-event.ts';

/** What the fake does with one request instead of a plain answer. */
export type Fault =
  /** Refuses before anything is stored. */
  | { status: number; retryAfter?: string; body?: unknown }
  /** Cuts the connection: before anything is stored, or after all is, so that only the answer is lost. */
  | { reset: 'before' | 'after' };

/** A stand-in for the collector's door in tests: keeps events by key and id, counts duplicates, and fails as told. */
export class FakeCollector {
  /** Accepted events by API key, then by event id. */
  readonly stored = new Map<string, Map<string, UsageEvent>>();
  /** Faults for the next requests, in order. */
  readonly faults: Fault[] = [];
  /** Says why an event is refused, or nothing. */
  reject: (event: UsageEvent) => { field: string; reason: string } | undefined = () => undefined;
  requests = 0;
  mostAtOnce = 0;
  baseUrl = '';
  #atOnce = 0;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.baseUrl = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  eventsOf(apiKey: string): UsageEvent[] {
    return [...(this.stored.get(apiKey)?.values() ?? [])];
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests++;
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.#atOnce--;
    const fault = this.faults.shift();
    if (fault && 'status' in fault) {
      if (fault.retryAfter !== undefined) response.setHeader('retry-after', fault.retryAfter);
      response.writeHead(fault.status, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify(fault.body ?? { title: 'Out of order', detail: 'Come back later.' }));
      return;
    }
    if (fault?.reset === 'before') {
      request.socket.destroy();
      return;
    }
    if (request.url !== '/v1/client/usage/log' || request.headers['content-encoding'] !== 'gzip') {
      response.writeHead(404).end('{}');
      return;
    }
    const { events } = JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()) as { events: UsageEvent[] };
    const answer = this.#store(request.headers.authorization?.replace('Bearer ', '') ?? '', events);
    if (fault?.reset === 'after') {
      request.socket.destroy();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  #store(apiKey: string, events: UsageEvent[]): unknown {
    const known = this.stored.get(apiKey) ?? new Map<string, UsageEvent>();
    this.stored.set(apiKey, known);
    const errors: { index: number; field: string; reason: string }[] = [];
    let accepted = 0;
    let duplicate = 0;
    events.forEach((event, index) => {
      const refusal = this.reject(event);
      if (refusal) errors.push({ index, ...refusal });
      else if (known.has(event.event_id)) duplicate++;
      else {
        known.set(event.event_id, event);
        accepted++;
      }
    });
    return { received: events.length, accepted, duplicate, rejected: errors.length, errors };
  }
}
