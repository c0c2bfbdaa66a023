import { Tab, TabsBar } from '@grafana/ui';
import { useSearchParams } from 'react-router-dom';
import { useApi } from '../../api/use-api.ts';
import { useHost } from '../../host/host.ts';
import { AccountTab } from './AccountTab.tsx';
import { ApiKeysTab } from './keys/ApiKeysTab.tsx';
import { PricesTab } from './prices/PricesTab.tsx';
import { SqlAccessTab } from './sql/SqlAccessTab.tsx';
import { readTab, TABS } from './tabs.ts';
import { TenantsTab } from './tenants/TenantsTab.tsx';

/** Who is signed in, keys, tenants, prices and access by SQL. */
export default function SettingsPage() {
  const { PageFrame } = useHost();
  const [search, setSearch] = useSearchParams();
  const session = useApi('/v1/session');
  const isOperator = session.data?.is_operator === true;
  const chosen = readTab(search.get('tab'));
  const shown = TABS.filter(({ id }) => id !== 'tenants' || isOperator || chosen === 'tenants');
  return (
    <PageFrame title="Settings" subTitle="Tenants, keys, prices and access">
      <div style={{ marginBottom: 16, overflowX: 'auto' }}>
        <TabsBar>
          {shown.map(({ id, label }) => (
            <Tab
              key={id}
              label={label}
              active={id === chosen}
              onChangeTab={(event) => {
                event.preventDefault();
                setSearch((before) => tabLink(before, id));
              }}
            />
          ))}
        </TabsBar>
      </div>
      {chosen === 'account' && <AccountTab session={session} />}
      {chosen === 'keys' && <ApiKeysTab session={session.data} />}
      {chosen === 'tenants' && <TenantsTab />}
      {chosen === 'prices' && <PricesTab session={session.data} />}
      {chosen === 'sql' && <SqlAccessTab />}
    </PageFrame>
  );
}

function tabLink(before: URLSearchParams, tab: string): URLSearchParams {
  const after = new URLSearchParams(before);
  for (const name of ['tenant', 'provider', 'model', 'history']) after.delete(name);
  if (tab === TABS[0].id) after.delete('tab');
  else after.set('tab', tab);
  return after;
}
