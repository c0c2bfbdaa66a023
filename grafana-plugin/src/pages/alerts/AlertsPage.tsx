import { Tab, TabsBar } from '@grafana/ui';
import { useSearchParams } from 'react-router-dom';
import { useHost } from '../../host/host.ts';
import { PeriodControls } from '../../period/PeriodControls.tsx';
import { AlertDetail } from './active/AlertDetail.tsx';
import { ActiveTab } from './active/ActiveTab.tsx';
import { useActiveAlerts } from './active/use-active-alerts.ts';
import { HistoryTab } from './history/HistoryTab.tsx';
import { NotificationsTab } from './notifications/NotificationsTab.tsx';
import { RulesTab } from './rules/RulesTab.tsx';
import { readTab, TABS, tabLink } from './tabs.ts';
import { useAlertsLink } from './use-alerts-link.ts';

const TITLE = 'Alerts';
const ABOUT = {
  active: 'What is wrong now, and who takes care of it',
  history: 'What was wrong, how often, and how long it took',
  rules: 'What is watched, and when it tells',
  notifications: 'Who is told, and whether it reached them',
};

/** What fires and fired, what people do about it, what is watched, and who is told. */
export default function AlertsPage() {
  const { PageFrame } = useHost();
  const [search] = useSearchParams();
  const link = useAlertsLink();
  const alert = Number(search.get('alert'));
  if (Number.isSafeInteger(alert) && alert > 0)
    return (
      <PageFrame title={`Alert ${alert}`} parent={{ text: TITLE, url: link() }}>
        <AlertDetail alertId={alert} />
      </PageFrame>
    );
  const tab = readTab(search.get('tab'));
  return (
    <PageFrame
      title={TITLE}
      subTitle={ABOUT[tab]}
      actions={tab === 'history' ? <PeriodControls /> : undefined}
    >
      <Tabs />
      {tab === 'active' && <ActiveTab />}
      {tab === 'history' && <HistoryTab />}
      {tab === 'rules' && <RulesTab />}
      {tab === 'notifications' && <NotificationsTab />}
    </PageFrame>
  );
}

function Tabs() {
  const [search, setSearch] = useSearchParams();
  const { data } = useActiveAlerts();
  const chosen = readTab(search.get('tab'));
  return (
    <div style={{ marginBottom: 16, overflowX: 'auto' }}>
      <TabsBar>
        {TABS.map(({ id, label }) => (
          <Tab
            key={id}
            label={label}
            active={id === chosen}
            counter={id === 'active' && data && data.open.firing > 0 ? data.open.firing : null}
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
