import { randomBytes } from 'node:crypto';
import { generateHistory } from '../../collector/src/demo/history.ts';
import { DEMO_WORKSPACES } from '../../collector/src/demo/workspaces.ts';
import { encodeExportRequest, encodeSpan, type Dialect } from './span-encoding.ts';

const [TRACE_ID, SPAN_ID, PARENT_SPAN_ID] = [randomBytes(16), randomBytes(8), randomBytes(8)];

export interface SpanBodiesOptions {
  /** Spans a request. */
  batch: number;
  dialect: Dialect;
  /** 1: each call is a trace of its own. More: that many calls share a trace, the first being the parent of the others. */
  spansPerTrace?: number;
  /** Different bodies to go round; their ids are new each time all the same. */
  distinct?: number;
}

/**
 * OTLP protobuf bodies of the calls that `bench/load.ts` posts as JSON: the same history of the same seed. As there, the ids are
 * written into encoded bytes before each send, so that every span is new and making it costs the load next to nothing.
 */
export class SpanBodies {
  readonly #bodies: { bytes: Buffer; traces: number[]; spans: number[]; parents: number[] }[];
  readonly #spansPerTrace: number;
  readonly #prefix = randomBytes(8);
  #next = 0;
  #counter = 1;

  constructor({ batch, dialect, spansPerTrace = 1, distinct = 64 }: SpanBodiesOptions) {
    const [workspace] = DEMO_WORKSPACES;
    if (!workspace) throw new Error('The demo has no workspace.');
    this.#spansPerTrace = spansPerTrace;
    const now = Date.now();
    const events = [...generateHistory({ seed: 5, nowMs: now, days: 3, eventsPerDay: 4_000, workspace })];
    this.#bodies = Array.from({ length: distinct }, (_, body) => {
      const spans = Array.from({ length: batch }, (_, index) => {
        const event = events[(body * batch + index) % events.length];
        if (!event) throw new Error('The demo has no events.');
        const identity = {
          traceId: TRACE_ID,
          spanId: SPAN_ID,
          ...(index % spansPerTrace === 0 ? {} : { parentSpanId: PARENT_SPAN_ID }),
        };
        return encodeSpan(event, identity, now - Math.floor(Math.random() * 60_000), dialect);
      });
      const bytes = encodeExportRequest(spans, 'bench');
      return {
        bytes,
        traces: offsetsOf(bytes, TRACE_ID),
        spans: offsetsOf(bytes, SPAN_ID),
        parents: offsetsOf(bytes, PARENT_SPAN_ID),
      };
    });
  }

  /** Mean size of a span in a body. */
  get bytesPerEvent(): number {
    const total = this.#bodies.reduce((sum, { bytes }) => sum + bytes.length, 0);
    return total / this.#bodies.reduce((sum, { spans }) => sum + spans.length, 0);
  }

  /** A body with new ids; a copy, since it may still be on its way when it comes round again. */
  take(): Buffer {
    const body = this.#bodies[this.#next++ % this.#bodies.length];
    if (!body) throw new Error('There are no bodies.');
    const bytes = Buffer.from(body.bytes);
    let parent = 0;
    body.spans.forEach((offset, index) => {
      const spanNumber = this.#counter++;
      const first = spanNumber - (index % this.#spansPerTrace);
      const traceAt = body.traces[index] ?? 0;
      this.#prefix.copy(bytes, traceAt);
      bytes.writeBigUInt64BE(BigInt(first), traceAt + 8);
      this.#writeSpanId(bytes, offset, spanNumber);
      if (first !== spanNumber) this.#writeSpanId(bytes, body.parents[parent++] ?? 0, first);
    });
    return bytes;
  }

  #writeSpanId(bytes: Buffer, offset: number, spanNumber: number): void {
    this.#prefix.copy(bytes, offset, 0, 3);
    bytes.writeUIntBE(spanNumber, offset + 3, 5);
  }
}

function offsetsOf(bytes: Buffer, wanted: Buffer): number[] {
  const offsets: number[] = [];
  for (let at = bytes.indexOf(wanted); at !== -1; at = bytes.indexOf(wanted, at + 1)) offsets.push(at);
  return offsets;
}
