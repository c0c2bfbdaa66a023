import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Alert, Button, ConfirmModal, IconButton, Switch, useStyles2 } from '@grafana/ui';
import type { UseQueryResult } from '@tanstack/react-query';
import { useState } from 'react';
import type { ApiProblem } from '../../../api/problem.ts';
import { useChange } from '../../../api/use-api.ts';
import { count, duration } from '../../../figures/format.ts';
import { ago, instant } from '../../../figures/time.ts';
import { useHost } from '../../../host/host.ts';
import { READ_ONLY } from '../../../host/read-only.ts';
import { Nothing } from '../../../panels/Nothing.tsx';
import { QueryPanel } from '../../../panels/QueryPanel.tsx';
import { StatusBadge } from '../../../panels/StatusBadge.tsx';
import { useTimeZone } from '../../../period/time-zone.tsx';
import { CHANNEL_TYPES, placeText, type Channel, type Channels } from './channel-types.ts';
import { ChannelForm } from './ChannelForm.tsx';

const PATH = '/v1/analytics/notification-channels';

interface TestResult {
  outcome: 'delivered' | 'failed';
  latency_ms: number;
  response_status: number | null;
  error: string | null;
}

/** Where alerts are told, whether that works, and what went to nobody. */
export function ChannelsPanel({ channels }: { channels: UseQueryResult<Channels, ApiProblem> }) {
  const styles = useStyles2(getStyles);
  const { user } = useHost();
  const [form, setForm] = useState<Channel | 'new' | null>(null);
  return (
    <QueryPanel
      title="Channels"
      description="Addresses and secrets are never shown again; to change one, give it anew."
      query={channels}
      height={200}
      actions={
        <Button
          size="sm"
          icon="plus"
          disabled={!user.mayChange}
          tooltip={user.mayChange ? undefined : READ_ONLY}
          onClick={() => setForm('new')}
        >
          New channel
        </Button>
      }
    >
      {({ channels: all, silence, email_available: hasMail }) => (
        <>
          {silence.changes_last_24_hours > 0 && (
            <Alert
              severity="warning"
              title={`${count(silence.changes_last_24_hours)} changes of alerts were told to nobody in the last 24 hours`}
            >
              <ul className={styles.reasons}>
                {silence.reasons.map(({ reason, text, changes }) => (
                  <li key={reason}>
                    {text} ({count(changes)})
                  </li>
                ))}
              </ul>
            </Alert>
          )}
          {all.length === 0 ? (
            <Nothing>There is no channel: nobody is told of any alert.</Nothing>
          ) : (
            <ul className={styles.list}>
              {all.map((channel) => (
                <ChannelItem key={channel.channel_id} channel={channel} onChange={() => setForm(channel)} />
              ))}
            </ul>
          )}
          {form !== null && (
            <ChannelForm
              channel={form === 'new' ? undefined : form}
              hasMail={hasMail}
              onClose={() => setForm(null)}
            />
          )}
        </>
      )}
    </QueryPanel>
  );
}

