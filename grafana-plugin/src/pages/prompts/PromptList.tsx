import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useApi, type Answer } from '../../api/use-api.ts';
import { count } from '../../figures/format.ts';
import { memberText } from '../../filters/dimensions.ts';
import { useFilters } from '../../filters/use-filters.ts';
import { AnalyticsPage } from '../../navigation/AnalyticsPage.tsx';
import { usePageLink } from '../../navigation/use-page-link.ts';
import { footerOf, rowLabel, type Breakdown, type BreakdownRow as Row } from '../../panels/breakdown-rows.ts';
import { Change } from '../../panels/Change.tsx';
import { DataTable, type Column } from '../../panels/DataTable.tsx';
import { Freshness } from '../../panels/Freshness.tsx';
import { MemberCell } from '../../panels/MemberCell.tsx';
import { Nothing } from '../../panels/Nothing.tsx';
import { PanelGrid } from '../../panels/Panel.tsx';
import { QueryPanel } from '../../panels/QueryPanel.tsx';
import {
  costColumn,
  errorRateColumn,
  meanTimeColumn,
  perThousandColumn,
  requestsColumn,
} from '../../panels/usage-columns.ts';
import { allInputTokens, changeOf, costPerThousandCalls, tokensPerCall } from '../../panels/usage-rates.ts';
import { usePeriod } from '../../period/use-period.ts';
import { DearerPrompts } from './DearerPrompts.tsx';

type Compared = Answer<'/v1/analytics/usage/compare'>['members'][number];

/** What each prompt costs and does, and which got dearer. */
export function PromptList({ linkTo }: { linkTo: (prompt: string) => string }) {
  const { query } = usePeriod();
  const { query: filters } = useFilters();
  const question = { ...query, ...filters, dimension: 'prompt_id', limit: 100 };
  const answer = useApi('/v1/analytics/usage/breakdown', { query: question });
  const compare = useApi('/v1/analytics/usage/compare', { query: question });
  return (
    <AnalyticsPage title="Prompts" subTitle="What each prompt costs, and its versions against each other">
      <PanelGrid>
        <DearerPrompts linkTo={linkTo} />
        <QueryPanel
          title="All prompts of the period"
          description="The 100 that cost most; changes are against the period before. Input and output are tokens of a call, per 1,000 is the cost of as many calls. Percentiles of the response time are not kept by prompt: open a prompt to see them, read from its events."
          query={answer}
          height={420}
          empty={({ total }) => total.total_requests === 0 && <Nothing>No calls in this period.</Nothing>}
        >
          {(data) => <PromptTable data={data} compared={compare.data?.members} linkTo={linkTo} />}
        </QueryPanel>
      </PanelGrid>
      <Freshness of={answer.data?.freshness} />
    </AnalyticsPage>
  );
}

function PromptTable({
  data,
  compared,
  linkTo,
}: {
  data: Breakdown;
  compared: Compared[] | undefined;
  linkTo: (prompt: string) => string;
}) {
  const styles = useStyles2(getStyles);
  const link = usePageLink();
  const { members, total } = data;
  const before = new Map(compared?.map((one) => [one.member.prompt_id ?? null, one]));
  const labelOf = (row: Row) => rowLabel(row, data);
  const comparedOf = (row: Row) => ('member' in row ? before.get(row.member.prompt_id ?? null) : undefined);
  const costChange = (row: Row) => comparedOf(row)?.change.total_cost_usd.percent ?? null;
  const rateChange = (row: Row) => {
    const one = comparedOf(row);
    return one ? changeOf(costPerThousandCalls(one.previous), costPerThousandCalls(one.current)) : null;
  };
  const tokens = (of: (row: Row) => number) => (row: Row) => tokensPerCall(of(row), row);
  const input = tokens(allInputTokens);
  const output = tokens(({ output_tokens }) => output_tokens);
  const columns: Column<Row>[] = [
    {
      id: 'prompt',
      header: 'Prompt',
      value: labelOf,
      cell: (row) =>
        'member' in row ? (
          <MemberCell
            label={row.label}
            to={linkTo(memberText(row.member.prompt_id ?? null))}
            does={`Versions, models and users of ${row.label}`}
            events={link('events', { filter: ['prompt_id', row.member.prompt_id ?? null] })}
            share={row.share_percent.cost}
            {...(comparedOf(row)?.status === 'new' ? { status: 'new' } : {})}
          />
        ) : (
          labelOf(row)
        ),
    },
    costColumn(),
    {
      id: 'cost_change',
      header: 'Change',
      numeric: true,
      value: costChange,
      cell: (row) => ('member' in row ? <Change value={costChange(row)} /> : null),
    },
    requestsColumn(),
    perThousandColumn(),
    {
      id: 'rate_change',
      header: 'Its change',
      numeric: true,
      value: rateChange,
      cell: (row) => ('member' in row ? <Change value={rateChange(row)} /> : null),
    },
    {
      id: 'input',
      header: 'Input',
      numeric: true,
      wideOnly: true,
      value: input,
      cell: (row) => count(input(row)),
    },
    {
      id: 'output',
      header: 'Output',
      numeric: true,
      wideOnly: true,
      value: output,
      cell: (row) => count(output(row)),
    },
    errorRateColumn(),
    meanTimeColumn(),
  ];
  return (
    <>
      <DataTable
        label="Prompts"
        columns={columns}
        rows={members}
        footer={footerOf(data)}
        rowKey={labelOf}
        sortBy="-cost"
        fileName="prompts"
      />
      {total.unpriced_requests > 0 && (
        <p className={styles.note}>
          Cost is without {count(total.unpriced_requests)} calls that have no price; cost per 1,000 is of
          those that have one.
        </p>
      )}
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  note: css({ margin: theme.spacing(1, 0, 0), color: theme.colors.text.secondary }),
});
