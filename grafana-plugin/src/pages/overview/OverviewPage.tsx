import { useApi } from '../../api/use-api.ts';
import { useFilters } from '../../filters/use-filters.ts';
import { AnalyticsPage } from '../../navigation/AnalyticsPage.tsx';
import { Freshness } from '../../panels/Freshness.tsx';
import { PanelGrid } from '../../panels/Panel.tsx';
import { usePeriod } from '../../period/use-period.ts';
import { BreakdownPanel } from '../../usage/BreakdownPanel.tsx';
import { FirstSteps } from './FirstSteps.tsx';
import { OverviewFigures } from './OverviewFigures.tsx';
import { UsageChart } from '../../usage/UsageChart.tsx';

/** What was used, what it cost and how it went, against the period before. */
export default function OverviewPage() {
  const { query, groupBy } = usePeriod();
  const { query: filters } = useFilters();
  const overview = useApi('/v1/analytics/usage/overview', {
    query: { ...query, ...filters, group_by: groupBy },
  });
  const compare = useApi('/v1/analytics/usage/compare', { query: { ...query, ...filters } });
  const hasNothing = overview.data?.summary.total_requests === 0 && Object.keys(filters).length === 0;

  return (
    <AnalyticsPage title="Overview" subTitle="What was used, what it cost, how it went">
      {hasNothing && <FirstSteps />}
      <OverviewFigures overview={overview} compare={compare} />
      <PanelGrid>
        <UsageChart title="Cost" measure="total_cost_usd" dimension="model_provider" unit="usd" />
        <UsageChart title="Requests" measure="total_requests" dimension="model_name" unit="count" />
        <BreakdownPanel title="Dearest prompts" dimension="prompt_id" page="prompts" />
        <BreakdownPanel title="Dearest models" dimension="model_name" page="models" />
        <BreakdownPanel title="Dearest projects" dimension="project_id" page="explore" />
      </PanelGrid>
      <Freshness of={overview.data?.freshness} />
    </AnalyticsPage>
  );
}
