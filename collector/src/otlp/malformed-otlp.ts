import { CollectorError } from '../http/errors.ts';

/** A body that is not an OTLP request: where it stops making sense, and why. The one error that decoding throws. */
export class MalformedOtlp extends CollectorError {
  override name = 'MalformedOtlp';
  /** Byte of the body (protobuf) at which it was found; 0 for JSON, whose parser tells the place in words. */
  readonly offset: number;

  constructor(reason: string, offset: number, options: { cause?: unknown } = {}) {
    super(`${reason} (at byte ${offset})`, options);
    this.offset = offset;
  }
}

/** A request that could be read, but holds more than one request may. */
export class OversizedOtlp extends MalformedOtlp {
  override name = 'OversizedOtlp';
}
