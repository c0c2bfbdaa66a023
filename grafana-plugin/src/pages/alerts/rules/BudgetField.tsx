import { Combobox, Field } from '@grafana/ui';
import { useId } from 'react';
import { useApi } from '../../../api/use-api.ts';

/** Which budget a rule watches; '' is each one that is on. */
export function BudgetField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const id = useId();
  const budgets = useApi('/v1/analytics/budgets');
  return (
    <Field label="Budget" htmlFor={id}>
      <Combobox
        id={id}
        width={34}
        loading={budgets.isFetching}
        options={[
          { value: '', label: 'Each one that is on' },
          ...(budgets.data?.budgets ?? []).map((budget) => ({
            value: String(budget.budget_id),
            label: budget.name,
          })),
        ]}
        value={value}
        onChange={({ value: chosen }) => onChange(chosen)}
      />
    </Field>
  );
}
