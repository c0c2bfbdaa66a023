import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ApiProblem } from '../../api/problem.ts';
import { useApi } from '../../api/use-api.ts';
import { count, duration } from '../../figures/format.ts';
import { pointTime } from '../../figures/time.ts';
import { memberText } from '../../filters/dimensions.ts';
import { usePageLink } from '../../navigation/use-page-link.ts';
import type { Breakdown } from '../../panels/breakdown-rows.ts';
import { perCallReason } from '../../panels/change-reason.ts';
import { DataTable, type Column } from '../../panels/DataTable.tsx';
import { EVENT_DAYS } from '../../panels/EventsPeriodNote.tsx';
import { MemberCell } from '../../panels/MemberCell.tsx';
import { Nothing } from '../../panels/Nothing.tsx';
import { QueryPanel } from '../../panels/QueryPanel.tsx';
import {
  cacheHitsColumn,
  costColumn,
  errorRateColumn,
  meanTimeColumn,
  perThousandColumn,
  requestsColumn,
} from '../../panels/usage-columns.ts';
import { allInputTokens, costPerThousandCalls, tokensPerCall } from '../../panels/usage-rates.ts';
import { usePeriod } from '../../period/use-period.ts';
import { seen } from './first-seen.ts';

type Version = Breakdown['members'][number];

interface Props {
  answer: UseQueryResult<Breakdown, ApiProblem>;
  prompt: string;
  filters: Record<string, string[]>;
}

/** The versions of a prompt against each other: what a call of each costs, uses and how it goes. */
export function VersionTable({ answer, prompt, filters }: Props) {
  const styles = useStyles2(getStyles);
  const { query, days, groupBy, timeZone } = usePeriod();
  const link = usePageLink();
  const hasPercentiles = days <= EVENT_DAYS;
  const latency = useApi(
    '/v1/analytics/usage/latency',
    { query: { ...query, ...filters, dimension: 'prompt_version', limit: 50, bars: 1 } },
    { enabled: hasPercentiles },
  );
  const p95Of = (version: Version) =>
    latency.data?.members.find(({ member }) => member === (version.member.prompt_version ?? null))
      ?.percentiles_ms.p95 ?? null;
  const seenOf = ({ time_series }: Version) => seen(time_series ?? []);
  const columns: Column<Version>[] = [
    {
      id: 'version',
      header: 'Version',
      value: ({ label }) => label,
      cell: (version) => (
        <MemberCell
          label={version.label}
          share={version.share_percent.requests}
          events={link('events', {
            search: { prompt_id: prompt, prompt_version: memberText(version.member.prompt_version ?? null) },
          })}
        />
      ),
    },
    {
      id: 'first',
      header: 'First called',
      value: (version) => seenOf(version)?.first ?? null,
      cell: (version) => {
        const when = seenOf(version);
        if (!when) return '–';
        const text = pointTime(when.first, groupBy, timeZone);
        return when.beganInPeriod ? text : `before ${text}`;
      },
    },
    requestsColumn(),
    costColumn(),
    perThousandColumn(),
    {
      id: 'input',
      header: 'Input',
      numeric: true,
      value: (version) => tokensPerCall(allInputTokens(version), version),
      cell: (version) => count(tokensPerCall(allInputTokens(version), version)),
    },
    {
      id: 'output',
      header: 'Output',
      numeric: true,
      value: (version) => tokensPerCall(version.output_tokens, version),
      cell: (version) => count(tokensPerCall(version.output_tokens, version)),
    },
    cacheHitsColumn(),
    errorRateColumn(),
    meanTimeColumn(),
    ...(hasPercentiles
      ? [
          {
            id: 'p95',
            header: 'p95',
            numeric: true,
            value: p95Of,
            cell: (version: Version) => duration(p95Of(version)),
          },
        ]
      : []),
  ];
  return (
    <QueryPanel
      title="Versions against each other"
      description="Bars are the part of the requests. Per 1,000 is the cost of as many calls, of those that have a price; input and output are tokens of a call. p95 is read from the events, where the period is short enough."
      query={answer}
      height={200}
      empty={({ total }) =>
        total.total_requests === 0 && (
          <Nothing>This prompt was not called in this period with these filters.</Nothing>
        )
      }
    >
      {({ members, other }) => (
        <>
          <NewestVersion members={members} />
          <DataTable
            label="Versions"
            columns={columns}
            rows={members}
            rowKey={({ label }) => label}
            sortBy="-first"
            fileName="prompt-versions"
          />
          {other && <p className={styles.note}>{other.members} more versions are not listed.</p>}
        </>
      )}
    </QueryPanel>
  );
}

/** The version that came last against the one that came before it, in words. */
function NewestVersion({ members }: { members: Version[] }) {
  const styles = useStyles2(getStyles);
  const byAge = members
    .flatMap((version) => {
      const when = seen(version.time_series ?? []);
      return when ? [{ version, when }] : [];
    })
    .sort((a, b) => Date.parse(b.when.first) - Date.parse(a.when.first));
  const [newest, older] = byAge;
  if (!newest?.when.beganInPeriod || !older) return null;
  return (
    <p className={styles.note}>
      Version {newest.version.label} against {older.version.label}, the one before it:{' '}
      {comparison(older.version, newest.version)}.
    </p>
  );
}

function comparison(older: Version, newest: Version): string {
  if (costPerThousandCalls(older) === null || costPerThousandCalls(newest) === null)
    return 'one of them has no price, so what a call costs cannot be compared';
  return perCallReason(older, newest) ?? 'a call costs about the same';
}

const getStyles = (theme: GrafanaTheme2) => ({
  note: css({ margin: theme.spacing(0, 0, 1), color: theme.colors.text.secondary }),
});
