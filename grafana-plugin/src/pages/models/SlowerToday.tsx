import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Badge, useStyles2 } from '@grafana/ui';
import { useApi, type Answer } from '../../api/use-api.ts';
import { count, duration } from '../../figures/format.ts';
import { Change } from '../../panels/Change.tsx';
import { roundedChange } from '../../panels/ChangeTable.tsx';
import { DataTable } from '../../panels/DataTable.tsx';
import { periodText } from '../../panels/period-text.ts';
import { QueryPanel } from '../../panels/QueryPanel.tsx';
import { usePeriod } from '../../period/use-period.ts';
import { MIN_CALLS, NOTABLE_PERCENT, verdictOn, type Verdict } from './slower.ts';

type Latency = Answer<'/v1/analytics/usage/latency'>;

/** Local days; the same weekday ends at this time of its day, so that a morning is compared with a morning. */
const PERIODS = {
  today: { start_date: 'now/d', end_date: 'now' },
  last24Hours: { start_date: 'now-24h', end_date: 'now' },
  sameWeekday: { start_date: 'now-7d/d', end_date: 'now-7d' },
  last7Days: { start_date: 'now-7d/d', end_date: 'now-1d/d' },
};

/** Whether a model is slower today than on the last seven days and on the same weekday a week before. It is about now, whatever the page's period is. */
export function SlowerToday({ model, filters }: { model: string; filters: Record<string, string[]> }) {
  const styles = useStyles2(getStyles);
  const { timeZone } = usePeriod();
  const question = (period: { start_date: string; end_date: string }) => ({
    query: { ...period, timezone: timeZone, ...filters, bars: 1 },
  });
  const today = useApi('/v1/analytics/usage/latency', question(PERIODS.today));
  const last24Hours = useApi('/v1/analytics/usage/latency', question(PERIODS.last24Hours));
  const sameWeekday = useApi('/v1/analytics/usage/latency', question(PERIODS.sameWeekday));
  const last7Days = useApi('/v1/analytics/usage/latency', question(PERIODS.last7Days));
  return (
    <QueryPanel
      title="Is it slower today?"
      description={`Slower or faster is said where the median, or from 100 calls on the 95th percentile, differs from the last seven days by at least ${NOTABLE_PERCENT} %, of at least ${MIN_CALLS} calls in both. The same weekday ends at this time of its day. Whatever the period of the page.`}
      span={6}
      query={today}
      height={220}
    >
      {(now) => {
        const usual = last7Days.data;
        const day = last24Hours.data;
        // Shortly after midnight today has next to no calls: the last 24 hours answer then.
        const asked =
          now.total.timed_requests < MIN_CALLS && day && day.total.timed_requests >= MIN_CALLS
            ? { latency: day, name: 'in the last 24 hours' }
            : { latency: now, name: 'today' };
        const verdict = usual ? verdictOn(asked.latency.total, usual.total) : undefined;
        const rows = [
          { label: 'Today so far', latency: now },
          { label: 'Last 24 hours', latency: day },
          { label: 'Same weekday, a week before', latency: sameWeekday.data },
          { label: 'Last 7 days, without today', latency: usual },
        ];
        const against = ({ latency }: (typeof rows)[number]) =>
          latency && usual && latency !== usual ? verdictOn(latency.total, usual.total).p50Percent : null;
        return (
          <>
            {verdict && (
              <div className={styles.verdict} role="status">
                <Badge {...BADGES[verdict.kind]} /> {verdictText(model, asked.name, verdict)}
              </div>
            )}
            <DataTable
              label="Response time today and before"
              rows={rows}
              rowKey={({ label }) => label}
              columns={[
                {
                  id: 'when',
                  header: 'When',
                  value: ({ label }) => label,
                  cell: ({ label, latency }) => (
                    <div className={styles.when}>
                      {label}
                      {latency && <div className={styles.period}>{periodText(latency.period, timeZone)}</div>}
                    </div>
                  ),
                },
                {
                  id: 'calls',
                  header: 'Calls',
                  numeric: true,
                  value: ({ latency }) => latency?.total.timed_requests ?? null,
                  cell: ({ latency }) => count(latency?.total.timed_requests),
                },
                {
                  id: 'p50',
                  header: 'p50',
                  numeric: true,
                  value: ({ latency }) => p(latency)?.p50 ?? null,
                  cell: ({ latency }) => duration(p(latency)?.p50),
                },
                {
                  id: 'p95',
                  header: 'p95',
                  numeric: true,
                  value: ({ latency }) => p(latency)?.p95 ?? null,
                  cell: ({ latency }) => duration(p(latency)?.p95),
                },
                {
                  id: 'against',
                  header: 'p50, change',
                  numeric: true,
                  value: against,
                  cell: (row) => <Change value={rounded(against(row))} text={roundedChange(against(row))} />,
                },
              ]}
            />
          </>
        );
      }}
    </QueryPanel>
  );
}

const BADGES: Record<Verdict['kind'], { text: string; color: 'red' | 'green' | 'blue' | 'darkgrey' }> = {
  slower: { text: 'Slower', color: 'red' },
  faster: { text: 'Faster', color: 'green' },
  usual: { text: 'As usual', color: 'blue' },
  'too-few': { text: 'Too few calls', color: 'darkgrey' },
};

function verdictText(model: string, when: string, { kind, p50Percent, p95Percent }: Verdict): string {
  if (kind === 'too-few')
    return `There are too few calls of ${model} ${when}, or in the last seven days, to tell.`;
  const tail = p95Percent === null ? '' : `, the 95th percentile by ${roundedChange(p95Percent)}`;
  const change = `the median differs from the last seven days by ${roundedChange(p50Percent)}${tail}`;
  return `${model} is ${kind === 'usual' ? 'as fast as usual' : kind} ${when}: ${change}.`;
}

function p(latency: Latency | undefined) {
  return latency?.total.percentiles_ms ?? null;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10) / 10;
}

const getStyles = (theme: GrafanaTheme2) => ({
  verdict: css({ fontSize: theme.typography.h5.fontSize, margin: theme.spacing(0, 0, 1) }),
  when: css({ minWidth: 150 }),
  period: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
});
