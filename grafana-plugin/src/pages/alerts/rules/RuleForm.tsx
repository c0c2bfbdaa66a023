import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Combobox, Field, Input, RadioButtonGroup, TextArea, useStyles2 } from '@grafana/ui';
import { useId, useState, type JSX } from 'react';
import { Link } from 'react-router-dom';
import { problemOfField } from '../../../api/problem.ts';
import { useChange } from '../../../api/use-api.ts';
import { DIMENSION_LABELS, DIMENSIONS, isDimension } from '../../../filters/dimensions.ts';
import { FilterEditor } from '../../../filters/FilterEditor.tsx';
import { useHost } from '../../../host/host.ts';
import { READ_ONLY } from '../../../host/read-only.ts';
import { useSetParameters } from '../../../navigation/use-set-parameters.ts';
import { FormButtons, FormRow, NameField } from '../../../panels/FormLayout.tsx';
import { Panel, PanelGrid } from '../../../panels/Panel.tsx';
import { ProblemAlert } from '../../../panels/ProblemAlert.tsx';
import { ZONE_OPTIONS } from '../../../period/zone-options.ts';
import { ALERT_TYPES, SEVERITIES, SEVERITY_LABELS, type Rule } from '../alert-types.ts';
import { METRICS, OPERATOR_WORDS, type MetricName } from '../metrics.ts';
import { useAlertsLink } from '../use-alerts-link.ts';
import { BudgetField } from './BudgetField.tsx';
import { MuteWindows } from './MuteWindows.tsx';
import { bodyOf, problemsOf, stateOf, type FormState } from './rule-form-state.ts';
import { RulePreview } from './RulePreview.tsx';

const options = <Name extends string>(labels: Record<Name, string>): { value: Name; label: string }[] =>
  (Object.entries(labels) as [Name, string][]).map(([value, label]) => ({ value, label }));
const METRIC_OPTIONS = (Object.keys(METRICS) as MetricName[]).map((value) => ({
  value,
  label: METRICS[value].label,
}));
const BASELINES: { value: FormState['baseline']; label: string }[] = [
  { value: 'none', label: 'The threshold itself' },
  { value: 'previous_window', label: 'The window before' },
  { value: 'same_hour_last_weeks', label: 'The same time of the last four weeks' },
];
const NO_DATA: { value: FormState['noData']; label: string }[] = [
  { value: 'ok', label: 'Is no alert' },
  { value: 'keep', label: 'Changes nothing' },
  { value: 'fire', label: 'Is an alert' },
];
/** Fields that show what is wrong beside them; everything else is told above the button. */
const IN_PLACE = [
  'name',
  'threshold',
  'window_duration',
  'baseline',
  'group_by',
  'for_minutes',
  'resolve_threshold',
  'keep_firing_minutes',
  'renotify_minutes',
  'min_requests',
  'no_data',
  'mute_windows',
  'operator',
];

