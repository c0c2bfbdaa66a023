import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2, useTheme2 } from '@grafana/ui';
import { seriesColors } from '../../charts/colors.ts';
import { count, percent } from '../../figures/format.ts';
import { memberText } from '../../filters/dimensions.ts';
import { footerOf, rowLabel, type Breakdown, type BreakdownRow as Row } from '../../panels/breakdown-rows.ts';
import { DataTable, type Column } from '../../panels/DataTable.tsx';
import { MemberCell } from '../../panels/MemberCell.tsx';
import { tokensColumn } from '../../panels/usage-columns.ts';

const KINDS = [
  { id: 'input_tokens', header: 'Input' },
  { id: 'cache_read_tokens', header: 'Cache read' },
  { id: 'cache_write_5m_tokens', header: 'Cache write, 5 min' },
  { id: 'cache_write_1h_tokens', header: 'Cache write, 1 h' },
  { id: 'output_tokens', header: 'Output' },
] as const;

/** Which tokens each model used: the kinds that are counted apart and add up, and the part of the output that was reasoning. */
export function TokenKinds({ data, linkTo }: { data: Breakdown; linkTo: (model: string) => string }) {
  const styles = useStyles2(getStyles);
  const colors = seriesColors(useTheme2(), KINDS.length);
  const labelOf = (row: Row) => rowLabel(row, data);
  const columns: Column<Row>[] = [
    {
      id: 'model',
      header: 'Model',
      value: labelOf,
      cell: (row) =>
        'member' in row ? (
          <MemberCell label={row.label} to={linkTo(memberText(row.member.model_name ?? null))} />
        ) : (
          labelOf(row)
        ),
    },
    {
      id: 'mix',
      header: 'Mix',
      wideOnly: true,
      value: () => null,
      cell: (row) => (
        <div className={styles.mix} aria-hidden>
          {KINDS.map(({ id }, index) => (
            <span
              key={id}
              style={{
                width: `${row.total_tokens_used === 0 ? 0 : (100 * row[id]) / row.total_tokens_used}%`,
                background: colors[index],
              }}
            />
          ))}
        </div>
      ),
    },
    ...KINDS.map(({ id, header }): Column<Row> => ({
      id,
      header,
      numeric: true,
      value: (row) => row[id],
      cell: (row) => count(row[id], { short: true }),
    })),
    {
      id: 'reasoning_tokens',
      header: 'Reasoning',
      numeric: true,
      wideOnly: true,
      value: (row) => row.reasoning_tokens,
      cell: (row) =>
        row.output_tokens === 0 ? '–' : percent((100 * row.reasoning_tokens) / row.output_tokens, 0),
    },
    tokensColumn({ id: 'total', header: 'All' }),
  ];
  return (
    <>
      <ul className={styles.legend} aria-label="Colours of the mix">
        {KINDS.map(({ id, header }, index) => (
          <li key={id}>
            <span className={styles.swatch} style={{ background: colors[index] }} /> {header}
          </li>
        ))}
      </ul>
      <DataTable
        label="Tokens of each model by kind"
        columns={columns}
        rows={data.members}
        footer={footerOf(data)}
        rowKey={labelOf}
        sortBy="-total"
        fileName="tokens-by-kind"
      />
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  mix: css({
    display: 'flex',
    gap: 1,
    width: 120,
    height: 12,
    marginTop: 4,
    borderRadius: 2,
    overflow: 'hidden',
  }),
  legend: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(0.5, 2),
    listStyle: 'none',
    margin: theme.spacing(0, 0, 1),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    [theme.breakpoints.down('md')]: { display: 'none' },
  }),
  swatch: css({ display: 'inline-block', width: 12, height: 8, borderRadius: 2 }),
});
