import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Combobox, RadioButtonGroup, useStyles2 } from '@grafana/ui';
import { useId } from 'react';
import { useSearchParams } from 'react-router-dom';
import { useApi, type Answer } from '../../../api/use-api.ts';
import { changePercent, count, percent, toNumber, usd } from '../../../figures/format.ts';
import { signedUsd } from '../../../figures/signed.ts';
import { instant } from '../../../figures/time.ts';
import { dimensionLabel, memberText } from '../../../filters/dimensions.ts';
import { useFilters } from '../../../filters/use-filters.ts';
import { useChoice } from '../../../navigation/use-choice.ts';
import { useSetParameters } from '../../../navigation/use-set-parameters.ts';
import { DataTable, type Column } from '../../../panels/DataTable.tsx';
import { Nothing } from '../../../panels/Nothing.tsx';
import { QueryPanel } from '../../../panels/QueryPanel.tsx';
import { COMPARE_LABELS, COMPARE_WITH, type CompareWith } from '../../../period/compared-with.ts';
import { usePeriod, type PeriodQuery } from '../../../period/use-period.ts';
import { BY } from './by.ts';
import { splitOf, type PartFigures } from './reasons.ts';
import { WhyChanged } from './WhyChanged.tsx';

type Comparison = Answer<'/v1/analytics/usage/compare'>;
export type Part = Comparison['members'][number];

const PERIODS = ['week', 'month', 'chosen'] as const;
const PERIOD_LABELS = { week: 'Last 7 days', month: 'This month', chosen: 'Chosen period' } as const;

/** Two periods beside each other: who made cost change, and why. */
export function WhatChangedPanel() {
  const styles = useStyles2(getStyles);
  const { query: chosen, timeZone } = usePeriod();
  const { query: filters } = useFilters();
  const [search] = useSearchParams();
  const set = useSetParameters();
  const [by] = useChoice('by', BY, BY[0]);
  const [period, setPeriod] = useChoice('change', PERIODS, 'week');
  const [against, setAgainst] = useChoice('against', COMPARE_WITH, 'previous_period');
  const id = useId();
  const question = comparisonQuery(period, against, chosen);
  const answer = useApi('/v1/analytics/usage/compare', {
    query: { ...question, ...filters, dimension: by, limit: 15 },
  });
  const what = dimensionLabel(by).toLowerCase();

  return (
    <QueryPanel
      title="What changed, and why"
      description="Who made the cost of a period differ from another one. A period that is not over is compared with as much of the other. Members and the rest add up to the change of the total."
      actions={
        <>
          <RadioButtonGroup
            size="sm"
            aria-label="Period that is compared"
            value={period}
            onChange={setPeriod}
            options={PERIODS.map((name) => ({ value: name, label: PERIOD_LABELS[name] }))}
          />
          <label htmlFor={`${id}-against`} className={styles.label}>
            against
          </label>
          <Combobox
            id={`${id}-against`}
            width={22}
            value={against}
            onChange={({ value }) => setAgainst(value)}
            options={COMPARE_WITH.map((name) => ({ value: name, label: COMPARE_LABELS[name] }))}
          />
        </>
      }
      query={answer}
      height={360}
      empty={({ members }) =>
        members.length === 0 && <Nothing>Neither of the two periods has a call.</Nothing>
      }
    >
      {(data) => {
        const why = search.get('why');
        const selected =
          data.members.find((part) => memberText(part.member[by] ?? null) === why) ??
          startingPoint(data.members);
        return (
          <>
            <p>
              {headline(data)}{' '}
              <span className={styles.small}>
                {minute(data.period.start, timeZone)} to {minute(data.period.end, timeZone)} against{' '}
                {minute(data.compared_to.start, timeZone)} to {minute(data.compared_to.end, timeZone)}.
                {data.total.current.unpriced_requests > 0 &&
                  ` Without ${count(data.total.current.unpriced_requests)} calls that have no price.`}
              </span>
            </p>
            <DataTable
              label={`Change of cost by ${what}`}
              columns={columns(by, dimensionLabel(by), selected, (part) =>
                set({ why: memberText(part.member[by] ?? null) }),
              )}
              rows={data.members}
              rowKey={(row) => row.label}
              fileName={`what-changed-by-${by}`}
              footer={[
                ...(data.other ? [{ ...data.other, label: `Other (${data.other.members})` }] : []),
                { ...data.total, label: 'Total' },
              ]}
            />
            {selected && <WhyChanged part={selected} by={by} question={question} />}
          </>
        );
      }}
    </QueryPanel>
  );
}

const minute = (time: string, timeZone: string): string => instant(time, timeZone).slice(0, 16);

