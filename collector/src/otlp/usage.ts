import { MAX_TOKENS } from '../ingest/event-schema.ts';
import { NO_TOKENS, type TokenCounts } from './call-report.ts';

/** Token counts as an emitter tells them, under whatever names. */
export interface ToldUsage {
  input?: number | undefined;
  output?: number | undefined;
  total?: number | undefined;
  cacheRead?: number | undefined;
  /** All cache writes, whatever their lifetime. */
  cacheWrite?: number | undefined;
  cacheWrite5m?: number | undefined;
  cacheWrite1h?: number | undefined;
  reasoning?: number | undefined;
  /** Input that was in no cache, where it is told beside the whole. */
  uncached?: number | undefined;
}

export interface UsageMeaning {
  inputIncludesCache: boolean;
  outputIncludesReasoning: boolean;
}

/** As the OpenTelemetry GenAI conventions have it (semantic-conventions PR 3163). */
export const INCLUSIVE: UsageMeaning = { inputIncludesCache: true, outputIncludesReasoning: true };
/** As Anthropic's API counts input. */
export const CACHE_EXCLUDED: UsageMeaning = { inputIncludesCache: false, outputIncludesReasoning: true };

export interface Usage {
  tokens: TokenCounts;
  note: string | null;
}

/**
 * Splits told counts into disjoint ones. What contradicts the meaning that the source should have (more cached input than input,
 * more reasoning than output, a total that only fits the other meaning) is read the other way round, and noted. An input that is
 * smaller than its parts after all is never made negative.
 */
export function splitUsage(told: ToldUsage, meaning: UsageMeaning): Usage {
  const notes: string[] = [];
  const reasoning = count(told.reasoning);
  const cacheRead = count(told.cacheRead);
  const writes = splitWrites(told);
  const cached =
    (cacheRead ?? 0) +
    (writes.cacheWrite5m ?? 0) +
    (writes.cacheWrite1h ?? 0) +
    (writes.cacheWriteUnsplit ?? 0);

  let input = count(told.input);
  const output = count(told.output);
  if (input !== null && cached > 0 && meaning.inputIncludesCache) {
    const total = count(told.total);
    const isExclusiveByTotal = total !== null && output !== null && total === input + cached + output;
    if (input < cached || isExclusiveByTotal) notes.push('input tokens excluded cached ones');
    else input -= cached;
  }
  const uncached = count(told.uncached);
  if (input === null && uncached !== null) input = uncached;

  let wholeOutput = output;
  if (reasoning !== null) {
    if (output === null) wholeOutput = reasoning;
    else if (!meaning.outputIncludesReasoning) wholeOutput = output + reasoning;
    else if (reasoning > output || isExtraByTotal(told, output, reasoning)) {
      wholeOutput = output + reasoning;
      notes.push('output tokens excluded reasoning ones');
    }
  }
  return {
    tokens: { ...NO_TOKENS, input, cacheRead, ...writes, output: wholeOutput, reasoning },
    note: notes.length > 0 ? notes.join('; ') : null,
  };
}

/** Whether the told total only fits if the reasoning comes on top of the output (Gemini's candidates). */
function isExtraByTotal(told: ToldUsage, output: number, reasoning: number): boolean {
  const total = count(told.total);
  const input = count(told.input);
  return reasoning > 0 && total !== null && input !== null && total === input + output + reasoning;
}

function splitWrites(
  told: ToldUsage,
): Pick<TokenCounts, 'cacheWrite5m' | 'cacheWrite1h' | 'cacheWriteUnsplit'> {
  const total = count(told.cacheWrite);
  const fiveMinutes = count(told.cacheWrite5m);
  const hour = count(told.cacheWrite1h);
  if (fiveMinutes !== null && hour !== null) {
    return { cacheWrite5m: fiveMinutes, cacheWrite1h: hour, cacheWriteUnsplit: null };
  }
  // One part and the whole give the other part; a whole of 0 has two parts of 0.
  if (total !== null) {
    if (fiveMinutes !== null)
      return {
        cacheWrite5m: fiveMinutes,
        cacheWrite1h: Math.max(0, total - fiveMinutes),
        cacheWriteUnsplit: null,
      };
    if (hour !== null)
      return { cacheWrite5m: Math.max(0, total - hour), cacheWrite1h: hour, cacheWriteUnsplit: null };
    if (total === 0) return { cacheWrite5m: 0, cacheWrite1h: 0, cacheWriteUnsplit: null };
  }
  return { cacheWrite5m: fiveMinutes, cacheWrite1h: hour, cacheWriteUnsplit: total };
}

/** A count that can be one: whole, not negative (-1 means not set), of a size that a call can have. */
function count(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) && value >= 0 && value <= MAX_TOKENS
    ? Math.round(value)
    : null;
}
