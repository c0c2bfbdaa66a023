import { ATTO_PER_NANO, divideHalfUp } from './decimal.ts';
import type { TokenCounts } from './price.ts';
import { CHARGE_KINDS, type ChargeKind, type RateBand } from './rates.ts';

/**
 * A band of rates made ready for many multiplications. Money is counted in 'grains', the largest power of ten of
 * atto-USD (at most a nano-USD) that divides every rate: most prices are whole nano-USD a token, so that plain numbers
 * carry the arithmetic exactly. Where they cannot, BigInt does.
 */
export interface CompiledBand {
  overInputTokens: number;
  /** Grains a token, exact; null when one is beyond Number.MAX_SAFE_INTEGER. */
  grains: Readonly<Record<ChargeKind, number>> | null;
  grainsPerNano: number;
  attoUsd: Readonly<Record<ChargeKind, bigint>>;
  hasOutputPrice: boolean;
  isReasoningApart: boolean;
  rates: RateBand['rates'];
}

export function compileBand(band: RateBand): CompiledBand {
  const { rates, overInputTokens } = band;
  const attoUsd = record((kind) => rates[kind]?.attoUsd ?? 0n);
  let grain = ATTO_PER_NANO;
  while (CHARGE_KINDS.some((kind) => attoUsd[kind] % grain !== 0n)) grain /= 10n;
  const grains = record((kind) => Number(attoUsd[kind] / grain));
  return {
    overInputTokens,
    grains: CHARGE_KINDS.every((kind) => Number.isSafeInteger(grains[kind])) ? grains : null,
    grainsPerNano: Number(ATTO_PER_NANO / grain),
    attoUsd,
    hasOutputPrice: rates.output !== null,
    isReasoningApart: rates.reasoning !== null,
    rates,
  };
}

/** The band of a call, by all of its input. Bands are in ascending order and the first one holds everything. */
export function bandFor(bands: readonly CompiledBand[], tokens: TokenCounts): CompiledBand | undefined {
  let position = bands.length - 1;
  if (position > 0) {
    const input = tokens.input + tokens.cacheRead + tokens.cacheWrite5m + tokens.cacheWrite1h;
    while (position > 0 && !(input > (bands[position]?.overInputTokens ?? Infinity))) position--;
  }
  return bands[position];
}

/** How many output tokens are charged as reasoning, apart from the rest. Reasoning cannot exceed the output it is in. */
export function reasoningApart(band: CompiledBand, tokens: TokenCounts): number {
  return band.isReasoningApart ? Math.min(tokens.reasoning, tokens.output) : 0;
}

/** Nano-USD of a call, rounded once, half up. Beyond Number.MAX_SAFE_INTEGER it is not exact: refuse it. */
export function costNanoUsd(band: CompiledBand, tokens: TokenCounts): number {
  const reasoning = reasoningApart(band, tokens);
  const { grains, grainsPerNano } = band;
  if (grains !== null) {
    const total =
      tokens.input * grains.input +
      tokens.cacheRead * grains.cacheRead +
      tokens.cacheWrite5m * grains.cacheWrite5m +
      tokens.cacheWrite1h * grains.cacheWrite1h +
      (tokens.output - reasoning) * grains.output +
      reasoning * grains.reasoning +
      grains.request;
    // No term is negative and rounding keeps order, so a total in the safe range means that every step was exact.
    if (total <= Number.MAX_SAFE_INTEGER) {
      if (grainsPerNano === 1) return total;
      const rest = total % grainsPerNano;
      return (total - rest) / grainsPerNano + (rest * 2 >= grainsPerNano ? 1 : 0);
    }
  }
  return Number(divideHalfUp(totalAttoUsd(band, tokens), ATTO_PER_NANO));
}

/** atto-USD of a call, exact. */
export function totalAttoUsd(band: CompiledBand, tokens: TokenCounts): bigint {
  let total = 0n;
  for (const kind of CHARGE_KINDS) total += BigInt(quantity(kind, band, tokens)) * band.attoUsd[kind];
  return total;
}

/** How many units of a kind a call is charged for. */
export function quantity(kind: ChargeKind, band: CompiledBand, tokens: TokenCounts): number {
  if (kind === 'request') return band.rates.request === null ? 0 : 1;
  if (kind === 'reasoning') return reasoningApart(band, tokens);
  if (kind === 'output') return tokens.output - reasoningApart(band, tokens);
  return tokens[kind];
}

function record<T>(value: (kind: ChargeKind) => T): Record<ChargeKind, T> {
  return {
    input: value('input'),
    cacheRead: value('cacheRead'),
    cacheWrite5m: value('cacheWrite5m'),
    cacheWrite1h: value('cacheWrite1h'),
    output: value('output'),
    reasoning: value('reasoning'),
    request: value('request'),
  };
}
