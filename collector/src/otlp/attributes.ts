import { InternTable } from './intern-table.ts';

/** A value of an attribute, as OTLP's AnyValue has it. Bytes are kept as base64 text, as in OTLP JSON. */
export type AttributeValue =
  string | number | boolean | null | readonly AttributeValue[] | { readonly [key: string]: AttributeValue };

const VALUES = new InternTable((text) => text);

/** Text that is still bytes: most attributes are never looked at. */
export class UndecodedText {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;

  constructor(buffer: Buffer, start: number, end: number) {
    this.buffer = buffer;
    this.start = start;
    this.end = end;
  }

  toString(): string {
    return VALUES.at(this.buffer, this.start, this.end);
  }
}

/** Longest text that is read as an attribute's value; what is longer is content, not a fact about a call. */
const LONGEST_TEXT = 64 * 1024;
const NONE: ReadonlyMap<string, AttributeValue | UndecodedText> = new Map();

/** Attributes of a span, log record, event, scope, resource or metric point. */
export class Attributes {
  readonly #values: ReadonlyMap<string, AttributeValue | UndecodedText>;

  constructor(values: ReadonlyMap<string, AttributeValue | UndecodedText> = NONE) {
    this.#values = values;
  }

  get size(): number {
    return this.#values.size;
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  keys(): Iterable<string> {
    return this.#values.keys();
  }

  eachKey(visit: (key: string) => void): void {
    for (const key of this.#values.keys()) visit(key);
  }

  get(key: string): AttributeValue | undefined {
    const value = this.#values.get(key);
    if (!(value instanceof UndecodedText)) return value;
    return value.end - value.start > LONGEST_TEXT ? undefined : value.toString();
  }

  /** Text of a value, or undefined where there is none: absent, empty, of spaces only, or a list. Numbers are written out. */
  text(key: string): string | undefined {
    const value = this.get(key);
    if (typeof value === 'string') {
      const trimmed = value.trim();
      return trimmed === '' ? undefined : trimmed;
    }
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
  }

  /** A number, also where it came as text ("12"). */
  number(key: string): number | undefined {
    const value = this.get(key);
    if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
    if (typeof value !== 'string' || value.trim() === '') return undefined;
    const number = Number(value);
    return Number.isFinite(number) ? number : undefined;
  }

  /** True or false, also where it came as text ("True") or as 0 and 1. */
  boolean(key: string): boolean | undefined {
    const value = this.get(key);
    if (typeof value === 'boolean') return value;
    if (value === 1 || value === 0) return value === 1;
    if (typeof value !== 'string') return undefined;
    const text = value.trim().toLowerCase();
    return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : undefined;
  }
}

/** Keys of prompts, answers and tool traffic: they are passed over unread, whoever sends them. */
const CONTENT =
  /^(?:gen_ai\.(?:input\.messages|output\.messages|system_instructions|tool\.(?:definitions|call\.arguments|call\.result)|prompt\.\d|completion\.\d|request\.messages|response\.text)|llm\.(?:input_messages|output_messages|prompts|completions|tools|headers)|ai\.(?:prompt(?:$|\.)|response\.(?:text|object|toolCalls|reasoning|files)$|toolCall\.(?:args|result)|values?$|embeddings?$|schema)|traceloop\.entity\.(?:input|output)|embedding\.embeddings|retrieval\.documents|pydantic_ai\.all_messages|all_messages_events|(?:events|final_result|logfire\.json_schema)$)/;

/** Whether an attribute holds what was said to or by the model. */
export function isContentKey(key: string): boolean {
  return CONTENT.test(key);
}
