import { parseNanoUsd } from '../ingest/normalise.ts';
import { usd } from '../usage/usd.ts';
import { LISTED, type ImportAnswer } from './tally.ts';

/** One answer for the parts of a file, or for files. */
export function sumAnswers(a: ImportAnswer, b: ImportAnswer): ImportAnswer {
  const dollars = (x: string, y: string): string => usd(BigInt(parseNanoUsd(x)) + BigInt(parseNanoUsd(y)));
  return {
    format: a.format,
    dry_run: a.dry_run,
    read: a.read + b.read,
    accepted: a.accepted + b.accepted,
    duplicate: a.duplicate + b.duplicate,
    rejected: a.rejected + b.rejected,
    skipped: a.skipped + b.skipped,
    period:
      a.period && b.period
        ? {
            first: a.period.first < b.period.first ? a.period.first : b.period.first,
            last: a.period.last > b.period.last ? a.period.last : b.period.last,
          }
        : (a.period ?? b.period),
    cost: {
      claimed_usd: dollars(a.cost.claimed_usd, b.cost.claimed_usd),
      priced_usd: dollars(a.cost.priced_usd, b.cost.priced_usd),
      without_claim: a.cost.without_claim + b.cost.without_claim,
      unpriced: a.cost.unpriced + b.cost.unpriced,
    },
    rejections: [...a.rejections, ...b.rejections].slice(0, LISTED),
  };
}
