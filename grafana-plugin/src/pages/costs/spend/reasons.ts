import { changePercent, count, toNumber, usd } from '../../../figures/format.ts';
import { signedUsd } from '../../../figures/signed.ts';
import { changeOf } from '../../../panels/usage-rates.ts';

/** The figures of a part in one of two periods. */
export interface PartFigures {
  total_requests: number;
  unpriced_requests: number;
  total_cost_usd: string | null;
  input_tokens: number;
  cache_read_tokens: number;
  cache_write_5m_tokens: number;
  cache_write_1h_tokens: number;
  output_tokens: number;
}

/** A change of cost, cut in two: by how many calls there were, and by what one of them cost. Both add up to the change. */
export interface Split {
  byCallsUsd: number;
  byPriceUsd: number;
  /** US dollars of one priced call; null without one. */
  before: number | null;
  now: number | null;
}

const priced = (figures: PartFigures): number => figures.total_requests - figures.unpriced_requests;

/** null where one of the periods has no priced call: then there is nothing to compare a call with. */
export function splitOf(previous: PartFigures, current: PartFigures): Split | null {
  const [callsBefore, callsNow] = [priced(previous), priced(current)];
  const [costBefore, costNow] = [toNumber(previous.total_cost_usd), toNumber(current.total_cost_usd)];
  if (callsBefore <= 0 || callsNow <= 0 || costBefore === null || costNow === null) return null;
  const [before, now] = [costBefore / callsBefore, costNow / callsNow];
  return {
    byCallsUsd: (callsNow - callsBefore) * before,
    byPriceUsd: callsNow * (now - before),
    before,
    now,
  };
}

export interface Reason {
  title: string;
  text: string;
}

/** Why the cost of a part changed, as sentences: more calls, dearer calls, and which tokens of a call made it so. */
export function reasonsOf(previous: PartFigures, current: PartFigures): Reason[] {
  const split = splitOf(previous, current);
  if (!split) return [];
  const calls = changeOf(priced(previous), priced(current));
  const each = changeOf(split.before, split.now);
  const reasons: Reason[] = [
    {
      title: `${signedUsd(split.byCallsUsd)} by the number of calls`,
      text: `${count(priced(previous))} before, ${count(priced(current))} now (${changePercent(calls)}).`,
    },
    {
      title: `${signedUsd(split.byPriceUsd)} by the cost of a call`,
      text: `${usd(split.before)} before, ${usd(split.now)} now (${changePercent(each)}).`,
    },
  ];
  const kinds: [string, (figures: PartFigures) => number][] = [
    ['uncached input', (figures) => figures.input_tokens],
    ['cached input', (figures) => figures.cache_read_tokens],
    ['written to the cache', (figures) => figures.cache_write_5m_tokens + figures.cache_write_1h_tokens],
    ['output', (figures) => figures.output_tokens],
  ];
  const moved = kinds.flatMap(([name, of]) => {
    const [before, now] = [of(previous) / previous.total_requests, of(current) / current.total_requests];
    const change = changeOf(before, now);
    // A tenth up or down, of something that is more than a rounding error of a call.
    return (change === null ? now < 1 : Math.abs(change) < 10 || Math.max(before, now) < 1)
      ? []
      : [
          `${name} ${count(Math.round(before))} → ${count(Math.round(now))} (${change === null ? 'new' : changePercent(change)})`,
        ];
  });
  reasons.push({
    title: 'Tokens of a call',
    text: moved.length > 0 ? `${moved.join(', ')}.` : 'Much as before: no kind changed by a tenth.',
  });
  return reasons;
}
