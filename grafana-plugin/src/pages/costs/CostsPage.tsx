import { Tab, TabsBar } from '@grafana/ui';
import { useSearchParams } from 'react-router-dom';
import { useApi } from '../../api/use-api.ts';
import { useHost } from '../../host/host.ts';
import { useFilters } from '../../filters/use-filters.ts';
import { AnalyticsPage } from '../../navigation/AnalyticsPage.tsx';
import { usePageLink } from '../../navigation/use-page-link.ts';
import { usePeriod } from '../../period/use-period.ts';
import { AllocationTab } from './allocation/AllocationTab.tsx';
import { BudgetsTab } from './budgets/BudgetsTab.tsx';
import { EventCost } from './event/EventCost.tsx';
import { SpendTab } from './spend/SpendTab.tsx';
import { UnpricedTab } from './unpriced/UnpricedTab.tsx';
import { readTab, TABS, tabLink } from './tabs.ts';

const TITLE = 'Cost & budgets';

/** What was spent and will be, by whom, why it changed, what has no price, and how the cost of one call came about. */
export default function CostsPage() {
  const { PageFrame } = useHost();
  const [search] = useSearchParams();
  const link = usePageLink();
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
  const tab = readTab(search.get('tab'));
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
  const [search, setSearch] = useSearchParams();
  const { query } = usePeriod();
  const { query: filters } = useFilters();
  const unpriced = useApi('/v1/analytics/usage/unpriced', { query: { ...query, ...filters } });
  const chosen = readTab(search.get('tab'));
  const models = unpriced.data?.total.models ?? 0;
  return (
    <div style={{ marginBottom: 16 }}>
      <TabsBar>
        {TABS.map(({ id, label }) => (
          <Tab
            key={id}
            label={label}
            active={id === chosen}
            counter={id === 'unpriced' && models > 0 ? models : null}
            onChangeTab={(event) => {
              event.preventDefault();
              setSearch((before) => tabLink(before, id));
            }}
          />
        ))}
      </TabsBar>
    </div>
  );
}
