import { Badge, Button, ConfirmModal } from '@grafana/ui';
import { useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { apiPath, useApi, useChange, type Answer } from '../../../api/use-api.ts';
import { ago, instant } from '../../../figures/time.ts';
import { useHost } from '../../../host/host.ts';
import { useSetParameters } from '../../../navigation/use-set-parameters.ts';
import { Choice, Choices } from '../../../panels/Choice.tsx';
import { DataTable } from '../../../panels/DataTable.tsx';
import { Nothing } from '../../../panels/Nothing.tsx';
import { Panel, PanelGrid } from '../../../panels/Panel.tsx';
import { useTimeZone } from '../../../period/time-zone.tsx';
import type { Session } from '../AccountTab.tsx';
import { AdminContent } from '../AdminContent.tsx';
import { SecretOnce } from '../SecretOnce.tsx';
import { NewKeyForm } from './NewKeyForm.tsx';

type ApiKey = Answer<'/v1/admin/api-keys'>['api_keys'][number];

/** The keys of a tenant: who may send, see and change. The operator may look after those of every tenant. */
export function ApiKeysTab({ session }: { session: Session | undefined }) {
  const { user } = useHost();
  const [search] = useSearchParams();
  const set = useSetParameters();
  const tenants = useApi(
    '/v1/admin/tenants',
    {},
    { enabled: user.mayChange && session?.is_operator === true },
  );
  const own = session?.tenant_id;
  const tenant = search.get('tenant') ?? own;
  const other = tenant === own ? undefined : tenant;
  const keys = useApi('/v1/admin/api-keys', { query: { tenant_id: other } }, { enabled: user.mayChange });
  const [made, setMade] = useState<{ name: string; text: string } | null>(null);

  return (
    <>
      {tenants.data && tenants.data.tenants.length > 1 && tenant !== undefined && (
        <Choices label="Whose keys">
          <Choice
            label="Tenant"
            value={tenant}
            options={tenants.data.tenants.map(({ tenant_id, name }) => ({
              value: tenant_id,
              label: `${name} (${tenant_id})`,
            }))}
            width={40}
            onChange={(chosen) => set({ tenant: chosen === own ? null : chosen })}
          />
        </Choices>
      )}
      <PanelGrid>
        <Panel
          title="API keys"
          description="The collector keeps the hash of a key alone: its text is shown when it is made, and never again."
          span={8}
        >
          <AdminContent
            query={keys}
            height={200}
            empty={({ api_keys }) => api_keys.length === 0 && <Nothing>No keys.</Nothing>}
          >
            {({ api_keys }) => (
              <KeyTable keys={api_keys} tenant={other} signedInWith={session?.key_id ?? null} />
            )}
          </AdminContent>
        </Panel>
        <Panel title="Make a key" span={4}>
          <NewKeyForm tenant={other} onMade={setMade} />
        </Panel>
      </PanelGrid>
      {made && (
        <SecretOnce
          title={`The key “${made.name}”`}
          secrets={[{ label: 'API key', text: made.text }]}
          onClose={() => setMade(null)}
        />
      )}
    </>
  );
}

function KeyTable({
  keys,
  tenant,
  signedInWith,
}: {
  keys: ApiKey[];
  tenant: string | undefined;
  signedInWith: string | null;
}) {
  const { timeZone } = useTimeZone();
  const change = useChange();
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  return (
    <>
      <DataTable
        label="Keys of the tenant"
        rows={keys}
        rowKey={({ key_id }) => key_id}
        columns={[
          {
            id: 'name',
            header: 'Name',
            value: ({ name }) => name,
            cell: ({ name, key_id }) => (
              <>
                {name} <code>{key_id}</code>
                {key_id === signedInWith && ' (the one in use here)'}
              </>
            ),
          },
          { id: 'scopes', header: 'Scopes', value: ({ scopes }) => scopes.join(', ') },
          {
            id: 'state',
            header: 'State',
            value: (key) => stateOf(key).text,
            cell: (key) => {
              const { text, color, at } = stateOf(key);
              return (
                <>
                  <Badge text={text} color={color} /> {at !== null && instant(at, timeZone)}
                </>
              );
            },
          },
          {
            id: 'used',
            header: 'Last used',
            value: ({ last_used_at }) => last_used_at,
            cell: ({ last_used_at }) =>
              last_used_at === null ? (
                'never'
              ) : (
                <span title={instant(last_used_at, timeZone)}>{ago(last_used_at, timeZone)}</span>
              ),
          },
          {
            id: 'made',
            header: 'Made',
            wideOnly: true,
            value: ({ created_at }) => created_at,
            cell: ({ created_at }) => instant(created_at, timeZone),
          },
          {
            id: 'revoke',
            header: 'Revoke',
            value: () => null,
            cell: (key) =>
              key.revoked_at === null && (
                <Button
                  size="sm"
                  variant="destructive"
                  fill="outline"
                  aria-label={`Revoke ${key.name}`}
                  onClick={() => setRevoking(key)}
                >
                  Revoke
                </Button>
              ),
          },
        ]}
      />
      <ConfirmModal
        isOpen={revoking !== null}
        title="Revoke this key?"
        body={`“${revoking?.name ?? ''}” (${revoking?.key_id ?? ''}) stops working within seconds, for good. What uses it is refused from then on.${
          revoking !== null && revoking.key_id === signedInWith
            ? ' It is the key in use here: you will be signed out.'
            : ''
        }`}
        confirmText="Revoke"
        onDismiss={() => setRevoking(null)}
        onConfirm={() => {
          if (!revoking) return;
          change.mutate({
            method: 'DELETE',
            path: apiPath('/v1/admin/api-keys/{key_id}', {
              path: { key_id: revoking.key_id },
              query: { tenant_id: tenant },
            }),
            done: `The key “${revoking.name}” is revoked.`,
          });
          setRevoking(null);
        }}
      />
    </>
  );
}

/** Whether it works, and since or until when. */
function stateOf({ revoked_at, expires_at }: ApiKey): {
  text: string;
  color: 'green' | 'darkgrey';
  at: string | null;
} {
  if (revoked_at !== null) return { text: 'revoked', color: 'darkgrey', at: revoked_at };
  if (expires_at !== null && Date.parse(expires_at) <= Date.now())
    return { text: 'ended', color: 'darkgrey', at: expires_at };
  return { text: expires_at === null ? 'works' : 'works until', color: 'green', at: expires_at };
}
