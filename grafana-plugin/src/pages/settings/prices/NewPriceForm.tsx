import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, Checkbox, Field, Input, useStyles2 } from '@grafana/ui';
import { useId, useState } from 'react';
import { useChange } from '../../../api/use-api.ts';
import { ShortChoice } from '../../../panels/Choice.tsx';
import { Panel } from '../../../panels/Panel.tsx';
import { useReadOnlyReason } from '../AdminContent.tsx';

interface PriceField {
  name: string;
  label: string;
  placeholder: string;
}
const PRICE: PriceField[] = [
  { name: 'input_per_mtok', label: 'Input, USD a million', placeholder: '0.25; 0 is free' },
  { name: 'output_per_mtok', label: 'Output, USD a million', placeholder: '1' },
  { name: 'cache_read_per_mtok', label: 'Cache read, USD a million', placeholder: 'as input' },
  { name: 'per_request', label: 'USD a call', placeholder: 'none' },
];
const NAMES: PriceField[] = [
  { name: 'model_provider', label: 'Provider', placeholder: 'vllm; * for any' },
  { name: 'model_name', label: 'Model', placeholder: 'acme-7b, acme-*, * for every' },
];
const EMPTY = { since: 'now', kind: 'price' } as const;

/** Adds a price or a discount of one's own. Amounts stay text from the field to the book: no float touches them. */
export function NewPriceForm({ isOperator }: { isOperator: boolean }) {
  const styles = useStyles2(getStyles);
  const id = useId();
  const reason = useReadOnlyReason();
  const change = useChange();
  const [kind, setKind] = useState<'price' | 'discount'>(EMPTY.kind);
  const [since, setSince] = useState<'now' | 'ever' | 'day'>(EMPTY.since);
  const [day, setDay] = useState('');
  const [texts, setTexts] = useState<Record<string, string>>({});
  const [forAll, setForAll] = useState(false);
  const text = (name: string): string => (texts[name] ?? '').trim();
  const amounts =
    kind === 'price'
      ? PRICE
      : [{ name: 'discount_percent', label: 'Percent off the list', placeholder: '12.5' }];
  const given = [...amounts.map(({ name }) => name), 'source'].filter((name) => text(name) !== '');
  const isComplete =
    text('model_provider') !== '' &&
    text('model_name') !== '' &&
    amounts.some(({ name }) => text(name) !== '') &&
    (since !== 'day' || day !== '');
  const add = () =>
    change.mutate(
      {
        method: 'POST',
        path: '/v1/prices',
        body: {
          model_provider: text('model_provider'),
          model_name: text('model_name'),
          ...Object.fromEntries(given.map((name) => [name, text(name)])),
          ...(since === 'now' ? {} : { effective_from: since === 'ever' ? null : day }),
          ...(forAll ? { all_tenants: true } : {}),
        },
        done: 'It is in the book: calls from now on are priced by it within seconds.',
      },
      { onSuccess: () => setTexts({}) },
    );
  const input = ({ name, label, placeholder }: PriceField) => (
    <Field key={name} label={label} htmlFor={`${id}-${name}`} className={styles.field}>
      <Input
        id={`${id}-${name}`}
        value={texts[name] ?? ''}
        placeholder={placeholder}
        onChange={({ currentTarget: { value } }) => setTexts((before) => ({ ...before, [name]: value }))}
      />
    </Field>
  );
  return (
    <Panel
      title="Add a price or discount"
      description="For models that you host, and for contracts. A cache price that is left out is the input price; without an output price calls with output stay unpriced."
      span={6}
    >
      <form
        aria-label="New price"
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        <div className={styles.whole}>
          <ShortChoice
            label="What"
            value={kind}
            options={[
              { value: 'price', label: 'A price' },
              { value: 'discount', label: 'A discount' },
            ]}
            onChange={setKind}
          />
        </div>
        {NAMES.map(input)}
        {amounts.map(input)}
        {input({ name: 'source', label: 'From', placeholder: 'contract 4711' })}
        <div className={styles.whole}>
          <ShortChoice
            label="In force"
            value={since}
            options={[
              { value: 'now', label: 'From now' },
              { value: 'ever', label: 'Since ever' },
              { value: 'day', label: 'From a day' },
            ]}
            onChange={setSince}
          />
        </div>
        {since === 'day' && (
          <Field label="Day (UTC)" htmlFor={`${id}-day`} className={styles.field}>
            <Input
              id={`${id}-day`}
              type="date"
              value={day}
              onChange={({ currentTarget: { value } }) => setDay(value)}
            />
          </Field>
        )}
        {isOperator && (
          <div className={styles.whole}>
            <Checkbox
              label="For all tenants"
              value={forAll}
              onChange={({ currentTarget: { checked } }) => setForAll(checked)}
            />
          </div>
        )}
        <div className={styles.whole}>
          <Button
            type="submit"
            disabled={reason !== undefined || !isComplete || change.isPending}
            tooltip={reason}
          >
            Add
          </Button>
        </div>
      </form>
    </Panel>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  form: css({
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(180px, 100%), 1fr))',
    gap: theme.spacing(1.5),
    alignItems: 'end',
  }),
  field: css({ marginBottom: 0 }),
  whole: css({ gridColumn: '1 / -1' }),
});
