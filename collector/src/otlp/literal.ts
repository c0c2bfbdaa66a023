/** A value read out of text: what JSON knows. */
export type Literal = string | number | boolean | null | Literal[] | { [key: string]: Literal };

const LONGEST = 64 * 1024;
const MAX_DEPTH = 32;

/**
 * Reads an object out of text that is JSON or the printed form of a Python dict (single quotes, None, True, tuples), which some
 * emitters send.
 * @returns undefined where it is neither, is no object, or is too long
 */
export function readObject(text: string | undefined): { [key: string]: Literal } | undefined {
  if (text === undefined || text.length > LONGEST) return undefined;
  const trimmed = text.trim();
  if (!trimmed.startsWith('{')) return undefined;
  // A failed JSON.parse costs ten times the reading, so what cannot be JSON is not tried as such.
  const isPython = /^\{\s*'/.test(trimmed);
  const value = (isPython ? undefined : readJson(trimmed)) ?? new PythonReader(trimmed).read();
  return isLiteralObject(value) ? value : undefined;
}

export function isLiteralObject(value: unknown): value is { [key: string]: Literal } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readJson(text: string): Literal | undefined {
  try {
    return JSON.parse(text) as Literal;
  } catch {
    return undefined; // not JSON: the caller tries the other form
  }
}

const WORD = /[A-Za-z_][\w.]*/y;
const NUMBER = /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const SPACE = /\s*/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '0': '\0' };

class PythonReader {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Literal | undefined {
    const value = this.#value(0);
    this.#match(SPACE);
    return this.#position === this.#text.length ? value : undefined;
  }

  #value(depth: number): Literal | undefined {
    if (depth > MAX_DEPTH) return undefined;
    this.#match(SPACE);
    const first = this.#text[this.#position];
    if (first === '{') return this.#dict(depth);
    if (first === '[' || first === '(') return this.#list(first === '[' ? ']' : ')', depth);
    if (first === "'" || first === '"') return this.#string(first);
    const number = this.#match(NUMBER);
    if (number !== undefined) return Number(number);
    const word = this.#match(WORD);
    if (word === undefined) return undefined;
    if (word === 'None') return null;
    if (word === 'True' || word === 'False') return word === 'True';
    // The printed form of an object, Usage(prompt_tokens=1, …): read as its fields.
    if (this.#text[this.#position] === '(') return this.#fields(depth);
    return word;
  }

  #dict(depth: number): Literal | undefined {
    this.#position += 1;
    const entries: [string, Literal][] = [];
    for (;;) {
      this.#match(SPACE);
      if (this.#take('}')) return Object.fromEntries(entries);
      const key = this.#value(depth + 1);
      this.#match(SPACE);
      if (key === undefined || !this.#take(':')) return undefined;
      const value = this.#value(depth + 1);
      if (value === undefined) return undefined;
      entries.push([typeof key === 'string' ? key : JSON.stringify(key), value]);
      this.#match(SPACE);
      if (!this.#take(',') && this.#text[this.#position] !== '}') return undefined;
    }
  }

  #fields(depth: number): Literal | undefined {
    this.#position += 1;
    const entries: [string, Literal][] = [];
    for (;;) {
      this.#match(SPACE);
      if (this.#take(')')) return Object.fromEntries(entries);
      const name = this.#match(WORD);
      if (name === undefined || !this.#take('=')) return undefined;
      const value = this.#value(depth + 1);
      if (value === undefined) return undefined;
      entries.push([name, value]);
      this.#match(SPACE);
      if (!this.#take(',') && this.#text[this.#position] !== ')') return undefined;
    }
  }

  #list(end: string, depth: number): Literal | undefined {
    this.#position += 1;
    const values: Literal[] = [];
    for (;;) {
      this.#match(SPACE);
      if (this.#take(end)) return values;
      const value = this.#value(depth + 1);
      if (value === undefined) return undefined;
      values.push(value);
      this.#match(SPACE);
      if (!this.#take(',') && this.#text[this.#position] !== end) return undefined;
    }
  }

  #string(quote: string): string | undefined {
    const end = this.#text.indexOf(quote, this.#position + 1);
    if (end === -1) return undefined;
    const plain = this.#text.slice(this.#position + 1, end);
    if (!plain.includes('\\')) {
      this.#position = end + 1;
      return plain;
    }
    let text = '';
    for (this.#position += 1; this.#position < this.#text.length; this.#position += 1) {
      const character = this.#text[this.#position] ?? '';
      if (character === quote) {
        this.#position += 1;
        return text;
      }
      if (character !== '\\') {
        text += character;
        continue;
      }
      this.#position += 1;
      const escaped = this.#text[this.#position] ?? '';
      text += ESCAPES[escaped] ?? escaped;
    }
    return undefined;
  }

  #take(character: string): boolean {
    if (this.#text[this.#position] !== character) return false;
    this.#position += 1;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#text);
    if (!match) return undefined;
    this.#position = pattern.lastIndex;
    return match[0];
  }
}
