import { Attributes, isContentKey, UndecodedText, type AttributeValue } from './attributes.ts';
import { InternTable } from './intern-table.ts';
import { LENGTH_DELIMITED, VARINT, FIXED64, type WireReader } from './wire-reader.ts';

const KEYS = new InternTable((key) => ({ key, isContent: isContentKey(key) }));
/** More attributes than this on one thing are not looked at. */
const MAX_ATTRIBUTES = 2_048;
const MAX_LIST_VALUES = 256;
/** Text up to this length may stand in a list or a map that is kept. */
const LONGEST_NESTED_TEXT = 4_096;

type Value = AttributeValue | UndecodedText;

/** Gathers the KeyValue fields of one message. */
export class AttributeBuilder {
  #values: Map<string, Value> | undefined;

  /** Reads a KeyValue message, at its length. The last of two of the same key wins. */
  add(reader: WireReader): void {
    reader.countThing();
    const outer = reader.enter();
    let key: string | undefined;
    let isContent = false;
    let value: Value | undefined;
    // The key comes first in what every exporter writes; where it comes last, the value was read for nothing at the most.
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === 10) {
        const length = reader.length();
        ({ key, isContent } = KEYS.at(reader.buffer, reader.position, reader.position + length));
        reader.position += length;
      } else if (tag === 18 && !isContent) value = readAnyValue(reader, true);
      else reader.skip(tag);
    }
    reader.leave(outer);
    if (key === undefined || isContent || value === undefined || value === null) return;
    this.#values ??= new Map();
    if (this.#values.size < MAX_ATTRIBUTES) this.#values.set(key, value);
  }

  build(): Attributes {
    return new Attributes(this.#values);
  }
}

const STRING_VALUE = 1 * 8 + LENGTH_DELIMITED;
const BOOL_VALUE = 2 * 8 + VARINT;
const INT_VALUE = 3 * 8 + VARINT;
const DOUBLE_VALUE = 4 * 8 + FIXED64;
const ARRAY_VALUE = 5 * 8 + LENGTH_DELIMITED;
const KVLIST_VALUE = 6 * 8 + LENGTH_DELIMITED;
const BYTES_VALUE = 7 * 8 + LENGTH_DELIMITED;

/** Reads an AnyValue message, at its length. */
export function readAnyValue(reader: WireReader, isTopLevel: true): Value;
export function readAnyValue(reader: WireReader, isTopLevel: false): AttributeValue;
export function readAnyValue(reader: WireReader, isTopLevel: boolean): Value {
  const outer = reader.enter();
  let value: Value = null;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case STRING_VALUE: {
        const length = reader.length();
        const start = reader.position;
        reader.position += length;
        if (isTopLevel) value = length === 0 ? '' : new UndecodedText(reader.buffer, start, start + length);
        else
          value = length > LONGEST_NESTED_TEXT ? null : reader.buffer.toString('utf8', start, start + length);
        break;
      }
      case BOOL_VALUE:
        value = reader.varint() !== 0;
        break;
      case INT_VALUE:
        value = reader.int64();
        break;
      case DOUBLE_VALUE:
        value = reader.double();
        break;
      case ARRAY_VALUE:
        value = readArray(reader);
        break;
      case KVLIST_VALUE:
        value = readKeyValues(reader);
        break;
      case BYTES_VALUE: {
        const length = reader.length();
        const start = reader.position;
        reader.position += length;
        value = length > LONGEST_NESTED_TEXT ? null : reader.buffer.toString('base64', start, start + length);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return value;
}

function readArray(reader: WireReader): AttributeValue {
  const outer = reader.enter();
  const values: AttributeValue[] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10 && values.length < MAX_LIST_VALUES) {
      reader.countThing();
      values.push(readAnyValue(reader, false));
    } else reader.skip(tag);
  }
  reader.leave(outer);
  return values;
}

function readKeyValues(reader: WireReader): AttributeValue {
  const outer = reader.enter();
  const entries: [string, AttributeValue][] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag !== 10 || entries.length >= MAX_LIST_VALUES) {
      reader.skip(tag);
      continue;
    }
    reader.countThing();
    const pair = reader.enter();
    let key = '';
    let value: AttributeValue = null;
    for (let inner = reader.tag(); inner !== 0; inner = reader.tag()) {
      if (inner === 10) key = reader.text();
      else if (inner === 18) value = readAnyValue(reader, false);
      else reader.skip(inner);
    }
    reader.leave(pair);
    entries.push([key, value]);
  }
  reader.leave(outer);
  // Not assigned one by one: a key may be __proto__.
  return Object.fromEntries(entries);
}
