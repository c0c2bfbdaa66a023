import { MalformedOtlp, OversizedOtlp } from './malformed-otlp.ts';

/** Wire types of protobuf (https://protobuf.dev/programming-guides/encoding/). */
export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH_DELIMITED = 2;
const GROUP_START = 3;
const GROUP_END = 4;
export const FIXED32 = 5;

/** Messages of OTLP nest less deep than this, but for attribute values, which a sender may nest at will. */
export const MAX_DEPTH = 64;

/** Spans, records, points, events and attributes that one request may hold: each may be two bytes long, and costs a hundred in memory. */
export const MAX_THINGS = 1_000_000;

const TWO_32 = 4_294_967_296;

/**
 * Reads protobuf fields out of a buffer without copying it. Every read is checked against the end of the message that it is in;
 * what lies outside is a `MalformedOtlp`. Reading stays in one object, so that a message costs no allocation of its own.
 */
export class WireReader {
  readonly buffer: Buffer;
  /** Where the next byte is read. */
  position: number;
  /** End of the message that is being read. */
  end: number;
  #depth = 0;
  #things = 0;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
    this.position = 0;
    this.end = buffer.length;
  }

  /** The next field's tag: number * 8 + wire type; 0 at the end of the message. */
  tag(): number {
    if (this.position >= this.end) return 0;
    const at = this.position;
    const tag = this.varint();
    if (tag < 8 || tag > 0xffff_ffff) throw new MalformedOtlp('a field number is out of range', at);
    return tag;
  }

  /** An unsigned varint as a number: exact up to 2^53, as near as a number can be above. */
  varint(): number {
    const { buffer, end } = this;
    let position = this.position;
    if (position < end) {
      const first = buffer[position] ?? 0;
      if (first < 0x80) {
        this.position = position + 1;
        return first;
      }
    }
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count += 1) {
      if (position >= end) throw new MalformedOtlp('a number is cut off', position);
      const byte = buffer[position] ?? 0;
      position += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.position = position;
        return value;
      }
      scale *= 128;
    }
    throw new MalformedOtlp('a number is longer than 10 bytes', position);
  }

  /** A varint that holds an int64 in two's complement. */
  int64(): number {
    const start = this.position;
    const value = this.varint();
    if (this.position - start < 10) return value;
    // Negative: ten bytes, which are the complement of a small number.
    let low = 0n;
    for (let index = 0; index < 10; index += 1)
      low |= BigInt((this.buffer[start + index] ?? 0) & 0x7f) << BigInt(7 * index);
    return Number(BigInt.asIntN(64, low));
  }

  /** 64 little-endian bits as microseconds, from nanoseconds, exact and rounded down. */
  nanosAsMicros(): number {
    const at = this.#take(8);
    const low = this.buffer.readUInt32LE(at);
    const high = this.buffer.readUInt32LE(at + 4);
    // 2^32 ns = 4,294,967 us and 296 ns
    return high * 4_294_967 + Math.floor((high * 296 + low) / 1000);
  }

  fixed64(): number {
    const at = this.#take(8);
    return this.buffer.readUInt32LE(at + 4) * TWO_32 + this.buffer.readUInt32LE(at);
  }

  sfixed64(): number {
    const at = this.#take(8);
    return this.buffer.readInt32LE(at + 4) * TWO_32 + this.buffer.readUInt32LE(at);
  }

  double(): number {
    return this.buffer.readDoubleLE(this.#take(8));
  }

  /** Bytes in lower-case hex, as trace and span ids are written. */
  hex(): string {
    const length = this.length();
    const at = this.#take(length);
    return length === 0 ? '' : this.buffer.toString('hex', at, at + length);
  }

  text(): string {
    const length = this.length();
    const at = this.#take(length);
    return length === 0 ? '' : this.buffer.toString('utf8', at, at + length);
  }

  /** Length of a length-delimited field, checked against the end of the message. */
  length(): number {
    const at = this.position;
    const length = this.varint();
    if (length > this.end - this.position)
      throw new MalformedOtlp('a field reaches past the end of its message', at);
    return length;
  }

  /** Goes into a message; give the answer to `leave`. */
  enter(): number {
    const length = this.length();
    if (this.#depth >= MAX_DEPTH)
      throw new MalformedOtlp(`messages nest deeper than ${MAX_DEPTH} levels`, this.position);
    this.#depth += 1;
    const outerEnd = this.end;
    this.end = this.position + length;
    return outerEnd;
  }

  /** Counts something that is kept in memory. */
  countThing(): void {
    this.#things += 1;
    if (this.#things > MAX_THINGS)
      throw new OversizedOtlp(
        `the request holds more than ${MAX_THINGS} things; send smaller batches`,
        this.position,
      );
  }

  leave(outerEnd: number): void {
    this.position = this.end;
    this.end = outerEnd;
    this.#depth -= 1;
  }

  /** Passes over a field that is not needed. */
  skip(tag: number): void {
    switch (tag & 7) {
      case VARINT:
        this.varint();
        return;
      case FIXED64:
        this.#take(8);
        return;
      case LENGTH_DELIMITED:
        this.#take(this.length());
        return;
      case FIXED32:
        this.#take(4);
        return;
      case GROUP_START:
        this.#skipGroup(tag >>> 3);
        return;
      default:
        throw new MalformedOtlp(`wire type ${tag & 7} does not exist`, this.position);
    }
  }

  /** Groups are of old protobuf; an unknown field may still be one. */
  #skipGroup(number: number): void {
    const open = [number];
    while (open.length > 0) {
      if (open.length > MAX_DEPTH)
        throw new MalformedOtlp(`groups nest deeper than ${MAX_DEPTH} levels`, this.position);
      const at = this.position;
      const tag = this.tag();
      if (tag === 0) throw new MalformedOtlp('a group is not ended', at);
      if ((tag & 7) === GROUP_END) {
        if (open.pop() !== tag >>> 3) throw new MalformedOtlp('a group is ended by another one', at);
      } else if ((tag & 7) === GROUP_START) open.push(tag >>> 3);
      else this.skip(tag);
    }
  }

  #take(length: number): number {
    const at = this.position;
    if (length > this.end - at) throw new MalformedOtlp('the message is cut off', at);
    this.position = at + length;
    return at;
  }
}
