import { Button, Combobox, Field, IconButton, Input, RadioButtonGroup, TextArea } from '@grafana/ui';
import { useId, useState } from 'react';
import { useChange } from '../../../api/use-api.ts';
import type { Measure } from '../../../budgets/amount.ts';
import type { Budget } from '../../../budgets/outlook.ts';
import { FilterEditor } from '../../../filters/FilterEditor.tsx';
import { useFilters } from '../../../filters/use-filters.ts';
import { useHost } from '../../../host/host.ts';
import { READ_ONLY } from '../../../host/read-only.ts';
import { useSetParameters } from '../../../navigation/use-set-parameters.ts';
import { FormButtons, FormGroup, FormLine, FormRow, NameField } from '../../../panels/FormLayout.tsx';
import { Panel, PanelGrid } from '../../../panels/Panel.tsx';
import { ProblemAlert } from '../../../panels/ProblemAlert.tsx';
import { WEEKDAYS } from '../../../period/weekdays.ts';
import { ZONE_OPTIONS } from '../../../period/zone-options.ts';
import { AllBudgetsLink } from './AllBudgetsLink.tsx';
import { BudgetPreview } from './BudgetPreview.tsx';
import {
  bodyOf,
  problemsOf,
  stateOf,
  type Enforcement,
  type FormState,
  type PeriodType,
} from './form-state.ts';

const MEASURES: { value: Measure; label: string }[] = [
  { value: 'cost', label: 'Cost, USD' },
  { value: 'requests', label: 'Requests' },
  { value: 'tokens', label: 'Tokens' },
];
const PERIODS: { value: PeriodType; label: string }[] = [
  { value: 'day', label: 'Day' },
  { value: 'week', label: 'Week' },
  { value: 'month', label: 'Month' },
  { value: 'quarter', label: 'Quarter' },
  { value: 'year', label: 'Year' },
  { value: 'rolling', label: 'Rolling window' },
];
const WEEKDAY_OPTIONS = WEEKDAYS.map((value) => ({
  value,
  label: value.slice(0, 1).toUpperCase() + value.slice(1),
}));
const ENFORCEMENTS: { value: Enforcement; label: string; description: string }[] = [
  { value: 'none', label: 'Nothing', description: 'The check before a call always answers allow' },
  { value: 'warn', label: 'Warn', description: 'From the lowest threshold on' },
  { value: 'block', label: 'Block', description: 'Once the amount is used up' },
];
const THRESHOLD_KINDS: { value: 'actual' | 'forecast'; label: string }[] = [
  { value: 'actual', label: 'used' },
  { value: 'forecast', label: 'expected at the end' },
];

