import type { Attributes } from './attributes.ts';
import { NO_TOKENS, type CallFields, type Role } from './call-report.ts';
import type { Facts } from './facts.ts';
import { isLiteralObject, readObject } from './literal.ts';
import { GENERIC_NAMES } from './mappings/generic.ts';
import type { Mapping, Told } from './mappings/mapping.ts';
import { generic } from './mappings/registry.ts';
import type { Names } from './names.ts';
import { INCLUSIVE, splitUsage, type ToldUsage } from './usage.ts';
import { readUsageObject } from './usage-object.ts';

/** The tokens of a span or record; `isPlaceholder` where zeroes stand for a usage that nobody knows. */
export function readUsage(
  facts: Facts,
  mapping: Mapping,
  read: Names,
  told: Told,
  provider: string | null,
  role: Role,
): { tokens: CallFields['tokens']; note: string | null; isPlaceholder: boolean } {
  const nothing = {
    tokens: NO_TOKENS,
    note: told.isUsageEstimated === true ? 'token counts that the emitter estimated were not taken' : null,
    isPlaceholder: false,
  };
  if (role === 'context' || told.usage === null) return nothing;
  let found = told.usage;
  if (!found) {
    const named = namedUsage(read);
    if (mapping === generic) guessUsage(named, facts.attributes);
    found = { told: named, meaning: mapping.meaning?.(provider, facts) ?? INCLUSIVE };
    if (named.input === undefined && named.output === undefined)
      found = usageObject(facts.attributes, mapping) ?? found;
  }
  const usage = splitUsage(found.told, found.meaning);
  const { input, output, cacheRead } = usage.tokens;
  if (input === null && output === null) return { ...nothing, note: null };
  // No call that went well used nothing: zeroes stand for a usage that the provider did not send.
  if (input === 0 && (output ?? 0) === 0 && (cacheRead ?? 0) === 0)
    return { ...nothing, isPlaceholder: true };
  return { ...usage, isPlaceholder: false };
}

function namedUsage(read: Names): ToldUsage {
  return {
    input: read.number('inputTokens'),
    output: read.number('outputTokens'),
    total: read.number('totalTokens'),
    cacheRead: read.number('cacheReadTokens'),
    cacheWrite: read.number('cacheWriteTokens'),
    cacheWrite5m: read.number('cacheWrite5mTokens'),
    cacheWrite1h: read.number('cacheWrite1hTokens'),
    reasoning: read.number('reasoningTokens'),
    uncached: read.number('uncachedTokens'),
  };
}

const USAGE_NAME = /^(?:gen_?ai|llm|ai)\.(?:.+\.)?(?:usage|token_?(?:usage|count)s?)\./i;
const NOT_A_COUNT = /cost|price|audio|image|video|per_|rate|aggregated|prediction|text_?tokens/i;

/** Counts of emitters that nobody knows yet, by the words in their names. What has a known name stays as it is. */
function guessUsage(usage: ToldUsage, attributes: Attributes): void {
  for (const key of attributes.keys()) {
    if (!USAGE_NAME.test(key) || NOT_A_COUNT.test(key)) continue;
    const value = attributes.number(key);
    if (value === undefined || value < 0) continue;
    const name = key.replace(USAGE_NAME, '').toLowerCase();
    if (/reason|thought|thinking/.test(name)) usage.reasoning ??= value;
    else if (/cache/.test(name)) {
      if (/1h|hour/.test(name)) usage.cacheWrite1h ??= value;
      else if (/5m/.test(name)) usage.cacheWrite5m ??= value;
      else if (/writ|creat/.test(name)) usage.cacheWrite ??= value;
      else if (!/miss/.test(name)) usage.cacheRead ??= value;
    } else if (/total/.test(name)) usage.total ??= value;
    else if (/input|prompt/.test(name)) usage.input ??= value;
    else if (/output|completion/.test(name)) usage.output ??= value;
  }
}

function usageObject(attributes: Attributes, mapping: Mapping): Told['usage'] {
  for (const key of mapping.fields?.usageObject ?? GENERIC_NAMES.usageObject) {
    const value = attributes.get(key);
    const object = typeof value === 'string' ? readObject(value) : isLiteralObject(value) ? value : undefined;
    const usage = object && readUsageObject(object);
    if (usage) return usage;
  }
  return undefined;
}
