import { useApi } from '../../api/use-api.ts';
import { useHost } from '../../host/host.ts';
import { PageTabs, useTab } from '../../navigation/PageTabs.tsx';
import { AccountTab } from './AccountTab.tsx';
import { ApiKeysTab } from './keys/ApiKeysTab.tsx';
import { PricesTab } from './prices/PricesTab.tsx';
import { SqlAccessTab } from './sql/SqlAccessTab.tsx';
import { OF_ONE_TAB, TABS } from './tabs.ts';
import { TenantsTab } from './tenants/TenantsTab.tsx';

/** Who is signed in, keys, tenants, prices and access by SQL. */
export default function SettingsPage() {
  const { PageFrame } = useHost();
  const session = useApi('/v1/session');
  const isOperator = session.data?.is_operator === true;
  const chosen = useTab(TABS);
  const shown = TABS.filter(({ id }) => id !== 'tenants' || isOperator || chosen === 'tenants');
  return (
    <PageFrame title="Settings" subTitle="Tenants, keys, prices and access">
      <PageTabs tabs={TABS} shown={shown} ofOneTab={OF_ONE_TAB} />
      {chosen === 'account' && <AccountTab session={session} />}
      {chosen === 'keys' && <ApiKeysTab session={session.data} />}
      {chosen === 'tenants' && <TenantsTab />}
      {chosen === 'prices' && <PricesTab session={session.data} />}
      {chosen === 'sql' && <SqlAccessTab />}
    </PageFrame>
  );
}