type Row = Pick<Part, 'label' | 'current' | 'previous' | 'change' | 'contribution'> &
  Partial<Pick<Part, 'member' | 'status'>>;

/** What is asked of compare. The last seven days and the month are cut at now, and so is what they are compared with. */
function comparisonQuery(
  period: (typeof PERIODS)[number],
  against: CompareWith,
  chosen: PeriodQuery,
): Record<string, string> {
  const { timezone } = chosen;
  if (period === 'week')
    return { start_date: 'now-6d/d', end_date: 'now/d', timezone, compare_with: against };
  if (period === 'month')
    // The month before has other lengths than this one: as many days of it are compared as there are.
    return {
      start_date: 'now/M',
      end_date: 'now/M',
      timezone,
      compare_with: against === 'previous_period' ? 'last_month' : against,
    };
  return { ...chosen, compare_with: against };
}

/** What is explained unasked: who got dearer most, else who changed most. */
function startingPoint(members: Part[]): Part | undefined {
  return members.find(({ contribution }) => Number(contribution.absolute) > 0) ?? members[0];
}

function headline({ total, same_length: isSame }: Comparison): string {
  const change = total.change.total_cost_usd;
  const [now, before] = [total.current.total_cost_usd, total.previous.total_cost_usd];
  const perDay = isSame ? '' : ` (${changePercent(change.percent_per_day)} a day)`;
  return `Cost went from ${usd(before)} to ${usd(now)}: ${signedUsd(change.absolute)}, ${changePercent(change.percent)}${perDay}.`;
}

function columns(
  by: string,
  header: string,
  selected: Part | undefined,
  onSelect: (part: Part) => void,
): Column<Row>[] {
  const cost = (figures: PartFigures): number | null => toNumber(figures.total_cost_usd);
  const split = (row: Row) => splitOf(row.previous, row.current);
  return [
    {
      id: 'member',
      header,
      value: ({ label }) => label,
      cell: (row) => {
        if (row.member === undefined) return row.label;
        const part = row as Part;
        return (
          <MemberButton
            part={part}
            isSelected={part.member[by] === selected?.member[by]}
            onSelect={onSelect}
          />
        );
      },
    },
    {
      id: 'change',
      header: 'Change',
      numeric: true,
      value: ({ change }) => toNumber(change.total_cost_usd.absolute),
      cell: ({ change, contribution }) => signedUsd(change.total_cost_usd.absolute ?? contribution.absolute),
    },
    {
      id: 'percent',
      header: 'Change, %',
      numeric: true,
      value: ({ change }) => change.total_cost_usd.percent,
      cell: (row) =>
        row.status === 'new'
          ? 'new'
          : row.status === 'gone'
            ? 'gone'
            : changePercent(row.change.total_cost_usd.percent),
    },
    {
      id: 'before',
      header: 'Before',
      numeric: true,
      wideOnly: true,
      value: ({ previous }) => cost(previous),
      cell: ({ previous }) => usd(cost(previous)),
    },
    {
      id: 'now',
      header: 'Now',
      numeric: true,
      wideOnly: true,
      value: ({ current }) => cost(current),
      cell: ({ current }) => usd(cost(current)),
    },
    {
      id: 'calls',
      header: 'By number of calls',
      numeric: true,
      wideOnly: true,
      value: (row) => split(row)?.byCallsUsd ?? null,
      cell: (row) => signedUsd(split(row)?.byCallsUsd),
    },
    {
      id: 'price',
      header: 'By cost of a call',
      numeric: true,
      wideOnly: true,
      value: (row) => split(row)?.byPriceUsd ?? null,
      cell: (row) => signedUsd(split(row)?.byPriceUsd),
    },
    {
      id: 'share',
      header: 'Of the change',
      numeric: true,
      wideOnly: true,
      value: ({ contribution }) => contribution.share_percent,
      cell: ({ contribution }) => percent(contribution.share_percent),
    },
  ];
}

function MemberButton({
  part,
  isSelected,
  onSelect,
}: {
  part: Part;
  isSelected: boolean;
  onSelect: (part: Part) => void;
}) {
  const styles = useStyles2(getStyles);
  return (
    <button
      type="button"
      className={styles.member}
      aria-pressed={isSelected}
      title={`Why ${part.label} changed`}
      onClick={() => onSelect(part)}
    >
      {part.label}
    </button>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  label: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
  small: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
  member: css({
    padding: 0,
    minHeight: 24,
    border: 0,
    background: 'transparent',
    color: theme.colors.text.link,
    textDecoration: 'underline',
    textAlign: 'left',
    overflowWrap: 'anywhere',
    '&[aria-pressed="true"]': { fontWeight: theme.typography.fontWeightBold },
  }),
});
