import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Combobox, Field, LinkButton, MultiCombobox, Switch, useStyles2 } from '@grafana/ui';
import { useId } from 'react';
import { Link, useSearchParams } from 'react-router-dom';
import { apiPath, useApi, type Answer } from '../../../api/use-api.ts';
import { count, percent, toNumber, usd } from '../../../figures/format.ts';
import { DIMENSION_LABELS, DIMENSIONS, dimensionLabel, isDimension } from '../../../filters/dimensions.ts';
import { useFilters } from '../../../filters/use-filters.ts';
import { useHost } from '../../../host/host.ts';
import { usePageLink } from '../../../navigation/use-page-link.ts';
import { useSetParameters } from '../../../navigation/use-set-parameters.ts';
import { DataTable, type Column } from '../../../panels/DataTable.tsx';
import { Freshness } from '../../../panels/Freshness.tsx';
import { Nothing } from '../../../panels/Nothing.tsx';
import { Panel, PanelGrid } from '../../../panels/Panel.tsx';
import { QueryPanel } from '../../../panels/QueryPanel.tsx';
import { usePeriod } from '../../../period/use-period.ts';

type Member = Answer<'/v1/analytics/allocation'>['members'][number];
/** What cost is shared out by most often, before every other dimension. */
const USUAL = ['project_id', 'metadata.team', 'environment', 'user_id', 'prompt_id'];

/** Who bears which cost: by a dimension or a tag, with what is everybody's spread over the others or shown. */
export function AllocationTab() {
  const styles = useStyles2(getStyles);
  const id = useId();
  const host = useHost();
  const link = usePageLink();
  const [search] = useSearchParams();
  const set = useSetParameters();
  const { query } = usePeriod();
  const { query: filters } = useFilters();
  const asked = search.get('allocate');
  const by = asked !== null && isDimension(asked) ? asked : 'project_id';
  const shared = search.getAll('shared');
  const spreads = search.get('untagged') === 'spread';
  const answer = useApi('/v1/analytics/allocation', {
    query: { ...query, ...filters, by, shared, ...(spreads ? { untagged: 'spread' } : {}) },
  });
  // The shared ones are not among the members any more: both together are what can be chosen from.
  const known = [...(answer.data?.members ?? []), ...(answer.data?.spread_from ?? [])]
    .map(({ member }) => member)
    .filter((member) => member !== null);
  const names = [...new Set([...USUAL, ...DIMENSIONS, by])];

  return (
    <PanelGrid>
      <Panel title="How cost is shared out">
        <div className={styles.form}>
          <Field label="By" htmlFor={`${id}-by`} description="A dimension, or a tag: any text.">
            <Combobox
              id={`${id}-by`}
              value={by}
              createCustomValue
              options={names.map((name) => ({
                value: name,
                label: Object.hasOwn(DIMENSION_LABELS, name)
                  ? dimensionLabel(name)
                  : `Tag ${dimensionLabel(name)}`,
              }))}
              onChange={({ value }) => {
                const name = isDimension(value) ? value : `metadata.${value}`;
                set({ allocate: name === 'project_id' ? null : name, shared: null });
              }}
            />
          </Field>
          <Field
            label="Everybody's"
            htmlFor={`${id}-shared`}
            description="Members whose cost is spread over the others."
          >
            <MultiCombobox
              id={`${id}-shared`}
              value={shared}
              options={[...new Set([...known, ...shared])].map((name) => ({ value: name, label: name }))}
              placeholder="None"
              onChange={(chosen) => set({ shared: chosen.map(({ value }) => value) })}
            />
          </Field>
          <Field
            label={`Spread what has no ${dimensionLabel(by).toLowerCase()}`}
            htmlFor={`${id}-untagged`}
            description="Else it is a line of its own."
          >
            <Switch
              id={`${id}-untagged`}
              value={spreads}
              onChange={() => set({ untagged: spreads ? null : 'spread' })}
            />
          </Field>
        </div>
      </Panel>
      <QueryPanel
        title={`Cost by ${dimensionLabel(by).toLowerCase()}`}
        description="Members add up to the cost of the period, to the billionth of a dollar, however it is spread."
        actions={
          <LinkButton
            variant="secondary"
            size="sm"
            icon="download-alt"
            href={host.downloadUrl(
              apiPath('/v1/analytics/allocation/focus.csv', { query: { ...query, ...filters } }),
            )}
            target="_blank"
            rel="noreferrer"
            tooltip="The charges of the period and filters by day, provider, model, project, prompt and environment, as FOCUS 1.2, to be loaded beside the bills of clouds"
          >
            FOCUS CSV
          </LinkButton>
        }
        query={answer}
        height={300}
        empty={({ total }) => total.total_requests === 0 && <Nothing>No calls in this period.</Nothing>}
      >
        {({ members, spread_from: spread, spread_by: measure, total, freshness }) => (
          <>
            {spread.length > 0 && (
              <p>
                Spread in proportion to {measure === 'requests' ? 'the number of calls' : 'own cost'}:{' '}
                {spread.map(({ label, cost_usd: cost }) => `${label} (${usd(cost)})`).join(', ')}.
              </p>
            )}
            {total.unpriced_requests > 0 && (
              <p>
                Not in it:{' '}
                <Link className={styles.link} to={link('costs', { search: { tab: 'unpriced' } })}>
                  {count(total.unpriced_requests)} calls that have no price
                </Link>
                .
              </p>
            )}
            <DataTable
              label={`Who bears the cost, by ${dimensionLabel(by).toLowerCase()}`}
              columns={columns(by, spread.length > 0, (member) => link('explore', { filter: [by, member] }))}
              rows={members}
              rowKey={({ label }) => label}
              sortBy="-cost"
              fileName={`cost-by-${by}`}
              footer={[
                {
                  member: null,
                  label: 'Total',
                  total_requests: total.total_requests,
                  total_tokens_used: members.reduce((sum, one) => sum + one.total_tokens_used, 0),
                  unpriced_requests: total.unpriced_requests,
                  own_cost_usd: total.cost_usd,
                  spread_cost_usd: '0',
                  cost_usd: total.cost_usd,
                  share_percent: toNumber(total.cost_usd) === 0 ? null : 100,
                },
              ]}
            />
            <Freshness of={freshness} />
          </>
        )}
      </QueryPanel>
    </PanelGrid>
  );
}

