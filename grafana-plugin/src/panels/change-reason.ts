import { percent } from '../figures/format.ts';
import {
  allInputTokens,
  cacheReadShare,
  changeOf,
  costPerThousandCalls,
  knownCost,
  tokensPerCall,
  type UsageFigures,
} from './usage-rates.ts';

/** Changes below this many percent are not worth a word. */
const WORTH_TELLING_PERCENT = 1;

/**
 * Why a group of calls costs more or less than before, in words: how many more calls, how much dearer each, and which tokens of a call changed with it.
 * @returns e.g. '2 % more calls, 7.8 % dearer each (11 % more output tokens a call)'
 */
export function changeReason(previous: UsageFigures, current: UsageFigures): string {
  if (current.total_requests === 0) return 'not called any more';
  if (previous.total_requests === 0) return 'not called before';
  const calls = told(changeOf(previous.total_requests, current.total_requests), 'more calls', 'fewer calls');
  const each = perCallReason(previous, current);
  const parts = [calls, each].filter((part) => part !== null);
  const unpriced = current.unpriced_requests - previous.unpriced_requests;
  if (knownCost(current) === null) parts.push('its calls have no price');
  else if (knownCost(previous) === null) parts.push('its calls had no price before');
  else if (Math.abs(unpriced) > current.total_requests / 100)
    parts.push(`${Math.abs(unpriced)} ${unpriced > 0 ? 'more' : 'fewer'} calls without a price`);
  return parts.length === 0 ? 'about the same' : parts.join(', ');
}

/** How much dearer a call is, and what of it changed: '7.8 % dearer each (11 % more output tokens a call)'; null where it costs the same or is not known. */
export function perCallReason(previous: UsageFigures, current: UsageFigures): string | null {
  const each = told(
    changeOf(costPerThousandCalls(previous), costPerThousandCalls(current)),
    'dearer each',
    'cheaper each',
  );
  if (each === null) return null;
  const tokens = (of: (figures: UsageFigures) => number) =>
    changeOf(tokensPerCall(of(previous), previous), tokensPerCall(of(current), current));
  const cached = [cacheReadShare(previous), cacheReadShare(current)];
  const cachedChange = cached[0] === null || cached[1] === null ? 0 : (cached[1] ?? 0) - (cached[0] ?? 0);
  const why = [
    told(tokens(allInputTokens), 'more input tokens a call', 'fewer input tokens a call'),
    told(
      tokens(({ output_tokens }) => output_tokens),
      'more output tokens a call',
      'fewer output tokens a call',
    ),
    Math.abs(cachedChange) >= WORTH_TELLING_PERCENT
      ? `${percent(cached[1], 0)} of the input from the prompt cache instead of ${percent(cached[0], 0)}`
      : null,
  ].filter((part) => part !== null);
  return why.length === 0 ? each : `${each} (${why.join(', ')})`;
}

function told(change: number | null, more: string, fewer: string): string | null {
  if (change === null || Math.abs(change) < WORTH_TELLING_PERCENT) return null;
  const size = Math.abs(change);
  return `${percent(size, size < 10 ? 1 : 0)} ${change > 0 ? more : fewer}`;
}
