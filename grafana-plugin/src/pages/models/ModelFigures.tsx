import { useApi } from '../../api/use-api.ts';
import { count, duration, percent, usd } from '../../figures/format.ts';
import { usePageLink } from '../../navigation/use-page-link.ts';
import { KeyFigure, KeyFigures } from '../../panels/KeyFigure.tsx';
import { QueryContent } from '../../panels/QueryPanel.tsx';
import {
  cacheReadShare,
  changeOf,
  costPerMillionTokens,
  errorRate,
  knownCost,
} from '../../panels/usage-rates.ts';
import { usePeriod } from '../../period/use-period.ts';

/** The key figures of a model, with their change against the period before. */
export function ModelFigures({ model, filters }: { model: string; filters: Record<string, string[]> }) {
  const { query } = usePeriod();
  const link = usePageLink();
  const compare = useApi('/v1/analytics/usage/compare', { query: { ...query, ...filters } });
  const latency = useApi('/v1/analytics/usage/latency', { query: { ...query, ...filters, bars: 1 } });
  const caches = useApi('/v1/analytics/usage/cache', { query: { ...query, ...filters } });
  return (
    <QueryContent query={compare} height={110}>
      {({ total: { current, previous, change } }) => (
        <KeyFigures label="Key figures of the model, with their change against the period before">
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
            to={link('events', { search: { model_name: model } })}
            note="their events"
          />
          <KeyFigure
            label="Cost per 1M tokens"
            value={usd(costPerMillionTokens(current))}
            change={changeOf(costPerMillionTokens(previous), costPerMillionTokens(current))}
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
            note={`p50 ${duration(latency.data?.total.percentiles_ms.p50)}, first token ${duration(current.average_time_to_first_token_ms)}, ${count(latency.data?.total.output_tokens_per_second)} output tokens/s`}
          />
          <KeyFigure
            label="Prompt cache hits"
            value={percent(cacheReadShare(current))}
            note={`of input tokens; saved ${usd(caches.data?.total.net_saving_usd)}`}
          />
        </KeyFigures>
      )}
    </QueryContent>
  );
}
