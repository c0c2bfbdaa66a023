import { useApi } from '../../api/use-api.ts';
import { duration } from '../../figures/format.ts';
import { EVENT_DAYS } from '../../panels/EventsPeriodNote.tsx';
import { MemberFigures } from '../../panels/MemberFigures.tsx';
import { costPerThousandCalls } from '../../panels/usage-rates.ts';
import { usePeriod } from '../../period/use-period.ts';

interface Props {
  prompt: string;
  filters: Record<string, string[]>;
}

/** The key figures of a prompt, with their change against the period before. */
export function PromptFigures({ prompt, filters }: Props) {
  const { query, days } = usePeriod();
  // Response times by prompt have no buckets in the rollups, so their percentiles are read from the events.
  const hasPercentiles = days <= EVENT_DAYS;
  const latency = useApi(
    '/v1/analytics/usage/latency',
    { query: { ...query, ...filters, bars: 1 } },
    { enabled: hasPercentiles },
  );
  return (
    <MemberFigures
      what="prompt"
      filters={filters}
      subject={{ prompt_id: prompt }}
      rate={{ label: 'Cost per 1,000 calls', of: costPerThousandCalls }}
      p95={latency.data?.total.percentiles_ms.p95}
      timeNote={({ average_response_time_ms: mean }) =>
        `${hasPercentiles ? 'from the events' : `only for up to ${EVENT_DAYS} days`}; mean ${duration(mean)}`
      }
      cacheNote="of input tokens"
    />
  );
}
