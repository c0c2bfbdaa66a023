import type { ReactNode } from 'react';
import { useApi } from '../api/use-api.ts';
import { dimensionLabel, memberText } from '../filters/dimensions.ts';
import { usePageLink } from '../navigation/use-page-link.ts';
import { usePeriod } from '../period/use-period.ts';
import { footerOf, rowLabel, type Breakdown, type BreakdownRow as Row } from './breakdown-rows.ts';
import { DataTable, type Column } from './DataTable.tsx';
import { DeletedEventsNote, EVENT_DAYS, isReadFromEvents, PeriodTooLong } from './EventsPeriodNote.tsx';
import { MemberCell } from './MemberCell.tsx';
import { Nothing } from './Nothing.tsx';
import { Panel } from './Panel.tsx';
import { QueryPanel } from './QueryPanel.tsx';
import {
  costColumn,
  errorRateColumn,
  meanTimeColumn,
  perThousandColumn,
  requestsColumn,
} from './usage-columns.ts';

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
            footer={footerOf(data)}
            rowKey={(row) => rowLabel(row, data)}
            fileName={title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}
          />
          <DeletedEventsNote calls={data.requests_only_in_rollups} />
          {note}
        </>
      )}
    </QueryPanel>
  );
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
      value: (row) => rowLabel(row, data),
      cell: (row) =>
        'member' in row ? (
          <MemberCell
            label={row.label}
            share={row.share_percent.cost ?? row.share_percent.requests}
            events={events(row.member[dimension] ?? null)}
            {...(to ? { to: to(memberText(row.member[dimension] ?? null)) } : {})}
            {...(does ? { does: does(row.label) } : {})}
          />
        ) : (
          rowLabel(row, data)
        ),
    },
    costColumn(),
    requestsColumn(),
    perThousandColumn(),
    errorRateColumn({ wideOnly: true }),
    ...(isWide ? [meanTimeColumn<Row>({ wideOnly: true })] : []),
  ];
}
