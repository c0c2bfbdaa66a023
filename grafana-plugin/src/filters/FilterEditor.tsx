import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, Combobox, IconButton, useStyles2 } from '@grafana/ui';
import { useState } from 'react';
import { useApi } from '../api/use-api.ts';
import { FormGroup, FormLine } from '../panels/FormLayout.tsx';
import { DIMENSION_LABELS, DIMENSIONS, isDimension, memberText } from './dimensions.ts';
import { filterText } from './filter-conditions.ts';
import { addFilter, type Filter } from './use-filters.ts';

/** Which usage a budget, a rule or a route is about: filters as chips, and one more. */
export function FilterEditor({
  filters,
  onChange,
}: {
  filters: Filter[];
  onChange: (filters: Filter[]) => void;
}) {
  const styles = useStyles2(getStyles);
  const [dimension, setDimension] = useState('project_id');
  const [value, setValue] = useState('');
  const members = useApi('/v1/analytics/usage/breakdown', {
    query: { start_date: 'now-29d/d', end_date: 'now', dimension, order_by: 'total_requests', limit: 100 },
  });
  const options = (members.data?.members ?? []).map(({ member, label }) => ({
    value: memberText(Object.values(member)[0] ?? null),
    label,
  }));
  return (
    <FormGroup legend="Which usage counts" note={filters.length === 0 ? 'All of it.' : undefined}>
      <FormLine>
        {filters.map((filter) => {
          const text = filterText(filter);
          return (
            <span key={text} className={styles.chip}>
              {text}
              <IconButton
                name="times"
                size="sm"
                aria-label={`Take out: ${text}`}
                onClick={() => onChange(filters.filter((one) => one !== filter))}
              />
            </span>
          );
        })}
      </FormLine>
      <FormLine>
        <Combobox
          aria-label="Dimension"
          width={22}
          createCustomValue
          options={DIMENSIONS.map((name) => ({ value: name, label: DIMENSION_LABELS[name] }))}
          value={dimension}
          onChange={({ value: name }) => {
            setDimension(isDimension(name) ? name : `metadata.${name}`);
            setValue('');
          }}
        />
        <Combobox
          aria-label="Is"
          width={28}
          createCustomValue
          options={options}
          value={value === '' ? null : value}
          placeholder="A member, or any text"
          loading={members.isFetching}
          onChange={({ value: member }) => setValue(member)}
        />
        <Button
          type="button"
          variant="secondary"
          size="sm"
          icon="plus"
          disabled={value === ''}
          onClick={() => {
            onChange(withOneMore(filters, dimension, value));
            setValue('');
          }}
        >
          Filter
        </Button>
      </FormLine>
    </FormGroup>
  );
}

/** Another member of the same dimension is an "or". */
function withOneMore(filters: Filter[], dimension: string, value: string): Filter[] {
  const same = filters.find((one) => one.dimension === dimension && one.operator === 'is');
  if (!same) return addFilter(filters, dimension, value);
  return filters.map((one) =>
    one === same && !same.values.includes(value) ? { ...same, values: [...same.values, value] } : one,
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  chip: css({
    display: 'inline-flex',
    alignItems: 'center',
    gap: theme.spacing(0.5),
    padding: theme.spacing(0.25, 1),
    background: theme.colors.background.secondary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.pill,
    fontSize: theme.typography.bodySmall.fontSize,
    overflowWrap: 'anywhere',
  }),
});
