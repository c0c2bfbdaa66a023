import { useApi } from '../../api/use-api.ts';
import { useFilters } from '../../filters/use-filters.ts';
import { AnalyticsPage } from '../../navigation/AnalyticsPage.tsx';
import { Freshness } from '../../panels/Freshness.tsx';
import { Nothing } from '../../panels/Nothing.tsx';
import { PanelGrid } from '../../panels/Panel.tsx';
import { QueryPanel } from '../../panels/QueryPanel.tsx';
import { usePeriod } from '../../period/use-period.ts';
import { ModelTable } from './ModelTable.tsx';
import { TokenKinds } from './TokenKinds.tsx';

/** Every provider and model: what it costs, how fast and how reliable it is, what its cache saves. */
export function ModelList({ linkTo }: { linkTo: (model: string) => string }) {
  const { query } = usePeriod();
  const { query: filters } = useFilters();
  const question = { ...query, ...filters };
  const models = useApi('/v1/analytics/usage/breakdown', {
    query: { ...question, dimension: ['model_provider', 'model_name'], limit: 100 },
  });
  const providers = useApi('/v1/analytics/usage/breakdown', {
    query: { ...question, dimension: 'model_provider', limit: 100 },
  });
  const speedOfModels = useApi('/v1/analytics/usage/latency', {
    query: { ...question, dimension: 'model_name', limit: 50, bars: 1 },
  });
  const speedOfProviders = useApi('/v1/analytics/usage/latency', {
    query: { ...question, dimension: 'model_provider', limit: 50, bars: 1 },
  });
  const caches = useApi('/v1/analytics/usage/cache', { query: question });
  const empty = ({ total }: { total: { total_requests: number } }) =>
    total.total_requests === 0 && <Nothing>No calls in this period.</Nothing>;
  return (
    <AnalyticsPage
      title="Models & providers"
      subTitle="What each model costs, how fast it is, how often it fails"
    >
      <PanelGrid>
        <QueryPanel
          title="Providers"
          description="Percentiles are of the response time. Output tokens per second are output tokens over response time; where a model is offered by several providers, the models' are of all of them."
          query={providers}
          height={160}
          empty={empty}
        >
          {(data) => <ModelTable kind="providers" data={data} speed={speedOfProviders.data} />}
        </QueryPanel>
        <QueryPanel
          title="Models"
          description="Cost per million tokens is of the tokens that have a price, of any kind. Saved is what the provider's prompt cache spared: reading is cheaper, writing dearer than uncached input."
          query={models}
          height={420}
          empty={empty}
        >
          {(data) => (
            <ModelTable
              kind="models"
              data={data}
              speed={speedOfModels.data}
              caches={caches.data}
              linkTo={linkTo}
            />
          )}
        </QueryPanel>
        <QueryPanel
          title="Tokens by kind"
          description="Input is what no cache had. Input, cache read, cache write and output add up; reasoning is told as a part of the output."
          query={models}
          height={320}
          empty={empty}
        >
          {(data) => <TokenKinds data={data} linkTo={linkTo} />}
        </QueryPanel>
      </PanelGrid>
      <Freshness of={models.data?.freshness} />
    </AnalyticsPage>
  );
}
