type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Attributes of a machine or of who sits at it. */
const PRIVATE =
  /^(?:host\.(?!arch)|os[._]|os$|process\.(?:command|executable|owner|pid)|server\.address|user\.email|cwd$|code\.|thread\.)/;
/** What looks like a path in the file system; addresses of APIs are none. */
const PATH = /(?<![\w:/.])\/(?!v\d|responses|chat)(?:[\w.+@-]+\/)+[\w.+@-]*/g;
/** Longer values are what was said, or what an agent was told. */
const LONGEST = 300;
/** Of the hundreds of spans that Codex sends in a turn, those around a request. */
const CODEX_SPANS = /sampling_request|stream_responses|stream_request|handle_responses|^session_task\.turn$/;
const COUNTING = /token|cost|request/;

/** A recorded request without what belongs to the machine it was recorded on, without what was said, and without most of what counts nothing. */
export function scrubbed(request: object): object {
  return clean(request as Json) as object;
}

function clean(value: Json): Json {
  if (typeof value === 'string') {
    const text = value.length > LONGEST ? `${value.slice(0, 20)}…` : value;
    return text.replaceAll(PATH, '/path');
  }
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  const isCodex = nameOf(value['scope'] ?? null).startsWith('codex');
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => {
      const kept = Array.isArray(one) ? one.filter((item) => isKept(name, item, isCodex)) : one;
      return [name, clean(kept)];
    }),
  );
}

function isKept(list: string, item: Json, isCodex: boolean): boolean {
  if (list === 'attributes') return !PRIVATE.test(keyOf(item));
  if (list === 'metrics') return COUNTING.test(nameOf(item));
  return list !== 'spans' || !isCodex || CODEX_SPANS.test(nameOf(item));
}

const textOf = (value: Json, name: string): string =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && typeof value[name] === 'string'
    ? value[name]
    : '';
const nameOf = (value: Json): string => textOf(value, 'name');
const keyOf = (value: Json): string => textOf(value, 'key');
