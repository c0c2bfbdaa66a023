import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import type { Answer } from '../../api/use-api.ts';
import { count, duration, percent, toNumber, usd } from '../../figures/format.ts';
import { memberText } from '../../filters/dimensions.ts';
import { usePageLink } from '../../navigation/use-page-link.ts';
import { DataTable, type Column } from '../../panels/DataTable.tsx';
import { MemberCell } from '../../panels/MemberCell.tsx';
import { cacheReadShare, costPerMillionTokens, errorRate, knownCost } from '../../panels/usage-rates.ts';

export type Breakdown = Answer<'/v1/analytics/usage/breakdown'>;
type Row = Breakdown['members'][number] | Breakdown['total'] | NonNullable<Breakdown['other']>;

interface Props {
  kind: 'providers' | 'models';
  data: Breakdown;
  speed: Answer<'/v1/analytics/usage/latency'> | undefined;
  caches?: Answer<'/v1/analytics/usage/cache'> | undefined;
  linkTo?: (model: string) => string;
}

/** Providers or models side by side. */
export function ModelTable({ kind, data, speed, caches, linkTo }: Props) {
  const styles = useStyles2(getStyles);
  const link = usePageLink();
  const { members, other, total } = data;
  const dimension = kind === 'models' ? 'model_name' : 'model_provider';
  const labelOf = (row: Row): string =>
    'label' in row
      ? row.label
      : row === total
        ? `Total (${total.members})`
        : `Other (${other?.members ?? 0})`;
  const tokensPerSecond = (row: Row): number | null => {
    if (row === total) return speed?.total.output_tokens_per_second ?? null;
    if (!('member' in row)) return null;
    return (
      speed?.members.find(({ member }) => member === (row.member[dimension] ?? null))
        ?.output_tokens_per_second ?? null
    );
  };
  const saving = (row: Row): string | null => {
    if (!caches) return null;
    if (row === total) return caches.total.net_saving_usd;
    if (!('member' in row)) return null;
    return (
      caches.models.find(
        ({ model_provider, model_name }) =>
          model_provider === row.member.model_provider && model_name === row.member.model_name,
      )?.net_saving_usd ?? null
    );
  };
  const columns: Column<Row>[] = [
    {
      id: 'member',
      header: kind === 'models' ? 'Model' : 'Provider',
      value: labelOf,
      cell: (row) => {
        if (!('member' in row)) return labelOf(row);
        const { model_provider: provider, model_name: model } = row.member;
        return (
          <MemberCell
            label={kind === 'models' ? (model ?? row.label) : row.label}
            share={row.share_percent.cost}
            events={link('events', {
              search: {
                model_provider: memberText(provider ?? null),
                ...(kind === 'models' ? { model_name: memberText(model ?? null) } : {}),
              },
            })}
            {...(kind === 'models' && linkTo
              ? { to: linkTo(memberText(model ?? null)), does: `More about ${model ?? row.label}` }
              : {
                  to: link('explore', {
                    filter: ['model_provider', provider ?? null],
                    search: { by: 'model_name' },
                  }),
                  does: `Models of ${row.label}`,
                })}
          />
        );
      },
    },
    ...(kind === 'models'
      ? [
          {
            id: 'provider',
            header: 'Provider',
            value: (row: Row) => ('member' in row ? (row.member.model_provider ?? null) : null),
          },
        ]
      : []),
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
      id: 'cost_per_million',
      header: 'Per 1M tokens',
      numeric: true,
      value: costPerMillionTokens,
      cell: (row) => usd(costPerMillionTokens(row)),
    },
    {
      id: 'error_rate',
      header: 'Errors',
      numeric: true,
      value: errorRate,
      cell: (row) => percent(errorRate(row), 2),
    },
    {
      id: 'p50',
      header: 'p50',
      numeric: true,
      value: (row) => row.response_time_percentiles_ms?.p50 ?? null,
      cell: (row) => duration(row.response_time_percentiles_ms?.p50),
    },
    {
      id: 'p95',
      header: 'p95',
      numeric: true,
      value: (row) => row.response_time_percentiles_ms?.p95 ?? null,
      cell: (row) => duration(row.response_time_percentiles_ms?.p95),
    },
    {
      id: 'first_token',
      header: 'First token',
      numeric: true,
      wideOnly: true,
      value: (row) => row.average_time_to_first_token_ms,
      cell: (row) => duration(row.average_time_to_first_token_ms),
    },
    {
      id: 'speed',
      header: 'Tokens/s',
      numeric: true,
      wideOnly: true,
      value: tokensPerSecond,
      cell: (row) => count(tokensPerSecond(row)),
    },
    {
      id: 'cache',
      header: 'Cache hits',
      numeric: true,
      wideOnly: true,
      value: cacheReadShare,
      cell: (row) => percent(cacheReadShare(row), 1),
    },
    ...(kind === 'models'
      ? [
          {
            id: 'saved',
            header: 'Saved',
            numeric: true,
            wideOnly: true,
            value: (row: Row) => toNumber(saving(row)),
            cell: (row: Row) => usd(saving(row)),
          },
        ]
      : []),
    ...(total.unpriced_requests > 0
      ? [
          {
            id: 'unpriced',
            header: 'Unpriced',
            numeric: true,
            value: (row: Row) => row.unpriced_requests,
            cell: (row: Row) => count(row.unpriced_requests),
          },
        ]
      : []),
  ];
  return (
    <>
      <DataTable
        label={kind === 'models' ? 'Models side by side' : 'Providers side by side'}
        columns={columns}
        rows={members}
        footer={[...(other ? [other] : []), total]}
        rowKey={labelOf}
        sortBy="-cost"
        fileName={kind}
      />
      {kind === 'models' && total.unpriced_requests > 0 && (
        <p className={styles.note}>
          {count(total.unpriced_requests)} calls have no price: they are in no cost, and a cost that is not
          known is shown as –, or without them.
        </p>
      )}
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  note: css({ margin: theme.spacing(1, 0, 0), color: theme.colors.text.secondary }),
});
