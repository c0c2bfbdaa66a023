import { Button, ConfirmModal, IconButton } from '@grafana/ui';
import { useState } from 'react';
import { useApi, useChange } from '../../../api/use-api.ts';
import { scopeText, type FilterConditions } from '../../../filters/filter-conditions.ts';
import { useHost } from '../../../host/host.ts';
import { READ_ONLY } from '../../../host/read-only.ts';
import { DataTable, type Column } from '../../../panels/DataTable.tsx';
import { Nothing } from '../../../panels/Nothing.tsx';
import { QueryPanel } from '../../../panels/QueryPanel.tsx';
import { ALERT_TYPES, SEVERITY_LABELS } from '../alert-types.ts';
import type { Channel, Route } from './channel-types.ts';
import { RouteForm } from './RouteForm.tsx';

/** Which alerts go to which channels, in the order in which it is asked. */
export function RoutesPanel({ channels }: { channels: Channel[] }) {
  const { user } = useHost();
  const change = useChange();
  const routes = useApi('/v1/analytics/notification-routes');
  const [form, setForm] = useState<Route | 'new' | null>(null);
  const [asked, setAsked] = useState<Route | null>(null);
  const whyNot = user.mayChange ? (channels.length === 0 ? 'Make a channel first.' : undefined) : READ_ONLY;
  return (
    <QueryPanel
      title="Routes"
      description="The first route that is about an alert takes it; later ones are asked too if that one says so."
      query={routes}
      height={120}
      actions={
        <Button
          size="sm"
          icon="plus"
          disabled={whyNot !== undefined}
          tooltip={whyNot}
          onClick={() => setForm('new')}
        >
          New route
        </Button>
      }
    >
      {({ routes: all }) => (
        <>
          {all.length === 0 ? (
            <Nothing>
              Without routes every channel that is on gets every alert of severity medium and above.
            </Nothing>
          ) : (
            <DataTable
              label="Notification routes"
              columns={columns(channels, whyNot, setForm, setAsked)}
              rows={all}
              rowKey={({ route_id: id }) => String(id)}
            />
          )}
          {form !== null && (
            <RouteForm
              route={form === 'new' ? undefined : form}
              channels={channels}
              onClose={() => setForm(null)}
            />
          )}
          <ConfirmModal
            isOpen={asked !== null}
            title={`Delete the route ${asked?.name ?? ''}?`}
            body={
              all.length === 1
                ? 'It is the last one: every channel that is on then gets every alert of severity medium and above.'
                : 'Alerts that no other route is about are then told to nobody.'
            }
            confirmText="Delete"
            onDismiss={() => setAsked(null)}
            onConfirm={() => {
              if (asked)
                change.mutate({
                  path: `/v1/analytics/notification-routes/${asked.route_id}`,
                  method: 'DELETE',
                  done: 'The route is deleted.',
                });
              setAsked(null);
            }}
          />
        </>
      )}
    </QueryPanel>
  );
}

function aboutText(route: Route): string {
  const parts = [
    route.severities.map((severity) => SEVERITY_LABELS[severity]).join(' or '),
    route.alert_types.map((type) => ALERT_TYPES[type]).join(' or '),
    route.rule_ids.length === 0 ? '' : `rules ${route.rule_ids.join(', ')}`,
    Object.keys(route.filters).length === 0 ? '' : scopeText(route.filters as FilterConditions),
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'All alerts' : parts.join('; ');
}

function columns(
  channels: Channel[],
  whyNot: string | undefined,
  onChange: (route: Route) => void,
  onDelete: (route: Route) => void,
): Column<Route>[] {
  return [
    {
      id: 'name',
      header: 'Route',
      value: ({ name }) => name,
      cell: ({ name, enabled }) => `${name}${enabled ? '' : ' (switched off)'}`,
    },
    { id: 'about', header: 'Is about', value: aboutText },
    {
      id: 'to',
      header: 'Goes to',
      value: ({ channel_ids: ids }) =>
        ids
          .map((id) => channels.find(({ channel_id: one }) => one === id)?.name ?? `channel ${id}`)
          .join(', '),
    },
    {
      id: 'then',
      header: 'Then',
      wideOnly: true,
      value: (route) => (route.continue ? 'Asks the next ones too' : 'Stops'),
    },
    {
      id: 'actions',
      header: 'Change',
      value: () => null,
      cell: (route) => (
        <div style={{ display: 'flex', gap: 8 }}>
          <IconButton
            name="edit"
            size="lg"
            tooltip={`Change ${route.name}`}
            disabled={whyNot !== undefined}
            onClick={() => onChange(route)}
          />
          <IconButton
            name="trash-alt"
            size="lg"
            tooltip={`Delete ${route.name}`}
            disabled={whyNot !== undefined}
            onClick={() => onDelete(route)}
          />
        </div>
      ),
    },
  ];
}
