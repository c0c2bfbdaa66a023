import { useApi } from '../../api/use-api.ts';
import { count, duration, percent, usd } from '../../figures/format.ts';
import { usePageLink } from '../../navigation/use-page-link.ts';
import { EVENT_DAYS } from '../../panels/EventsPeriodNote.tsx';
import { KeyFigure, KeyFigures } from '../../panels/KeyFigure.tsx';
import { QueryContent } from '../../panels/QueryPanel.tsx';
import {
  cacheReadShare,
  changeOf,
  costPerThousandCalls,
  errorRate,
  knownCost,
} from '../../panels/usage-rates.ts';
import { usePeriod } from '../../period/use-period.ts';

interface Props {
  prompt: string;
  filters: Record<string, string[]>;
}

/** The key figures of a prompt, with their change against the period before. */
export function PromptFigures({ prompt, filters }: Props) {
  const { query, days } = usePeriod();
  const link = usePageLink();
  const compare = useApi('/v1/analytics/usage/compare', { query: { ...query, ...filters } });
  // Response times by prompt have no buckets in the rollups, so their percentiles are read from the events.
  const hasPercentiles = days <= EVENT_DAYS;
  const latency = useApi(
    '/v1/analytics/usage/latency',
    { query: { ...query, ...filters, bars: 1 } },
    { enabled: hasPercentiles },
  );
  return (
    <QueryContent query={compare} height={110}>
      {({ total: { current, previous, change } }) => (
        <KeyFigures label="Key figures of the prompt, with their change against the period before">
          <KeyFigure
            label="Cost"
            value={usd(knownCost(current))}
            change={change.total_cost_usd.percent}
            increaseIs="bad"
            note={
              current.unpriced_requests > 0
                ? `without ${count(current.unpriced_requests)} calls that have no price`
                : undefined
            }
          />
          <KeyFigure
            label="Requests"
            value={count(current.total_requests)}
            change={change.total_requests.percent}
            to={link('events', { search: { prompt_id: prompt } })}
            note="their events"
          />
          <KeyFigure
            label="Cost per 1,000 calls"
            value={usd(costPerThousandCalls(current))}
            change={changeOf(costPerThousandCalls(previous), costPerThousandCalls(current))}
            increaseIs="bad"
          />
          <KeyFigure
            label="Error rate"
            value={percent(errorRate(current), 2)}
            change={changeOf(errorRate(previous), errorRate(current))}
            increaseIs="bad"
            note={`${count(current.failed_requests)} failed`}
          />
          <KeyFigure
            label="Response time, p95"
            value={duration(latency.data?.total.percentiles_ms.p95)}
            note={
              hasPercentiles
                ? `from the events; mean ${duration(current.average_response_time_ms)}`
                : `only for up to ${EVENT_DAYS} days; mean ${duration(current.average_response_time_ms)}`
            }
          />
          <KeyFigure
            label="Prompt cache hits"
            value={percent(cacheReadShare(current))}
            note="of input tokens"
          />
        </KeyFigures>
      )}
    </QueryContent>
  );
}
