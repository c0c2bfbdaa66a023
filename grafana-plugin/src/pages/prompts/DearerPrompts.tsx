import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useApi, type Answer } from '../../api/use-api.ts';
import { toNumber, usd } from '../../figures/format.ts';
import { signed } from '../../figures/signed.ts';
import { memberText } from '../../filters/dimensions.ts';
import { useFilters } from '../../filters/use-filters.ts';
import { changeReason } from '../../panels/change-reason.ts';
import { Change } from '../../panels/Change.tsx';
import { roundedChange } from '../../panels/ChangeTable.tsx';
import { costChangeParts } from '../../panels/cost-change.ts';
import { DataTable, type Column } from '../../panels/DataTable.tsx';
import { MemberCell } from '../../panels/MemberCell.tsx';
import { Nothing } from '../../panels/Nothing.tsx';
import { PeriodsCompared } from '../../panels/PeriodsCompared.tsx';
import { QueryPanel } from '../../panels/QueryPanel.tsx';
import { SinceChoice } from '../../panels/SinceChoice.tsx';
import { changeOf, costPerThousandCalls, knownCost } from '../../panels/usage-rates.ts';
import { useSince } from '../../panels/use-since.ts';

type Compared = Answer<'/v1/analytics/usage/compare'>['members'][number];

/** The prompts that cost more than before, or that cost more for each call, and why in a few words. */
export function DearerPrompts({ linkTo }: { linkTo: (prompt: string) => string }) {
  const styles = useStyles2(getStyles);
  const { query: filters } = useFilters();
  const { since, setSince, periods } = useSince();
  const answer = useApi('/v1/analytics/usage/compare', {
    query: { ...periods, ...filters, dimension: 'prompt_id', limit: 100 },
  });
  return (
    <QueryPanel
      title={since === 'week' ? 'Dearer since last week' : 'Dearer than in the period before'}
      description="Prompts that cost more than before, or 1 % more for each call; those that added most to the bill come first. Open one to see which version or model did it."
      actions={<SinceChoice since={since} onChange={setSince} />}
      query={answer}
      height={220}
    >
      {(data) => {
        const dearer = data.members
          .filter((one) => costAdded(one) > 0 || (perCallChange(one) ?? 0) >= 1)
          .sort((a, b) => costAdded(b) - costAdded(a));
        return (
          <>
            <PeriodsCompared answer={data} />
            {dearer.length === 0 ? (
              <Nothing>No prompt got dearer.</Nothing>
            ) : (
              <>
                <DataTable
                  label="Prompts that got dearer"
                  columns={columns(linkTo)}
                  rows={dearer}
                  rowKey={({ label }) => label}
                  fileName="dearer-prompts"
                />
                {data.other && (
                  <p className={styles.note}>
                    The 100 prompts that changed most are looked at; {data.other.members} others are not.
                  </p>
                )}
              </>
            )}
          </>
        );
      }}
    </QueryPanel>
  );
}

function columns(linkTo: (prompt: string) => string): Column<Compared>[] {
  return [
    {
      id: 'prompt',
      header: 'Prompt',
      value: ({ label }) => label,
      cell: ({ label, member, status }) => (
        <MemberCell
          label={label}
          to={linkTo(memberText(member.prompt_id ?? null))}
          does={`Why ${label} got dearer`}
          status={status}
        />
      ),
    },
    {
      id: 'now',
      header: 'Cost now',
      numeric: true,
      value: ({ current }) => knownCost(current),
      cell: ({ current }) => usd(knownCost(current)),
    },
    {
      id: 'added',
      header: 'Change',
      numeric: true,
      value: costAdded,
      cell: (one) => <Change value={costAdded(one)} text={signed(usd, costAdded(one))} />,
    },
    {
      id: 'percent',
      header: 'In percent',
      numeric: true,
      wideOnly: true,
      value: ({ change }) => change.total_cost_usd.percent,
      cell: ({ change }) => roundedChange(change.total_cost_usd.percent),
    },
    {
      id: 'by_calls',
      header: 'By more calls',
      numeric: true,
      value: (one) => split(one)?.moreCalls ?? null,
      cell: (one) => signed(usd, split(one)?.moreCalls ?? null),
    },
    {
      id: 'by_cost',
      header: 'By dearer calls',
      numeric: true,
      value: (one) => split(one)?.dearerCalls ?? null,
      cell: (one) => signed(usd, split(one)?.dearerCalls ?? null),
    },
    {
      id: 'why',
      header: 'Why',
      value: ({ previous, current }) => changeReason(previous, current),
    },
  ];
}

/** US dollars more than before. */
function costAdded({ contribution }: Compared): number {
  return toNumber(contribution.absolute) ?? 0;
}

function perCallChange({ previous, current }: Compared): number | null {
  return changeOf(costPerThousandCalls(previous), costPerThousandCalls(current));
}

function split({ label, previous, current }: Compared) {
  return costChangeParts([{ label, previous, current }]);
}

const getStyles = (theme: GrafanaTheme2) => ({
  note: css({ margin: theme.spacing(1, 0, 0), color: theme.colors.text.secondary }),
});
