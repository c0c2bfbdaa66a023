import { useSearchParams } from 'react-router-dom';
import { useApi } from '../../api/use-api.ts';
import { useFilters } from '../../filters/use-filters.ts';
import { useHost } from '../../host/host.ts';
import { AnalyticsPage } from '../../navigation/AnalyticsPage.tsx';
import { PageTabs, useTab } from '../../navigation/PageTabs.tsx';
import { usePageLink } from '../../navigation/use-page-link.ts';
import { usePeriod } from '../../period/use-period.ts';
import { AllocationTab } from './allocation/AllocationTab.tsx';
import { BudgetsTab } from './budgets/BudgetsTab.tsx';
import { EventCost } from './event/EventCost.tsx';
import { SpendTab } from './spend/SpendTab.tsx';
import { OF_ONE_TAB, TABS } from './tabs.ts';
import { UnpricedTab } from './unpriced/UnpricedTab.tsx';

const TITLE = 'Cost & budgets';

/** What was spent and will be, by whom, why it changed, what has no price, and how the cost of one call came about. */
export default function CostsPage() {
  const { PageFrame } = useHost();
  const [search] = useSearchParams();
  const link = usePageLink();
  const tab = useTab(TABS);
  const event = search.get('event');
  if (event !== null && event !== '')
    return (
      <PageFrame
        title="How the cost of a call came about"
        subTitle={event}
        parent={{ text: TITLE, url: link('costs') }}
      >
        <EventCost eventId={event} timestamp={search.get('timestamp')} />
      </PageFrame>
    );
  // Budgets have periods and filters of their own: the page's would say what they do not do.
  if (tab === 'budgets')
    return (
      <PageFrame title={TITLE} subTitle="What may be spent, what is, and where it will end">
        <Tabs />
        <BudgetsTab />
      </PageFrame>
    );
  return (
    <AnalyticsPage title={TITLE} subTitle="What was spent, what changed and why, and where it will end">
      <Tabs />
      {tab === 'spend' && <SpendTab />}
      {tab === 'unpriced' && <UnpricedTab />}
      {tab === 'allocation' && <AllocationTab />}
    </AnalyticsPage>
  );
}

function Tabs() {
  const { query } = usePeriod();
  const { query: filters } = useFilters();
  const unpriced = useApi('/v1/analytics/usage/unpriced', { query: { ...query, ...filters } });
  return (
    <PageTabs tabs={TABS} ofOneTab={OF_ONE_TAB} counters={{ unpriced: unpriced.data?.total.models ?? 0 }} />
  );
}
