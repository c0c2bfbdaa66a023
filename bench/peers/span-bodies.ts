import { randomBytes } from 'node:crypto';
import { generateHistory } from '../../collector/src/demo/history.ts';
import { DEMO_WORKSPACES } from '../../collector/src/demo/workspaces.ts';
import { encodeExportRequest, encodeSpan, type Dialect } from './span-encoding.ts';

const START_TAG = (7 << 3) | 1;
const END_TAG = (8 << 3) | 1;
/** Calls are told up to this long after they began. */
const TOLD_AFTER_MS = 30_000;
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
  readonly #bodies: {
    bytes: Buffer;
    traces: number[];
    spans: number[];
    parents: number[];
    times: { offset: number; durationNs: bigint }[];
  }[];
  readonly #spansPerTrace: number;
  readonly #prefix = randomBytes(8);
  #next = 0;
  #counter = 1;

  constructor({ batch, dialect, spansPerTrace = 1, distinct = 64 }: SpanBodiesOptions) {
    const [workspace] = DEMO_WORKSPACES;
    if (!workspace) throw new Error('The demo has no workspace.');
    this.#spansPerTrace = spansPerTrace;
    const now = Date.now();
    const random = (): number => Math.floor(Math.random() * TOLD_AFTER_MS);
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
        return encodeSpan(event, identity, now - random(), dialect);
      });
      const bytes = encodeExportRequest(spans, 'bench');
      return {
        bytes,
        traces: offsetsOf(bytes, TRACE_ID),
        spans: offsetsOf(bytes, SPAN_ID),
        parents: offsetsOf(bytes, PARENT_SPAN_ID),
        times: timesOf(bytes),
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
    const now = BigInt(Date.now());
    for (const { offset, durationNs } of body.times) {
      const start = (now - BigInt(Math.floor(Math.random() * TOLD_AFTER_MS))) * 1_000_000n;
      bytes.writeBigUInt64LE(start, offset + 1);
      bytes.writeBigUInt64LE(start + durationNs, offset + 10);
    }
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

/** The fields start_time_unix_nano (7) and end_time_unix_nano (8) stand one after the other, each a tag and eight bytes. */
function timesOf(bytes: Buffer): { offset: number; durationNs: bigint }[] {
  const times: { offset: number; durationNs: bigint }[] = [];
  const [earliest, latest] = [-86_400_000, 86_400_000].map((ms) => BigInt(Date.now() + ms) * 1_000_000n) as [
    bigint,
    bigint,
  ];
  for (let at = bytes.indexOf(START_TAG); at !== -1; at = bytes.indexOf(START_TAG, at + 1)) {
    if (bytes[at + 9] !== END_TAG || at + 18 > bytes.length) continue;
    const [start, end] = [bytes.readBigUInt64LE(at + 1), bytes.readBigUInt64LE(at + 10)];
    if (start > earliest && start < latest && end >= start)
      times.push({ offset: at, durationNs: end - start });
  }
  return times;
}

function offsetsOf(bytes: Buffer, wanted: Buffer): number[] {
  const offsets: number[] = [];
  for (let at = bytes.indexOf(wanted); at !== -1; at = bytes.indexOf(wanted, at + 1)) offsets.push(at);
  return offsets;
}
