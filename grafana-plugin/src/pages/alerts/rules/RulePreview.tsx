import { useTheme2 } from '@grafana/ui';
import { useMemo } from 'react';
import type { paths } from '../../../api/schema.ts';
import { usePreview } from '../../../api/use-preview.ts';
import { TimeSeriesChart } from '../../../charts/TimeSeriesChart.tsx';
import { count } from '../../../figures/format.ts';
import { instant } from '../../../figures/time.ts';
import { useHost } from '../../../host/host.ts';
import { READ_ONLY } from '../../../host/read-only.ts';
import { DataTable } from '../../../panels/DataTable.tsx';
import { Nothing } from '../../../panels/Nothing.tsx';
import { Panel } from '../../../panels/Panel.tsx';
import { QueryContent } from '../../../panels/QueryPanel.tsx';
import { groupText, METRICS, valueText } from '../metrics.ts';
import { bodyOf, type FormState } from './rule-form-state.ts';

type Preview =
  paths['/v1/analytics/alert-rules/preview']['post']['responses'][200]['content']['application/json'];

const PATH = '/v1/analytics/alert-rules/preview';
/** When the rule that is being typed would have fired in the last days. Nothing is stored. */
export function RulePreview({ state, isRight }: { state: FormState; isRight: boolean }) {
  const host = useHost();
  const { kind } = METRICS[state.metric];
  const days = kind === 'percentile' ? 3 : 7;
  const { name: _name, description: _description, budget_id: _budget, ...draft } = bodyOf(state);
  const hasPast = kind === 'usage' || kind === 'percentile';
  // It is a POST, which Grafana's proxy lets only editors send.
  const mayAsk = host.kind === 'standalone' || host.user.mayChange;
  const preview = usePreview<Preview>(PATH, draft, {
    isRight: mayAsk && isRight && hasPast,
    query: { days },
  });
  return (
    <Panel
      title="When it would have fired"
      span={5}
      description="The rule run over the past by the evaluator's own steps, at the end of each quarter of an hour."
    >
      {!hasPast ? (
        <Nothing>
          {kind === 'budget'
            ? "What a budget would have held is told beside the budget's own form."
            : 'Past anomalies stand on the cost page and in Explore.'}
        </Nothing>
      ) : !mayAsk ? (
        <Nothing>{READ_ONLY}</Nothing>
      ) : isRight ? (
        <QueryContent query={preview} height={260}>
          {(answer) => <Fired preview={answer} state={state} days={days} />}
        </QueryContent>
      ) : (
        <Nothing>Give a threshold to see when it would have fired.</Nothing>
      )}
    </Panel>
  );
}

function Fired({ preview, state, days }: { preview: Preview; state: FormState; days: number }) {
  const timeZone = preview.period.timezone;
  const { notifications, alert_count: fired } = preview;
  const at = (time: string | null): string =>
    time === null ? 'goes on' : instant(time, timeZone).slice(0, 16);
  return (
    <>
      <p>
        <strong>
          {fired === 0
            ? `It would not have fired in the last ${days} days.`
            : `It would have fired ${fired === 1 ? 'once' : `${count(fired)} times`} in the last ${days} days.`}
        </strong>{' '}
        {fired > 0 &&
          `Messages: ${count(notifications.firing)} of a beginning, ${count(notifications.renotify)} reminders, ${count(notifications.resolved)} of an end.`}
        {Number(state.minRequests) > 0 &&
          ` Windows with fewer than ${state.minRequests} calls are not judged.`}
        {preview.members_left_out > 0 &&
          ` Only the ${count(preview.members)} members with the most usage were looked at.`}
      </p>
      {preview.series.length > 0 && <PreviewChart preview={preview} state={state} />}
      {preview.alerts.length > 0 && (
        <DataTable
          label="When it would have fired"
          columns={[
            {
              id: 'start',
              header: 'Fired',
              value: ({ started_at: start }) => start,
              cell: ({ started_at: start }) => at(start),
            },
            {
              id: 'end',
              header: 'Over',
              value: ({ resolved_at: end }) => end,
              cell: ({ resolved_at: end }) => at(end),
            },
            {
              id: 'peak',
              header: 'Furthest',
              numeric: true,
              value: ({ peak_value: peak }) => peak,
              cell: ({ peak_value: peak }) => valueText(state.metric, peak),
            },
            ...(state.groupBy === ''
              ? []
              : [
                  {
                    id: 'member',
                    header: 'Of',
                    value: (alert: Preview['alerts'][number]) => groupText(alert) ?? '–',
                  },
                ]),
          ]}
          rows={preview.alerts.slice(0, 20)}
          rowKey={(alert) => `${alert.started_at} ${groupText(alert) ?? ''}`}
        />
      )}
      {preview.alerts.length > 20 && <p>The first 20 are shown.</p>}
    </>
  );
}

function PreviewChart({ preview, state }: { preview: Preview; state: FormState }) {
  const theme = useTheme2();
  const { metric, threshold, baseline } = state;
  const chart = useMemo(() => {
    const { series } = preview;
    const limit = Number(threshold);
    const isFactor = baseline !== 'none';
    return {
      times: series.map(({ timestamp }) => timestamp),
      series: [
        { label: METRICS[metric].label, values: series.map(({ value }) => value) },
        {
          label: 'Fires at',
          values: series.map(({ baseline: usual }) =>
            isFactor ? (usual === null ? null : usual * limit) : limit,
          ),
          color: theme.colors.error.text,
          dash: [6, 4],
          width: 1,
        },
      ],
      annotations: preview.alerts.map(({ started_at: start }) => ({
        time: Date.parse(start),
        text: 'Would have fired',
        color: theme.colors.error.main,
      })),
    };
  }, [preview, metric, threshold, baseline, theme]);
  return (
    <TimeSeriesChart
      label="The value of each window, and when the rule would have fired"
      times={chart.times}
      series={chart.series}
      annotations={chart.annotations}
      unit={METRICS[metric].unit}
      groupBy="hour"
      timeZone={preview.period.timezone}
      kind="lines"
      height={180}
      legend="none"
    />
  );
}
