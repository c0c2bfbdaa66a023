import { postedUsage, type PostedUsage } from './posted-fields.ts';

const CACHE_READ = [
  'cache_read_input_tokens',
  'input_cached_tokens',
  'input_cache_read',
  'input_cache_read_tokens',
  'cache_read',
];
const CACHE_WRITE = [
  'cache_creation_input_tokens',
  'input_cache_creation',
  'input_cache_creation_tokens',
  'input_cache_write_tokens',
  'cache_write',
];
const CACHE_WRITE_5M = ['input_cache_creation_5m', 'cache_creation_ephemeral_5m_input_tokens'];
const CACHE_WRITE_1H = ['input_cache_creation_1h', 'cache_creation_ephemeral_1h_input_tokens'];
const REASONING = ['output_reasoning_tokens', 'output_reasoning', 'reasoning_tokens', 'reasoning'];
const CACHE_KINDS = new Set([...CACHE_READ, ...CACHE_WRITE, ...CACHE_WRITE_5M, ...CACHE_WRITE_1H]);

/** Whether input and output still include their details, in the order in which the readings are tried against the total. */
const READINGS = [
  { input: false, output: false }, // as Langfuse has it
  { input: true, output: true },
  { input: true, output: false },
  { input: false, output: true },
];

/** Langfuse's usage by kind. The first reading that gives the told total counts; without one, every token stands in one kind. */
export function langfuseKinds(counts: Readonly<Record<string, unknown>>): PostedUsage {
  const number = (name: string): number | undefined => {
    const value = counts[name];
    return typeof value === 'number' && value >= 0 ? value : undefined;
  };
  const first = (names: readonly string[]): number | undefined =>
    names.map(number).find((value) => value !== undefined);
  const cacheRead = first(CACHE_READ);
  const cacheWrite5m = first(CACHE_WRITE_5M);
  const cacheWrite1h = first(CACHE_WRITE_1H);
  const cacheWrite = first(CACHE_WRITE);
  const reasoning = first(REASONING);
  const writes =
    cacheWrite5m === undefined && cacheWrite1h === undefined
      ? (cacheWrite ?? 0)
      : (cacheWrite5m ?? 0) + (cacheWrite1h ?? 0);
  const cached = (cacheRead ?? 0) + writes;
  // Audio, image and other kinds: input and output like any, and not in the plain count either.
  const [inputDetails, outputDetails] = [0, 0].map((_, side) =>
    Object.keys(counts)
      .filter((name) => name.startsWith(side === 0 ? 'input_' : 'output_'))
      .filter((name) => !CACHE_KINDS.has(name) && !REASONING.includes(name))
      .reduce((sum, name) => sum + (number(name) ?? 0), 0),
  ) as [number, number];

  const [input, output, total] = [number('input'), number('output'), number('total')];
  const sum = (reading: (typeof READINGS)[number]): number =>
    (input ?? 0) +
    (output ?? 0) +
    (reading.input ? 0 : cached + inputDetails) +
    (reading.output ? 0 : (reasoning ?? 0) + outputDetails);
  const includes = READINGS.find(
    (reading) =>
      sum(reading) === total &&
      (!reading.input || (input ?? 0) >= cached + inputDetails) &&
      (!reading.output || (output ?? 0) >= (reasoning ?? 0) + outputDetails),
  ) ?? { input: false, output: false };

  const plus = (value: number | undefined, more: number): number | undefined =>
    value === undefined && more === 0 ? undefined : (value ?? 0) + more;
  const posted = postedUsage(
    {
      input: plus(input, includes.input ? 0 : inputDetails),
      output: plus(output, includes.output ? 0 : outputDetails),
      cacheRead,
      cacheWrite,
      cacheWrite5m,
      cacheWrite1h,
      reasoning,
    },
    { inputIncludesCache: includes.input, outputIncludesReasoning: includes.output },
  );
  return includes.input && cached > 0
    ? { ...posted, note: 'input tokens included cached ones, by the total' }
    : posted;
}
