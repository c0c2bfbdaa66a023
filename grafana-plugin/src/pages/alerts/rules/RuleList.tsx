import { Button, ConfirmModal, IconButton, Switch } from '@grafana/ui';
import { useState } from 'react';
import { Link } from 'react-router-dom';
import { useApi, useChange } from '../../../api/use-api.ts';
import { count } from '../../../figures/format.ts';
import { ago } from '../../../figures/time.ts';
import { scopeText, type FilterConditions } from '../../../filters/filter-conditions.ts';
import { useHost } from '../../../host/host.ts';
import { READ_ONLY } from '../../../host/read-only.ts';
import { useSetParameters } from '../../../navigation/use-set-parameters.ts';
import { DataTable, type Column } from '../../../panels/DataTable.tsx';
import { Nothing } from '../../../panels/Nothing.tsx';
import { Panel } from '../../../panels/Panel.tsx';
import { StatusBadge } from '../../../panels/StatusBadge.tsx';
import { useTimeZone } from '../../../period/time-zone.tsx';
import { SEVERITIES, type Rule } from '../alert-types.ts';
import { SeverityBadge } from '../Badges.tsx';
import { conditionText, valueText } from '../metrics.ts';
import { useAlertsLink } from '../use-alerts-link.ts';

const MOST_OPEN = 200;

interface Open {
  firing: number;
  pending: number;
}

/** All rules: what each watches, whether it fires, and what the evaluator saw last. */
export function RuleList({ rules }: { rules: Rule[] }) {
  const { user } = useHost();
  const set = useSetParameters();
  const link = useAlertsLink();
  const change = useChange();
  const { timeZone } = useTimeZone();
  const open = useApi(
    '/v1/analytics/alerts',
    { query: { status: ['firing', 'pending'], source: 'rule', limit: MOST_OPEN } },
    { every: 30_000 },
  );
  const [asked, setAsked] = useState<Rule | null>(null);
  const whyNot = user.mayChange ? undefined : READ_ONLY;
  const openOf = (rule: Rule): Open | null => {
    if (!open.data) return null;
    const own = open.data.alerts.filter(({ rule_id: id }) => id === rule.rule_id);
    const of = (status: string): number => own.filter((alert) => alert.status === status).length;
    return { firing: of('firing'), pending: of('pending') };
  };
  const columns: Column<Rule>[] = [
    {
      id: 'name',
      header: 'Rule',
      value: ({ name }) => name,
      cell: (rule) => (
        <div style={{ minWidth: 160 }}>
          <Link
            to={link({ tab: 'rules', rule: String(rule.rule_id) })}
            style={{ textDecoration: 'underline' }}
          >
            {rule.name}
          </Link>
          <br />
          <small>
            {conditionText(rule)}
            {Object.keys(rule.filters).length > 0 && `; ${scopeText(rule.filters as FilterConditions)}`}
          </small>
        </div>
      ),
    },
    {
      id: 'severity',
      header: 'Severity',
      value: ({ severity }) => SEVERITIES.indexOf(severity),
      cell: ({ severity }) => <SeverityBadge severity={severity} />,
    },
    {
      id: 'state',
      header: 'State',
      value: (rule) => (rule.enabled ? -(openOf(rule)?.firing ?? 0) : 1),
      cell: (rule) => <RuleState rule={rule} open={openOf(rule)} />,
    },
    {
      id: 'look',
      header: 'Last look',
      wideOnly: true,
      value: ({ last_look: look }) => look?.at ?? null,
      cell: ({ metric, last_look: look }) =>
        look === null ? (
          '–'
        ) : (
          <>
            {valueText(metric, look.value)}
            <br />
            <small>
              {ago(look.at, timeZone)}
              {look.members > 1 && `, ${count(look.members)} members`}
              {look.members_left_out > 0 && `, ${count(look.members_left_out)} not looked at`}
            </small>
          </>
        ),
    },
    {
      id: 'enabled',
      header: 'On',
      value: ({ enabled }) => (enabled ? 0 : 1),
      cell: (rule) => (
        <Switch
          aria-label={`${rule.name} is on`}
          value={rule.enabled}
          disabled={!user.mayChange || change.isPending}
          onChange={() =>
            change.mutate({
              path: `/v1/analytics/alert-rules/${rule.rule_id}`,
              method: 'PATCH',
              body: { enabled: !rule.enabled },
              done: rule.enabled
                ? `${rule.name} is switched off; what was open of it has ended.`
                : `${rule.name} is switched on.`,
            })
          }
        />
      ),
    },
    {
      id: 'delete',
      header: 'Delete',
      value: () => null,
      cell: (rule) => (
        <IconButton
          name="trash-alt"
          size="lg"
          tooltip={`Delete ${rule.name}`}
          disabled={!user.mayChange}
          onClick={() => setAsked(rule)}
        />
      ),
    },
  ];
  return (
    <Panel
      title="Rules"
      description="Looked at every ten seconds. Switching one off ends what is open of it; the history stays."
      actions={
        <Button
          size="sm"
          icon="plus"
          disabled={!user.mayChange}
          tooltip={whyNot}
          onClick={() => set({ form: 'new', rule: null }, 'go')}
        >
          New rule
        </Button>
      }
    >
      {rules.length === 0 ? (
        <Nothing>There is no rule: nothing is watched, and nobody is told.</Nothing>
      ) : (
        <DataTable
          label="Alert rules"
          columns={columns}
          rows={rules}
          rowKey={({ rule_id: id }) => String(id)}
        />
      )}
      {!user.mayChange && <p role="note">{READ_ONLY}</p>}
      <ConfirmModal
        isOpen={asked !== null}
        title={`Delete the rule ${asked?.name ?? ''}?`}
        body="What is open of it ends; past alerts stay in the history. This cannot be undone. To keep it, switch it off."
        confirmText="Delete"
        onDismiss={() => setAsked(null)}
        onConfirm={() => {
          if (asked)
            change.mutate({
              path: `/v1/analytics/alert-rules/${asked.rule_id}`,
              method: 'DELETE',
              done: 'The rule is deleted.',
            });
          setAsked(null);
        }}
      />
    </Panel>
  );
}

function RuleState({ rule, open }: { rule: Rule; open: Open | null }) {
  if (!rule.enabled) return <StatusBadge tone="neutral" label="Switched off" />;
  const error = rule.last_look?.error ?? null;
  return (
    <>
      {open === null ? (
        '–'
      ) : open.firing > 0 ? (
        <StatusBadge tone="bad" label={`${count(open.firing)} firing`} />
      ) : error !== null ? (
        <StatusBadge tone="warning" label="Not evaluated" />
      ) : open.pending > 0 ? (
        <StatusBadge tone="warning" label={`${count(open.pending)} pending`} />
      ) : rule.last_look === null ? (
        <StatusBadge tone="neutral" label="Not looked at yet" />
      ) : (
        <StatusBadge tone="good" label="All is well" />
      )}
      {error !== null && (
        <>
          <br />
          <small>{error}</small>
        </>
      )}
    </>
  );
}
