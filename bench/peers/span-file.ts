import { open } from 'node:fs/promises';

const READ_BYTES = 8 * 1024 * 1024;

/**
 * Counts the spans in a file that the collector's file exporter writes with `format: proto`: messages of `TracesData`, each after its length
 * in four bytes. Goes on where the last count ended, so that counting a growing file again is cheap.
 */
export class SpanFile {
  readonly #path: string;
  #offset = 0;
  #spans = 0;

  constructor(path: string) {
    this.#path = path;
  }

  async count(): Promise<number> {
    const file = await open(this.#path, 'r');
    try {
      let buffer = Buffer.alloc(READ_BYTES);
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset);
        let at = 0;
        while (bytesRead - at >= 4) {
          const end = at + 4 + buffer.readUInt32BE(at);
          if (end > bytesRead) break;
          this.#spans += spansOf(buffer.subarray(at + 4, end));
          at = end;
        }
        this.#offset += at;
        if (bytesRead < buffer.length) return this.#spans;
        if (at === 0) buffer = Buffer.alloc(buffer.length * 2);
      }
    } finally {
      await file.close();
    }
  }
}

/** TracesData.resource_spans = 1, ResourceSpans.scope_spans = 2, ScopeSpans.spans = 2. */
function spansOf(tracesData: Buffer): number {
  let spans = 0;
  for (const resourceSpans of messages(tracesData, 1))
    for (const scopeSpans of messages(resourceSpans, 2)) for (const _ of messages(scopeSpans, 2)) spans += 1;
  return spans;
}

/** The contents of each occurrence of a length-delimited field; these messages have no field of another wire type. */
function* messages(encoded: Buffer, wantedField: number): Generator<Buffer, void, undefined> {
  let at = 0;
  const varint = (): number => {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = encoded[at++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
  };
  while (at < encoded.length) {
    const tag = varint();
    if (tag % 8 !== 2) throw new Error(`Wire type ${tag % 8} where a message was expected.`);
    const length = varint();
    if (Math.floor(tag / 8) === wantedField) yield encoded.subarray(at, at + length);
    at += length;
  }
}