function ChannelItem({ channel, onChange }: { channel: Channel; onChange: () => void }) {
  const styles = useStyles2(getStyles);
  const { user } = useHost();
  const { timeZone } = useTimeZone();
  const change = useChange();
  const test = useChange<TestResult>();
  const [isAsked, setIsAsked] = useState(false);
  const path = `${PATH}/${channel.channel_id}`;
  const whyNot = user.mayChange ? undefined : READ_ONLY;
  const { health } = channel;
  return (
    <li className={styles.item}>
      <div className={styles.about}>
        <h3 className={styles.name}>{channel.name}</h3>
        <span>
          {CHANNEL_TYPES[channel.type]}, {placeText(channel)}
        </span>
        <Health channel={channel} />
        <small className={styles.muted}>
          {health.last_delivered_at === null
            ? 'Nothing has been delivered yet'
            : `Last delivered ${ago(health.last_delivered_at, timeZone)}`}
          {health.last_error !== null &&
            health.status !== 'ok' &&
            `; last failure ${instant(health.last_failed_at, timeZone).slice(0, 16)}: ${health.last_error}`}
        </small>
        <p role="status" className={styles.result}>
          {test.isPending && 'Sending …'}
          {test.data && <TestOutcome result={test.data} />}
          {test.error && <StatusBadge tone="bad" label={test.error.message} />}
        </p>
      </div>
      <div className={styles.actions}>
        <Switch
          aria-label={`${channel.name} is on`}
          value={channel.enabled}
          disabled={!user.mayChange || change.isPending}
          onChange={() =>
            change.mutate({
              path,
              method: 'PATCH',
              body: { enabled: !channel.enabled },
              done: channel.enabled
                ? `${channel.name} is switched off; what waited for it is given up.`
                : `${channel.name} is switched on.`,
            })
          }
        />
        <Button
          size="sm"
          variant="secondary"
          disabled={!user.mayChange || test.isPending}
          tooltip={whyNot ?? 'Sends a message that says that it is a test'}
          onClick={() => test.mutate({ path: `${path}/test`, method: 'POST' })}
        >
          Test
        </Button>
        <Button size="sm" variant="secondary" disabled={!user.mayChange} tooltip={whyNot} onClick={onChange}>
          Change
        </Button>
        <IconButton
          name="trash-alt"
          size="lg"
          tooltip={`Delete ${channel.name}`}
          disabled={!user.mayChange}
          onClick={() => setIsAsked(true)}
        />
      </div>
      <ConfirmModal
        isOpen={isAsked}
        title={`Delete the channel ${channel.name}?`}
        body="Its deliveries are deleted too. This cannot be undone. It is refused while a route sends there."
        confirmText="Delete"
        onDismiss={() => setIsAsked(false)}
        onConfirm={() => {
          setIsAsked(false);
          change.mutate({ path, method: 'DELETE', done: 'The channel is deleted.' });
        }}
      />
    </li>
  );
}

function Health({ channel }: { channel: Channel }) {
  const { timeZone } = useTimeZone();
  if (!channel.enabled) return <StatusBadge tone="neutral" label="Switched off" />;
  const { status, paused_until: paused, consecutive_failures: failures } = channel.health;
  switch (status) {
    case 'ok':
      return <StatusBadge tone="good" label="Works" />;
    case 'failing':
      return <StatusBadge tone="warning" label={`Failed ${count(failures)} times in a row`} />;
    case 'paused':
      return <StatusBadge tone="bad" label={`Paused until ${instant(paused, timeZone).slice(11, 19)}`} />;
    case 'unknown':
      return <StatusBadge tone="neutral" label="Not tried yet" />;
  }
}

function TestOutcome({ result }: { result: TestResult }) {
  const status = result.response_status === null ? '' : `, answer ${result.response_status}`;
  const time = ` after ${duration(result.latency_ms)}${status}`;
  return (
    <>
      <StatusBadge
        tone={result.outcome === 'delivered' ? 'good' : 'bad'}
        label={result.outcome === 'delivered' ? `The test was delivered${time}.` : `The test failed${time}.`}
      />{' '}
      {result.error}
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ listStyle: 'none', margin: 0, padding: 0 }),
  reasons: css({ margin: 0, paddingLeft: theme.spacing(2) }),
  item: css({
    display: 'flex',
    flexWrap: 'wrap',
    justifyContent: 'space-between',
    gap: theme.spacing(1, 2),
    padding: theme.spacing(1, 0),
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    '&:last-child': { borderBottom: 0 },
  }),
  about: css({
    display: 'flex',
    flexDirection: 'column',
    gap: theme.spacing(0.25),
    flex: '1 1 260px',
    minWidth: 0,
    overflowWrap: 'anywhere',
  }),
  name: css({ margin: 0, fontSize: theme.typography.h5.fontSize }),
  muted: css({ color: theme.colors.text.secondary }),
  result: css({ margin: 0 }),
  actions: css({ display: 'flex', alignItems: 'center', gap: theme.spacing(1) }),
});
