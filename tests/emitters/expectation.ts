import type { Figures } from '../../collector/src/usage/figures.ts';
import type { Emitter } from './emitters.ts';
import type { BilledCall } from './stub-models.ts';

/** Calls and tokens of one model, as billed and told or as recorded. */
export interface ModelUsage {
  calls: number;
  failed: number;
  /** Successful calls without any token count. */
  unknownUsage: number;
  /** All input, cached or not. */
  input: number;
  cacheRead: number;
  cacheWrite: number;
  output: number;
  reasoning: number;
}

const NONE: ModelUsage = {
  calls: 0,
  failed: 0,
  unknownUsage: 0,
  input: 0,
  cacheRead: 0,
  cacheWrite: 0,
  output: 0,
  reasoning: 0,
};

/** What must be recorded, by model, of what was billed: everything but what the emitter is known not to tell. */
export function expectedUsage(billed: readonly BilledCall[], emitter: Emitter): Map<string, ModelUsage> {
  const { cacheRead = true, cacheWrite = true, reasoning = true } = emitter.tells ?? {};
  const models = new Map<string, ModelUsage>();
  for (const call of billed) {
    if (emitter.untold?.(call)) continue;
    const sum = models.get(call.model) ?? { ...NONE };
    models.set(call.model, sum);
    sum.calls += 1;
    if (call.failed) {
      sum.failed += 1;
    } else if (!call.usageSent || emitter.unmetered?.(call)) {
      sum.unknownUsage += 1;
    } else {
      sum.input += call.usage.input;
      sum.output += call.usage.output;
      if (cacheRead) sum.cacheRead += call.usage.cacheRead;
      if (cacheWrite) sum.cacheWrite += call.usage.cacheWrite;
      if (typeof reasoning === 'function' ? reasoning(call) : reasoning)
        sum.reasoning += call.usage.reasoning;
    }
  }
  return models;
}

/** The same of an answer of `/v1/analytics/usage/*`. */
export function recordedUsage(figures: Figures): ModelUsage {
  const cacheWrite = figures.cache_write_5m_tokens + figures.cache_write_1h_tokens;
  return {
    calls: figures.total_requests,
    failed: figures.failed_requests,
    unknownUsage: figures.unknown_usage_requests,
    input: figures.input_tokens + figures.cache_read_tokens + cacheWrite,
    cacheRead: figures.cache_read_tokens,
    cacheWrite,
    output: figures.output_tokens,
    reasoning: figures.reasoning_tokens,
  };
}

/** Where recorded and expected differ, one line each; nothing when all is well. */
export function differences(
  expected: ReadonlyMap<string, ModelUsage>,
  recorded: ReadonlyMap<string, ModelUsage>,
): string[] {
  return [...new Set([...expected.keys(), ...recorded.keys()])].sort().flatMap((model) => {
    const should = expected.get(model) ?? NONE;
    const is = recorded.get(model) ?? NONE;
    return (Object.keys(NONE) as (keyof ModelUsage)[])
      .filter((name) => should[name] !== is[name])
      .map((name) => `${model}: ${name} ${is[name]}, should be ${should[name]}`);
  });
}

export function totalUsage(models: ReadonlyMap<string, ModelUsage>): ModelUsage {
  const total = { ...NONE };
  for (const usage of models.values())
    for (const name of Object.keys(NONE) as (keyof ModelUsage)[]) total[name] += usage[name];
  return total;
}
