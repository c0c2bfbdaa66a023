import { Button, Field, Input, TimeZonePicker } from '@grafana/ui';
import { useId, useState } from 'react';
import { useApi, useChange } from '../../../api/use-api.ts';
import { instant } from '../../../figures/time.ts';
import { useHost } from '../../../host/host.ts';
import { useSetParameters } from '../../../navigation/use-set-parameters.ts';
import { DataTable } from '../../../panels/DataTable.tsx';
import { Panel, PanelGrid } from '../../../panels/Panel.tsx';
import { ianaZone, useTimeZone } from '../../../period/time-zone.tsx';
import { AdminContent, useReadOnlyReason } from '../AdminContent.tsx';

const ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** All tenants of this collector, for its operator. */
export function TenantsTab() {
  const { user } = useHost();
  const { timeZone } = useTimeZone();
  const set = useSetParameters();
  const tenants = useApi('/v1/admin/tenants', {}, { enabled: user.mayChange });
  return (
    <PanelGrid>
      <Panel
        title="Tenants"
        description="Tenants never see each other’s calls. Who is signed in sees one: another is looked at with a key of its own."
        span={8}
      >
        <AdminContent query={tenants} height={200}>
          {({ tenants: rows }) => (
            <DataTable
              label="All tenants"
              rows={rows}
              rowKey={({ tenant_id }) => tenant_id}
              sortBy="name"
              columns={[
                {
                  id: 'name',
                  header: 'Name',
                  value: ({ name }) => name,
                  cell: ({ name, is_operator }) => (is_operator ? `${name} (operator)` : name),
                },
                {
                  id: 'id',
                  header: 'Id',
                  value: ({ tenant_id }) => tenant_id,
                  cell: ({ tenant_id }) => <code>{tenant_id}</code>,
                },
                { id: 'zone', header: 'Time zone', value: ({ time_zone }) => time_zone },
                {
                  id: 'made',
                  header: 'Made',
                  wideOnly: true,
                  value: ({ created_at }) => created_at,
                  cell: ({ created_at }) => instant(created_at, timeZone),
                },
                {
                  id: 'keys',
                  header: 'Keys',
                  value: () => null,
                  cell: ({ tenant_id, name }) => (
                    <Button
                      size="sm"
                      variant="secondary"
                      fill="outline"
                      aria-label={`Keys of ${name}`}
                      onClick={() => set({ tab: 'keys', tenant: tenant_id }, 'go')}
                    >
                      Keys
                    </Button>
                  ),
                },
              ]}
            />
          )}
        </AdminContent>
      </Panel>
      <Panel title="Make a tenant" span={4}>
        <NewTenantForm />
      </Panel>
    </PanelGrid>
  );
}

function NewTenantForm() {
  const id = useId();
  const reason = useReadOnlyReason();
  const change = useChange();
  const [tenantId, setTenantId] = useState('');
  const [name, setName] = useState('');
  const [zone, setZone] = useState('UTC');
  const isWrong = tenantId !== '' && !ID.test(tenantId);
  return (
    <form
      aria-label="New tenant"
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate(
          {
            method: 'POST',
            path: '/v1/admin/tenants',
            body: { tenant_id: tenantId, name: name.trim(), time_zone: zone },
            done: `The tenant “${name.trim()}” is there. Make a key for it next.`,
          },
          {
            onSuccess: () => {
              setTenantId('');
              setName('');
            },
          },
        );
      }}
    >
      <Field label="Name" htmlFor={`${id}-name`}>
        <Input
          id={`${id}-name`}
          value={name}
          maxLength={200}
          onChange={({ currentTarget: { value } }) => setName(value)}
        />
      </Field>
      <Field
        label="Id"
        description="For good; lower-case letters, digits and dashes"
        invalid={isWrong}
        error="Lower-case letters, digits and dashes, 63 at the most, not beginning with a dash"
        htmlFor={`${id}-id`}
      >
        <Input
          id={`${id}-id`}
          value={tenantId}
          onChange={({ currentTarget: { value } }) => setTenantId(value)}
        />
      </Field>
      <Field label="Time zone" htmlFor={`${id}-zone`}>
        <TimeZonePicker
          inputId={`${id}-zone`}
          value={zone}
          onChange={(chosen) => setZone(ianaZone(chosen))}
        />
      </Field>
      <Button
        type="submit"
        disabled={reason !== undefined || !ID.test(tenantId) || name.trim() === '' || change.isPending}
        tooltip={reason}
      >
        Make the tenant
      </Button>
    </form>
  );
}
