import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, Checkbox, Combobox, Field, Input, useStyles2 } from '@grafana/ui';
import { useId, useState } from 'react';
import { useChange } from '../../../api/use-api.ts';
import { useReadOnlyReason } from '../AdminContent.tsx';

const SCOPES = [
  { scope: 'ingest', label: 'ingest', description: 'Send events: for applications' },
  { scope: 'read', label: 'read', description: 'See everything of the tenant' },
  { scope: 'metrics', label: 'metrics', description: 'Read /metrics: for Prometheus' },
  { scope: 'admin', label: 'admin', description: 'Everything, keys and prices too' },
] as const;
const DAYS = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'A year' },
  { value: 'never', label: 'No end' },
];
const DAY_MS = 86_400_000;

/** Makes a key, with the least that is needed unless more is chosen. */
export function NewKeyForm({
  tenant,
  onMade,
}: {
  /** Another tenant than one's own. */
  tenant: string | undefined;
  onMade: (key: { name: string; text: string }) => void;
}) {
  const styles = useStyles2(getStyles);
  const id = useId();
  const reason = useReadOnlyReason();
  const change = useChange<{ api_key: string }>();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>(['ingest']);
  const [days, setDays] = useState('90');
  const make = () =>
    change.mutate(
      {
        method: 'POST',
        path: '/v1/admin/api-keys',
        body: {
          name: name.trim(),
          scopes,
          ...(tenant === undefined ? {} : { tenant_id: tenant }),
          ...(days === 'never'
            ? {}
            : { expires_at: new Date(Date.now() + Number(days) * DAY_MS).toISOString() }),
        },
      },
      {
        onSuccess: ({ api_key }) => {
          onMade({ name: name.trim(), text: api_key });
          setName('');
        },
      },
    );
  return (
    <form
      aria-label="New API key"
      onSubmit={(event) => {
        event.preventDefault();
        make();
      }}
    >
      <Field label="What it is for" htmlFor={`${id}-name`}>
        <Input
          id={`${id}-name`}
          value={name}
          maxLength={200}
          placeholder="checkout, production"
          onChange={({ currentTarget: { value } }) => setName(value)}
        />
      </Field>
      <fieldset className={styles.scopes}>
        <legend className={styles.legend}>It may</legend>
        {SCOPES.map(({ scope, label, description }) => (
          <Checkbox
            key={scope}
            label={label}
            description={description}
            value={scopes.includes(scope)}
            onChange={({ currentTarget: { checked } }) =>
              setScopes(
                SCOPES.map((one) => one.scope).filter((one) =>
                  one === scope ? checked : scopes.includes(one),
                ),
              )
            }
          />
        ))}
      </fieldset>
      <Field label="It works for" htmlFor={`${id}-days`}>
        <Combobox id={`${id}-days`} options={DAYS} value={days} onChange={({ value }) => setDays(value)} />
      </Field>
      <Button
        type="submit"
        disabled={reason !== undefined || name.trim() === '' || scopes.length === 0 || change.isPending}
        tooltip={reason}
      >
        Make the key
      </Button>
    </form>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  scopes: css({
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    gap: theme.spacing(0.5),
    border: 0,
    padding: 0,
    margin: theme.spacing(0, 0, 2),
  }),
  legend: css({ fontSize: theme.typography.bodySmall.fontSize, marginBottom: theme.spacing(0.5) }),
});