/** Makes a budget, or changes one, with what it would have held in the past beside it. */
export function BudgetForm({ budget }: { budget?: Budget }) {
  const id = useId();
  const { user } = useHost();
  const set = useSetParameters();
  const { filters } = useFilters();
  const change = useChange<Budget>();
  const [state, setState] = useState(() => stateOf(budget, filters));
  const [isTried, setIsTried] = useState(false);
  const problems = problemsOf(state);
  const isRight = Object.values(problems).every((problem) => problem === undefined);
  const shown = isTried ? problems : {};
  const edit = (changes: Partial<FormState>): void => setState((before) => ({ ...before, ...changes }));
  const setThreshold = (index: number, changes: Partial<FormState['thresholds'][number]>): void =>
    edit({
      thresholds: state.thresholds.map((one, at) => (at === index ? { ...one, ...changes } : one)),
    });

  const submit = (): void => {
    setIsTried(true);
    if (!isRight || !user.mayChange) return;
    change.mutate(
      {
        path: `/v1/analytics/budgets${budget ? `/${budget.budget_id}` : ''}`,
        method: budget ? 'PATCH' : 'POST',
        body: bodyOf(state),
        done: budget ? 'The budget is changed.' : 'The budget is made.',
      },
      { onSuccess: (made) => set({ form: null, budget: String(made.budget_id) }) },
    );
  };

  return (
    <>
      <AllBudgetsLink />
      <PanelGrid>
        <Panel title={budget ? `Change ${budget.name}` : 'New budget'} span={7}>
          {!user.mayChange && <p role="note">{READ_ONLY}</p>}
          <form
            aria-label={budget ? 'Change the budget' : 'New budget'}
            noValidate
            onSubmit={(event) => {
              event.preventDefault();
              submit();
            }}
          >
            <NameField value={state.name} problem={shown.name} required onChange={(name) => edit({ name })} />
            <FormRow>
              <Field label="What is limited">
                <RadioButtonGroup
                  aria-label="What is limited"
                  options={MEASURES}
                  value={state.measure}
                  onChange={(measure) => edit({ measure })}
                />
              </Field>
              <Field
                label={state.measure === 'cost' ? 'Amount, US dollars' : `Amount, ${state.measure}`}
                htmlFor={`${id}-amount`}
                required
                invalid={shown.amount !== undefined}
                error={shown.amount}
              >
                <Input
                  id={`${id}-amount`}
                  inputMode="decimal"
                  width={20}
                  value={state.amount}
                  onChange={(event) => edit({ amount: event.currentTarget.value })}
                />
              </Field>
            </FormRow>
            <FormRow>
              <Field label="Period" htmlFor={`${id}-period`} description="After which it begins anew.">
                <Combobox
                  id={`${id}-period`}
                  width={20}
                  options={PERIODS}
                  value={state.periodType}
                  onChange={({ value }) => edit({ periodType: value })}
                />
              </Field>
              {state.periodType === 'week' && (
                <Field label="Weeks begin with" htmlFor={`${id}-week`} description="Weeks of seven days.">
                  <Combobox
                    id={`${id}-week`}
                    width={20}
                    options={WEEKDAY_OPTIONS}
                    value={state.weekStart}
                    onChange={({ value }) => edit({ weekStart: value })}
                  />
                </Field>
              )}
              {state.periodType === 'rolling' ? (
                <Field
                  label="Hours of the window"
                  htmlFor={`${id}-hours`}
                  description="720 are 30 days."
                  invalid={shown.hours !== undefined}
                  error={shown.hours}
                >
                  <Input
                    id={`${id}-hours`}
                    inputMode="numeric"
                    width={20}
                    value={state.hours}
                    onChange={(event) => edit({ hours: event.currentTarget.value })}
                  />
                </Field>
              ) : (
                <Field label="Time zone" htmlFor={`${id}-zone`} description="Whose days they are.">
                  <Combobox
                    id={`${id}-zone`}
                    width={30}
                    options={ZONE_OPTIONS}
                    value={state.timeZone}
                    onChange={({ value }) => edit({ timeZone: value })}
                  />
                </Field>
              )}
            </FormRow>
            <FilterEditor filters={state.filters} onChange={(next) => edit({ filters: next })} />
            <FormGroup legend="Thresholds">
              {state.thresholds.map(({ percent: at, kind }, index) => (
                <FormLine key={index}>
                  <Input
                    aria-label={`Threshold ${index + 1}, percent`}
                    width={12}
                    suffix="%"
                    inputMode="decimal"
                    value={at}
                    onChange={(event) => setThreshold(index, { percent: event.currentTarget.value })}
                  />
                  <RadioButtonGroup
                    aria-label={`Threshold ${index + 1}, of what`}
                    size="md"
                    value={kind}
                    onChange={(next) => setThreshold(index, { kind: next as 'actual' | 'forecast' })}
                    options={THRESHOLD_KINDS}
                    disabledOptions={state.periodType === 'rolling' ? ['forecast'] : []}
                  />
                  <IconButton
                    name="trash-alt"
                    size="lg"
                    tooltip={`Take threshold ${index + 1} out`}
                    onClick={() =>
                      edit({ thresholds: state.thresholds.filter((_one, other) => other !== index) })
                    }
                  />
                </FormLine>
              ))}
              {problems.thresholds !== undefined && <p role="alert">{problems.thresholds}</p>}
              {state.periodType === 'rolling' && state.thresholds.some(({ kind }) => kind === 'forecast') && (
                <p>A window that moves has no end: thresholds of what is expected are left out.</p>
              )}
              <Button
                type="button"
                size="sm"
                variant="secondary"
                icon="plus"
                onClick={() => edit({ thresholds: [...state.thresholds, { percent: '90', kind: 'actual' }] })}
              >
                Threshold
              </Button>
            </FormGroup>
            <Field
              label="Check before a call"
              description="Applications may ask before they call a model. What is not known stops no call."
            >
              <RadioButtonGroup
                aria-label="Check before a call"
                options={ENFORCEMENTS}
                value={state.enforcement}
                onChange={(enforcement) => edit({ enforcement })}
              />
            </Field>
            <Field label="Description" htmlFor={`${id}-description`}>
              <TextArea
                id={`${id}-description`}
                rows={2}
                maxLength={2000}
                value={state.description}
                onChange={(event) => edit({ description: event.currentTarget.value })}
              />
            </Field>
            {change.error && <ProblemAlert problem={change.error} />}
            <FormButtons
              submit={budget ? 'Save' : 'Make the budget'}
              isBusy={change.isPending}
              onCancel={() => set({ form: null })}
            />
          </form>
        </Panel>
        <BudgetPreview
          state={state}
          isRight={
            problems.amount === undefined && problems.hours === undefined && problems.thresholds === undefined
          }
        />
      </PanelGrid>
    </>
  );
}
