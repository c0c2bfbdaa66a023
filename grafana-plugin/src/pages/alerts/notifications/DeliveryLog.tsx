import { Button } from '@grafana/ui';
import { Link, useSearchParams } from 'react-router-dom';
import { useApi, useChange } from '../../../api/use-api.ts';
import { count } from '../../../figures/format.ts';
import { instant } from '../../../figures/time.ts';
import { useHost } from '../../../host/host.ts';
import { READ_ONLY } from '../../../host/read-only.ts';
import { useSetParameters } from '../../../navigation/use-set-parameters.ts';
import { Choice, Choices } from '../../../panels/Choice.tsx';
import { CursorPages } from '../../../panels/CursorPages.tsx';
import { DataTable, type Column } from '../../../panels/DataTable.tsx';
import { Nothing } from '../../../panels/Nothing.tsx';
import { QueryPanel } from '../../../panels/QueryPanel.tsx';
import { StatusBadge } from '../../../panels/StatusBadge.tsx';
import { useTimeZone } from '../../../period/time-zone.tsx';
import { useAlertsLink } from '../use-alerts-link.ts';
import type { Channel, Delivery } from './channel-types.ts';

const PAGE = 25;
const STATUSES = {
  pending: ['neutral', 'Waits'],
  sending: ['neutral', 'Is being sent'],
  delivered: ['good', 'Delivered'],
  failed: ['warning', 'Is tried again'],
  dead: ['bad', 'Given up'],
} as const satisfies Record<Delivery['status'], [string, string]>;
const EVENTS = { firing: 'fired', renotify: 'reminder', resolved: 'resolved' };

/** What was and is to be sent, what became of it, and trying again. `delivery` in the URL narrows it to an alert. */
export function DeliveryLog({ channels }: { channels: Channel[] }) {
  const [search] = useSearchParams();
  const set = useSetParameters();
  const link = useAlertsLink();
  const { user } = useHost();
  const { timeZone } = useTimeZone();
  const retry = useChange();
  const cursor = search.get('cursor');
  const alert = search.get('delivery');
  const channel = search.get('channel') ?? 'all';
  const state = search.get('state') ?? 'all';
  const deliveries = useApi(
    '/v1/analytics/notification-deliveries',
    {
      query: {
        limit: PAGE,
        cursor,
        alert_id: alert,
        channel_id: channel === 'all' ? undefined : channel,
        status: state === 'all' ? undefined : state,
      },
    },
    { every: 10_000 },
  );
  return (
    <QueryPanel title="Delivery log" description="Kept for 90 days." query={deliveries} height={200}>
      {({ deliveries: rows, next_cursor: next }) => (
        <>
          <Choices label="Which deliveries">
            <Choice
              label="State"
              value={state}
              options={[
                { value: 'all', label: 'All' },
                ...Object.entries(STATUSES).map(([value, [, label]]) => ({ value, label })),
              ]}
              onChange={(value) => set({ state: value === 'all' ? null : value, cursor: null })}
            />
            <Choice
              label="Channel"
              value={channel}
              options={[
                { value: 'all', label: 'All' },
                ...channels.map(({ channel_id: id, name }) => ({ value: String(id), label: name })),
              ]}
              onChange={(value) => set({ channel: value === 'all' ? null : value, cursor: null })}
            />
            {alert !== null && (
              <Button
                size="sm"
                variant="secondary"
                icon="times"
                onClick={() => set({ delivery: null, cursor: null })}
              >
                {`Only of alert ${alert}`}
              </Button>
            )}
          </Choices>
          {rows.length === 0 ? (
            <Nothing>No message of that kind was sent or waits.</Nothing>
          ) : (
            <DataTable
              label="Deliveries"
              columns={columns({
                timeZone,
                linkTo: (id) => link({ alert: String(id) }),
                whyNot: user.mayChange ? undefined : READ_ONLY,
                isBusy: retry.isPending,
                onRetry: (id) =>
                  retry.mutate({
                    path: `/v1/analytics/notification-deliveries/${id}/retry`,
                    method: 'POST',
                    done: 'It is sent again now.',
                  }),
              })}
              rows={rows}
              rowKey={({ delivery_id: id }) => String(id)}
            />
          )}
          <CursorPages cursor={cursor} next={next} />
        </>
      )}
    </QueryPanel>
  );
}

function columns({
  timeZone,
  linkTo,
  whyNot,
  isBusy,
  onRetry,
}: {
  timeZone: string;
  linkTo: (alertId: number) => string;
  whyNot: string | undefined;
  isBusy: boolean;
  onRetry: (id: number) => void;
}): Column<Delivery>[] {
  return [
    {
      id: 'at',
      header: 'Made',
      value: ({ created_at: at }) => at,
      cell: ({ created_at: at }) => <span style={{ whiteSpace: 'nowrap' }}>{instant(at, timeZone)}</span>,
    },
    { id: 'channel', header: 'Channel', value: ({ channel }) => channel.name },
    {
      id: 'alerts',
      header: 'Tells',
      value: ({ alerts }) => alerts.length,
      cell: ({ alerts }) => (
        <>
          {alerts.slice(0, 3).map(({ alert_id: id, rule_name: name, member, event }) => (
            <div key={id} style={{ minWidth: 160 }}>
              <Link to={linkTo(id)} style={{ textDecoration: 'underline' }}>
                {name}
                {member === null ? '' : `: ${member}`}
              </Link>
              , {EVENTS[event]}
            </div>
          ))}
          {alerts.length > 3 && `and ${count(alerts.length - 3)} more`}
        </>
      ),
    },
    {
      id: 'status',
      header: 'State',
      value: ({ status }) => status,
      cell: (delivery) => {
        const [tone, label] = STATUSES[delivery.status];
        return (
          <>
            <StatusBadge tone={tone} label={label} />
            <br />
            <small>
              {count(delivery.attempts)} {delivery.attempts === 1 ? 'try' : 'tries'}
              {delivery.status === 'failed' &&
                delivery.next_attempt_at !== null &&
                `, next ${instant(delivery.next_attempt_at, timeZone).slice(11)}`}
              {delivery.last_error !== null && delivery.status !== 'delivered' && `: ${delivery.last_error}`}
            </small>
          </>
        );
      },
    },
    {
      id: 'retry',
      header: 'Again',
      value: () => null,
      cell: ({ delivery_id: id, status }) =>
        status === 'failed' || status === 'dead' ? (
          <Button
            size="sm"
            variant="secondary"
            disabled={whyNot !== undefined || isBusy}
            tooltip={whyNot}
            aria-label={`Send delivery ${id} again`}
            onClick={() => onRetry(id)}
          >
            Send again
          </Button>
        ) : null,
    },
  ];
}
