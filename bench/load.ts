import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { generateHistory } from '../collector/src/demo/history.ts';
import { DEMO_WORKSPACES } from '../collector/src/demo/workspaces.ts';

const ID_PLACEHOLDER = '00000000-0000-0000-0000-000000000000';
const TIME_PLACEHOLDER = '0000-00-00T00:00:00.000Z';
/** Calls are told up to this long after they began. */
const TOLD_AFTER_MS = 30_000;

/**
 * Bodies of `{"events":[…]}` of believable calls that began within the last half minute. Ids and times are written into the bytes before
 * each send, so that every event is new and making it costs the load next to nothing.
 */
export class Bodies {
  readonly #bodies: { bytes: Buffer; idOffsets: number[]; timeOffsets: number[] }[];
  #next = 0;
  #counter = 0;
  readonly #prefix = randomBytes(3).toString('hex');

  constructor(batch: number, distinct = 64) {
    const workspace = DEMO_WORKSPACES[0];
    if (!workspace) throw new Error('The demo has no workspace.');
    const events = [
      ...generateHistory({ seed: 5, nowMs: Date.now(), days: 3, eventsPerDay: 4_000, workspace }),
    ];
    this.#bodies = Array.from({ length: distinct }, (_, body) => {
      const chosen = Array.from({ length: batch }, (_, index) => {
        const event = events[(body * batch + index) % events.length];
        return {
          ...event,
          event_id: ID_PLACEHOLDER,
          timestamp: TIME_PLACEHOLDER,
        };
      });
      const bytes = Buffer.from(JSON.stringify(batch === 1 ? chosen[0] : { events: chosen }));
      return {
        bytes,
        idOffsets: offsetsOf(ID_PLACEHOLDER, bytes),
        timeOffsets: offsetsOf(TIME_PLACEHOLDER, bytes),
      };
    });
  }

  /** Mean size of an event in a body. */
  get bytesPerEvent(): number {
    const [body] = this.#bodies;
    return body ? body.bytes.length / body.idOffsets.length : 0;
  }

  /** A body with new ids; a copy, since it may still be on its way when it comes round again. */
  take(): Buffer {
    const template = this.#bodies[this.#next++ % this.#bodies.length];
    if (!template) throw new Error('There are no bodies.');
    const { bytes, idOffsets, timeOffsets } = template;
    const body = Buffer.from(bytes);
    // The shape of a UUIDv7: milliseconds, then what makes it unique.
    const now = Date.now();
    for (const offset of timeOffsets)
      body.write(new Date(now - Math.floor(Math.random() * TOLD_AFTER_MS)).toISOString(), offset, 'latin1');
    const time = now.toString(16).padStart(12, '0');
    for (const offset of idOffsets) {
      const unique = (this.#counter++).toString(16).padStart(12, '0');
      body.write(
        `${time.slice(0, 8)}-${time.slice(8)}-7${this.#prefix.slice(0, 3)}-8${this.#prefix.slice(3)}-${unique}`,
        offset,
        'latin1',
      );
    }
    return body;
  }
}

function offsetsOf(text: string, bytes: Buffer): number[] {
  const offsets: number[] = [];
  for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1)) offsets.push(at);
  return offsets;
}

export interface Door {
  url: string;
  apiKey: string;
  /** Default: events as JSON. */
  target?: {
    path: string;
    contentType: string;
    /** Items of a request: its answer does not count them. */ items: number;
  };
}
const EVENTS = { path: '/v1/client/usage/log', contentType: 'application/json', items: null };

/** Posts a body; resolves to the status and, for 200, the number of accepted events. */
export function post(
  { url, apiKey, target }: Door,
  body: Buffer,
): Promise<{ status: number; accepted: number }> {
  const connection = takeIdle() ?? new Connection(new URL(url));
  return connection.post(apiKey, body, target ?? EVENTS).finally(() => {
    if (connection.isOpen) idle.push(connection);
  });
}

const idle: Connection[] = [];
/** A server closes connections that are idle for long: one that may be about to be closed is not used again. */
const MAX_IDLE_MS = 2_000;

function takeIdle(): Connection | undefined {
  for (let connection = idle.pop(); connection; connection = idle.pop()) {
    if (connection.isOpen && performance.now() - connection.usedAt < MAX_IDLE_MS) return connection;
    connection.close();
  }
  return undefined;
}

const ACCEPTED = Buffer.from('"accepted":');
const LENGTH = Buffer.from('content-length: ');
const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * One kept-alive HTTP/1.1 connection with one request at a time. Written on the socket, since the load shares the machine with what it
 * loads: Node's own client takes as long for a request as the collector.
 */
class Connection {
  readonly #socket: Socket;
  readonly #host: string;
  #received: Buffer = Buffer.alloc(0);
  #waiting:
    | {
        done: (answer: { status: number; accepted: number }) => void;
        fail: (error: Error) => void;
        items: number | null;
      }
    | undefined;
  isOpen = true;
  usedAt = 0;

  constructor(url: URL) {
    this.#host = url.host;
    this.#socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    this.#socket.on('data', (bytes) => this.#read(bytes));
    this.#socket.on('error', (error) => this.#waiting?.fail(error));
    this.#socket.on('close', () => {
      this.isOpen = false;
      this.#waiting?.fail(new Error('The connection was closed before the answer.'));
    });
  }

  post(
    apiKey: string,
    body: Buffer,
    { path, contentType, items }: { path: string; contentType: string; items: number | null },
  ): Promise<{ status: number; accepted: number }> {
    return new Promise((done, fail) => {
      this.#waiting = { done, fail, items };
      const head = `POST ${path} HTTP/1.1\r\nhost: ${this.#host}\r\nauthorization: Bearer ${apiKey}\r\ncontent-type: ${contentType}\r\ncontent-length: ${body.length}\r\n\r\n`;
      this.#socket.cork();
      this.#socket.write(head, 'latin1');
      this.#socket.write(body);
      this.#socket.uncork();
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const length = numberAfter(this.#received, LENGTH);
    if (this.#received.length < headEnd + HEAD_END.length + length) return;
    const status = Number(this.#received.toString('latin1', 9, 12));
    const told = this.#waiting?.items ?? numberAfter(this.#received, ACCEPTED);
    const accepted = status === 200 ? told : 0;
    this.#received = Buffer.alloc(0);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.usedAt = performance.now();
    waiting?.done({ status, accepted });
  }
}

function numberAfter(bytes: Buffer, marker: Buffer): number {
  const at = bytes.indexOf(marker);
  return at === -1 ? 0 : parseInt(bytes.toString('latin1', at + marker.length, at + marker.length + 12), 10);
}
