import { useApi } from '../../api/use-api.ts';
import { count, duration, usd } from '../../figures/format.ts';
import { MemberFigures } from '../../panels/MemberFigures.tsx';
import { costPerMillionTokens } from '../../panels/usage-rates.ts';
import { usePeriod } from '../../period/use-period.ts';

/** The key figures of a model, with their change against the period before. */
export function ModelFigures({ model, filters }: { model: string; filters: Record<string, string[]> }) {
  const { query } = usePeriod();
  const latency = useApi('/v1/analytics/usage/latency', { query: { ...query, ...filters, bars: 1 } });
  const caches = useApi('/v1/analytics/usage/cache', { query: { ...query, ...filters } });
  const times = latency.data?.total;
  return (
    <MemberFigures
      what="model"
      filters={filters}
      subject={{ model_name: model }}
      rate={{ label: 'Cost per 1M tokens', of: costPerMillionTokens }}
      p95={times?.percentiles_ms.p95}
      timeNote={({ average_time_to_first_token_ms: firstToken }) =>
        `p50 ${duration(times?.percentiles_ms.p50)}, first token ${duration(firstToken)}, ${count(times?.output_tokens_per_second)} output tokens/s`
      }
      cacheNote={`of input tokens; saved ${usd(caches.data?.total.net_saving_usd)}`}
    />
  );
}
