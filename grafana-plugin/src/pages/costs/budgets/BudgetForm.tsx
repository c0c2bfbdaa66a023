import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import {
  Button,
  Combobox,
  Field,
  IconButton,
  Input,
  RadioButtonGroup,
  TextArea,
  useStyles2,
} from '@grafana/ui';
import { useId, useState } from 'react';
import { Link } from 'react-router-dom';
import { useChange } from '../../../api/use-api.ts';
import { useFilters } from '../../../filters/use-filters.ts';
import { useHost } from '../../../host/host.ts';
import { usePageLink } from '../../../navigation/use-page-link.ts';
import { Panel, PanelGrid } from '../../../panels/Panel.tsx';
import { ProblemAlert } from '../../../panels/ProblemAlert.tsx';
import { READ_ONLY } from '../read-only.ts';
import { useSetParameters } from '../use-choice.ts';
import type { Measure } from './amount.ts';
import { BudgetPreview } from './BudgetPreview.tsx';
import { FilterEditor } from './FilterEditor.tsx';
import {
  bodyOf,
  problemsOf,
  stateOf,
  type Enforcement,
  type FormState,
  type PeriodType,
} from './form-state.ts';
import type { Budget } from './outlook.ts';

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
const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'].map(
  (value) => ({
    value,
    label: value.slice(0, 1).toUpperCase() + value.slice(1),
  }),
);
const ENFORCEMENTS: { value: Enforcement; label: string; description: string }[] = [
  { value: 'none', label: 'Nothing', description: 'The check before a call always answers allow' },
  { value: 'warn', label: 'Warn', description: 'From the lowest threshold on' },
  { value: 'block', label: 'Block', description: 'Once the amount is used up' },
];
const THRESHOLD_KINDS: { value: 'actual' | 'forecast'; label: string }[] = [
  { value: 'actual', label: 'used' },
  { value: 'forecast', label: 'expected at the end' },
];
const ZONES = [
  { value: '', label: "The tenant's" },
  ...['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')].map((value) => ({
    value,
    label: value,
  })),
];

/** Makes a budget, or changes one, with what it would have held in the past beside it. */
export function BudgetForm({ budget }: { budget?: Budget }) {
  const styles = useStyles2(getStyles);
  const id = useId();
  const { user } = useHost();
  const link = usePageLink();
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
      <p>
        <Link className={styles.link} to={link('costs', { keepFilters: false, search: { tab: 'budgets' } })}>
          All budgets
        </Link>
      </p>
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
            <Field
              label="Name"
              htmlFor={`${id}-name`}
              required
              invalid={shown.name !== undefined}
              error={shown.name}
            >
              <Input
                id={`${id}-name`}
                value={state.name}
                maxLength={200}
                onChange={(event) => edit({ name: event.currentTarget.value })}
              />
            </Field>
            <div className={styles.row}>
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
            </div>
            <div className={styles.row}>
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
                    options={WEEKDAYS}
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
                    options={ZONES}
                    value={state.timeZone}
                    onChange={({ value }) => edit({ timeZone: value })}
                  />
                </Field>
              )}
            </div>
            <FilterEditor filters={state.filters} onChange={(next) => edit({ filters: next })} />
            <fieldset className={styles.group}>
              <legend className={styles.legend}>Thresholds</legend>
              {state.thresholds.map(({ percent: at, kind }, index) => (
                <div key={index} className={styles.line}>
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
                </div>
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
            </fieldset>
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
            <div className={styles.line}>
              <Button
                type="submit"
                disabled={!user.mayChange || change.isPending}
                tooltip={user.mayChange ? undefined : READ_ONLY}
              >
                {budget ? 'Save' : 'Make the budget'}
              </Button>
              <Button type="button" variant="secondary" onClick={() => set({ form: null })}>
                Cancel
              </Button>
            </div>
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

const getStyles = (theme: GrafanaTheme2) => ({
  link: css({ color: theme.colors.text.link, textDecoration: 'underline' }),
  row: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(0, 3) }),
  line: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(1),
    marginBottom: theme.spacing(1),
  }),
  group: css({ border: 0, padding: 0, margin: theme.spacing(0, 0, 2) }),
  legend: css({
    fontSize: theme.typography.bodySmall.fontSize,
    fontWeight: theme.typography.fontWeightMedium,
    marginBottom: theme.spacing(0.5),
  }),
});
