import { Button, ConfirmModal, Field, Input } from '@grafana/ui';
import { useId, useState } from 'react';
import { apiPath, useApi, useChange, type Answer } from '../../../api/use-api.ts';
import { instant } from '../../../figures/time.ts';
import { useHost } from '../../../host/host.ts';
import { DataTable } from '../../../panels/DataTable.tsx';
import { Nothing } from '../../../panels/Nothing.tsx';
import { Panel, PanelGrid } from '../../../panels/Panel.tsx';
import { useTimeZone } from '../../../period/time-zone.tsx';
import { AdminContent, useReadOnlyReason } from '../AdminContent.tsx';
import { SecretOnce } from '../SecretOnce.tsx';

type SqlRole = Answer<'/v1/admin/sql-roles'>['sql_roles'][number];
interface NewRole {
  role_name: string;
  password: string;
  connection_string: string;
}

/** Database roles that read this tenant's calls: for psql, notebooks and Grafana's PostgreSQL data source. */
export function SqlAccessTab() {
  const { user } = useHost();
  const { timeZone } = useTimeZone();
  const roles = useApi('/v1/admin/sql-roles', {}, { enabled: user.mayChange });
  const change = useChange();
  const [dropping, setDropping] = useState<SqlRole | null>(null);
  const [made, setMade] = useState<NewRole | null>(null);
  return (
    <PanelGrid>
      <Panel
        title="Database roles"
        description="Each reads the views of this tenant and nothing else, with psql or any PostgreSQL driver. docs/sql.md has the views and queries to begin with."
        span={8}
      >
        <AdminContent
          query={roles}
          height={160}
          empty={({ sql_roles }) =>
            sql_roles.length === 0 && (
              <Nothing>No database role yet. Make one to read this tenant’s calls with SQL.</Nothing>
            )
          }
        >
          {({ sql_roles }) => (
            <DataTable
              label="Roles for SQL"
              rows={sql_roles}
              rowKey={({ role_name }) => role_name}
              columns={[
                { id: 'name', header: 'For', value: ({ name }) => name },
                {
                  id: 'role',
                  header: 'Role',
                  value: ({ role_name }) => role_name,
                  cell: ({ role_name }) => <code>{role_name}</code>,
                },
                {
                  id: 'made',
                  header: 'Made',
                  value: ({ created_at }) => created_at,
                  cell: ({ created_at, created_by }) => `${instant(created_at, timeZone)} by ${created_by}`,
                },
                {
                  id: 'drop',
                  header: 'Drop',
                  value: () => null,
                  cell: (role) => (
                    <Button
                      size="sm"
                      variant="destructive"
                      fill="outline"
                      aria-label={`Drop ${role.name}`}
                      onClick={() => setDropping(role)}
                    >
                      Drop
                    </Button>
                  ),
                },
              ]}
            />
          )}
        </AdminContent>
      </Panel>
      <Panel title="Make a database role" span={4}>
        <NewRoleForm onMade={setMade} />
      </Panel>
      <ConfirmModal
        isOpen={dropping !== null}
        title="Drop this database role?"
        body={`“${dropping?.name ?? ''}” (${dropping?.role_name ?? ''}): its sessions end now, and what connects with it is refused from then on.`}
        confirmText="Drop"
        onDismiss={() => setDropping(null)}
        onConfirm={() => {
          if (!dropping) return;
          change.mutate({
            method: 'DELETE',
            path: apiPath('/v1/admin/sql-roles/{role_name}', { path: { role_name: dropping.role_name } }),
            done: `The database role “${dropping.name}” is dropped.`,
          });
          setDropping(null);
        }}
      />
      {made && (
        <SecretOnce
          title={`The database role ${made.role_name}`}
          secrets={[
            { label: 'Password', text: made.password },
            { label: 'Connection string', text: made.connection_string },
          ]}
          onClose={() => setMade(null)}
        />
      )}
    </PanelGrid>
  );
}

function NewRoleForm({ onMade }: { onMade: (role: NewRole) => void }) {
  const id = useId();
  const reason = useReadOnlyReason();
  const change = useChange<NewRole>();
  const [name, setName] = useState('');
  return (
    <form
      aria-label="New database role"
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate(
          { method: 'POST', path: '/v1/admin/sql-roles', body: { name: name.trim() } },
          {
            onSuccess: (role) => {
              onMade(role);
              setName('');
            },
          },
        );
      }}
    >
      <Field label="What it is for" htmlFor={id}>
        <Input
          id={id}
          value={name}
          maxLength={200}
          placeholder="Grafana of the search team"
          onChange={({ currentTarget: { value } }) => setName(value)}
        />
      </Field>
      <Button
        type="submit"
        disabled={reason !== undefined || name.trim() === '' || change.isPending}
        tooltip={reason}
      >
        Make the role
      </Button>
    </form>
  );
}
