import { readObject } from '../otlp/literal.ts';

type Fields = Readonly<Record<string, unknown>>;

/** JSON inside a field that is longer than this is not read: nothing that is kept needs so much. */
const LONGEST_JSON = 1024 * 1024;

/**
 * One record of another product's export, whatever file it came in: in CSV every value is text, an empty one says nothing, and
 * objects are JSON text. Each method takes the first of the names that says something.
 */
export class SourceRecord {
  readonly fields: Fields;

  constructor(fields: Fields) {
    this.fields = fields;
  }

  value(...names: string[]): unknown {
    for (const name of names) {
      const value = Object.hasOwn(this.fields, name) ? this.fields[name] : undefined;
      if (value !== undefined && value !== null && value !== '') return value;
    }
    return undefined;
  }

  text(...names: string[]): string | undefined {
    for (const name of names) {
      const value = this.value(name);
      if (typeof value === 'string') {
        const text = value.trim();
        if (text !== '') return text;
      } else if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    }
    return undefined;
  }

  number(...names: string[]): number | undefined {
    for (const name of names) {
      const number = asNumber(this.value(name));
      if (number !== undefined) return number;
    }
    return undefined;
  }

  /** `true`, `True`, `t`, `1` and their opposites; anything else says nothing. */
  flag(...names: string[]): boolean | undefined {
    const text = this.text(...names)?.toLowerCase();
    if (text === 'true' || text === 't' || text === '1') return true;
    if (text === 'false' || text === 'f' || text === '0') return false;
    return undefined;
  }

  object(...names: string[]): SourceRecord | undefined {
    for (const name of names) {
      const value = this.value(name);
      const object = typeof value === 'string' ? objectInText(value) : value;
      if (typeof object === 'object' && object !== null && !Array.isArray(object))
        return new SourceRecord(object as Fields);
    }
    return undefined;
  }

  /** A list of texts: an array, JSON text of one, or PostgreSQL's `{a,b}`. */
  list(...names: string[]): string[] {
    const value = this.value(...names);
    const list = typeof value === 'string' ? listInText(value) : value;
    return Array.isArray(list) ? list.filter((one): one is string => typeof one === 'string') : [];
  }

  /** A time as RFC 3339. Without a zone it is UTC, as all of these products store it. */
  time(...names: string[]): string | undefined {
    const value = this.value(...names);
    return typeof value === 'string' ? rfc3339(value) : undefined;
  }
}

export function asNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function objectInText(text: string): unknown {
  if (text.length > LONGEST_JSON || !text.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Helicone's export tool doubles the quotation marks of JSON in CSV once too often; LiteLLM's older rows have printed Python.
    return text.includes('""') ? readObject(text.replaceAll('""', '"')) : readObject(text);
  }
}

function listInText(text: string): unknown {
  if (text.length > LONGEST_JSON) return undefined;
  if (/^\{.*\}$/s.test(text)) {
    return text
      .slice(1, -1)
      .split(',')
      .map((one) => one.replace(/^"(.*)"$/s, '$1'))
      .filter((one) => one !== '');
  }
  if (!text.startsWith('[')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no list: nothing is known by it
  }
}

const TIME = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}(?::\d{2})?)(\.\d+)?\s*(Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?$/;

function rfc3339(text: string): string {
  const match = TIME.exec(text.trim());
  if (!match) return text; // told as it is by the check that refuses it
  const [, date = '', clock = '', fraction = '', zone] = match;
  const time = `${date}T${clock.length === 5 ? `${clock}:00` : clock}${fraction.slice(0, 10)}`;
  if (zone === undefined || zone === 'UTC' || zone === 'z') return `${time}Z`;
  if (zone === 'Z') return `${time}Z`;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  return `${time}${zone[0] ?? '+'}${digits.slice(0, 2)}:${digits.slice(2)}`;
}

/** Milliseconds from one RFC 3339 time to a later one, with microseconds; undefined where it is none or lies before. */
export function millisecondsBetween(start: string | undefined, end: string | undefined): number | undefined {
  if (start === undefined || end === undefined) return undefined;
  const [from, to] = [microsecondsOf(start), microsecondsOf(end)];
  return Number.isNaN(from) || Number.isNaN(to) || to < from ? undefined : (to - from) / 1000;
}

function microsecondsOf(time: string): number {
  const fraction = /\.(\d+)/.exec(time)?.[1] ?? '';
  // Date.parse keeps milliseconds only.
  return Date.parse(time.replace(/\.\d+/, '')) * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
}

/** A decimal string in USD of a number or text that may have an exponent; undefined for what is no cost. */
export function decimalUsd(value: unknown): string | undefined {
  if (typeof value === 'string' && /^\d{1,7}(\.\d{1,18})?$/.test(value)) return value;
  const number = asNumber(value);
  if (number === undefined || number < 0 || number >= 10_000_000) return undefined;
  // Twelve places are a thousandth of the nano-USD that is stored, and within what a double is exact to.
  return number.toFixed(12).replace(/\.?0+$/, '');
}
