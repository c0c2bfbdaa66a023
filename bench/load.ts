import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { generateHistory } from '../collector/src/demo/history.ts';
import { DEMO_WORKSPACES } from '../collector/src/demo/workspaces.ts';

const ID_PLACEHOLDER = '00000000-0000-0000-0000-000000000000';

/**
 * Bodies of `{"events":[…]}` of believable calls that happened within the last minute. The ids are written into the bytes before each
 * send, so that every event is new and making it costs the load next to nothing.
 */
export class Bodies {
  readonly #bodies: { bytes: Buffer; idOffsets: number[] }[];
  #next = 0;
  #counter = 0;
  readonly #prefix = randomBytes(3).toString('hex');

  constructor(batch: number, distinct = 64) {
    const workspace = DEMO_WORKSPACES[0];
    if (!workspace) throw new Error('The demo has no workspace.');
    const events = [
      ...generateHistory({ seed: 5, nowMs: Date.now(), days: 3, eventsPerDay: 4_000, workspace }),
    ];
    const now = Date.now();
    this.#bodies = Array.from({ length: distinct }, (_, body) => {
      const chosen = Array.from({ length: batch }, (_, index) => {
        const event = events[(body * batch + index) % events.length];
        return {
          ...event,
          event_id: ID_PLACEHOLDER,
          timestamp: new Date(now - Math.floor(Math.random() * 60_000)).toISOString(),
        };
      });
      const bytes = Buffer.from(JSON.stringify(batch === 1 ? chosen[0] : { events: chosen }));
      const idOffsets: number[] = [];
      for (let at = bytes.indexOf(ID_PLACEHOLDER); at !== -1; at = bytes.indexOf(ID_PLACEHOLDER, at + 1))
        idOffsets.push(at);
      return { bytes, idOffsets };
    });
  }

  /** Mean size of an event in a body. */
  get bytesPerEvent(): number {
    const [body] = this.#bodies;
    return body ? body.bytes.length / body.idOffsets.length : 0;
  }

  /** A body with new ids; a copy, since it may still be on its way when it comes round again. */
  take(): Buffer {
    const { bytes, idOffsets } = this.#bodies[this.#next++ % this.#bodies.length] ?? {
      bytes: Buffer.alloc(0),
      idOffsets: [],
    };
    const body = Buffer.from(bytes);
    // The shape of a UUIDv7: milliseconds, then what makes it unique.
    const time = Date.now().toString(16).padStart(12, '0');
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

export interface Door {
  url: string;
  apiKey: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 512 });

/** Posts a body; resolves to the status and, for 200, the number of accepted events. */
export function post({ url, apiKey }: Door, body: Buffer): Promise<{ status: number; accepted: number }> {
  return new Promise((done, fail) => {
    const sent = request(
      `${url}/v1/client/usage/log`,
      {
        method: 'POST',
        agent,
        headers: {
          authorization: `Bearer ${apiKey}`,
          'content-type': 'application/json',
          'content-length': body.length,
        },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
        answer.once('end', () => {
          const status = answer.statusCode ?? 0;
          done({ status, accepted: status === 200 ? Number(/"accepted":(\d+)/.exec(text)?.[1] ?? 0) : 0 });
        });
      },
    );
    sent.once('error', fail);
    sent.end(body);
  });
}