function columns(by: string, isSpread: boolean, linkTo: (member: string | null) => string): Column<Member>[] {
  const parts: Column<Member>[] = isSpread
    ? [
        {
          id: 'own',
          header: 'Own',
          numeric: true,
          wideOnly: true,
          value: (row) => toNumber(row.own_cost_usd),
          cell: (row) => (row.label === 'Total' && row.member === null ? '' : usd(row.own_cost_usd)),
        },
        {
          id: 'spread',
          header: 'Its part of what is spread',
          numeric: true,
          wideOnly: true,
          value: (row) => toNumber(row.spread_cost_usd),
          cell: (row) => (row.label === 'Total' && row.member === null ? '' : usd(row.spread_cost_usd)),
        },
      ]
    : [];
  return [
    {
      id: 'member',
      header: dimensionLabel(by),
      value: ({ label }) => label,
      cell: ({ member, label }) =>
        label === 'Total' && member === null ? label : <Link to={linkTo(member)}>{label}</Link>,
    },
    ...parts,
    {
      id: 'cost',
      header: 'Cost',
      numeric: true,
      value: (row) => toNumber(row.cost_usd),
      cell: (row) => usd(row.cost_usd),
    },
    {
      id: 'share',
      header: 'Share',
      numeric: true,
      value: ({ share_percent: share }) => share,
      cell: ({ share_percent: share }) => percent(share),
    },
    {
      id: 'requests',
      header: 'Calls',
      numeric: true,
      wideOnly: true,
      value: (row) => row.total_requests,
      cell: (row) => count(row.total_requests),
    },
    {
      id: 'tokens',
      header: 'Tokens',
      numeric: true,
      wideOnly: true,
      value: (row) => row.total_tokens_used,
      cell: (row) => count(row.total_tokens_used, { short: true }),
    },
    {
      id: 'unpriced',
      header: 'Without a price',
      numeric: true,
      wideOnly: true,
      value: (row) => row.unpriced_requests,
      cell: (row) => count(row.unpriced_requests),
    },
  ];
}

const getStyles = (theme: GrafanaTheme2) => ({
  form: css({
    display: 'grid',
    gap: theme.spacing(0, 3),
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(240px, 100%), 1fr))',
  }),
  link: css({ color: theme.colors.text.link, textDecoration: 'underline' }),
});
