import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Checkbox, Field, Input, Modal, useStyles2 } from '@grafana/ui';
import { useId, useState } from 'react';
import { useApi, useChange } from '../../../api/use-api.ts';
import {
  toFilterConditions,
  toPageFilters,
  type FilterConditions,
} from '../../../filters/filter-conditions.ts';
import { FilterEditor } from '../../../filters/FilterEditor.tsx';
import type { Filter } from '../../../filters/use-filters.ts';
import { FormGroup, NameField } from '../../../panels/FormLayout.tsx';
import { ProblemAlert } from '../../../panels/ProblemAlert.tsx';
import { ALERT_TYPES, SEVERITIES, SEVERITY_LABELS } from '../alert-types.ts';
import type { Channel, Route } from './channel-types.ts';
import { ModalButtons } from './ModalButtons.tsx';

const GROUPS: Record<Route['group_by'][number], string> = {
  rule: 'Rule',
  severity: 'Severity',
  alert_type: 'Kind',
  member: 'Member',
};

/** Makes a route, or changes one. */
export function RouteForm({
  route,
  channels,
  onClose,
}: {
  route: Route | undefined;
  channels: Channel[];
  onClose: () => void;
}) {
  const styles = useStyles2(getStyles);
  const id = useId();
  const change = useChange<Route>();
  const rules = useApi('/v1/analytics/alert-rules');
  const [name, setName] = useState(route?.name ?? '');
  const [position, setPosition] = useState(route ? String(route.position) : '');
  const [wait, setWait] = useState(String(route?.group_wait_seconds ?? 5));
  const [severities, setSeverities] = useState<Route['severities']>(route?.severities ?? []);
  const [types, setTypes] = useState<Route['alert_types']>(route?.alert_types ?? []);
  const [ruleIds, setRuleIds] = useState<number[]>(route?.rule_ids ?? []);
  const [filters, setFilters] = useState<Filter[]>(toPageFilters((route?.filters ?? {}) as FilterConditions));
  const [channelIds, setChannelIds] = useState<number[]>(route?.channel_ids ?? []);
  const [groupBy, setGroupBy] = useState<Route['group_by']>(route?.group_by ?? ['rule']);
  const [flags, setFlags] = useState({
    enabled: route?.enabled ?? true,
    send_reminders: route?.send_reminders ?? true,
    send_resolved: route?.send_resolved ?? true,
    continue: route?.continue ?? false,
  });
  const [isTried, setIsTried] = useState(false);
  const isWhole = (text: string): boolean => /^\d+$/.test(text.trim());
  const problems = {
    name: name.trim() === '' ? 'A name is needed.' : undefined,
    channels: channelIds.length === 0 ? 'Choose a channel.' : undefined,
    position: position.trim() !== '' && !isWhole(position) ? 'A whole number, or nothing.' : undefined,
    wait: isWhole(wait) && Number(wait) <= 900 ? undefined : '0 to 900 seconds.',
  };
  const shown = isTried
    ? problems
    : { name: undefined, channels: undefined, position: undefined, wait: undefined };
  const submit = (): void => {
    setIsTried(true);
    if (Object.values(problems).some((problem) => problem !== undefined)) return;
    change.mutate(
      {
        path: `/v1/analytics/notification-routes${route ? `/${route.route_id}` : ''}`,
        method: route ? 'PATCH' : 'POST',
        body: {
          name: name.trim(),
          ...(position.trim() !== '' && { position: Number(position) }),
          severities,
          alert_types: types,
          rule_ids: ruleIds,
          filters: toFilterConditions(filters),
          channel_ids: channelIds,
          group_by: groupBy,
          group_wait_seconds: Number(wait),
          ...flags,
        },
        done: route ? 'The route is changed.' : 'The route is made.',
      },
      { onSuccess: onClose },
    );
  };
  return (
    <Modal title={route ? `Change ${route.name}` : 'New route'} isOpen onDismiss={onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <NameField value={name} problem={shown.name} onChange={setName} />
        <Several
          label="Goes to"
          options={channels.map(({ channel_id: value, name: label }) => ({ value, label }))}
          chosen={channelIds}
          onChange={setChannelIds}
          problem={shown.channels}
        />
        <Several
          label="Severities (none: all)"
          options={[...SEVERITIES].reverse().map((value) => ({ value, label: SEVERITY_LABELS[value] }))}
          chosen={severities}
          onChange={setSeverities}
        />
        <Several
          label="Kinds (none: all)"
          options={(Object.keys(ALERT_TYPES) as (keyof typeof ALERT_TYPES)[]).map((value) => ({
            value,
            label: ALERT_TYPES[value],
          }))}
          chosen={types}
          onChange={setTypes}
        />
        <Several
          label="Rules (none: all)"
          options={(rules.data?.rules ?? []).map(({ rule_id: value, name: label }) => ({ value, label }))}
          chosen={ruleIds}
          onChange={setRuleIds}
        />
        <FilterEditor filters={filters} onChange={setFilters} />
        <Several
          label="One message for alerts alike in (none: all that come together)"
          options={(Object.keys(GROUPS) as Route['group_by']).map((value) => ({
            value,
            label: GROUPS[value],
          }))}
          chosen={groupBy}
          onChange={setGroupBy}
        />
        <div className={styles.line}>
          <Field
            label="Waits for further alerts"
            htmlFor={`${id}-wait`}
            invalid={shown.wait !== undefined}
            error={shown.wait}
          >
            <Input
              id={`${id}-wait`}
              width={20}
              suffix="seconds"
              inputMode="numeric"
              value={wait}
              onChange={(event) => setWait(event.currentTarget.value)}
            />
          </Field>
          <Field
            label="Position (empty: last)"
            htmlFor={`${id}-position`}
            invalid={shown.position !== undefined}
            error={shown.position}
          >
            <Input
              id={`${id}-position`}
              width={20}
              inputMode="numeric"
              value={position}
              onChange={(event) => setPosition(event.currentTarget.value)}
            />
          </Field>
        </div>
        <div className={styles.line}>
          {(
            [
              ['enabled', 'Is on'],
              ['send_reminders', 'Reminders too'],
              ['send_resolved', 'Ends too'],
              ['continue', 'Asks the next routes too'],
            ] as const
          ).map(([flag, label]) => (
            <Checkbox
              key={flag}
              label={label}
              value={flags[flag]}
              onChange={(event) => {
                const { checked } = event.currentTarget;
                setFlags((before) => ({ ...before, [flag]: checked }));
              }}
            />
          ))}
        </div>
        {change.error && <ProblemAlert problem={change.error} />}
        <ModalButtons
          submit={route ? 'Save' : 'Make the route'}
          isBusy={change.isPending}
          onClose={onClose}
        />
      </form>
    </Modal>
  );
}

function Several<Value extends string | number>({
  label,
  options,
  chosen,
  onChange,
  problem,
}: {
  label: string;
  options: { value: Value; label: string }[];
  chosen: Value[];
  onChange: (chosen: Value[]) => void;
  problem?: string | undefined;
}) {
  const styles = useStyles2(getStyles);
  return (
    <FormGroup legend={label}>
      <div className={styles.line}>
        {options.map((option) => (
          <Checkbox
            key={option.value}
            label={option.label}
            value={chosen.includes(option.value)}
            onChange={(event) =>
              onChange(
                event.currentTarget.checked
                  ? [...chosen, option.value]
                  : chosen.filter((one) => one !== option.value),
              )
            }
          />
        ))}
      </div>
      {problem !== undefined && <p role="alert">{problem}</p>}
    </FormGroup>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  line: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(0.5, 2) }),
});
