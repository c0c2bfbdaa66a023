import { useApi, type Answer } from '../api/use-api.ts';
import { count, duration, percent, usd } from '../figures/format.ts';
import { usePageLink } from '../navigation/use-page-link.ts';
import { usePeriod } from '../period/use-period.ts';
import { KeyFigure, KeyFigures } from './KeyFigure.tsx';
import { QueryContent } from './QueryPanel.tsx';
import { unpricedNote } from './unpriced-note.ts';
import { cacheReadShare, changeOf, errorRate, knownCost, type UsageFigures } from './usage-rates.ts';

interface Props {
  /** What the figures are of, e.g. 'model'. */
  what: string;
  filters: Record<string, string[]>;
  /** What the figures are of, as filters of the link to its events. */
  subject: Record<string, string>;
  /** Cost for so much of something. */
  rate: { label: string; of: (figures: UsageFigures) => number | null };
  /** Milliseconds. */
  p95: number | null | undefined;
  /** Told beside the response time and the hits of the prompt cache. */
  timeNote: (current: Answer<'/v1/analytics/usage/compare'>['total']['current']) => string;
  cacheNote: string;
}

/** The key figures of a member of a dimension, with their change against the period before. */
export function MemberFigures({ what, filters, subject, rate, p95, timeNote, cacheNote }: Props) {
  const { query } = usePeriod();
  const link = usePageLink();
  const compare = useApi('/v1/analytics/usage/compare', { query: { ...query, ...filters } });
  return (
    <QueryContent query={compare} height={110}>
      {({ total: { current, previous, change } }) => (
        <KeyFigures label={`Key figures of the ${what}, with their change against the period before`}>
          <KeyFigure
            label="Cost"
            value={usd(knownCost(current))}
            change={change.total_cost_usd.percent}
            increaseIs="bad"
            note={unpricedNote(current)}
          />
          <KeyFigure
            label="Requests"
            value={count(current.total_requests)}
            change={change.total_requests.percent}
            to={link('events', { search: subject })}
            note="their events"
          />
          <KeyFigure
            label={rate.label}
            value={usd(rate.of(current))}
            change={changeOf(rate.of(previous), rate.of(current))}
            increaseIs="bad"
          />
          <KeyFigure
            label="Error rate"
            value={percent(errorRate(current), 2)}
            change={changeOf(errorRate(previous), errorRate(current))}
            increaseIs="bad"
            note={`${count(current.failed_requests)} failed`}
          />
          <KeyFigure label="Response time, p95" value={duration(p95)} note={timeNote(current)} />
          <KeyFigure label="Prompt cache hits" value={percent(cacheReadShare(current))} note={cacheNote} />
        </KeyFigures>
      )}
    </QueryContent>
  );
}
