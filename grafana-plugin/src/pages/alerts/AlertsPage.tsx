import { useSearchParams } from 'react-router-dom';
import { useHost } from '../../host/host.ts';
import { PageTabs, useTab } from '../../navigation/PageTabs.tsx';
import { PeriodControls } from '../../period/PeriodControls.tsx';
import { ActiveTab } from './active/ActiveTab.tsx';
import { AlertDetail } from './active/AlertDetail.tsx';
import { useActiveAlerts } from './active/use-active-alerts.ts';
import { HistoryTab } from './history/HistoryTab.tsx';
import { NotificationsTab } from './notifications/NotificationsTab.tsx';
import { RulesTab } from './rules/RulesTab.tsx';
import { OF_ONE_TAB, TABS } from './tabs.ts';
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
  const tab = useTab(TABS);
  const alert = Number(search.get('alert'));
  if (Number.isSafeInteger(alert) && alert > 0)
    return (
      <PageFrame title={`Alert ${alert}`} parent={{ text: TITLE, url: link() }}>
        <AlertDetail alertId={alert} />
      </PageFrame>
    );
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
  const { data } = useActiveAlerts();
  return <PageTabs tabs={TABS} ofOneTab={OF_ONE_TAB} counters={{ active: data?.open.firing ?? 0 }} />;
}
