import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, Field, Input, RadioButtonGroup, useStyles2 } from '@grafana/ui';
import { useId, useState } from 'react';
import { useChange } from '../../../api/use-api.ts';
import { instant } from '../../../figures/time.ts';
import { useHost } from '../../../host/host.ts';
import { READ_ONLY } from '../../../host/read-only.ts';
import { useSetParameters } from '../../../navigation/use-set-parameters.ts';
import { Panel } from '../../../panels/Panel.tsx';
import { ProblemAlert } from '../../../panels/ProblemAlert.tsx';
import { useTimeZone } from '../../../period/time-zone.tsx';

const AMOUNT = /^\d+(?:\.\d{1,12})?$/;
const FIELDS = {
  input_per_mtok: { label: 'Input', hint: '0 is free.' },
  output_per_mtok: { label: 'Output', hint: 'Reasoning is a part of it.' },
  cache_read_per_mtok: { label: 'Input from the cache', hint: 'Default: as input.' },
  cache_write_5m_per_mtok: { label: 'Written to the cache, 5 min', hint: 'Default: as input.' },
  per_request: { label: 'A call, beside its tokens', hint: 'Default: nothing.' },
} as const;
type FieldName = keyof typeof FIELDS;
const NEEDED: FieldName[] = ['input_per_mtok', 'output_per_mtok'];

/** A price of one's own for a model that the list does not know. */
export function PriceForm({
  provider,
  model,
  since,
}: {
  provider: string;
  model: string;
  /** When the first call without a price was. */
  since: string | null;
}) {
  const styles = useStyles2(getStyles);
  const id = useId();
  const { user } = useHost();
  const { timeZone } = useTimeZone();
  const set = useSetParameters();
  const change = useChange();
  const [values, setValues] = useState<Partial<Record<FieldName, string>>>({});
  const [from, setFrom] = useState<'ever' | 'now'>('ever');
  const [source, setSource] = useState('');
  const [tier, setTier] = useState('');
  const [isTried, setIsTried] = useState(false);
  const [isAdded, setIsAdded] = useState(false);
  const problemIn = (name: FieldName): string | undefined => {
    const text = values[name]?.trim() ?? '';
    if (text === '') return NEEDED.includes(name) ? 'Needed; 0 where it is free.' : undefined;
    return AMOUNT.test(text) ? undefined : 'US dollars, such as 0.25.';
  };
  const names = Object.keys(FIELDS) as FieldName[];
  const isRight = names.every((name) => problemIn(name) === undefined);

  const submit = (): void => {
    setIsTried(true);
    if (!isRight) return;
    const given = names.flatMap((name) => {
      const text = values[name]?.trim() ?? '';
      return text === '' ? [] : [[name, text] as const];
    });
    change.mutate(
      {
        path: '/v1/prices',
        method: 'POST',
        body: {
          model_provider: provider,
          model_name: model,
          ...Object.fromEntries(given),
          ...(from === 'ever' ? { effective_from: null } : {}),
          ...(tier.trim() === '' ? {} : { service_tier: tier.trim() }),
          ...(source.trim() === '' ? {} : { source: source.trim() }),
        },
        done: `${model} has a price.`,
      },
      { onSuccess: () => setIsAdded(true) },
    );
  };

  return (
    <Panel
      title={`Price of ${model}`}
      description="A price of your own wins over the public list. It can be ended, never changed, so that every cost stays explained."
      actions={
        <Button size="sm" variant="secondary" fill="text" onClick={() => set({ model: null })}>
          Close
        </Button>
      }
    >
      {isAdded ? (
        <p role="status">
          It is added: new calls are priced within two seconds. Calls that are stored already keep no cost
          until they are priced again, below.
        </p>
      ) : (
        <form
          aria-label={`Price of ${model}`}
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <p>
            For the model {model} of {provider}, exactly this name. US dollars a million tokens.
            {since !== null && ` Its first call without a price was ${instant(since, timeZone)}.`}
          </p>
          <div className={styles.fields}>
            {names.map((name) => {
              const problem = isTried ? problemIn(name) : undefined;
              return (
                <Field
                  key={name}
                  label={FIELDS[name].label}
                  description={FIELDS[name].hint}
                  htmlFor={`${id}-${name}`}
                  required={NEEDED.includes(name)}
                  invalid={problem !== undefined}
                  error={problem}
                >
                  <Input
                    id={`${id}-${name}`}
                    inputMode="decimal"
                    prefix="$"
                    value={values[name] ?? ''}
                    onChange={(event) => setValues({ ...values, [name]: event.currentTarget.value })}
                  />
                </Field>
              );
            })}
            <Field label="Service tier" description="Default: standard; * is any." htmlFor={`${id}-tier`}>
              <Input
                id={`${id}-tier`}
                maxLength={200}
                value={tier}
                onChange={(event) => setTier(event.currentTarget.value)}
              />
            </Field>
            <Field label="Source" description="Contract, price page, …" htmlFor={`${id}-source`}>
              <Input
                id={`${id}-source`}
                maxLength={200}
                value={source}
                onChange={(event) => setSource(event.currentTarget.value)}
              />
            </Field>
          </div>
          <Field
            label="In force"
            description="Only calls from then on can be priced by it, also by repricing."
          >
            <RadioButtonGroup
              aria-label="In force"
              value={from}
              onChange={setFrom}
              options={[
                { value: 'ever', label: 'since ever' },
                { value: 'now', label: 'from now on' },
              ]}
            />
          </Field>
          {change.error && <ProblemAlert problem={change.error} />}
          <Button
            type="submit"
            disabled={!user.mayChange || change.isPending}
            tooltip={user.mayChange ? undefined : READ_ONLY}
          >
            Add the price
          </Button>
        </form>
      )}
    </Panel>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  fields: css({
    display: 'grid',
    gap: theme.spacing(0, 2),
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(200px, 100%), 1fr))',
  }),
});
