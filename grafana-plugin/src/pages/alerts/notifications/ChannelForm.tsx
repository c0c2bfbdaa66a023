import { Button, Field, Input, Modal, RadioButtonGroup, TextArea } from '@grafana/ui';
import { useId, useState } from 'react';
import { problemOfField } from '../../../api/problem.ts';
import { useChange } from '../../../api/use-api.ts';
import { NameField } from '../../../panels/FormLayout.tsx';
import { ProblemAlert } from '../../../panels/ProblemAlert.tsx';
import { CHANNEL_TYPES, type Channel } from './channel-types.ts';
import { ModalButtons } from './ModalButtons.tsx';

const SECRET_BYTES = 32;

/** Makes a channel, or changes one. What is secret is empty here: left so it stays as it is. */
export function ChannelForm({
  channel,
  hasMail,
  onClose,
}: {
  channel: Channel | undefined;
  hasMail: boolean;
  onClose: () => void;
}) {
  const id = useId();
  const change = useChange<Channel>();
  const [name, setName] = useState(channel?.name ?? '');
  const [type, setType] = useState<Channel['type']>(channel?.type ?? 'slack');
  const [address, setAddress] = useState('');
  const [secret, setSecret] = useState('');
  const [to, setTo] = useState(channel?.settings.to?.join('\n') ?? '');
  const [isTried, setIsTried] = useState(false);
  const addresses = to.split(/[\s,;]+/).filter((one) => one !== '');
  const isNew = channel === undefined;
  const problems: Record<string, string> = {};
  if (name.trim() === '') problems.name = 'A name is needed.';
  if (type === 'email' && addresses.length === 0) problems.to = 'An address is needed.';
  if (isNew && type !== 'email' && address.trim() === '') problems.url = 'An address is needed.';
  if (isNew && type === 'webhook' && secret === '') problems.signing_secret = 'A secret is needed.';
  const refused = change.error ? problemOfField(change.error.message.replace(/^settings\./, '')) : null;
  const place = refused?.field === 'webhook_url' ? 'url' : refused?.field;
  const shown: Record<string, string> = {
    ...(isTried ? problems : {}),
    ...(refused && place !== undefined ? { [place]: refused.words } : {}),
  };
  const settings =
    type === 'email'
      ? { to: addresses }
      : {
          ...(address.trim() !== '' && { [type === 'slack' ? 'webhook_url' : 'url']: address.trim() }),
          ...(type === 'webhook' && secret !== '' && { signing_secret: secret }),
        };
  const submit = (): void => {
    setIsTried(true);
    if (Object.keys(problems).length > 0) return;
    change.mutate(
      isNew
        ? {
            path: '/v1/analytics/notification-channels',
            method: 'POST',
            body: { name: name.trim(), type, settings },
            done: 'The channel is made. Test it now.',
          }
        : {
            path: `/v1/analytics/notification-channels/${channel.channel_id}`,
            method: 'PATCH',
            body: { name: name.trim(), ...(Object.keys(settings).length > 0 && { settings }) },
            done: 'The channel is changed.',
          },
      { onSuccess: onClose },
    );
  };
  const kept = isNew ? undefined : 'Empty: stays as it is.';
  return (
    <Modal title={isNew ? 'New channel' : `Change ${channel.name}`} isOpen onDismiss={onClose}>
      <form
        noValidate
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <NameField value={name} problem={shown.name} onChange={setName} />
        {isNew && (
          <Field
            label="Type"
            description={hasMail ? undefined : 'Mail needs SMTP_URL and SMTP_FROM in the collector.'}
          >
            <RadioButtonGroup
              aria-label="Type"
              options={(Object.keys(CHANNEL_TYPES) as Channel['type'][]).map((value) => ({
                value,
                label: CHANNEL_TYPES[value],
              }))}
              disabledOptions={hasMail ? [] : ['email']}
              value={type}
              onChange={setType}
            />
          </Field>
        )}
        {type === 'email' ? (
          <Field
            label="Addresses"
            description="One a line, up to 20."
            htmlFor={`${id}-to`}
            invalid={shown.to !== undefined}
            error={shown.to}
          >
            <TextArea
              id={`${id}-to`}
              rows={3}
              value={to}
              onChange={(event) => setTo(event.currentTarget.value)}
            />
          </Field>
        ) : (
          <Field
            label={type === 'slack' ? 'Address of the incoming webhook' : 'Address'}
            description={kept}
            htmlFor={`${id}-url`}
            invalid={shown.url !== undefined}
            error={shown.url}
          >
            <Input
              id={`${id}-url`}
              type="password"
              autoComplete="new-password"
              placeholder={type === 'slack' ? 'https://hooks.slack.com/services/…' : 'https://…'}
              value={address}
              onChange={(event) => setAddress(event.currentTarget.value)}
            />
          </Field>
        )}
        {type === 'webhook' && (
          <Field
            label="Signing secret"
            description={kept ?? 'The receiver checks messages with it. Copy it before you save.'}
            htmlFor={`${id}-secret`}
            invalid={shown.signing_secret !== undefined}
            error={shown.signing_secret}
          >
            <Input
              id={`${id}-secret`}
              autoComplete="off"
              value={secret}
              onChange={(event) => setSecret(event.currentTarget.value)}
              addonAfter={
                <Button type="button" variant="secondary" onClick={() => setSecret(randomSecret())}>
                  Make one
                </Button>
              }
            />
          </Field>
        )}
        {change.error && place !== 'name' && !['url', 'signing_secret', 'to'].includes(place ?? '') && (
          <ProblemAlert problem={change.error} />
        )}
        <ModalButtons
          submit={isNew ? 'Make the channel' : 'Save'}
          isBusy={change.isPending}
          onClose={onClose}
        />
      </form>
    </Modal>
  );
}

function randomSecret(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
