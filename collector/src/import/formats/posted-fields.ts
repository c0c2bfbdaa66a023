import { clip } from '../../otlp/clip.ts';
import { TagGatherer } from '../../otlp/tags.ts';
import { splitUsage, type ToldUsage, type UsageMeaning } from '../../otlp/usage.ts';

export interface PostedUsage {
  fields: {
    input_tokens?: number;
    cache_read_tokens?: number;
    cache_write_5m_tokens?: number;
    cache_write_1h_tokens?: number;
    output_tokens?: number;
    reasoning_tokens?: number;
  };
  /** How the counts were read where that is not plain; empty: they are. */
  note: string;
}

/**
 * Token counts with the meaning of their source → those of a posted event, in which input includes cached tokens and output
 * reasoning. A cache write of unknown lifetime counts as one of 5 minutes, which is the providers' default.
 */
export function postedUsage(told: ToldUsage, meaning: UsageMeaning): PostedUsage {
  const { tokens, note } = splitUsage(told, meaning);
  const { cacheRead, cacheWrite1h, output, reasoning } = tokens;
  const cacheWrite5m =
    tokens.cacheWriteUnsplit === null
      ? tokens.cacheWrite5m
      : (tokens.cacheWrite5m ?? 0) + tokens.cacheWriteUnsplit;
  const cached = (cacheRead ?? 0) + (cacheWrite5m ?? 0) + (cacheWrite1h ?? 0);
  return {
    fields: {
      ...(tokens.input === null && cached === 0 ? {} : { input_tokens: (tokens.input ?? 0) + cached }),
      ...(cacheRead === null ? {} : { cache_read_tokens: cacheRead }),
      ...(cacheWrite5m === null ? {} : { cache_write_5m_tokens: cacheWrite5m }),
      ...(cacheWrite1h === null ? {} : { cache_write_1h_tokens: cacheWrite1h }),
      ...(output === null ? {} : { output_tokens: output }),
      ...(reasoning === null ? {} : { reasoning_tokens: reasoning }),
    },
    note: [note, (tokens.cacheWriteUnsplit ?? 0) > 0 ? 'cache-write-lifetime-unknown' : null]
      .filter((one) => one !== null)
      .join('; '),
  };
}

/** Names under which the products keep what was said; never kept, however short. */
const CONTENT =
  /^(?:input|inputs|output|outputs|prompt|prompts|messages?|completion|response|request|request_?body|response_?body|system|content|body|text)$/i;

/** Metadata within bounds: at most 32 short values, none that holds what was said. */
export function gatherTags(...sources: (Readonly<Record<string, unknown>> | undefined)[]): {
  metadata?: Record<string, unknown>;
} {
  const tags = new TagGatherer();
  for (const source of sources)
    for (const [name, value] of Object.entries(source ?? {})) if (!CONTENT.test(name)) tags.add(name, value);
  const metadata = tags.build();
  return metadata === null ? {} : { metadata };
}

/** A text field, cut to what an event takes; nothing where there is none. */
export function textField<Name extends string>(
  name: Name,
  text: string | undefined,
  longest = 200,
): Partial<Record<Name, string>> {
  const clipped = clip(text, longest);
  return (clipped === null || clipped === '' ? {} : { [name]: clipped }) as Partial<Record<Name, string>>;
}

/** A number field, left out where it is unknown or negative (products write -1 for it). */
export function numberField<Name extends string>(
  name: Name,
  value: number | undefined,
): Partial<Record<Name, number>> {
  return (value === undefined || value < 0 ? {} : { [name]: value }) as Partial<Record<Name, number>>;
}

/** An HTTP status, where it is one. */
export function statusCodeField(code: number | undefined): { status_code?: number } {
  return code !== undefined && Number.isInteger(code) && code >= 100 && code <= 599
    ? { status_code: code }
    : {};
}

/** Where nobody told who served a model and its name does not say either. */
export const UNKNOWN_PROVIDER = 'unknown';
