import { Link, useSearchParams } from 'react-router-dom';
import { useApi } from '../../../api/use-api.ts';
import { instant } from '../../../figures/time.ts';
import { useSetParameters } from '../../../navigation/use-set-parameters.ts';
import { Choice, Choices } from '../../../panels/Choice.tsx';
import { CursorPages } from '../../../panels/CursorPages.tsx';
import { DataTable, type Column } from '../../../panels/DataTable.tsx';
import { Nothing } from '../../../panels/Nothing.tsx';
import { PanelGrid } from '../../../panels/Panel.tsx';
import { QueryPanel } from '../../../panels/QueryPanel.tsx';
import { usePeriod } from '../../../period/use-period.ts';
import { SEVERITIES, SEVERITY_LABELS, type Alert } from '../alert-types.ts';
import { SeverityBadge } from '../Badges.tsx';
import { groupText, secondsText, valueText } from '../metrics.ts';
import { useAlertsLink } from '../use-alerts-link.ts';
import { TrendPanels } from './TrendPanels.tsx';

const PAGE = 50;

/** Alerts of the period that are over, and how many there were. */
export function HistoryTab() {
  return (
    <PanelGrid>
      <TrendPanels />
      <ResolvedPanel />
    </PanelGrid>
  );
}

function ResolvedPanel() {
  const [search] = useSearchParams();
  const set = useSetParameters();
  const link = useAlertsLink();
  const { query, timeZone } = usePeriod();
  const cursor = search.get('cursor');
  const severity = SEVERITIES.find((one) => one === search.get('severity'));
  const history = useApi('/v1/analytics/alerts/history', {
    query: { ...query, status: ['resolved'], severity, limit: PAGE, cursor },
  });
  return (
    <QueryPanel
      title="Resolved alerts"
      description="Those that fired in the period and are over, the latest first."
      query={history}
      height={300}
    >
      {({ alerts, next_cursor: next }) => (
        <>
          <Choices label="Which alerts">
            <Choice
              label="Severity"
              value={severity ?? 'all'}
              options={[
                { value: 'all', label: 'All' },
                ...SEVERITIES.map((value) => ({ value, label: SEVERITY_LABELS[value] })),
              ]}
              onChange={(value) => set({ severity: value === 'all' ? null : value, cursor: null })}
            />
          </Choices>
          {alerts.length === 0 && cursor === null ? (
            <Nothing>No alert of that kind is over.</Nothing>
          ) : (
            <DataTable
              label="Alerts that are over"
              columns={columns((id) => link({ alert: String(id) }), timeZone)}
              rows={alerts}
              rowKey={({ alert_id: id }) => String(id)}
              fileName="alerts"
            />
          )}
          <CursorPages cursor={cursor} next={next} />
        </>
      )}
    </QueryPanel>
  );
}

function columns(linkTo: (id: number) => string, timeZone: string): Column<Alert>[] {
  const at = (time: string | null): string => instant(time, timeZone).slice(0, 16);
  return [
    {
      id: 'alert',
      header: 'Alert',
      value: ({ rule_name: name }) => name,
      cell: (alert) => (
        <Link
          to={linkTo(alert.alert_id)}
          style={{ display: 'inline-block', minWidth: 140, textDecoration: 'underline' }}
        >
          {alert.rule_name}
          {groupText(alert) === null ? '' : `: ${groupText(alert)}`}
        </Link>
      ),
    },
    {
      id: 'severity',
      header: 'Severity',
      value: ({ severity }) => SEVERITIES.indexOf(severity),
      cell: ({ severity }) => <SeverityBadge severity={severity} />,
    },
    {
      id: 'started',
      header: 'Fired',
      value: ({ started_at: started }) => started,
      cell: ({ started_at: started }) => <span style={{ whiteSpace: 'nowrap' }}>{at(started)}</span>,
    },
    {
      id: 'peak',
      header: 'Furthest',
      numeric: true,
      wideOnly: true,
      value: ({ peak_value: peak }) => peak,
      cell: ({ metric, peak_value: peak }) => valueText(metric, peak),
    },
    {
      id: 'acknowledge',
      header: 'Until acknowledged',
      numeric: true,
      wideOnly: true,
      value: ({ time_to_acknowledge_seconds: time }) => time,
      cell: ({ time_to_acknowledge_seconds: time }) => secondsText(time),
    },
    {
      id: 'resolve',
      header: 'Until resolved',
      numeric: true,
      value: ({ time_to_resolve_seconds: time }) => time,
      cell: ({ time_to_resolve_seconds: time }) => secondsText(time),
    },
    {
      id: 'by',
      header: 'Ended by',
      wideOnly: true,
      value: ({ resolved_by: by }) => by,
      cell: ({ resolved_by: by, resolve_reason: reason }) => by ?? reason ?? 'The condition ended',
    },
  ];
}
