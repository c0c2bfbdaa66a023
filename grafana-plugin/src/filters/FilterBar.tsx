import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import {
  Button,
  Combobox,
  Dropdown,
  Field,
  IconButton,
  Input,
  RadioButtonGroup,
  useStyles2,
} from '@grafana/ui';
import { useId, useState } from 'react';
import { useApi } from '../api/use-api.ts';
import { usePeriod } from '../period/use-period.ts';
import { DIMENSION_LABELS, DIMENSIONS, memberText, visibleLabel } from './dimensions.ts';
import { filterText, OPERATOR_WORDS } from './filter-conditions.ts';
import { useFilters, type Filter } from './use-filters.ts';

/** The filters of the page as chips, and a form for one more. */
export function FilterBar() {
  const { filters, set } = useFilters();
  const styles = useStyles2(getStyles);
  const [isOpen, setIsOpen] = useState(false);
  return (
    <div className={styles.bar} role="group" aria-label="Filters">
      {filters.map((filter) => {
        const text = filterText(filter);
        return (
          <span key={text} className={styles.chip}>
            <span className={styles.text}>{text}</span>
            <IconButton
              name="times"
              size="sm"
              aria-label={`Remove the filter ${text}`}
              onClick={() => set(filters.filter((one) => one !== filter))}
            />
          </span>
        );
      })}
      <Dropdown
        overlay={
          <FilterForm
            onAdd={(filter) => {
              setIsOpen(false);
              set([...filters, filter]);
            }}
          />
        }
        onVisibleChange={setIsOpen}
        placement="bottom-start"
      >
        <Button variant="secondary" fill="outline" size="sm" icon="filter" aria-expanded={isOpen}>
          Add a filter
        </Button>
      </Dropdown>
      {filters.length > 1 && (
        <Button variant="secondary" fill="text" size="sm" onClick={() => set([])}>
          Clear all
        </Button>
      )}
    </div>
  );
}

function FilterForm({ onAdd }: { onAdd: (filter: Filter) => void }) {
  const styles = useStyles2(getStyles);
  const id = useId();
  const { query } = usePeriod();
  const [dimension, setDimension] = useState<string>('project_id');
  const [operator, setOperator] = useState<Filter['operator']>('is');
  const [value, setValue] = useState('');
  const members = useApi('/v1/analytics/usage/breakdown', {
    query: { ...query, dimension, order_by: 'total_requests', limit: 100 },
  });
  const options = (members.data?.members ?? []).map(({ member, label }) => ({
    label: visibleLabel(label),
    value: memberText(Object.values(member)[0] ?? null),
  }));
  return (
    // A form in a menu: its keys and clicks are its own.
    <form
      className={styles.form}
      aria-label="New filter"
      onClick={(event) => event.stopPropagation()}
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        if (value !== '') onAdd({ dimension, operator, values: [value] });
      }}
    >
      <Field label="Dimension" htmlFor={`${id}-dimension`}>
        <Combobox
          id={`${id}-dimension`}
          options={DIMENSIONS.map((name) => ({ value: name, label: DIMENSION_LABELS[name] }))}
          value={dimension}
          createCustomValue
          onChange={({ value: name }) => {
            setDimension(
              name in DIMENSION_LABELS || name.startsWith('metadata.') ? name : `metadata.${name}`,
            );
            setValue('');
          }}
        />
      </Field>
      <RadioButtonGroup
        aria-label="Comparison"
        value={operator}
        onChange={setOperator}
        options={(Object.keys(OPERATOR_WORDS) as Filter['operator'][]).map((name) => ({
          value: name,
          label: OPERATOR_WORDS[name],
        }))}
      />
      <Field label="Value" htmlFor={`${id}-value`}>
        {operator === 'prefix' ? (
          <Input id={`${id}-value`} value={value} onChange={(event) => setValue(event.currentTarget.value)} />
        ) : (
          <Combobox
            id={`${id}-value`}
            options={options}
            value={value === '' ? null : value}
            createCustomValue
            loading={members.isFetching}
            placeholder="A member of this period, or any text"
            onChange={({ value: chosen }) => setValue(chosen)}
          />
        )}
      </Field>
      <Button type="submit" disabled={value === ''}>
        Add
      </Button>
    </form>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  bar: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(1),
    alignItems: 'center',
    marginBottom: theme.spacing(2),
    '@media print': { display: 'none' },
  }),
  chip: css({
    display: 'inline-flex',
    alignItems: 'center',
    gap: theme.spacing(0.5),
    maxWidth: '100%',
    padding: theme.spacing(0.25, 1),
    background: theme.colors.background.secondary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.pill,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  text: css({ overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }),
  form: css({
    width: 320,
    maxWidth: '90vw',
    padding: theme.spacing(2),
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.medium}`,
    borderRadius: theme.shape.radius.default,
    boxShadow: theme.shadows.z3,
    display: 'flex',
    flexDirection: 'column',
    gap: theme.spacing(1),
  }),
});