/** Makes a rule, or changes one, with when it would have fired beside it. */
export function RuleForm({ rule }: { rule?: Rule }) {
  const styles = useStyles2(getStyles);
  const id = useId();
  const { user } = useHost();
  const link = useAlertsLink();
  const set = useSetParameters();
  const change = useChange<Rule>();
  const [state, setState] = useState(() => stateOf(rule));
  const [isTried, setIsTried] = useState(false);
  const own = problemsOf(state);
  const isRight = Object.keys(own).length === 0;
  const refused = change.error ? problemOfField(change.error.message) : null;
  const isInPlace = refused !== null && IN_PLACE.includes(refused.field);
  const shown = {
    ...(isTried ? own : {}),
    ...(refused && isInPlace && isRight ? { [refused.field]: refused.words } : {}),
  };
  const edit = (changes: Partial<FormState>): void => {
    setState((before) => ({ ...before, ...changes }));
    if (change.error) change.reset();
  };
  const { kind, typedIn } = METRICS[state.metric];
  const isUsage = kind === 'usage' || kind === 'percentile';
  const isFactor = isUsage && state.baseline !== 'none';

  const submit = (): void => {
    setIsTried(true);
    if (!isRight || !user.mayChange) return;
    change.mutate(
      {
        path: `/v1/analytics/alert-rules${rule ? `/${rule.rule_id}` : ''}`,
        method: rule ? 'PATCH' : 'POST',
        body: bodyOf(state),
        done: rule ? 'The rule is changed.' : 'The rule is made; it is looked at within seconds.',
      },
      { onSuccess: () => set({ form: null, rule: null }) },
    );
  };
  const field = (
    name: string,
    label: string,
    description: string | undefined,
    input: (id: string) => JSX.Element,
  ) => (
    <Field
      label={label}
      description={description}
      htmlFor={`${id}-${name}`}
      invalid={shown[name] !== undefined}
      error={shown[name]}
    >
      {input(`${id}-${name}`)}
    </Field>
  );
  const number = (name: string, label: string, key: keyof FormState, description?: string, suffix?: string) =>
    field(name, label, description, (inputId) => (
      <Input
        id={inputId}
        inputMode="decimal"
        width={20}
        suffix={suffix}
        value={state[key] as string}
        onChange={(event) => edit({ [key]: event.currentTarget.value })}
      />
    ));

  return (
    <>
      <p>
        <Link className={styles.link} to={link({ tab: 'rules' })}>
          All rules
        </Link>
      </p>
      <PanelGrid>
        <Panel title={rule ? `Change ${rule.name}` : 'New rule'} span={7}>
          {!user.mayChange && <p role="note">{READ_ONLY}</p>}
          <form
            aria-label={rule ? 'Change the rule' : 'New rule'}
            noValidate
            onSubmit={(event) => {
              event.preventDefault();
              submit();
            }}
          >
            <NameField value={state.name} problem={shown.name} onChange={(name) => edit({ name })} />
            <FormRow>
              <div className={styles.few}>
                <Field label="Severity">
                  <RadioButtonGroup
                    aria-label="Severity"
                    options={[...SEVERITIES]
                      .reverse()
                      .map((value) => ({ value, label: SEVERITY_LABELS[value] }))}
                    value={state.severity}
                    onChange={(severity) => edit({ severity })}
                  />
                </Field>
              </div>
              {field('alert_type', 'Kind', 'For routes and lists.', (inputId) => (
                <Combobox
                  id={inputId}
                  width={24}
                  options={options(ALERT_TYPES)}
                  value={state.alertType}
                  onChange={({ value }) => edit({ alertType: value })}
                />
              ))}
            </FormRow>
            <fieldset className={styles.group}>
              <legend className={styles.legend}>What is watched</legend>
              <FormRow>
                {field('metric', 'Figure', undefined, (inputId) => (
                  <Combobox
                    id={inputId}
                    width={34}
                    options={METRIC_OPTIONS}
                    value={state.metric}
                    onChange={({ value }) => edit({ metric: value })}
                  />
                ))}
                {isUsage &&
                  number('window_duration', 'In the last', 'window', 'A multiple of 15.', 'minutes')}
                {kind === 'budget' && (
                  <BudgetField value={state.budgetId} onChange={(budgetId) => edit({ budgetId })} />
                )}
              </FormRow>
              {kind !== 'budget' && (
                <>
                  <FilterEditor filters={state.filters} onChange={(filters) => edit({ filters })} />
                  {field('group_by', 'One alert for each', 'Or a tag of your own.', (inputId) => (
                    <Combobox
                      id={inputId}
                      width={30}
                      createCustomValue
                      options={[
                        { value: '', label: 'All together' },
                        ...DIMENSIONS.map((value) => ({
                          value: value,
                          label: DIMENSION_LABELS[value],
                        })),
                      ]}
                      value={state.groupBy}
                      onChange={({ value }) =>
                        edit({ groupBy: value === '' || isDimension(value) ? value : `metadata.${value}` })
                      }
                    />
                  ))}
                </>
              )}
            </fieldset>
            <fieldset className={styles.group}>
              <legend className={styles.legend}>When it fires</legend>
              {isUsage &&
                field('baseline', 'Compared with', undefined, (inputId) => (
                  <Combobox
                    id={inputId}
                    width={40}
                    options={BASELINES}
                    value={state.baseline}
                    onChange={({ value }) => edit({ baseline: value })}
                  />
                ))}
              <FormRow>
                {field('operator', 'When it is', undefined, (inputId) => (
                  <Combobox
                    id={inputId}
                    width={20}
                    options={options(OPERATOR_WORDS)}
                    value={state.operator}
                    onChange={({ value }) => edit({ operator: value })}
                  />
                ))}
                {number(
                  'threshold',
                  isFactor ? 'Threshold, times that' : `Threshold, ${typedIn}`,
                  'threshold',
                )}
                {number('for_minutes', 'For at least', 'forMinutes', undefined, 'minutes')}
              </FormRow>
              {isUsage && (
                <FormRow>
                  {number(
                    'min_requests',
                    'Calls needed',
                    'minRequests',
                    'Windows with fewer are not judged.',
                  )}
                  {field('no_data', 'A window without calls', undefined, (inputId) => (
                    <Combobox
                      id={inputId}
                      width={24}
                      options={NO_DATA}
                      value={state.noData}
                      onChange={({ value }) => edit({ noData: value })}
                    />
                  ))}
                </FormRow>
              )}
            </fieldset>
            <fieldset className={styles.group}>
              <legend className={styles.legend}>When it ends</legend>
              <FormRow>
                {number(
                  'resolve_threshold',
                  'Only when back at',
                  'resolveThreshold',
                  'Empty: the threshold.',
                )}
                {number('keep_firing_minutes', 'And over for', 'keepFiringMinutes', undefined, 'minutes')}
              </FormRow>
            </fieldset>
            <fieldset className={styles.group}>
              <legend className={styles.legend}>Telling</legend>
              <FormRow>
                {number(
                  'renotify_minutes',
                  'Tell again every',
                  'renotifyMinutes',
                  'Empty: never.',
                  'minutes',
                )}
                {field('time_zone', 'Time zone', 'Of mute windows and weeks.', (inputId) => (
                  <Combobox
                    id={inputId}
                    width={30}
                    options={ZONE_OPTIONS}
                    value={state.timeZone}
                    onChange={({ value }) => edit({ timeZone: value })}
                  />
                ))}
              </FormRow>
              <MuteWindows
                windows={state.muteWindows}
                problem={shown.mute_windows}
                onChange={(muteWindows) => edit({ muteWindows })}
              />
            </fieldset>
            <Field label="Description" htmlFor={`${id}-description`} description="Stands in every message.">
              <TextArea
                id={`${id}-description`}
                rows={2}
                maxLength={2000}
                value={state.description}
                onChange={(event) => edit({ description: event.currentTarget.value })}
              />
            </Field>
            {change.error && !isInPlace && <ProblemAlert problem={change.error} />}
            {rule && (
              <p className={styles.muted}>
                Where what it judges changes, it is another rule: what is open of it ends.
              </p>
            )}
            <FormButtons
              submit={rule ? 'Save' : 'Make the rule'}
              isBusy={change.isPending}
              onCancel={() => set({ form: null, rule: null })}
            />
          </form>
        </Panel>
        <RulePreview
          state={state}
          isRight={Object.keys(own).every((name) => ['name', 'mute_windows'].includes(name))}
        />
      </PanelGrid>
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  link: css({ textDecoration: 'underline' }),
  few: css({ maxWidth: '100%', overflowX: 'auto' }),
  group: css({
    border: 0,
    borderTop: `1px solid ${theme.colors.border.weak}`,
    padding: theme.spacing(1, 0, 0),
    margin: theme.spacing(0, 0, 1),
    minWidth: 0,
  }),
  legend: css({
    fontSize: theme.typography.body.fontSize,
    fontWeight: theme.typography.fontWeightMedium,
    marginBottom: theme.spacing(0.5),
    width: 'auto',
    paddingRight: theme.spacing(1),
  }),
  muted: css({ color: theme.colors.text.secondary }),
});
