import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import type { Answer } from '../../api/use-api.ts';
import { count, duration, toNumber, usd } from '../../figures/format.ts';
import { memberText } from '../../filters/dimensions.ts';
import { usePageLink } from '../../navigation/use-page-link.ts';
import { footerOf, rowLabel, type Breakdown, type BreakdownRow as Row } from '../../panels/breakdown-rows.ts';
import { DataTable, type Column } from '../../panels/DataTable.tsx';
import { MemberCell } from '../../panels/MemberCell.tsx';
import {
  cacheHitsColumn,
  costColumn,
  errorRateColumn,
  perMillionTokensColumn,
  percentileColumn,
  requestsColumn,
  unpricedColumn,
} from '../../panels/usage-columns.ts';

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
  const { members, total } = data;
  const dimension = kind === 'models' ? 'model_name' : 'model_provider';
  const labelOf = (row: Row) => rowLabel(row, data);
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
    costColumn(),
    requestsColumn(),
    perMillionTokensColumn(),
    errorRateColumn(),
    percentileColumn('p50'),
    percentileColumn('p95'),
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
    cacheHitsColumn({ wideOnly: true }),
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
    ...(total.unpriced_requests > 0 ? [unpricedColumn<Row>()] : []),
  ];
  return (
    <>
      <DataTable
        label={kind === 'models' ? 'Models side by side' : 'Providers side by side'}
        columns={columns}
        rows={members}
        footer={footerOf(data)}
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
