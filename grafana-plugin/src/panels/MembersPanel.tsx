import type { ReactNode } from 'react';
import { useApi, type Answer } from '../api/use-api.ts';
import { count, duration, percent, usd } from '../figures/format.ts';
import { dimensionLabel, memberText } from '../filters/dimensions.ts';
import { usePageLink } from '../navigation/use-page-link.ts';
import { usePeriod } from '../period/use-period.ts';
import { DataTable, type Column } from './DataTable.tsx';
import { DeletedEventsNote, EVENT_DAYS, isReadFromEvents, PeriodTooLong } from './EventsPeriodNote.tsx';
import { MemberCell } from './MemberCell.tsx';
import { Nothing } from './Nothing.tsx';
import { Panel } from './Panel.tsx';
import { QueryPanel } from './QueryPanel.tsx';
import { costPerThousandCalls, errorRate, knownCost } from './usage-rates.ts';

type Breakdown = Answer<'/v1/analytics/usage/breakdown'>;
type Row = Breakdown['members'][number] | Breakdown['total'] | NonNullable<Breakdown['other']>;

interface Props {
  title: string;
  description?: string;
  span?: number;
  dimension: string;
  /** Which calls, as the API's query has it. */
  filters: Record<string, string[]>;
  /** What the page is about, as filters of links to events: the page's own filters go along anyway. */
  subject: Record<string, string>;
  limit?: number;
  to?: (member: string) => string;
  /** What the name of a member leads to, in words. */
  does?: (label: string) => string;
  note?: ReactNode;
}

/** Who or what made some calls: the members of a dimension with their cost, calls, errors and times. */
export function MembersPanel({
  title,
  description,
  span = 6,
  dimension,
  filters,
  subject,
  limit = 10,
  to,
  does,
  note,
}: Props) {
  const { query, days } = usePeriod();
  const link = usePageLink();
  const isTooLong = isReadFromEvents(dimension) && days > EVENT_DAYS;
  const answer = useApi(
    '/v1/analytics/usage/breakdown',
    { query: { ...query, ...filters, dimension, limit } },
    { enabled: !isTooLong },
  );
  const frame = { title, span, ...(description === undefined ? {} : { description }) };
  if (isTooLong)
    return (
      <Panel {...frame}>
        <PeriodTooLong what={`${dimensionLabel(dimension)}s`} />
      </Panel>
    );
  const events = (member: string | null) => link('events', { filter: [dimension, member], search: subject });
  return (
    <QueryPanel
      {...frame}
      query={answer}
      height={260}
      empty={({ total }) => total.total_requests === 0 && <Nothing>No calls in this period.</Nothing>}
    >
      {(data) => (
        <>
          <DataTable
            label={`${title}, as a table`}
            columns={columnsFor(data, {
              dimension,
              isWide: span > 6,
              events,
              ...(to ? { to } : {}),
              ...(does ? { does } : {}),
            })}
            rows={data.members}
            footer={[...(data.other ? [data.other] : []), data.total]}
            rowKey={(row) => labelOf(row, data)}
            fileName={title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}
          />
          <DeletedEventsNote calls={data.requests_only_in_rollups} />
          {note}
        </>
      )}
    </QueryPanel>
  );
}

function labelOf(row: Row, { total, other }: Breakdown): string {
  if ('label' in row) return row.label;
  return row === total ? `Total (${total.members})` : `Other (${other?.members ?? 0})`;
}

function columnsFor(
  data: Breakdown,
  {
    dimension,
    isWide,
    events,
    to,
    does,
  }: {
    dimension: string;
    isWide: boolean;
    events: (member: string | null) => string;
    to?: (member: string) => string;
    does?: (label: string) => string;
  },
): Column<Row>[] {
  return [
    {
      id: 'member',
      header: dimensionLabel(dimension),
      value: (row) => labelOf(row, data),
      cell: (row) =>
        'member' in row ? (
          <MemberCell
            label={row.label === '' ? '""' : row.label}
            share={row.share_percent.cost ?? row.share_percent.requests}
            events={events(row.member[dimension] ?? null)}
            {...(to ? { to: to(memberText(row.member[dimension] ?? null)) } : {})}
            {...(does ? { does: does(row.label) } : {})}
          />
        ) : (
          labelOf(row, data)
        ),
    },
    {
      id: 'cost',
      header: 'Cost',
      numeric: true,
      value: knownCost,
      cell: (row) => usd(knownCost(row)),
    },
    {
      id: 'requests',
      header: 'Requests',
      numeric: true,
      value: (row) => row.total_requests,
      cell: (row) => count(row.total_requests),
    },
    {
      id: 'cost_per_thousand',
      header: 'Per 1,000',
      numeric: true,
      value: costPerThousandCalls,
      cell: (row) => usd(costPerThousandCalls(row)),
    },
    {
      id: 'error_rate',
      header: 'Errors',
      numeric: true,
      wideOnly: true,
      value: errorRate,
      cell: (row) => percent(errorRate(row), 2),
    },
    ...(isWide
      ? [
          {
            id: 'response_time',
            header: 'Mean time',
            numeric: true,
            wideOnly: true,
            value: (row: Row) => row.average_response_time_ms,
            cell: (row: Row) => duration(row.average_response_time_ms),
          },
        ]
      : []),
  ];
}
