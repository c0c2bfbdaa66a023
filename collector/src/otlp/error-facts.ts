import type { CallFields } from './call-report.ts';
import { clip } from './clip.ts';
import type { Facts } from './facts.ts';
import type { Told } from './mappings/mapping.ts';
import type { Names } from './names.ts';

/** How a call ended: by attributes, the status, the last exception, and what their messages say. */
export function readFailure(
  facts: Facts,
  read: Names,
  told: Told,
): Pick<CallFields, 'status' | 'statusCode' | 'errorType'> {
  const exception = facts.events.findLast(({ name }) => name === 'exception');
  const code = told.statusCode ?? read.number('statusCode');
  let statusCode = code !== undefined && Number.isInteger(code) && code >= 100 && code <= 599 ? code : null;
  const namedType = told.errorType ?? read.text('errorType');
  const isError =
    told.isError ??
    (facts.isError ||
      (statusCode !== null && statusCode >= 400) ||
      (namedType !== undefined && facts.signal === 'log'));
  if (!isError) return { status: 'success', statusCode, errorType: null };
  const messages = [
    facts.statusMessage,
    exception?.attributes.text('exception.message'),
    facts.attributes.text('error.message'),
  ];
  statusCode ??= statusCodeOf(messages) ?? null;
  const type = namedType ?? exception?.attributes.text('exception.type') ?? errorTypeIn(messages);
  return { status: 'error', statusCode, errorType: type === undefined ? null : clip(errorTypeOf(type), 200) };
}

const IN_MESSAGE = [
  /\b(?:error code|status[_ ]?code|http status|statusCode)["']?\s*[:=]?\s*([1-5]\d{2})\b/i,
  /\bHTTP(?:\/\d(?:\.\d)?)? ([45]\d{2})\b/,
  // npm openai: "429 Rate limit reached"
  /^([45]\d{2}) \D/,
];

/** The HTTP status that an error's messages tell, where no attribute does. */
export function statusCodeOf(messages: readonly (string | undefined)[]): number | undefined {
  for (const message of messages) {
    if (message === undefined) continue;
    const start = message.slice(0, 500);
    for (const pattern of IN_MESSAGE) {
      const code = pattern.exec(start)?.[1];
      if (code !== undefined) return Number(code);
    }
  }
  return undefined;
}

/** The bare name of an error: `<class 'openai.RateLimitError'>` and `openai.RateLimitError` are RateLimitError. */
export function errorTypeOf(type: string): string {
  const inner = /^<class '(.+)'>$/.exec(type)?.[1] ?? type;
  return /^[\w.$]+\.([A-Z]\w*)$/.exec(inner)?.[1] ?? inner;
}

const TYPE_IN_BODY = /["']type["']\s*:\s*["']([\w.-]{1,100})["']/g;
const TYPE_IN_FRONT = /^([A-Z]\w*(?:Error|Exception|Timeout)): /;

/** The kind of an error that its messages tell (`RateLimitError: …`, or a printed answer of the provider), where no attribute does. */
export function errorTypeIn(messages: readonly (string | undefined)[]): string | undefined {
  for (const message of messages) {
    const start = message?.slice(0, 1_000) ?? '';
    const named = TYPE_IN_FRONT.exec(start)?.[1];
    if (named !== undefined) return named;
    // Anthropic wraps the error in {"type": "error", …}.
    const inBody = [...start.matchAll(TYPE_IN_BODY)]
      .map((match) => match[1])
      .find((type) => type !== 'error');
    if (inBody !== undefined) return inBody;
  }
  return undefined;
}
